"""Behaves as the QuickBooks Online API behaves; for tests and for use without an account."""
