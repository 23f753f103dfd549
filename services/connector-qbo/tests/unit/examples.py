"""Commands, members and answers that the tests speak of, by name."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid5

from connector_kit.exchange import Exchange, Request, Response
from connector_kit.provider import (
    Context,
    Environment,
    FrozenMember,
    FrozenRequest,
    Member,
    WriteCommand,
)
from connector_qbo.operations import QboOperations
from connector_qbo.operations.tax import rules_of
from connector_qbo.wire import TaxPrefs
from contracts.commands import (
    NO_TAX,
    ItemRef,
    Origin,
    RemoteRef,
    RoundingLine,
    SyncCustomer,
    SyncInvoice,
    SyncItem,
    TaxRef,
    VoidInvoice,
)
from contracts.connections import Organisation, OrganisationFacts
from contracts.ids import (
    CompanyId,
    ConnectionId,
    CustomerId,
    InvoiceId,
    ItemId,
    MessageId,
    RecordId,
    RemoteId,
    RequestId,
    TaxRateId,
)
from contracts.invoicing import (
    Address,
    CustomerSnapshot,
    InvoiceLine,
    InvoiceSnapshot,
    ItemSnapshot,
)

T = TypeVar("T")

REALM = "9130357766900456"
COMPANY = CompanyId(UUID("01920000-0000-7000-8000-000000000001"))
CONNECTION = ConnectionId(UUID("01920000-0000-7000-8000-000000000002"))
CUSTOMER = UUID("01920000-0000-7000-8000-0000000000c1")
ITEM = UUID("01920000-0000-7000-8000-0000000000d1")
SECOND_ITEM = UUID("01920000-0000-7000-8000-0000000000d2")
INVOICE = UUID("01920000-0000-7000-8000-0000000000e1")
SECOND_INVOICE = UUID("01920000-0000-7000-8000-0000000000e2")
REQUEST = RequestId(UUID("01930000-0000-7000-8000-0000000000ff"))
MOMENT = datetime(2026, 5, 5, 9, 5, 12, tzinfo=UTC)

OPERATIONS = QboOperations()
GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def context(
    *,
    environment: Environment = "simulator",
    country: str = "US",
    home_currency: str = "USD",
    multi_currency: bool = False,
    closed: date | None = None,
    prefs: TaxPrefs | None = None,
) -> Context:
    """`prefs` are its sales tax preferences; by default it uses tax, not worked out by itself."""
    return Context(
        company_id=COMPANY,
        connection_id=CONNECTION,
        organisation=Organisation(id=RemoteId(REALM), name="Oak Books"),
        facts=OrganisationFacts(
            home_currency=home_currency,
            country=country,
            multi_currency=multi_currency,
            books_closed_up_to=closed,
            refuses_duplicate_numbers=False,
            taxes=rules_of(country, prefs or TaxPrefs(using_sales_tax=True)),
        ),
        environment=environment,
    )


def linked(remote: str, version: str | None = "0") -> RemoteRef:
    return RemoteRef(id=RemoteId(remote), version=version)


def customer_command(
    name: str = "Test Customer May 2026 Regen",
    *,
    email: str | None = "testcustomer@example.com",
    phone: str | None = "(555) 555-1234",
    company_name: str | None = None,
    address: Address | None = None,
    name_there: str | None = None,
    generation: int = 1,
    record: UUID = CUSTOMER,
) -> SyncCustomer:
    return SyncCustomer(
        id=MessageId(UUID("01920000-0000-7000-8000-00000000aaaa")),
        occurred_at=MOMENT,
        company_id=COMPANY,
        correlation_id=record,
        provider="qbo",
        connection_id=CONNECTION,
        epoch=1,
        record_id=RecordId(record),
        generation=generation,
        step=3,
        origin=Origin(by="event"),
        customer=CustomerSnapshot(
            id=CustomerId(record),
            version=7,
            name=name,
            kind="homeowner",
            email=email,
            phone=phone,
            company_name=company_name,
            address=address,
            created_at=MOMENT,
        ),
        name_there=name_there,
    )


def item_command(
    name: str = "Test Service Item 2026 Unique 03",
    *,
    sku: str | None = None,
    description: str | None = None,
    unit_price: str = "0",
    account: str | None = "79",
    name_there: str | None = None,
    record: UUID = ITEM,
) -> SyncItem:
    return SyncItem(
        id=MessageId(UUID("01920000-0000-7000-8000-00000000bbbb")),
        occurred_at=MOMENT,
        company_id=COMPANY,
        correlation_id=record,
        provider="qbo",
        connection_id=CONNECTION,
        epoch=1,
        record_id=RecordId(record),
        generation=1,
        step=2,
        origin=Origin(by="event"),
        item=ItemSnapshot(
            id=ItemId(record),
            version=4,
            name=name,
            sku=sku,
            description=description,
            unit_price=Decimal(unit_price),
            created_at=MOMENT,
        ),
        income_account_id=account,
        name_there=name_there,
    )


SALES_TAX = TaxRef(remote_id="2", name="Sales tax", percent=Decimal("8.25"))


def rate_of(tax: TaxRef) -> TaxRateId:
    """The local rate's id: one for each name."""
    return TaxRateId(uuid5(CONNECTION, tax.name))


def line(
    position: int = 1,
    *,
    item: UUID | None = ITEM,
    description: str = "Call-out visit",
    quantity: str = "2",
    unit_price: str = "128.19",
    amount: str = "256.38",
    discount: str = "0",
    tax: TaxRef | None = None,
    tax_amount: str = "0",
) -> InvoiceLine:
    return InvoiceLine(
        position=position,
        item_id=ItemId(item) if item else None,
        description=description,
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        discount_percent=Decimal(discount),
        tax_rate_id=None if tax is None else rate_of(tax),
        tax_name=None if tax is None else tax.name,
        tax_percent=None if tax is None else tax.percent,
        tax_amount=Decimal(tax_amount),
        amount=Decimal(amount),
    )


