"""What every connector must do, asked of this one."""

from connector_conformance.suite import ConnectorConformance


class TestConformance(ConnectorConformance):
    """The whole suite, as it is."""
