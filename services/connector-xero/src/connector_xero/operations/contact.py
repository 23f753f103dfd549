"""Contacts: known by ContactNumber, which is our mark; their Name is unique among active ones.

https://developer.xero.com/documentation/api/accounting/contacts
An update names only what we know: what was entered there stays where we have nothing. A linked
contact keeps its own ContactNumber.
"""

import re
from collections.abc import Sequence

from connector_kit.answers import Refused
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember, Member
from contracts.causes import cause_of
from contracts.commands import SyncCustomer
from contracts.ids import RemoteId
from contracts.invoicing import Address, CustomerSnapshot
from contracts.sync import Subject

from connector_xero import wire
from connector_xero.bodies import NotRead
from connector_xero.operations.kinds import There, Written, frozen_of, text_fields, version_of
from connector_xero.operations.marks import contact_number, marked_contact
from connector_xero.operations.names import name_problem, normal, one_line
from connector_xero.operations.queries import among, askable, chunks, pages
from connector_xero.wire import Answer, Element, RefusedElement

NAME_LIMIT = 255
_EMAIL_LIMIT = 255
_PHONE_LIMIT = 50
_STREET_LIMIT = 500
_PLACE_LIMIT = 255
_POSTAL_LIMIT = 50

_EMAIL = re.compile(r"[\x21-\x7e]+@[\x21-\x7e]+\.[\x21-\x7e]+")
"""No umlauts."""
_COUNTRY = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)*")
_ARCHIVED = (("includeArchived", "true"),)


class Contacts:
    """The contact's `Kind`."""

    path = "Contacts"

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
        mark = contact_number(command.record_id, command.generation)
        body = _body(command.customer, _name(command))
        fields = comparable(body)
        if member.remote is None:
            body = body.model_copy(update={"contact_number": mark})
        else:
            body = body.model_copy(update={"contact_id": member.remote.id})
        frozen = frozen_of(
            member,
            natural_key=normal(_name(command)),
            mark=mark,
            version=command.customer.version,
            fields=fields,
            extra={
                "name": command.customer.name,
                "name_there": _name(command),
                "email": command.customer.email or "",
                "notes": "sent_with_changes" if _cut(command.customer) else "",
            },
        )
        return Written(body, frozen)

    def elements(self, answer: Answer) -> Sequence[Element]:
        return answer.contacts or ()

    def there(self, element: Element) -> There | None:
        return _there(element) if isinstance(element, wire.Contact) else None

    def claims(self, element: Element | RefusedElement, member: FrozenMember) -> bool:
        if isinstance(element, wire.Contact | RefusedElement):
            return (element.contact_number or "").upper() == (member.mark or "").upper()
        return False

    def look_up_key(self, member: FrozenMember) -> str:
        return member.mark or ""

    def by_look_up_keys(
        self, organisation: RemoteId, keys: Sequence[str]
    ) -> Exchange[list[There] | NotRead]:
        return (yield from _where(organisation, "ContactNumber", keys))

    def hidden(
        self, organisation: RemoteId, members: Sequence[FrozenMember]
    ) -> Exchange[list[There] | NotRead]:
        """None: what is asked for is our mark itself."""
        yield from ()
        return []

    def found(self, member: FrozenMember, there: There) -> bool:
        return there.marked == (member.record_id, member.generation)

    def asks_first(self, member: Member) -> bool:
        """One made again: who was there before may have been merged. A taken name is refused."""
        return member.command.generation > 1

    def taking(
        self, organisation: RemoteId, members: Sequence[Member]
    ) -> Exchange[list[There] | NotRead]:
        """By name, and by mark: an earlier request may have made it after all, and what is gone may
        have been merged. A name that can't be asked for is left to Xero, which refuses it without
        saying whose it is."""
        commands = [_command(member) for member in members]
        names = [name for name in map(_name, commands) if askable(name)]
        named = yield from _where(organisation, "Name", names)
        if isinstance(named, NotRead):
            return named
        marks = [
            contact_number(each.record_id, generation)
            for each in commands
            for generation in _generations(each)
        ]
        marked = yield from _where(organisation, "ContactNumber", marks)
        if isinstance(marked, NotRead):
            return marked
        return [*named, *marked]

    def in_the_way(self, member: Member, there: There) -> bool:
        return there.removed is None and there.key == normal(_name(_command(member)))

    def by_ids(
        self, organisation: RemoteId, ids: Sequence[RemoteId]
    ) -> Exchange[list[There] | NotRead]:
        found: list[There] = []
        for part in chunks(ids, around=3):
            asked = (("IDs", ",".join(part)), *_ARCHIVED)
            read = yield from pages(organisation, "Contacts", asked)
            if isinstance(read, NotRead):
                return read
            found.extend(_listed(read))
        return found


