"""The query language: a small parser and an executor over one organisation's records."""
