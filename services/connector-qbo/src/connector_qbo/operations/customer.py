"""Customers: found by DisplayName, which is unique among customers, vendors and employees.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
Updates are sparse and name only what we know: an e-mail or address entered there stays where we
have none. They always say `Active: true`, so that a linked customer who was made inactive there is
active again once needed. Notes are written on creation only.
"""

import re
from datetime import datetime

from connector_kit.answers import Refused
from connector_kit.conflicts import mark_of_content
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, CustomersRead, FrozenMember, Member
from contracts.causes import cause_of
from contracts.commands import SyncCustomer
from contracts.connections import RemoteCustomer
from contracts.ids import Entity, RemoteId
from contracts.invoicing import Address, CustomerSnapshot
from contracts.sync import Subject

from connector_qbo.bodies import NotRead
from connector_qbo.operations.kinds import There, Written, text_fields
from connector_qbo.operations.marks import mark_of
from connector_qbo.operations.names import name_problem, normal, when_deleted, without_deleted
from connector_qbo.operations.statements import ANY_ACTIVITY, Table, count_of, page_of, quoted
from connector_qbo.provider import QUERY_PAGE
from connector_qbo.wire import (
    Answer,
    BatchItem,
    Customer,
    EmailAddress,
    Phone,
    PhysicalAddress,
    QueryResponse,
    Ref,
)

NAME_LIMIT = 500
_COMPANY_LIMIT = 50
"""Pages say 100 or, older ones, 50; longer is refused (2050). Cut and said, nobody is blocked."""

_EMAIL_LIMIT = 100
_PHONE_LIMIT = 30
_STREET_LIMIT = 500
_PLACE_LIMIT = 255
_POSTAL_LIMIT = 30

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class Customers:
    """The customer's `Kind`."""

    entity: Entity = "customer"
    table: Table = "Customer"
    path = "customer"
    key_field = "DisplayName"
    conditions = (ANY_ACTIVITY,)

    def refuse(self, member: Member, context: Context) -> Refused | None:
        command = _command(member)
        subject = Subject(id=str(command.record_id), name=command.customer.name)
        problem = name_problem(_name(command), limit=NAME_LIMIT)
        if problem is not None:
            return Refused(
                cause_of(
                    "name_not_allowed",
                    subject=subject,
                    name=_name(command),
                    why=problem.why,
                    limit=NAME_LIMIT,
                    cleaned_name=problem.cleaned,
                )
            )
        email = command.customer.email
        if email and not (_EMAIL.fullmatch(email) and len(email) <= _EMAIL_LIMIT):
            return Refused(
                cause_of(
                    "customer_email_invalid",
                    subject=subject,
                    email=email,
                    customer=command.customer.name,
                )
            )
        return None

    def write(self, member: Member, context: Context) -> Written:
        command = _command(member)
        remote = member.remote
        mark = mark_of(command.record_id, command.generation)
        body = _body(command.customer, _name(command))
        fields = comparable(body)
        if remote is None:
            body = body.model_copy(update={"notes": mark})
            if context.facts.multi_currency and command.currency is not None:
                body = body.model_copy(update={"currency_ref": Ref(value=command.currency)})
        else:
            again = {"id": remote.id, "sync_token": remote.version, "sparse": True, "active": True}
            body = body.model_copy(update=again)
            fields["Active"] = "true"
        return Written(
            body,
            FrozenMember(
                entity="customer",
                record_id=command.record_id,
                generation=command.generation,
                step=command.step,
                intent=member.intent,
                natural_key=normal(_name(command)),
                mark=mark,
                remote=remote,
                record_version=command.customer.version,
                fields=fields,
                used={},
                extra={
                    "name": command.customer.name,
                    "name_there": _name(command),
                    "email": command.customer.email or "",
                    "notes": "sent_with_changes" if _cut(command.customer) else "",
                },
            ),
        )

    def read(self, answer: Answer | BatchItem) -> There | None:
        return _there(answer.customer) if answer.customer else None

    def list(self, page: QueryResponse) -> list[There]:
        return [there for row in page.customer if (there := _there(row)) is not None]

    def keys(self, member: FrozenMember) -> tuple[str, ...]:
        name = member.extra["name_there"]
        return (name, when_deleted(name))


def remote_customers(
    realm: str, after: str | None, changed_since: datetime | None
) -> Exchange[CustomersRead | NotRead]:
    """A page of the customers there, inactive ones too; or why it couldn't be read.

    `after` is the next row's position and, as the first page found it, how many rows there are.
    """
    conditions = [ANY_ACTIVITY]
    if changed_since is not None:
        conditions.append(f"MetaData.LastUpdatedTime >= {quoted(changed_since.isoformat())}")
    position, _, counted = (after or "1").partition("/")
    if after is None:
        number = yield from count_of(realm, "Customer", *conditions)
        counted = "" if isinstance(number, NotRead) else str(number)
    read = yield from page_of(realm, "Customer", *conditions, position=int(position))
    if isinstance(read, NotRead):
        return read
    full = len(read.customer) >= QUERY_PAGE
    return CustomersRead(
        tuple(_listed(row) for row in read.customer if row.id),
        after=f"{int(position) + QUERY_PAGE}/{counted}" if full else None,
        total=int(counted) if counted else None,
        all=changed_since is None,
    )


