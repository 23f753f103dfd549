"""QuickBooks Online: facts, errors, wire models and operations."""
