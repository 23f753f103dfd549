"""Kafka, PostgreSQL, simulators and services under one supervisor on one machine."""