def _listed(row: Customer) -> RemoteCustomer:
    active = row.active is not False
    name = row.display_name or ""
    there = _there(row)
    return RemoteCustomer(
        id=RemoteId(row.id or ""),
        name=name if active else without_deleted(name),
        email=row.primary_email_addr.address if row.primary_email_addr else None,
        phone=row.primary_phone.free_form_number if row.primary_phone else None,
        company_name=row.company_name,
        active=active,
        currency=row.currency_ref.value if row.currency_ref else None,
        version=row.sync_token,
        address=_address_there(row.bill_addr) if row.bill_addr else None,
        held=None if there is None else mark_of_content(there.content),
    )


def _address_there(address: PhysicalAddress) -> Address | None:
    found = Address(
        line1=address.line1 or None,
        line2=address.line2 or None,
        city=address.city or None,
        region=address.country_sub_division_code or None,
        postal_code=address.postal_code or None,
        country=address.country or None,
    )
    return found if found != Address() else None


def comparable(customer: Customer) -> dict[str, str]:
    """The values that tell whether a customer there is as it was sent."""
    address = customer.bill_addr
    return text_fields(
        DisplayName=customer.display_name,
        CompanyName=customer.company_name,
        PrimaryEmailAddr=customer.primary_email_addr and customer.primary_email_addr.address,
        PrimaryPhone=customer.primary_phone and customer.primary_phone.free_form_number,
        Line1=address and address.line1,
        City=address and address.city,
        PostalCode=address and address.postal_code,
    )


def _command(member: Member) -> SyncCustomer:
    assert isinstance(member.command, SyncCustomer)
    return member.command


def _name(command: SyncCustomer) -> str:
    return (command.name_there or command.customer.name).strip()


def _body(customer: CustomerSnapshot, name: str) -> Customer:
    company = _within(customer.company_name, _COMPANY_LIMIT)
    email = customer.email or None
    phone = _whole(customer.phone, _PHONE_LIMIT)
    return Customer(
        display_name=name,
        company_name=company,
        primary_email_addr=EmailAddress(address=email) if email else None,
        primary_phone=Phone(free_form_number=phone) if phone else None,
        bill_addr=_address(customer.address) if customer.address else None,
    )


def _address(address: Address) -> PhysicalAddress | None:
    there = PhysicalAddress(
        line1=_within(address.line1, _STREET_LIMIT),
        line2=_within(address.line2, _STREET_LIMIT),
        city=_within(address.city, _PLACE_LIMIT),
        country=_within(address.country, _PLACE_LIMIT),
        country_sub_division_code=_within(address.region, _PLACE_LIMIT),
        postal_code=_whole(address.postal_code, _POSTAL_LIMIT),
    )
    return there if there.fields() else None


def _cut(customer: CustomerSnapshot) -> bool:
    """Whether something goes shorter than it is here, or not at all."""
    address = customer.address or Address()
    lengths = (
        (customer.company_name, _COMPANY_LIMIT),
        (customer.phone, _PHONE_LIMIT),
        (address.line1, _STREET_LIMIT),
        (address.line2, _STREET_LIMIT),
        (address.city, _PLACE_LIMIT),
        (address.country, _PLACE_LIMIT),
        (address.region, _PLACE_LIMIT),
        (address.postal_code, _POSTAL_LIMIT),
    )
    return any(value is not None and len(value) > limit for value, limit in lengths)


def _within(text: str | None, limit: int) -> str | None:
    return text[:limit] if text else None


def _whole(text: str | None, limit: int) -> str | None:
    """A number is worth nothing when cut: it goes whole or not at all."""
    return text if text and len(text) <= limit else None


def _there(row: Customer) -> There | None:
    if row.id is None:
        return None
    inactive = row.active is False
    name = row.display_name or ""
    fields = comparable(row)
    fields["Active"] = "false" if inactive else "true"
    if inactive:
        name = fields["DisplayName"] = without_deleted(name)
    return There(
        id=RemoteId(row.id),
        version=row.sync_token,
        key=normal(name),
        fields=fields,
        note=row.notes,
        created_at=row.meta_data.create_time if row.meta_data else None,
        inactive=inactive,
        kept_in=row.currency_ref.value if row.currency_ref else None,
        params=(("name", name), ("kind", "inactive_customer" if inactive else "customer")),
    )
