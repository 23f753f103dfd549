"""Outbox, inbox, relay, batch consumer and feeds."""
