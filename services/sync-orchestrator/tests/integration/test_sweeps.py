"""What the sweep finds: overdue outcomes, records without a job, and the feed of states."""

from datetime import date, timedelta
from typing import Any

import httpx
from contracts.commands import SyncInvoice
from contracts.ids import RecordId, uuid7
from messaging.clock import SystemClock
from messaging.feeds import Entry, FeedPage, Position, read_page
from messaging.internal import key_from_hex, sign
from messaging.recovering import AHEAD
from sync_orchestrator.handlers import feeding, reviewing, settings
from sync_orchestrator.handlers.mapping import change_mapping
from sync_orchestrator.http.application import make_application
from sync_orchestrator.http.callers import Parts
from sync_orchestrator.store import connections_store, recovery_store
from sync_orchestrator.store.mapping_store import MappingRow
from sync_orchestrator.sweeps import Sweeper

from .support import Office, customer, invoice, item

KEY = key_from_hex("ab" * 32)


async def test_a_lost_command_is_asked_for_again_by_its_own_step(office: Office) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (lost,) = office.commands()
    assert await office.sweep() == 0
    office.later(timedelta(minutes=16))
    assert await office.sweep() == 1
    (again,) = office.commands()
    assert (again.step, again.generation) == (lost.step, lost.generation)
    assert await office.sweep() == 0, "not due again at once"


async def test_a_restore_leaves_what_was_just_going_in_doubt_too(office: Office) -> None:
    """Its outcome tells what stood there at the backup."""
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (out,) = office.commands()
    async with office.transaction() as tx:
        await recovery_store.move_ahead(tx, AHEAD)
    await office.outcomes(office.success(out, "60"))
    job = await office.job("customer", ann.id)
    assert job is not None
    assert (job.state.value, job.restored) == ("synced", True)


async def test_after_a_restore_steps_begin_ahead_and_what_is_older_may_have_gone(
    office: Office,
) -> None:
    """Twice, as it may be restored twice."""
    await office.connect()
    for _ in range(2):
        async with office.transaction() as tx:
            await recovery_store.move_ahead(tx, AHEAD)
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    assert command.step == 2 * AHEAD + 1
    async with office.transaction() as tx:
        (there,) = await connections_store.by_id(tx, [command.connection_id])
    assert there.restored_at is not None
    moment = int(there.restored_at.timestamp() * 1000)
    before, after = (RecordId(uuid7(moment + ms, bytes)) for ms in (-1, 1000))
    assert there.may_have_forgotten(before)
    assert not there.may_have_forgotten(after)


async def test_s54_an_event_that_never_came_is_made_good_by_the_record_itself(
    office: Office,
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    events = [
        office.customer_event(ann),
        office.item_event(call_out),
        office.invoice_event(bill),
    ]
    # The feed hands the same records over as if they had come by the topic.
    await office.events(*events)
    await office.events(*events)
    assert len(office.commands()) == 2
    assert await office.state("invoice", bill.id) == "waiting"


async def test_an_earlier_start_date_takes_what_was_sent_since_the_switch(office: Office) -> None:
    await office.connect(start=date(2026, 6, 1))
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    may = invoice(ann, call_out, dated=date(2026, 5, 20))
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(may)
    )
    assert await office.state("invoice", may.id) is None
    async with office.transaction() as tx:
        await settings.change_settings(
            tx, office.tools, office.company, "qbo", {"start_date": date(2026, 5, 1)}, None
        )
    await office.read_outbox()
    assert await office.state("invoice", may.id) == "waiting"


async def test_the_daily_check_finds_what_no_event_will_name_again(office: Office) -> None:
    await office.connect(sync_customers=False)
    ann = customer()
    await office.events(office.customer_event(ann))
    await office.pool.execute(
        "update connection_settings set sync_customers = true, customers_since = $1",
        office.now - timedelta(days=1),
    )
    async with office.transaction() as tx:
        assert await reviewing.derive_missing(tx, [office.company], office.tools) == 1
    await office.read_outbox()
    assert len(office.commands()) == 1


