"""Xero: facts, errors, wire models and operations."""
