"""The suite that every connector inherits; tests only."""