async def test_beyond_what_one_transaction_takes_the_sweep_releases_the_rest(
    office: Office,
) -> None:
    office.tools = type(office.tools)(office.tools.ids, office.tools.ages, at_once=3)
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bills = [invoice(ann, call_out, number=str(1000 + n)) for n in range(10)]
    await office.events(
        office.customer_event(ann),
        office.item_event(call_out),
        *(office.invoice_event(bill) for bill in bills),
    )
    for _ in range(4):
        await office.outcomes(*(office.success(c, f"r{c.record_id}") for c in office.commands()))
        await office.sweep()
    for bill in bills:
        assert await office.state("invoice", bill.id) in ("queued", "synced")
    assert not [c for c in office.commands() if not isinstance(c, SyncInvoice)]


async def test_a_mapping_that_holds_more_is_answered_before_all_of_it_is_decided(
    office: Office,
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    held = office.tools.at_once + 60
    bills = [invoice(ann, call_out, number=str(1000 + n)) for n in range(held)]
    await office.events(
        office.customer_event(ann),
        office.item_event(call_out),
        *(office.invoice_event(bill) for bill in bills),
    )
    assert await office.state("invoice", bills[-1].id) == "blocked"
    row = MappingRow(call_out.id, call_out.name, "79")
    async with office.transaction() as tx:
        await change_mapping(tx, office.tools, office.company, "qbo", [row], None)
    decided = "select count(*) from jobs where entity = 'invoice' and state <> 'blocked'"
    assert await office.pool.fetchval(decided) == office.tools.at_once
    while await office.sweep():
        pass
    assert await office.pool.fetchval(decided) == held


async def _read_all(office: Office, limit: int = 2) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        async with office.transaction() as tx:

            async def query(place: Position, before: int, most: int) -> list[Entry]:
                return await feeding.read_states(tx, place, before, most)

            page = await read_page(tx, after, query, limit=limit)
        found += page.messages
        after = page.next
        if page.end:
            return found


async def test_the_feed_rebuilds_every_badge_and_mapping_page_by_page(office: Office) -> None:
    await office.connect()
    people = [customer(f"Customer {n}") for n in range(5)]
    await office.events(*(office.customer_event(one) for one in people))
    call_out = item()
    await office.map(call_out.id)
    told = await _read_all(office)
    states = [m for m in told if m["type"] == "sync.state_changed.v1"]
    assert sorted(m["state"]["record_id"] for m in states) == sorted(str(p.id) for p in people)
    (mapping,) = [m for m in told if m["type"] == "sync.mapping_changed.v1"]
    assert (mapping["item_id"], mapping["account_id"]) == (str(call_out.id), "79")
    assert [m["id"] for m in await _read_all(office)] == [m["id"] for m in told]


async def test_the_feed_is_read_over_http_by_services(office: Office) -> None:
    await office.connect()
    await office.events(office.customer_event(customer()))
    app = make_application(Parts(office.database, office.tools, KEY, SystemClock()))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://o") as http:
        signed = sign(KEY, company="*", role="service", now=SystemClock().now())
        answer = await http.get("/internal/v1/feed/states", headers=signed)
        page = FeedPage.model_validate_json(answer.text)
        assert (len(page.messages), page.end) == (1, True)
        wrong = await http.get("/internal/v1/feed/states?after=x", headers=signed)
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "after")


async def test_a_sweep_of_everything_runs_on_an_empty_schema_and_on_a_full_one(
    office: Office,
) -> None:
    sweeper = Sweeper(office.database, office.tools, SystemClock(), None, 60)
    await sweeper.once()
    await office.connect()
    await office.events(office.customer_event(customer()))
    await sweeper.sweep()
    await sweeper.daily()
    await sweeper.once()


async def test_a_job_that_cannot_be_looked_at_holds_up_no_other(office: Office) -> None:
    await office.connect()
    broken, fine = customer("Broken"), customer("Fine")
    await office.events(office.customer_event(broken), office.customer_event(fine))
    office.commands()
    await office.pool.execute("update jobs set review_at = '2020-01-01'")
    await office.pool.execute(
        "update jobs set state = 'unheard_of' where record_id = $1", broken.id
    )
    sweeper = Sweeper(office.database, office.tools, SystemClock(), None, 60)
    await sweeper.once()
    due = await office.pool.fetch("select record_id from jobs where review_at < '2021-01-01'")
    assert due == []
