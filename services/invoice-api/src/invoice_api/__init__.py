"""Companies, customers, items and invoices; badges, pages and the public API."""
