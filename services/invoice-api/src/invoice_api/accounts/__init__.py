"""Companies, their people, sessions and API keys."""
