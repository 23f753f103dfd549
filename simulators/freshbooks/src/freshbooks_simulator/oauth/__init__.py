"""Consent, tokens, and who somebody is."""
