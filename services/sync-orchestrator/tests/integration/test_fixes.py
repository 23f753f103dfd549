"""Every fix that a cause offers is one that its route takes, for each provider.

A row is a cause as a connector or the preflight makes it. Each button is pressed on the record, on
the invoice that waits for it, and for the whole group; then it is undone, and the next is pressed.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID, uuid4

import pytest
from contracts.causes import CAUSES, RenderedFix, group_of, render
from contracts.commands import SyncCustomer, SyncInvoice, SyncItem
from contracts.connections import (
    Account,
    OrganisationFacts,
    RemoteTaxRate,
    TaxRatesListed,
)
from contracts.ids import (
    CompanyId,
    ConnectionId,
    Entity,
    LoadId,
    Provider,
    RecordId,
    TaxRateId,
)
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from contracts.message import Message
from contracts.sync import CauseInstance, Subject, Totals
from messaging.database import Tx
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.handlers import actions, groups
from sync_orchestrator.handlers.actions import ACTIONS
from sync_orchestrator.handlers.groups import GroupWish
from sync_orchestrator.handlers.people import Wish
from sync_orchestrator.handlers.refusals import Refusal
from sync_orchestrator.store import jobs_store

from .support import Office, customer, invoice, item

ALL: tuple[Provider, ...] = get_args(Provider)
MADE_BY_ITS_OWNER = frozenset(
    {
        "add_in_currency",
        "change_start_date",
        "finalize",
        "open_there",
        "reconnect",
        "save_due_date",
        "save_email",
        "void_here",
    }
)
"""Made where the record or the sign-in is, not here; `save_…` end with a Try again."""

Of = Literal["itself", "customer", "account", "tax", "tax_there", "EUR", "lock_date"]


@dataclass(frozen=True)
class Row:
    """`of` is the subject. `stands_on` is the record that the cause is found on, `was_there` says
    that the provider has it already."""

    code: str
    stands_on: Entity
    of: Of | None = None
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    providers: tuple[Provider, ...] = ALL
    tax: bool = False
    was_there: bool = False
    name: str = ""

    def __str__(self) -> str:
        return " ".join((self.code, f"on the {self.stands_on}", self.name)).strip()


CLOSED = {
    "date": "2026-06-15",
    "month": "2026-06-15",
    "lock_date": "2026-06-30",
    "first_open_day": "2026-07-01",
}
ROWS = (
    Row("customer_not_in_books", "invoice", "customer"),
    Row("customer_email_missing", "customer", "itself"),
    Row("customer_email_invalid", "customer", "itself", {"email": "ann@lee"}),
    Row("name_not_allowed", "customer", "itself", {"name": "A:B", "cleaned_name": "A B"}),
    Row("name_not_allowed", "item", "itself", {"name": "A:B"}),
    Row(
        "customer_name_taken",
        "customer",
        "itself",
        {"name": "Ann Lee", "remote_id": "58", "kind": "customer"},
    ),
    Row(
        "customer_name_taken",
        "customer",
        "itself",
        {"name": "Ann Lee", "remote_id": "58", "kind": "inactive_customer"},
        ("qbo",),
        name="inactive",
    ),
    Row(
        "customer_name_taken",
        "customer",
        "itself",
        {"name": "Ann Lee", "kind": "supplier"},
        ("qbo",),
        name="supplier",
    ),
    Row("customer_lookalikes", "customer", "itself", {"remote_id": "58", "customer": "Ann Lee"}),
    Row("customer_inactive_there", "customer", "itself", {"customer": "Ann Lee"}),
    Row("customer_merged_there", "customer", "itself", {}, ("qbo", "xero")),
    Row("item_account_unmapped", "item", None, {"items": '["Call-out"]'}, ("qbo", "xero")),
    Row("account_gone", "item", "account", {}, ("qbo", "xero")),
    Row("account_gone", "invoice", "account", {}, ("xero",)),
    Row("account_wrong_type", "item", "account", {}, ("qbo", "xero")),
    Row("account_wrong_type", "invoice", "account", {}, ("qbo", "xero")),
    Row("item_name_taken", "item", "itself", {"name": "Call-out", "remote_id": "58"}),
    Row("item_unusable_there", "item", "itself", {"item": "Call-out", "why": "inactive"}),
    Row("item_unusable_there", "item", "itself", {"item": "Call-out", "why": "category"}),
    Row("item_unusable_there", "invoice", None, {"why": "category"}, ("qbo",)),
    Row("tax_rate_unmapped", "invoice", None, {}, ("qbo", "xero"), tax=True),
    Row("tax_code_gone", "invoice", None, {}, ("qbo", "xero"), tax=True),
    Row("tax_not_allowed_for_account", "invoice", "account", {}, ("xero",), tax=True),
    Row("sales_tax_not_set_up", "invoice", None, {}, ("qbo",), tax=True),
    Row("currency_not_enabled", "invoice", "EUR", {"currency": "EUR"}, ("qbo", "xero")),
    Row("invoice_total_negative", "invoice"),
    Row(
        "invoice_number_taken",
        "invoice",
        "itself",
        {"invoice": "1001", "remote_id": "58", "same": "yes", "suggested_number": "1001-A"},
    ),
    Row("invoice_number_not_allowed", "invoice", None, {"short_number": "1001"}),
    Row("period_closed", "invoice", "lock_date", CLOSED, ("qbo", "xero")),
    Row("due_date_invalid", "invoice", "itself"),
    Row("too_many_lines", "invoice"),
    Row("edited_there", "invoice", "itself", was_there=True),
    Row("changed_on_both_sides", "invoice", "itself", was_there=True),
    Row("changed_on_both_sides", "customer", "itself", was_there=True),
    Row("locked_by_payment", "invoice", "itself", was_there=True),
    Row("plan_limit_reached", "invoice", None, {"what": "invoices"}),
    Row("refused_unknown", "invoice", None, {"message": "no"}),
    Row("refused_unknown", "customer", None, {"message": "no"}),
    Row("our_mistake", "item"),
)


def test_every_cause_with_a_fix_of_this_service_has_a_row() -> None:
    """What stands on no single record, or is tested by itself below, is named here."""
    elsewhere = {
        "not_synced_yet",
        "prerequisite_ignored",
        "record_deleted_there",
        "line_without_item",
        "rounding_difference",
        "tax_recalculated_there",
        "edited_here_after_sync",
        "void_refused",
        "invoice_gone_there",
        "paced_by_provider",
        "daily_limit_reached",
        "subscription_ended",
        "taking_too_long",
    }
    fixed_here = {
        code
        for code, cause in CAUSES.items()
        if any(fix.action not in MADE_BY_ITS_OWNER for fix in cause.fixes)
    }
    assert fixed_here - elsewhere == {row.code for row in ROWS} - {
        "customer_email_invalid",
        "due_date_invalid",
        "our_mistake",
    }


def test_every_action_of_a_fix_is_made_somewhere() -> None:
    actions_offered = {fix.action for cause in CAUSES.values() for fix in cause.fixes}
    assert actions_offered <= ACTIONS.keys() | MADE_BY_ITS_OWNER


@dataclass
class Placed:
    """A record with a cause, and the invoice that needs it."""

    office: Office
    stands_on: Entity
    ann: CustomerSnapshot
    call_out: ItemSnapshot
    bill: InvoiceSnapshot

    @property
    def record(self) -> CustomerSnapshot | ItemSnapshot | InvoiceSnapshot:
        return {"customer": self.ann, "item": self.call_out, "invoice": self.bill}[self.stands_on]

    async def job(self, entity: Entity) -> Job:
        record = {"customer": self.ann, "item": self.call_out, "invoice": self.bill}[entity]
        found = await self.office.job(entity, record.id)
        assert found is not None
        return found

    def wish(self, entity: Entity) -> Wish:
        record = {"customer": self.ann, "item": self.call_out, "invoice": self.bill}[entity]
        return Wish(
            company=self.office.company,
            provider=self.office.provider,
            entity=entity,
            record_id=RecordId(record.id),
            record=record,
            needs=(self.ann, self.call_out) if entity == "invoice" else (),
            user_name="Joe Oak",
        )


TAX = "0192c000-0000-7000-8000-0000000000aa"
ACCOUNTS = (
    Account(id="79", code="200", name="Services"),
    Account(id="80", code="210", name="Parts"),
)


async def connect(office: Office, provider: Provider, **facts: object) -> None:
    office.provider = provider
    offered = provider != "freshbooks"
    await office.connect(
        facts=OrganisationFacts.model_validate({"offers_accounts": offered, **facts}),
        accounts=ACCOUNTS if offered else (),
    )
    e = office.envelope()
    await office.connections(
        TaxRatesListed(
            id=e.id,
            occurred_at=e.at,
            company_id=e.company,
            correlation_id=e.correlation,
            provider=provider,
            connection_id=office.connection,
            epoch=office.epoch,
            load_id=LoadId(uuid4()),
            as_of=office.now,
            page=0,
            pages=1,
            tax_rates=(
                RemoteTaxRate(id="T1", name="GST", percent=Decimal(10)),
                RemoteTaxRate(id="T2", name="Other", percent=Decimal(10)),
            ),
        )
    )


def taxed(bill: InvoiceSnapshot) -> InvoiceSnapshot:
    lines = tuple(
        line.model_copy(
            update={
                "tax_rate_id": TaxRateId(UUID(TAX)),
                "tax_name": "GST 10%",
                "tax_percent": Decimal(10),
                "tax_amount": Decimal("25.64"),
            }
        )
        for line in bill.lines
    )
    tax = Decimal("25.64") * len(lines)
    more = {"lines": lines, "tax": tax, "total": bill.subtotal + tax}
    return bill.model_copy(update=more)


async def match_tax(office: Office, code: str = "T1") -> None:
    await office.pool.execute(
        "insert into tax_mapping (connection_id, rate, company_id, name, percent, tax_code,"
        " changed_at) values ($1, $2, $3, 'GST 10%', 10, $4, $5)",
        office.connection,
        TAX,
        office.company,
        code,
        office.now,
    )


async def placed(office: Office, row: Row, provider: Provider) -> Placed:
    """Everything sent; what the row stands on was refused with its cause."""
    await connect(office, provider)
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    if row.tax:
        bill = taxed(bill)
        await match_tax(office)
    if provider != "freshbooks":
        await office.map(call_out.id)
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
    )
    here = Placed(office, row.stands_on, ann, call_out, bill)
    kinds = {"customer": SyncCustomer, "item": SyncItem, "invoice": SyncInvoice}
    while commands := office.commands():
        for command in commands:
            if isinstance(command, kinds[row.stands_on]):
                used = {"self": f"r{command.record_id}"} if row.was_there else {}
                refused = office.failure(command, row.code, used=used)
                cause = CauseInstance(
                    code=row.code, subject=subject(row, here), params=dict(row.params)
                )
                await office.outcomes(refused.model_copy(update={"cause": cause}))
            else:
                await office.outcomes(office.success(command, f"r{command.record_id}"))
    return here


def subject(row: Row, here: Placed) -> Subject | None:
    match row.of:
        case None:
            return None
        case "itself":
            return Subject(id=str(here.record.id), name="Ann Lee")
        case "customer":
            return Subject(id=str(here.ann.id), name="Ann Lee")
        case "account":
            return Subject(id="79", name="")
        case "tax":
            return Subject(id=TAX, name="GST 10%")
        case "tax_there":
            return Subject(id="T1", name="GST")
        case "EUR":
            return Subject(id="EUR", name="EUR")
        case "lock_date":
            return Subject(id="2026-06-30", name="2026-06-30")


class Undone(Exception):  # noqa: N818  (takes a transaction back)
    """Takes back what was tried."""


@asynccontextmanager
async def tried(office: Office) -> AsyncGenerator[Tx]:
    """A transaction that is taken back."""
    try:
        async with office.transaction() as tx:
            yield tx
            raise Undone
    except Undone:
        pass


FIELDS = {
    "account_id": "80",
    "tax_code": "T2",
    "remote_id": "58",
    "name": "Ann Lee (2)",
    "number": "1001-A",
    "why": "entered as credit note",
}


def filled(fix: RenderedFix, provider: Provider) -> dict[str, str]:
    """What a page posts: what it brings, else what a person chose of what is offered."""
    skipped = {"account_id"} if provider == "freshbooks" else set[str]()
    return {
        name: fix.values.get(name) or FIELDS[name] for name in fix.fields if name not in skipped
    }


async def press(here: Placed, entity: Entity, fix: RenderedFix) -> list[str]:
    """Press it on a record; what is wrong with what followed."""
    office = here.office
    fields = filled(fix, office.provider)
    refused: Refusal | None = None
    named: str | None = None
    async with tried(office) as tx:
        try:
            await actions.act(tx, office.tools, here.wish(entity), fix.action, fields)
        except Refusal as refusal:
            refused = refusal
        else:
            key = RecordKey(office.connection, "invoice", RecordId(here.bill.id))
            (after,) = await jobs_store.load(tx, [key])
            named = after.named_there
    if refused is not None:
        return [f"{fix.action} on the {entity}: {refused}"]
    if fix.action in ("add_as_new", "use_name") and named is not None:
        return [f"{fix.action} on the {entity}: a name became the invoice's number"]
    return []


async def press_for_all(here: Placed, group: str, fix: RenderedFix) -> list[str]:
    office = here.office
    async with tried(office) as tx:
        wish = GroupWish(
            company=office.company,
            provider=office.provider,
            group=group,
            verb="fix",
            action=fix.action,
            fields=filled(fix, office.provider),
            user_name="Joe Oak",
        )
        try:
            run = await groups.act(tx, office.tools, wish)
        except Refusal as refusal:
            return [f"{fix.action} for all: {refusal}"]
        rows = await tx.fetch(
            "select entity, refused from run_records where run_id = $1 and refused is not null",
            run.id,
        )
        key = RecordKey(office.connection, "invoice", RecordId(here.bill.id))
        (after,) = await jobs_store.load(tx, [key])
    wrong = [f"{fix.action} for all, {row['entity']}: {row['refused']}" for row in rows]
    if fix.action in ("add_as_new", "use_name") and after.named_there is not None:
        wrong.append(f"{fix.action} for all: a name became the invoice's number")
    return wrong


def offered(cause: CauseInstance, provider: Provider, record: UUID) -> list[RenderedFix]:
    fixes = render(cause, provider, record_id=record).fixes
    return [fix for fix in fixes if fix.action not in MADE_BY_ITS_OWNER]


async def press_all(here: Placed, entity: Entity) -> list[str]:
    job = await here.job(entity)
    assert job.cause is not None
    wrong: list[str] = []
    for fix in offered(job.cause, here.office.provider, job.record_id):
        wrong += await press(here, entity, fix)
        wrong += await press_for_all(here, group_of(job.cause, job.record_id), fix)
    return wrong


@pytest.mark.parametrize("provider", ALL)
async def test_each_fix_of_a_cause_is_taken(office: Office, provider: Provider) -> None:
    wrong: list[str] = []
    for row in ROWS:
        if provider not in row.providers:
            continue
        ids = {"company": CompanyId(uuid4()), "connection": ConnectionId(uuid4())}
        one = replace(office, **ids, sent=[])
        here = await placed(one, row, provider)
        job = await here.job(row.stands_on)
        assert job.cause is not None, row
        assert job.cause.code == row.code, row
        found = await press_all(here, row.stands_on)
        if row.stands_on != "invoice" and not row.was_there:
            found += await press_all(here, "invoice")
        wrong += [f"{row}: {what}" for what in found]
    assert not wrong, "\n".join(wrong)


async def reached(one: Office, provider: Provider, *events: Message, remote: str = "r") -> None:
    """What the provider accepts is there."""
    await one.events(*events)
    while commands := one.commands():
        await one.outcomes(*(one.success(c, f"{remote}{c.record_id}") for c in commands))


async def totals_differ(one: Office, provider: Provider, total: str, tax: str) -> Placed:
    """The invoice is there, with other totals."""
    await connect(one, provider, taxes={"takes_our_tax": provider == "qbo"})
    ann, call_out = customer(), item()
    bill = taxed(invoice(ann, call_out))
    await match_tax(one)
    if provider != "freshbooks":
        await one.map(call_out.id)
    await reached(one, provider, one.customer_event(ann), one.item_event(call_out))
    await one.events(one.invoice_event(bill))
    while commands := one.commands():
        for command in commands:
            there = Totals(total=Decimal(total), tax=Decimal(tax), currency="USD")
            is_bill = isinstance(command, SyncInvoice)
            await one.outcomes(
                one.success(command, f"r{command.record_id}", totals=there if is_bill else None)
            )
    return Placed(one, "invoice", ann, call_out, bill)


async def rounded(one: Office, provider: Provider) -> Placed:
    return await totals_differ(one, provider, "282.03", "25.65")


async def recalculated(one: Office, provider: Provider) -> Placed:
    return await totals_differ(one, provider, "286.14", "29.76")


async def ignored(one: Office, provider: Provider) -> Placed:
    """Its customer is ignored."""
    await connect(one, provider)
    ann, call_out = customer(email=None), item()
    bill = invoice(ann, call_out)
    if provider != "freshbooks":
        await one.map(call_out.id)
    await one.events(one.customer_event(ann), one.item_event(call_out))
    here = Placed(one, "invoice", ann, call_out, bill)
    async with one.transaction() as tx:
        await actions.act(tx, one.tools, here.wish("customer"), "ignore", {"why": "by hand"})
    await one.events(one.invoice_event(bill))
    return here


async def no_item(one: Office, provider: Provider) -> Placed:
    """A line names no item."""
    await connect(one, provider)
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    lines = (*bill.lines, bill.lines[0].model_copy(update={"position": 2, "item_id": None}))
    bill = bill.model_copy(update={"lines": lines, "total": bill.total * 2})
    await one.map(call_out.id)
    await reached(one, provider, one.customer_event(ann), one.item_event(call_out))
    await one.events(one.invoice_event(bill))
    return Placed(one, "invoice", ann, call_out, bill)


async def archived(one: Office, provider: Provider) -> Placed:
    """Its item is mapped to an account that is in no list any more."""
    await connect(one, provider)
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    await one.map(call_out.id, account="99")
    await one.events(one.customer_event(ann), one.item_event(call_out), one.invoice_event(bill))
    return Placed(one, "invoice", ann, call_out, bill)


async def rounding_archived(one: Office, provider: Provider) -> Placed:
    """There it would be a cent less, and the account of rounding lines is in no list any more."""
    await connect(one, provider, taxes={"rounding": "rate"})
    await one.pool.execute(
        "update connection_settings set rounding_account_id = '99' where connection_id = $1",
        one.connection,
    )
    ann, call_out = customer(), item()
    bill = taxed(invoice(ann, call_out, call_out, call_out))
    cents = {"unit_price": Decimal("0.14"), "quantity": Decimal(1), "amount": Decimal("0.14")}
    cents["tax_amount"] = Decimal("0.01")
    small = tuple(line.model_copy(update=cents) for line in bill.lines)
    money = {"subtotal": Decimal("0.42"), "tax": Decimal("0.03"), "total": Decimal("0.45")}
    bill = bill.model_copy(update={"lines": small, **money})
    await match_tax(one)
    await one.map(call_out.id)
    await one.events(one.customer_event(ann), one.item_event(call_out), one.invoice_event(bill))
    return Placed(one, "invoice", ann, call_out, bill)


async def tax_gone(one: Office, provider: Provider, code: str | None = "T9") -> Placed:
    """Its tax is matched to one that is in no list any more, or to none."""
    await connect(one, provider)
    ann, call_out = customer(), item()
    bill = taxed(invoice(ann, call_out))
    if code is not None:
        await match_tax(one, code)
    await one.map(call_out.id)
    await one.events(one.customer_event(ann), one.item_event(call_out), one.invoice_event(bill))
    return Placed(one, "invoice", ann, call_out, bill)


async def tax_unmatched(one: Office, provider: Provider) -> Placed:
    return await tax_gone(one, provider, None)


async def closed(one: Office, provider: Provider) -> Placed:
    """The books are closed for its date."""
    await connect(one, provider, books_closed_up_to="2026-06-30")
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    await one.map(call_out.id)
    await one.events(one.customer_event(ann), one.item_event(call_out), one.invoice_event(bill))
    return Placed(one, "invoice", ann, call_out, bill)


async def all_there(
    one: Office, provider: Provider
) -> tuple[CustomerSnapshot, ItemSnapshot, InvoiceSnapshot]:
    """An invoice with its customer and its item, all of them synced."""
    await connect(one, provider)
    ann, call_out = customer(), item()
    bill = invoice(ann, call_out)
    if provider != "freshbooks":
        await one.map(call_out.id)
    await reached(
        one,
        provider,
        one.customer_event(ann),
        one.item_event(call_out),
        one.invoice_event(bill),
    )
    return ann, call_out, bill


async def removed(one: Office, provider: Provider) -> Placed:
    """It was there and somebody deleted it."""
    ann, call_out, bill = await all_there(one, provider)
    bill = bill.model_copy(update={"version": 2, "memo": "again"})
    await one.events(one.invoice_event(bill))
    [command] = one.commands()
    await one.outcomes(one.failure(command, "invoice_gone_there", removed=True))
    return Placed(one, "invoice", ann, call_out, bill)


async def not_voided(one: Office, provider: Provider) -> Placed:
    """It was voided here, and a payment stands against it there."""
    ann, call_out, bill = await all_there(one, provider)
    bill = bill.model_copy(update={"version": 2, "status": "void"})
    await one.events(one.invoice_event(bill))
    [command] = one.commands()
    await one.outcomes(one.failure(command, "void_refused"))
    return Placed(one, "invoice", ann, call_out, bill)


OURS = (
    ("rounding_difference", rounded, ALL),
    ("tax_recalculated_there", recalculated, ALL),
    ("prerequisite_ignored", ignored, ALL),
    ("line_without_item", no_item, ("xero", "qbo")),
    ("account_gone", archived, ("xero", "qbo")),
    ("account_gone", rounding_archived, ("xero", "qbo")),
    ("tax_code_gone", tax_gone, ("xero", "qbo")),
    ("tax_rate_unmapped", tax_unmatched, ("xero", "qbo")),
    ("period_closed", closed, ("xero", "qbo")),
    ("invoice_gone_there", removed, ALL),
    ("void_refused", not_voided, ALL),
)


@pytest.mark.parametrize("provider", ALL)
async def test_each_fix_of_what_we_found_ourselves_is_taken(
    office: Office, provider: Provider
) -> None:
    wrong: list[str] = []
    for code, place, providers in OURS:
        if provider not in providers:
            continue
        ids = {"company": CompanyId(uuid4()), "connection": ConnectionId(uuid4())}
        here = await place(replace(office, **ids, sent=[]), provider)
        job = await here.job("invoice")
        assert job.cause is not None, code
        assert job.cause.code == code, (code, job.cause)
        wrong += [f"{code}: {what}" for what in await press_all(here, "invoice")]
    assert not wrong, "\n".join(wrong)


async def test_a_tax_chosen_for_what_is_there_already_sends_it_again(office: Office) -> None:
    here = await recalculated(office, "xero")
    async with office.transaction() as tx:
        await actions.act(tx, office.tools, here.wish("invoice"), "choose_tax", {"tax_code": "T2"})
    await office.read_outbox()
    [command] = office.commands()
    assert isinstance(command, SyncInvoice)
    assert command.taxes[TAX].remote_id == "T2"
