"""Names of logs, metrics and traces, in one place."""