def comparable(contact: wire.Contact) -> dict[str, str]:
    """The values that tell whether a contact there is as it was sent."""
    phone = next((p for p in contact.phones or () if p.phone_type == "DEFAULT"), None)
    address = next((a for a in contact.addresses or () if a.address_type == "POBOX"), None)
    return text_fields(
        Name=contact.name,
        EmailAddress=contact.email_address,
        PhoneNumber=phone and phone.phone_number,
        AddressLine1=address and address.address_line1,
        City=address and address.city,
        PostalCode=address and address.postal_code,
    )


def _where(
    organisation: RemoteId, field: str, values: Sequence[str]
) -> Exchange[list[There] | NotRead]:
    found: list[There] = []
    for part in chunks(values, around=len(field) + 20):
        asked = (("where", among(field, part)), *_ARCHIVED)
        read = yield from pages(organisation, "Contacts", asked)
        if isinstance(read, NotRead):
            return read
        found.extend(_listed(read))
    return found


def _listed(read: Sequence[Answer]) -> list[There]:
    rows = (row for answer in read for row in answer.contacts or ())
    return [there for row in rows if (there := _there(row)) is not None]


def _there(row: wire.Contact) -> There | None:
    if row.contact_id in (None, wire.ZERO_ID):
        return None
    archived = row.contact_status in ("ARCHIVED", "GDPRREQUEST")
    merged = row.merged_to_contact_id
    return There(
        id=RemoteId(row.contact_id or ""),
        version=version_of(row.updated_date_utc),
        key=normal(row.name or ""),
        fields=comparable(row),
        marked=marked_contact(row.contact_number),
        removed="deleted" if archived else None,
        merged_into=RemoteId(merged) if merged and merged != wire.ZERO_ID else None,
        params=(("name", row.name or ""), ("kind", "customer")),
    )


def _command(member: Member) -> SyncCustomer:
    assert isinstance(member.command, SyncCustomer)
    return member.command


def _generations(command: SyncCustomer) -> range:
    """This one and the last two before it: who went there before may have been merged."""
    return range(max(1, command.generation - 2), command.generation + 1)


def _name(command: SyncCustomer) -> str:
    return (command.name_there or command.customer.name).strip()


def _body(customer: CustomerSnapshot, name: str) -> wire.Contact:
    phone = _whole(customer.phone, _PHONE_LIMIT)
    address = _address(customer.address) if customer.address else None
    return wire.Contact(
        name=name,
        email_address=customer.email or None,
        phones=(wire.Phone(phone_type="DEFAULT", phone_number=phone),) if phone else None,
        addresses=(address,) if address else None,
    )


def _address(address: Address) -> wire.Address | None:
    country = _whole(address.country, _POSTAL_LIMIT)
    there = wire.Address(
        address_type="POBOX",
        address_line1=_within(address.line1, _STREET_LIMIT),
        address_line2=_within(address.line2, _STREET_LIMIT),
        city=_within(address.city, _PLACE_LIMIT),
        region=_within(address.region, _PLACE_LIMIT),
        postal_code=_whole(address.postal_code, _POSTAL_LIMIT),
        country=country if country and _COUNTRY.fullmatch(country) else None,
    )
    return there if len(there.fields()) > 1 else None


def _cut(customer: CustomerSnapshot) -> bool:
    """Whether something goes shorter than it is here, or not at all."""
    address = customer.address or Address()
    lengths = (
        (customer.phone, _PHONE_LIMIT),
        (address.line1, _STREET_LIMIT),
        (address.line2, _STREET_LIMIT),
        (address.city, _PLACE_LIMIT),
        (address.region, _PLACE_LIMIT),
        (address.postal_code, _POSTAL_LIMIT),
        (address.country, _POSTAL_LIMIT),
    )
    return any(value is not None and len(value) > limit for value, limit in lengths) or bool(
        address.country and not _COUNTRY.fullmatch(address.country)
    )


def _within(text: str | None, limit: int) -> str | None:
    return one_line(text)[:limit] or None if text else None


def _whole(text: str | None, limit: int) -> str | None:
    """A number is worth nothing when cut: it goes whole or not at all."""
    return text if text and len(text) <= limit else None
