"""Customers are FreshBooks' clients: found by our mark in `note`, for names and e-mails aren't
unique. https://www.freshbooks.com/api/clients

The name goes as `organization`, the only one that alone is enough. Updates name only what we know:
an e-mail or address entered there stays where we have none. `note` is written on creation only.
"""

import re

from connector_kit.answers import Refused
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember, Member
from contracts.causes import cause_of
from contracts.commands import SyncCustomer
from contracts.connections import RemoteCustomer
from contracts.ids import Entity, RemoteId
from contracts.invoicing import Address, CustomerSnapshot
from contracts.sync import Subject

from connector_freshbooks.bodies import NotRead
from connector_freshbooks.operations.kinds import There, Written, text_fields
from connector_freshbooks.operations.marks import mark_of
from connector_freshbooks.operations.names import cleaned, name_problem, normal
from connector_freshbooks.operations.reads import everything
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
        return Written({**fields, "note": mark} if member.remote is None else fields, frozen)

    def read(self, result: Result) -> There | None:
        return _there(result.client) if result.client else None

    def list(self, page: Result) -> list[There]:
        return [_there(row) for row in page.clients or ()]

    def search(self, member: FrozenMember) -> tuple[tuple[str, str], ...]:
        return (("search[note_like]", member.mark or ""),)


def remote_customers(account: str) -> Exchange[list[RemoteCustomer] | NotRead]:
    """All clients there, deleted ones too; or why a page couldn't be read."""
    pages = yield from everything(f"/accounting/account/{account}/{PATH}")
    if isinstance(pages, NotRead):
        return pages
    # Pages shift while others write: a client can stand on two of them.
    found = {row.id: _listed(row) for page in pages for row in page.clients or ()}
    return list(found.values())


def _listed(row: Client) -> RemoteCustomer:
    currency = row.currency_code or ""
    return RemoteCustomer(
        id=RemoteId(row.id),
        name=_called(row),
        email=row.email or None,
        phone=row.bus_phone or None,
        company_name=row.organization or None,
        active=row.vis_state != DELETED,
        currency=currency if re.fullmatch(r"[A-Z]{3}", currency) else None,
        version=row.updated,
    )


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
    return There(
        id=RemoteId(row.id),
        version=row.updated,
        key=normal(_called(row)),
        fields=text_fields(**fields),
        deleted=deleted,
        marked=row.note,
        created_at=universal(row.signup_date),
        params=(
            ("name", _called(row)),
            ("kind", "inactive_customer" if deleted else "customer"),
        ),
    )
