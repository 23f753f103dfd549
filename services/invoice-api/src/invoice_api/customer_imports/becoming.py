"""What a customer at a provider becomes here: the fields that are taken over. Pure."""

import re
from datetime import datetime
from uuid import UUID

from contracts.ids import ConnectionId, RemoteId
from contracts.invoicing import Address, CameFrom, CustomerKind, CustomerSnapshot
from pydantic import TypeAdapter, ValidationError

from invoice_api.customer_imports.schemas import CustomerThere
from invoice_api.http.fields import Email

_EMAIL = TypeAdapter[str](Email)
_BETWEEN = re.compile(r"[,;\s]+")
_TEXT = 255
_CONTROL = re.compile(r"[\x00-\x1f]+")


def customer_of(
    there: CustomerThere,
    connection: ConnectionId,
    kind: CustomerKind,
    new_id: UUID,
    now: datetime,
) -> CustomerSnapshot | None:
    """The new customer; None for one without a name. An e-mail is taken over, never made up."""
    name = _short(there.name)
    if name is None:
        return None
    company = _short(there.company_name)
    return CustomerSnapshot.model_validate(
        {
            "id": new_id,
            "version": 1,
            "name": name,
            "kind": kind,
            "email": first_email(there.email),
            "phone": _short(there.phone),
            "company_name": None if company == name else company,
            "address": _address(there.address),
            "came_from": CameFrom(
                connection_id=connection,
                remote_id=RemoteId(there.remote_id),
                remote_version=there.version,
            ),
            "created_at": now,
        }
    )


def first_email(text: str | None) -> str | None:
    """The first address of a field that may hold several, or none at all."""
    for part in _BETWEEN.split((text or "").strip()):
        try:
            return _EMAIL.validate_python(part)
        except ValidationError:
            continue
    return None


def _short(text: str | None) -> str | None:
    clean = _CONTROL.sub(" ", text or "").strip()[:_TEXT].strip()
    return clean or None


def _address(address: Address | None) -> Address | None:
    if address is None:
        return None
    fields = {name: _short(value) for name, value in address.model_dump().items()}
    found = Address.model_validate(fields)
    return found if found != Address() else None
