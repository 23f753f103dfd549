"""What a page's stream says of a change: its rows, that a list changed, what was done lately."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from contracts.ids import CompanyId, Entity, Provider, RecordId, UserId
from contracts.sync import SyncState
from invoice_api.accounts.caller import Caller, Company
from invoice_api.live.hub import Change, badge_change
from invoice_api.sync_status.facts import RecordFacts
from invoice_api.sync_status.schemas import BadgeShown
from invoice_api.web.live import LIST_SECONDS, Rows
from invoice_api.web.rendering import Assets, Renderer
from invoice_api.web.sessions import Visit
from invoice_api.web.views import Eyes
from messaging.clock import SystemClock

OAK = Company(CompanyId(uuid4()), "Oak", "Europe/Oslo", "NOK")
JOE = Caller(OAK, UserId(uuid4()), "Joe", "owner", "session", "token")
VISIT = Visit(JOE, Eyes(ZoneInfo("Europe/Oslo"), datetime(2026, 6, 1, tzinfo=UTC)), "/invoices")


class Stopwatch(SystemClock):
    """Elapsed time as a test sets it."""

    seconds = 0.0

    def elapsed(self) -> float:
        return self.seconds


def changed(record: UUID, entity: Entity = "invoice", provider: Provider = "qbo") -> Change:
    facts = RecordFacts(entity, RecordId(record), "1001")
    return badge_change(facts, BadgeShown(state=SyncState.SYNCED, label="In", provider=provider))


def rows(
    watch: Stopwatch, *wanted: UUID, lists: tuple[Entity, ...] = (), recent: Provider | None = None
) -> Rows:
    named: frozenset[tuple[Entity, UUID]] = frozenset(("invoice", one) for one in wanted)
    return Rows(VISIT, Renderer(Assets(Path())), watch, named, frozenset(lists), recent)


def names(told: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in told]


def test_a_list_is_told_at_once_and_then_no_more_than_its_page_asks_for() -> None:
    watch, here = Stopwatch(), uuid4()
    page = rows(watch, here, lists=("invoice",))
    assert names(page.news(changed(here))) == [f"badge-{here}", "list"]
    assert names(page.news(changed(uuid4()))) == []
    watch.seconds = LIST_SECONDS - 0.1
    assert names(page.news(changed(uuid4()))) == []
    watch.seconds = LIST_SECONDS
    assert names(page.news(changed(uuid4(), "customer"))) == []
    assert names(page.news(changed(uuid4()))) == ["list"]


def test_recent_names_the_record_and_keeps_to_its_provider() -> None:
    one = uuid4()
    page = rows(Stopwatch(), recent="qbo")
    assert page.news(changed(one)) == [("recent", str(one))]
    assert page.news(changed(one, provider="xero")) == []
    assert names(page.news(Change("run", {"id": "7", "provider": "qbo"}))) == ["run-7", "run"]
    assert names(page.news(Change("run", {"id": "8", "provider": "xero"}))) == ["run-8"]


def test_a_page_without_rows_hears_only_of_causes_connections_and_runs() -> None:
    page = rows(Stopwatch())
    assert page.news(changed(uuid4())) == []
    assert names(page.news(Change("cause", {}))) == ["cause"]
    assert names(page.news(Change("integration", {}))) == ["integration"]
    assert names(page.news(Change("run", {"id": "7"}))) == ["run-7"]
