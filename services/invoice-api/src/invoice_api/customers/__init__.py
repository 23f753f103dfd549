"""Customers: businesses and homeowners that invoices go to."""
