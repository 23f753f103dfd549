"""Fixtures for PostgreSQL, Kafka and the whole stack, a clock, eventually(); tests only.

The fixtures (`postgres_server`, `new_database`, `kafka_server`, `stack`) come as a pytest plugin;
what tests import stands here.
"""

from testkit.databases import TestDatabase, TestPostgres
from testkit.eventually import eventually
from testkit.manual_clock import ManualClock
from testkit.stack import Stack, running_stack

__all__ = [
    "ManualClock",
    "Stack",
    "TestDatabase",
    "TestPostgres",
    "eventually",
    "running_stack",
]
