"""All contacts that may be customers, for import.

https://developer.xero.com/documentation/api/accounting/contacts
"""

from connector_kit.exchange import Exchange
from contracts.connections import RemoteCustomer
from contracts.ids import RemoteId

from connector_xero import wire
from connector_xero.bodies import NotRead
from connector_xero.operations.kinds import version_of
from connector_xero.operations.queries import pages

_QUERY = (("includeArchived", "true"), ("order", "Name ASC"))
"""By name: the default order is by the last change, so rows would move between pages."""


def remote_customers(organisation: RemoteId) -> Exchange[list[RemoteCustomer] | NotRead]:
    """All but suppliers, merged contacts and those whose data was erased on request.

    A contact is a "customer" there only after its first invoice, so that flag asks too much.
    """
    read = yield from pages(organisation, "Contacts", _QUERY)
    if isinstance(read, NotRead):
        return read
    found = {row.contact_id: row for answer in read for row in answer.contacts or ()}
    return [_listed(row) for row in found.values() if row.contact_id and _may_be_customer(row)]


def _may_be_customer(row: wire.Contact) -> bool:
    supplier = bool(row.is_supplier) and not row.is_customer
    merged = row.merged_to_contact_id not in (None, "", wire.ZERO_ID)
    return not supplier and not merged and row.contact_status != "GDPRREQUEST"


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
    )
