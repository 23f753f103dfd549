"""Connections to providers: what the orchestrator decides and connectors hold, shown in words."""
