"""What the orchestrator's sweep reads: every record it should know of, as it is now."""