def invoice(
    number: str = "1001",
    *,
    lines: Sequence[InvoiceLine] | None = None,
    currency: str = "USD",
    tax: str = "0",
    included: bool = False,
    due_date: date | None = date(2026, 7, 15),
    memo: str | None = None,
    record: UUID = INVOICE,
) -> InvoiceSnapshot:
    lines = (line(),) if lines is None else tuple(lines)
    subtotal = sum((each.amount for each in lines), start=Decimal(0))
    return InvoiceSnapshot(
        id=InvoiceId(record),
        version=5,
        number=number,
        status="sent",
        customer_id=CustomerId(CUSTOMER),
        issue_date=date(2026, 6, 15),
        due_date=due_date,
        currency=currency,
        memo=memo,
        lines=tuple(lines),
        prices_include_tax=included,
        subtotal=subtotal - Decimal(tax) if included else subtotal,
        tax=Decimal(tax),
        total=subtotal if included else subtotal + Decimal(tax),
    )


def invoice_command(
    snapshot: InvoiceSnapshot | None = None,
    *,
    items: Mapping[str, ItemRef] | None = None,
    number_there: str | None = None,
    generation: int = 1,
    taxes: Sequence[TaxRef] = (),
    no_tax: str | None = None,
    our_tax: bool = False,
    rounding: RoundingLine | None = None,
) -> SyncInvoice:
    snapshot = snapshot or invoice()
    linked_items = {
        str(ITEM): ItemRef(remote_id=RemoteId("23"), name="Call-out"),
        str(SECOND_ITEM): ItemRef(remote_id=RemoteId("24"), name="Parts"),
    }
    return SyncInvoice(
        id=MessageId(UUID("01920000-0000-7000-8000-00000000cccc")),
        occurred_at=MOMENT,
        company_id=COMPANY,
        correlation_id=snapshot.id,
        provider="qbo",
        connection_id=CONNECTION,
        epoch=1,
        record_id=RecordId(snapshot.id),
        generation=generation,
        step=9,
        origin=Origin(by="event"),
        invoice=snapshot,
        customer_remote_id=RemoteId("60"),
        customer_name="Ann Lee",
        items=dict(linked_items if items is None else items),
        number_there=number_there,
        taxes={str(rate_of(tax)): tax for tax in taxes}
        | ({NO_TAX: TaxRef(remote_id=no_tax, name="No tax", percent=Decimal(0))} if no_tax else {}),
        our_tax=our_tax,
        rounding=rounding,
    )


def void_command(snapshot: InvoiceSnapshot | None = None) -> VoidInvoice:
    snapshot = snapshot or invoice()
    return VoidInvoice(
        id=MessageId(UUID("01920000-0000-7000-8000-00000000dddd")),
        occurred_at=MOMENT,
        company_id=COMPANY,
        correlation_id=snapshot.id,
        provider="qbo",
        connection_id=CONNECTION,
        epoch=1,
        record_id=RecordId(snapshot.id),
        generation=1,
        step=12,
        origin=Origin(by="person", name="Joe"),
        invoice=snapshot,
    )


def member(command: WriteCommand, remote: RemoteRef | None = None) -> Member:
    return Member(command=command, remote=remote)


def packed(*members: Member, on: Context | None = None) -> tuple[Request, FrozenRequest]:
    """The request of these members, none refused, and what is frozen of it."""
    result = OPERATIONS.pack(members, on or context(), REQUEST)
    assert result.refused == ()
    assert result.request is not None
    entity = members[0].command.entity
    return result.request, FrozenRequest(id=REQUEST, entity=entity, members=result.frozen)


def frozen(command: WriteCommand, remote: RemoteRef | None = None) -> FrozenMember:
    return packed(member(command, remote))[1].members[0]


def ok(body: bytes | str | object, status: int = 200, **headers: str) -> Response:
    """A response with this body: bytes and text as they are, anything else as JSON."""
    if isinstance(body, str):
        body = body.encode()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(
        status=status,
        headers={"intuit_tid": "1-5f", "content-type": "application/json;charset=UTF-8", **headers},
        body=raw,
    )


def fault(
    code: str, detail: str = "", *, message: str = "", element: str | None = None
) -> dict[str, object]:
    error = {"Message": message, "Detail": detail, "code": code}
    if element is not None:
        error["element"] = element
    return {"Error": [error], "type": "ValidationFault"}


def refused(
    code: str, detail: str = "", *, message: str = "", element: str | None = None, status: int = 400
) -> Response:
    """A single request's refusal."""
    return ok(
        {"Fault": fault(code, detail, message=message, element=element), "time": "2026-05-05"},
        status,
    )


def drive(exchange: Exchange[T], *responses: Response) -> tuple[T, list[Request]]:
    """Run an exchange to its end with these responses, all of which it must ask for."""
    sent: list[Request] = []
    waiting = list(responses)
    try:
        request = next(exchange)
        while True:
            sent.append(request)
            request = exchange.send(waiting.pop(0))
    except StopIteration as end:
        assert waiting == [], "fewer requests than the test has answers for"
        return end.value, sent


def rows(table: str, *entries: Mapping[str, object]) -> Response:
    """A page of a query."""
    response: dict[str, object] = {}
    if entries:
        response = {table: list(entries), "startPosition": 1, "maxResults": len(entries)}
    return ok({"QueryResponse": response, "time": "2026-05-05T02:05:12.193-07:00"})
