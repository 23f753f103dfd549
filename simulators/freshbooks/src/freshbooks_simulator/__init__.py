"""Behaves as the FreshBooks API behaves; for tests and for use without an account."""
