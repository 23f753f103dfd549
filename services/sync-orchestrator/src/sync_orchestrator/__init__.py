"""Decides what must be synced, in which order, and says why when it cannot be."""
