"""FreshBooks: facts, errors, wire models and operations."""
