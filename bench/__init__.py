"""What Tallybridge does in numbers, each beside a floor or baseline of the same run."""
