"""Fixtures for PostgreSQL and Kafka, a clock, eventually(); tests only."""
