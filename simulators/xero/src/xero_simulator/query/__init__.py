"""The `where` and `order` of a list."""
