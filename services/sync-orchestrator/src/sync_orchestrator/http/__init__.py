"""The internal HTTP interface under /internal/v1, for callers with a signed header."""
