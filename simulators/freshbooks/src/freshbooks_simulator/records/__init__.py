"""What each kind of record takes, refuses and answers."""
