"""HTML a person reads; every page works without JavaScript."""
