"""Customers are FreshBooks' clients: found by our mark in `note`, for names and e-mails aren't
unique. https://www.freshbooks.com/api/clients

The name goes as `organization`, the only one that alone is enough. Updates name only what we know:
an e-mail or address entered there stays where we have none. `note` is written on creation only.
"""

import re
from datetime import datetime, timedelta

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

from connector_freshbooks.bodies import NotRead
from connector_freshbooks.operations.kinds import There, Written, text_fields, version_of
from connector_freshbooks.operations.marks import mark_of
from connector_freshbooks.operations.names import cleaned, name_problem, normal
from connector_freshbooks.operations.reads import page_of
from connector_freshbooks.provider import ORGANIZATION_LIMIT
from connector_freshbooks.wire import DELETED, Client, Result, universal

PATH = "users/clients"
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class Customers:
    """The customer's `Kind`."""

    entity: Entity = "customer"
    name = "client"
    path = PATH
    query: tuple[tuple[str, str], ...] = ()

    def refuse(self, member: Member, context: Context) -> Refused | None:
        command = _command(member)
        customer = command.customer
        name = _name(command)
        subject = Subject(id=str(command.record_id), name=customer.name)
        why = name_problem(name, limit=ORGANIZATION_LIMIT)
        if why is not None:
            return Refused(
                cause_of(
                    "name_not_allowed",
                    subject=subject,
                    name=name,
                    why=why,
                    limit=ORGANIZATION_LIMIT,
                    cleaned_name=cleaned(name, ORGANIZATION_LIMIT),
                )
            )
        if customer.email and not _EMAIL.fullmatch(customer.email):
            return Refused(
                cause_of(
                    "customer_email_invalid",
                    subject=subject,
                    email=customer.email,
                    customer=customer.name,
                )
            )
        return None

    def write(self, member: Member, context: Context) -> Written:
        command = _command(member)
        mark = mark_of(command.record_id, command.generation)
        fields = _fields(command.customer, _name(command))
        frozen = FrozenMember(
            entity="customer",
            record_id=command.record_id,
            generation=command.generation,
            step=command.step,
            intent=member.intent,
            # Nothing else there is unique.
            natural_key=mark,
            mark=mark,
            remote=member.remote,
            record_version=command.customer.version,
            fields=text_fields(**fields),
            used={},
            extra={
                "name": command.customer.name,
                "name_there": _name(command),
                "email": command.customer.email or "",
            },
        )
        if member.remote is not None:
            return Written(fields, frozen)
        # What a client is billed in where an invoice doesn't say; it can be changed there.
        billed = {} if command.currency is None else {"currency_code": command.currency}
        return Written({**fields, **billed, "note": mark}, frozen)

    def read(self, result: Result) -> There | None:
        return _there(result.client) if result.client else None

    def list(self, page: Result) -> list[There]:
        return [_there(row) for row in page.clients or ()]

    def search(self, member: FrozenMember) -> tuple[tuple[str, str], ...]:
        return (("search[note_like]", member.mark or ""),)


_PAGES_AT_ONCE = 5


def remote_customers(
    account: str, after: str | None, changed_since: datetime | None
) -> Exchange[CustomersRead | NotRead]:
    """Some pages of the clients there, then of the deleted ones; or why one couldn't be read.

    `after` says which list and page come next. `updated_min` has days only, in the time of New
    York: a day more is read than was asked for.
    """
    which, _, number = (after or "kept/1").partition("/")
    query: list[tuple[str, str]] = []
    if which == "deleted":
        query.append(("search[vis_state]", str(DELETED)))
    if changed_since is not None:
        day = (changed_since - timedelta(days=1)).date()
        query.append(("search[updated_min]", day.isoformat()))
    # Pages shift while others write: a client can stand on two of them.
    found: dict[RemoteId, RemoteCustomer] = {}
    next_part: str | None = None
    total: int | None = None
    first = int(number)
    for page in range(first, first + _PAGES_AT_ONCE):
        read = yield from page_of(f"/accounting/account/{account}/{PATH}", page, *query)
        if isinstance(read, NotRead):
            return read
        found |= {RemoteId(row.id): _listed(row) for row in read.clients or ()}
        total = read.total if which == "kept" else None
        if page >= (read.pages or 0):
            next_part = "deleted/1" if which == "kept" else None
            break
        next_part = f"{which}/{page + 1}"
    return CustomersRead(
        tuple(found.values()), after=next_part, total=total, all=changed_since is None
    )


def _listed(row: Client) -> RemoteCustomer:
    currency = row.currency_code or ""
    there = _there(row)
    return RemoteCustomer(
        id=RemoteId(row.id),
        name=_called(row),
        email=row.email or None,
        phone=row.bus_phone or None,
        company_name=row.organization or None,
        active=row.vis_state != DELETED,
        currency=currency if re.fullmatch(r"[A-Z]{3}", currency) else None,
        version=row.updated,
        address=_address_there(row),
        held=mark_of_content(there.fields),
    )


def _address_there(row: Client) -> Address | None:
    found = Address(
        line1=row.p_street or None,
        line2=row.p_street2 or None,
        city=row.p_city or None,
        region=row.p_province or None,
        postal_code=row.p_code or None,
        country=row.p_country or None,
    )
    return found if found != Address() else None


def _called(row: Client) -> str:
    """As FreshBooks' own lists call it: the organization, else the person, else the e-mail."""
    person = f"{row.fname or ''} {row.lname or ''}".strip()
    return row.organization or person or row.email or ""


def _command(member: Member) -> SyncCustomer:
    assert isinstance(member.command, SyncCustomer)
    return member.command


def _name(command: SyncCustomer) -> str:
    return (command.name_there or command.customer.name).strip()


def _fields(customer: CustomerSnapshot, name: str) -> dict[str, str]:
    address = customer.address or Address()
    known = {
        "organization": name,
        "email": customer.email,
        "bus_phone": customer.phone,
        "p_street": address.line1,
        "p_street2": address.line2,
        "p_city": address.city,
        "p_province": address.region,
        "p_code": address.postal_code,
        "p_country": address.country,
    }
    return {field: value for field, value in known.items() if value}


def _there(row: Client) -> There:
    fields = {
        field: value
        for field, value in {
            "organization": row.organization,
            "email": row.email,
            "bus_phone": row.bus_phone,
            "p_street": row.p_street,
            "p_street2": row.p_street2,
            "p_city": row.p_city,
            "p_province": row.p_province,
            "p_code": row.p_code,
            "p_country": row.p_country,
        }.items()
        if value is not None
    }
    deleted = row.vis_state == DELETED
    compared = text_fields(**fields)
    return There(
        id=RemoteId(row.id),
        version=version_of(row.updated, compared),
        key=normal(_called(row)),
        fields=compared,
        deleted=deleted,
        marked=row.note,
        created_at=universal(row.signup_date),
        params=(
            ("name", _called(row)),
            ("kind", "inactive_customer" if deleted else "customer"),
        ),
    )
