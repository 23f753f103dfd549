"""Whole groups of problems on a real database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.commands import SyncInvoice
from contracts.connections import Account
from contracts.ids import Entity, RecordId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from contracts.sync import RunProgress
from sync_orchestrator.handlers import groups, running
from sync_orchestrator.handlers.groups import GroupWish, Verb
from sync_orchestrator.handlers.refusals import Refusal
from sync_orchestrator.store import groups_store

from .support import Office, customer, invoice, item

GROUP = "item_account_unmapped"


async def act(
    office: Office,
    verb: Verb,
    group: str = GROUP,
    *,
    action: str | None = None,
    records: Sequence[UUID] | None = None,
    mended: Sequence[tuple[Entity, RecordId]] = (),
    **fields: object,
) -> RunProgress:
    async with office.transaction() as tx:
        run = await groups.act(
            tx,
            office.tools,
            GroupWish(
                company=office.company,
                provider=office.provider,
                group=group,
                verb=verb,
                action=action,
                fields=fields,
                records=records,
                mended=mended,
                user_name="Joe Oak",
            ),
        )
    await office.read_outbox()
    return run


async def look(office: Office, run: RunProgress) -> RunProgress:
    async with office.transaction() as tx:
        return await running.show(tx, office.company, run.id)


async def go_on(office: Office) -> None:
    """The provider accepts all that is out, and runs see it."""
    while True:
        commands = office.commands()
        if not commands:
            break
        await office.outcomes(*(office.success(c, f"r{c.record_id}") for c in commands))
    office.later(timedelta(seconds=2))
    async with office.transaction() as tx:
        while await running.step(tx, office.tools):
            pass
    await office.read_outbox()


async def blocked(
    office: Office, count: int = 37
) -> tuple[CustomerSnapshot, ItemSnapshot, list[InvoiceSnapshot]]:
    """So many invoices of one customer that lack one item's account."""
    ann, unmapped = customer(), item("Gas check")
    await office.connect()
    made = [invoice(ann, unmapped, number=str(1001 + n)) for n in range(count)]
    await office.events(office.customer_event(ann), office.item_event(unmapped))
    await office.events(*(office.invoice_event(one) for one in made))
    await go_on(office)
    return ann, unmapped, made


async def test_s63_one_fix_of_a_group_sends_all_37_and_shows_progress_to_the_end(
    office: Office,
) -> None:
    _, _, made = await blocked(office)
    async with office.transaction() as tx:
        found = await groups_store.members(tx, office.connection, GROUP, [GROUP], None)
    assert len(found) == 37
    run = await act(office, "fix", action="choose_account", account_id="79")
    assert (run.kind, run.about, run.state, run.total) == ("fix", GROUP, "running", 37)
    assert run.done == 0
    await go_on(office)
    seen = await look(office, run)
    assert (seen.state, seen.done, seen.failed) == ("done", 37, 0)
    for one in made:
        assert await office.state("invoice", one.id) == "synced"


async def test_an_account_chosen_for_some_of_a_group_is_given_to_their_items_alone(
    office: Office,
) -> None:
    ann, check, drain, both = customer(), item("Gas check"), item("Drain"), item("Both")
    await office.connect()
    made = [
        invoice(ann, check, number="1001"),
        invoice(ann, both, number="1002"),
        invoice(ann, drain, number="1003"),
    ]
    await office.events(office.customer_event(ann))
    await office.events(*(office.item_event(one) for one in (check, drain, both)))
    await office.events(*(office.invoice_event(one) for one in made))
    await go_on(office)
    ticked = [made[0].id, made[1].id]
    run = await act(office, "fix", action="choose_account", account_id="79", records=ticked)
    assert run.total == 2
    await go_on(office)
    assert (await look(office, run)).done == 2
    assert await office.state("invoice", made[2].id) == "blocked"


async def test_of_an_account_that_is_gone_some_items_alone_move_to_another(office: Office) -> None:
    ann, check, drain = customer(), item("Gas check"), item("Drain")
    gone = Account(id="79", code="200", name="Old sales", active=False)
    await office.connect(accounts=[gone, Account(id="80", code="210", name="Sales")])
    await office.map(check.id, drain.id)
    made = [invoice(ann, check, number="1001"), invoice(ann, drain, number="1002")]
    await office.events(office.customer_event(ann))
    await office.events(*(office.item_event(one) for one in (check, drain)))
    await office.events(*(office.invoice_event(one) for one in made))
    await go_on(office)
    some = [made[0].id]
    await act(
        office, "fix", "account_gone.79", action="choose_account", account_id="80", records=some
    )
    await go_on(office)
    assert await office.state("invoice", made[0].id) == "synced"
    assert await office.state("invoice", made[1].id) in {"blocked", "waiting"}


async def test_a_record_that_comes_back_with_another_cause_is_counted_as_failed(
    office: Office,
) -> None:
    await blocked(office, 2)
    run = await act(office, "fix", action="choose_account", account_id="79")
    await office.outcomes(*(office.success(c, "item-1") for c in office.commands()))
    first, second = [c for c in office.commands() if isinstance(c, SyncInvoice)]
    await office.outcomes(office.success(first, "inv-1"), office.failure(second, "period_closed"))
    await go_on(office)
    seen = await look(office, run)
    assert (seen.state, seen.done, seen.failed) == ("done", 1, 1)
    assert [group.cause.code for group in seen.groups] == ["period_closed"]


