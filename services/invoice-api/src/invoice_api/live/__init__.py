"""Changes as they happen, to whoever has a page or a stream open."""
