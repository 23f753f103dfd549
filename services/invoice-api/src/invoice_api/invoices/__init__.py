"""Invoices: drafted, finalized, sent, paid or void."""
