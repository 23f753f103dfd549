"""Behaves as the Xero Accounting API behaves; for tests and for use without an account."""
