"""All contacts that may be customers, for import.

https://developer.xero.com/documentation/api/accounting/contacts
"""

from datetime import UTC, datetime

from connector_kit.conflicts import mark_of_content
from connector_kit.exchange import Exchange
from connector_kit.provider import CustomersRead
from contracts.connections import RemoteCustomer
from contracts.ids import RemoteId
from contracts.invoicing import Address

from connector_xero import wire
from connector_xero.bodies import NotRead
from connector_xero.operations.contact import comparable
from connector_xero.operations.kinds import version_of
from connector_xero.operations.queries import page_of

_QUERY = (("includeArchived", "true"), ("order", "Name ASC"))
"""By name: the default order is by the last change, so rows would move between pages."""


def remote_customers(
    organisation: RemoteId, after: str | None, changed_since: datetime | None
) -> Exchange[CustomersRead | NotRead]:
    """A page of all but suppliers and those whose data was erased on request.

    A contact is a "customer" there only after its first invoice, so that flag asks too much. A
    merged contact is listed with its survivor.
    """
    page = int(after or "1")
    since = None if changed_since is None else changed_since.astimezone(UTC)
    read = yield from page_of(organisation, "Contacts", _QUERY, page=page, changed_since=since)
    if isinstance(read, NotRead):
        return read
    rows = {row.contact_id: row for row in read.answer.contacts or ()}
    paging = read.answer.pagination
    return CustomersRead(
        tuple(_listed(row) for row in rows.values() if row.contact_id and _may_be_customer(row)),
        after=str(page + 1) if read.more else None,
        total=None if paging is None else paging.item_count,
        all=changed_since is None,
    )


def _may_be_customer(row: wire.Contact) -> bool:
    supplier = bool(row.is_supplier) and not row.is_customer
    return not supplier and row.contact_status != "GDPRREQUEST"


def _survivor(row: wire.Contact) -> RemoteId | None:
    merged = row.merged_to_contact_id
    return None if merged in (None, "", wire.ZERO_ID) else RemoteId(merged or "")


def _address(row: wire.Contact) -> Address | None:
    """Where bills go, else the street: the first that has anything."""
    kinds = {each.address_type: each for each in row.addresses or ()}
    for there in (kinds.get("POBOX"), kinds.get("STREET")):
        if there is None:
            continue
        found = Address(
            line1=there.address_line1 or None,
            line2=there.address_line2 or None,
            city=there.city or None,
            region=there.region or None,
            postal_code=there.postal_code or None,
            country=there.country or None,
        )
        if found != Address():
            return found
    return None


def _listed(row: wire.Contact) -> RemoteCustomer:
    numbers = {each.phone_type: each.phone_number for each in row.phones or ()}
    currency = row.default_currency or ""
    return RemoteCustomer(
        id=RemoteId(row.contact_id or ""),
        name=row.name or "",
        email=row.email_address or None,
        phone=numbers.get("DEFAULT") or numbers.get("MOBILE") or None,
        active=row.contact_status != "ARCHIVED",
        currency=currency if len(currency) == 3 and currency.isupper() else None,
        version=version_of(row.updated_date_utc),
        address=_address(row),
        merged_into=_survivor(row),
        held=mark_of_content(comparable(row)),
    )