async def test_s64_ignoring_a_group_keeps_who_why_and_when_and_ends_by_the_same_address(
    office: Office,
) -> None:
    _, _, made = await blocked(office, 3)
    run = await act(office, "ignore", why="entered by hand")
    assert (run.kind, run.state, run.done) == ("ignore", "done", 3)
    async with office.transaction() as tx:
        rows = await groups_store.ignored(tx, office.connection, None, 2)
        last = rows[-1]
        rest = await groups_store.ignored(tx, office.connection, (last.at, last.record_id), 5)
    assert len(rows) + len(rest) == 3
    assert {(row.by, row.why, row.group) for row in (*rows, *rest)} == {
        ("Joe Oak", "entered by hand", GROUP)
    }
    assert rows[0].at == office.now - timedelta(0)
    one = made[0].id
    undone = await act(office, "unignore", records=[one])
    assert (undone.kind, undone.done, undone.failed) == ("unignore", 0, 1)
    assert await office.state("invoice", one) == "blocked"
    await act(office, "unignore")
    for each in made:
        assert await office.state("invoice", each.id) == "blocked"


async def test_retry_of_some_of_a_group_leaves_the_others(office: Office) -> None:
    ann, mapped = customer(), item()
    await office.connect()
    await office.map(mapped.id)
    await office.events(office.customer_event(ann), office.item_event(mapped))
    made = [invoice(ann, mapped, number=str(1001 + n)) for n in range(3)]
    await office.events(*(office.invoice_event(one) for one in made))
    await office.outcomes(*(office.success(c, f"r{c.record_id}") for c in office.commands()))
    await office.outcomes(
        *(
            office.failure(command, "refused_unknown", params={"message": "no"})
            for command in office.commands()
        )
    )
    job = await office.job("invoice", made[0].id)
    assert job is not None
    assert job.cause is not None
    async with office.transaction() as tx:
        group = await tx.fetchval("select cause_group from jobs where entity = 'invoice' limit 1")
    run = await act(office, "retry", str(group), records=[made[0].id, made[1].id])
    assert run.total == 2
    assert {command.record_id for command in office.commands()} == {made[0].id, made[1].id}
    assert await office.state("invoice", made[2].id) == "blocked"


async def test_a_group_held_there_is_tried_by_one_click_and_its_run_waits_for_all(
    office: Office,
) -> None:
    ann, mapped = customer(), item()
    await office.connect()
    await office.map(mapped.id)
    await office.events(office.customer_event(ann), office.item_event(mapped))
    made = [invoice(ann, mapped, number=str(1001 + n)) for n in range(3)]
    await office.events(*(office.invoice_event(one) for one in made))
    await office.outcomes(*(office.success(c, f"r{c.record_id}") for c in office.commands()))
    out = office.commands()
    await office.outcomes(*(office.delay(c, "subscription_ended") for c in out))
    run = await act(office, "retry", "subscription_ended")
    again = office.commands()
    assert sorted(c.priority for c in again) == ["automatic", "automatic", "person"]
    assert (run.state, run.total, run.done, run.failed) == ("running", 3, 0, 0)
    # It isn't paid yet: so it ends, and says that they still wait.
    await office.outcomes(*(office.delay(c, "subscription_ended") for c in again))
    await go_on(office)
    seen = await look(office, run)
    assert (seen.state, seen.done, seen.failed) == ("done", 0, 3)
    run = await act(office, "retry", "subscription_ended")
    await go_on(office)
    seen = await look(office, run)
    assert (seen.state, seen.done, seen.failed) == ("done", 3, 0)


async def test_ignoring_a_customer_first_says_which_invoices_it_stops(office: Office) -> None:
    ann, mapped = customer(email=None), item()
    await office.connect()
    await office.map(mapped.id)
    made = [invoice(ann, mapped, number=str(1001 + n)) for n in range(3)]
    await office.events(office.customer_event(ann), office.item_event(mapped))
    await office.events(*(office.invoice_event(one) for one in made))
    async with office.transaction() as tx:
        group = await tx.fetchval("select cause_group from jobs where entity = 'customer'")
        _, stops = await groups.stopped_by_group(
            tx, office.company, office.provider, str(group), [ann.id]
        )
        by_item = await groups_store.stopped_by(
            tx, office.company, office.connection, [mapped.id], 2
        )
    assert stops.count == 3
    assert {one.number for one in stops.invoices} == {"1001", "1002", "1003"}
    assert (by_item.count, len(by_item.invoices)) == (3, 2)


@pytest.mark.parametrize(
    ("verb", "group", "more", "status", "field"),
    [
        ("fix", GROUP, {"action": "choose_account"}, 422, "account_id"),
        ("fix", GROUP, {"action": "choose_account", "account_id": "99"}, 422, "account_id"),
        ("fix", GROUP, {"action": "keep_ours"}, 422, "action"),
        ("fix", GROUP, {}, 422, "action"),
        ("retry", "account_gone.79", {}, 404, None),
    ],
)
async def test_what_cannot_be_done_with_a_group_says_why(
    office: Office, verb: Verb, group: str, more: dict[str, Any], status: int, field: str | None
) -> None:
    await blocked(office, 1)
    with pytest.raises(Refusal) as refused:
        await act(office, verb, group, **more)
    assert refused.value.status == status
    assert [error.field for error in refused.value.errors] == ([] if field is None else [field])


async def test_a_run_follows_what_was_mended_elsewhere_though_its_group_is_gone(
    office: Office,
) -> None:
    ann = customer()
    await office.connect()
    await office.events(office.customer_event(ann))
    group = "customer_email_missing"
    unknown: tuple[Entity, RecordId] = ("customer", RecordId(uuid4()))
    known: tuple[Entity, RecordId] = ("customer", RecordId(ann.id))
    run = await act(office, "retry", group, mended=[known, unknown])
    assert (run.kind, run.total, run.done, run.state) == ("fix", 1, 0, "running")
    await go_on(office)
    assert ((await look(office, run)).done, (await look(office, run)).state) == (1, "done")
    with pytest.raises(Refusal):
        await act(office, "retry", group, mended=[unknown])
