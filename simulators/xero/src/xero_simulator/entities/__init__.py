"""What each kind of record may hold, refuses and looks like."""
