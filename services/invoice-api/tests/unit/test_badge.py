"""Each state's badge: what it says and what can be done."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from contracts.causes import cause_of
from contracts.commands import RemoteRef
from contracts.ids import ConnectionId, RecordId, RemoteId
from contracts.invoicing import InvoiceStatus
from contracts.money import Money
from contracts.sync import CauseInstance, RecordState, SyncState, WaitingOn
from invoice_api.sync_status.badge import badge_of
from invoice_api.sync_status.facts import ConnectionFacts, ConnectionStatus, RecordFacts, Viewer

NOON = datetime(2026, 6, 15, 16, 0, tzinfo=UTC)
RECORD = RecordId(UUID(int=7))
CONNECTION = ConnectionId(UUID(int=8))
VIEWER = Viewer(ZoneInfo("America/New_York"), date(2026, 6, 15))
REMOTE = RemoteRef(
    id=RemoteId("155"), number="1001", url="https://books.example/app/invoice?txnId=155"
)


def invoice(status: InvoiceStatus = "sent", day: date = date(2026, 6, 15)) -> RecordFacts:
    return RecordFacts("invoice", RECORD, "1001", status, day)


def qbo(status: ConnectionStatus = "connected", *, automatic: bool = True) -> ConnectionFacts:
    return ConnectionFacts(
        "qbo",
        CONNECTION,
        status,
        "Oak Books",
        date(2026, 1, 1),
        automatic_customers=automatic,
        automatic_invoices=automatic,
    )


def state(
    kind: SyncState,
    *,
    cause: CauseInstance | None = None,
    waiting_on: WaitingOn | None = None,
    until: datetime | None = None,
    remote: RemoteRef | None = None,
) -> RecordState:
    return RecordState(
        provider="qbo",
        connection_id=CONNECTION,
        entity="invoice",
        record_id=RECORD,
        generation=1,
        step=3,
        state=kind,
        cause=cause,
        waiting_on=waiting_on,
        until=until,
        remote=remote,
        synced_at=NOON if kind is SyncState.SYNCED else None,
        changed_at=NOON,
    )


ANN = WaitingOn(entity="customer", record_id=RecordId(UUID(int=9)), name="Ann Lee")
LATER = NOON + timedelta(minutes=42)

EVERY_STATE = [
    (
        state(SyncState.NOT_ELIGIBLE, cause=cause_of("before_start_date")),
        "Not synced: Before your start date",
        ("change_start_date", "sync"),
    ),
    (state(SyncState.NOT_SYNCED), "Not synced", ("sync",)),
    (state(SyncState.WAITING, waiting_on=ANN), "Waiting for customer Ann Lee", ()),
    (state(SyncState.WAITING), "Waiting", ()),
    (
        state(SyncState.BLOCKED, cause=cause_of("item_account_unmapped", items=["Call-out"])),
        "Needs attention",
        ("retry", "ignore"),
    ),
    (
        state(SyncState.HELD, cause=cause_of("connection_expired")),
        "Paused: reconnect QuickBooks",
        ("reconnect",),
    ),
    (
        state(SyncState.HELD, cause=cause_of("daily_limit_reached"), until=LATER),
        "Paused until 12:42",
        ("send_first",),
    ),
    (state(SyncState.HELD, cause=cause_of("provider_down")), "Paused", ()),
    (state(SyncState.HELD, cause=cause_of("plan_limit_reached")), "Paused", ("retry",)),
    (state(SyncState.QUEUED), "Syncing…", ()),
    (state(SyncState.QUEUED, until=NOON + timedelta(seconds=4)), "Syncing…", ()),
    (state(SyncState.QUEUED, until=LATER), "In line, about 12:42", ("send_first",)),
    (
        state(SyncState.CHECKING, cause=cause_of("outcome_unknown")),
        "Checking with QuickBooks",
        (),
    ),
    (state(SyncState.SYNCED, remote=REMOTE), "Synced to QuickBooks", ("open_there",)),
    (
        state(
            SyncState.SYNCED_WITH_DIFFERENCE,
            remote=REMOTE,
            cause=cause_of(
                "rounding_difference",
                difference=Money.model_validate({"amount": "0.01", "currency": "USD"}),
            ),
        ),
        "Synced, differs by $0.01",
        ("accept_difference", "open_there"),
    ),
    (state(SyncState.OUT_OF_DATE, remote=REMOTE), "Changed since sync", ("open_there",)),
    (
        state(SyncState.CHANGED_THERE, remote=REMOTE),
        "Changed in QuickBooks",
        ("keep_ours", "leave_theirs", "open_there"),
    ),
    (state(SyncState.IGNORED), "Ignored", ("stop_ignoring",)),
    (
        state(SyncState.REMOVED_THERE, cause=cause_of("invoice_gone_there", how="voided")),
        "Voided in QuickBooks",
        ("create_again",),
    ),
    (
        state(SyncState.REMOVED_THERE, cause=cause_of("invoice_gone_there", how="deleted")),
        "Deleted in QuickBooks",
        ("create_again",),
    ),
    (state(SyncState.VOIDED, remote=REMOTE), "Voided", ("open_there",)),
]


@pytest.mark.parametrize(("said", "label", "actions"), EVERY_STATE)
def test_a_state_says_this_and_offers_this(
    said: RecordState, label: str, actions: tuple[str, ...]
) -> None:
    badge = badge_of(said, invoice(), qbo(), VIEWER)
    assert (badge.state, badge.label, badge.actions) == (said.state, label, actions)


def test_every_state_is_in_the_table() -> None:
    assert {said.state for said, _, _ in EVERY_STATE} == set(SyncState)


def test_synced_shows_the_provider_s_record() -> None:
    badge = badge_of(state(SyncState.SYNCED, remote=REMOTE), invoice(), qbo(), VIEWER)
    assert badge.model_dump(mode="json") == {
        "state": "synced",
        "label": "Synced to QuickBooks",
        "provider": "qbo",
        "remote_id": "155",
        "remote_url": "https://books.example/app/invoice?txnId=155",
        "remote_number": "1001",
        "synced_at": "2026-06-15T16:00:00Z",
        "cause": None,
        "actions": ["open_there"],
    }


def test_a_blocked_badge_carries_the_fix_in_words() -> None:
    said = state(SyncState.BLOCKED, cause=cause_of("item_account_unmapped", items=["Call-out"]))
    badge = badge_of(said, invoice(), qbo(), VIEWER).model_dump(mode="json")
    cause = badge["cause"]
    assert badge["actions"] == ["retry", "ignore"]
    assert cause == {
        **cause,
        "code": "item_account_unmapped",
        "group": "item_account_unmapped",
        "who": "fix_record",
        "title": "Items need an income account",
        "sentence": '"Call-out" has no income account for QuickBooks, so invoice 1001 can\'t be'
        " posted.",
        "fixes": [
            {"action": "choose_account", "label": "Choose account", "fields": ["account_id"]}
        ],
        "also": [],
    }


def test_a_draft_waits_for_finalize_whatever_was_said_of_it() -> None:
    for said in (None, state(SyncState.NOT_SYNCED)):
        badge = badge_of(said, invoice("draft"), qbo(), VIEWER)
        assert badge.cause is not None
        assert (badge.state, badge.cause.code) == (SyncState.NOT_ELIGIBLE, "invoice_draft")
        assert badge.actions == ("finalize",)


def test_nothing_said_shows_the_button() -> None:
    badge = badge_of(None, invoice("pending"), qbo(), VIEWER)
    assert (badge.state, badge.actions) == (SyncState.NOT_SYNCED, ("sync",))


def test_nothing_said_of_an_older_invoice_names_the_start_date() -> None:
    badge = badge_of(None, invoice(day=date(2025, 12, 31)), qbo(), VIEWER)
    assert badge.cause is not None
    assert badge.state is SyncState.NOT_ELIGIBLE
    assert badge.cause.sentence == (
        "Invoice 1001 is dated 31 December 2025. You asked us to start with 1 January."
    )
    assert badge.actions == ("change_start_date", "sync")
    [fix] = badge.cause.fixes
    assert fix.values == {"start_date": "2026-01-01"}, "the present one stands in the field"


def test_an_invoice_voided_before_it_was_sent_offers_nothing() -> None:
    badge = badge_of(state(SyncState.NOT_SYNCED), invoice("void"), qbo(), VIEWER)
    assert (badge.state, badge.actions) == (SyncState.VOIDED, ())


def test_a_changed_invoice_offers_update_only_while_nothing_goes_by_itself() -> None:
    said = state(SyncState.OUT_OF_DATE)
    assert badge_of(said, invoice(), qbo(), VIEWER).actions == ()
    assert badge_of(said, invoice(), qbo(automatic=False), VIEWER).actions == ("update",)


def test_a_viewer_sees_the_same_and_can_do_nothing() -> None:
    watcher = Viewer(VIEWER.zone, VIEWER.today, may_act=False)
    for said, label, _ in EVERY_STATE:
        badge = badge_of(said, invoice(), qbo(), watcher)
        assert (badge.label, badge.actions) == (label, ())


def test_without_a_working_connection_the_way_on_is_to_reconnect() -> None:
    for status in ("reconnect", "disconnected"):
        badge = badge_of(None, invoice(), qbo(status), VIEWER)
        assert badge.actions == ("reconnect",)
        synced = badge_of(state(SyncState.SYNCED, remote=REMOTE), invoice(), qbo(status), VIEWER)
        assert synced.actions == ("open_there",)


def test_a_link_whose_form_is_not_known_is_not_offered() -> None:
    there = RemoteRef(id=RemoteId("155"))
    badge = badge_of(state(SyncState.SYNCED, remote=there), invoice(), qbo(), VIEWER)
    assert (badge.remote_url, badge.actions) == (None, ())
