"""OAuth 2.0 as Intuit does it: consent, codes, tokens that rotate, identity."""
