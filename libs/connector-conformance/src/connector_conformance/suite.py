"""The suite that every connector inherits: what must hold whatever the provider.

A connector's tests say `class TestIt(ConnectorConformance)` beside a `subject` fixture. Everything
goes through the kit on a real PostgreSQL and through HTTP to the simulator; what is counted is
counted in the simulator's books.
"""

from connector_conformance.answers_suite import AnswersConformance
from connector_conformance.checking_suite import CheckingConformance
from connector_conformance.listing_suite import ListingConformance
from connector_conformance.process_suite import ProcessConformance
from connector_conformance.refusals_suite import RefusalsConformance
from connector_conformance.restore_suite import RestoreConformance
from connector_conformance.sign_in_suite import SignInConformance
from connector_conformance.writing_suite import WritingConformance


class ConnectorConformance(
    SignInConformance,
    WritingConformance,
    AnswersConformance,
    RefusalsConformance,
    RestoreConformance,
    ListingConformance,
    CheckingConformance,
    ProcessConformance,
):
    """All of it. Tests of the first base run last: they move the simulator's clock ahead."""
