"""Invoices from a CSV file: read forgivingly, accounted for line by line."""
