"""Tax rates: what tax the company charges, by name and percent."""
