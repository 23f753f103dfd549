"""One simulator process and one connector, an organisation for each test."""

from connector_conformance.fixtures import at_work, connector, database, simulator, simulator_url

__all__ = ["at_work", "connector", "database", "simulator", "simulator_url"]
