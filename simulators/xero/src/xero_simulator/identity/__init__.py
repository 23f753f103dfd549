"""OAuth 2.0 and connections as Xero does them: consent, codes, rotating tokens, tenants."""
