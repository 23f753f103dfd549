"""One simulator process and one connector, an organisation for each test.

Here with income accounts for items, which the conformance suite goes without.
"""

from dataclasses import replace

import pytest
from connector_conformance.fixtures import at_work, connector, database, simulator, simulator_url
from connector_conformance.subject import ConformanceSubject

from .books import FRESHBOOKS

__all__ = ["at_work", "connector", "database", "simulator", "simulator_url"]


@pytest.fixture(scope="session")
def subject(subject: ConformanceSubject) -> ConformanceSubject:
    return replace(subject, provider=FRESHBOOKS, offers_accounts=True)
