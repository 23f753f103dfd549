"""Runs: long pieces of work with progress, ours and the orchestrator's, under one address."""
