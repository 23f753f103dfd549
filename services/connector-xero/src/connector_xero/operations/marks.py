"""Our mark on a record there, by which a look-up knows it: which record of ours, which generation.

It is a contact's ContactNumber, which only the API can set; an invoice's Url; and the Code of an
item that has no sku of its own.
"""

import re
from base64 import b32decode, b32encode
from typing import Literal, TypeAlias
from uuid import UUID

from contracts.ids import RecordId

from connector_xero.provider import MARK_URL

Whose = Literal["ours", "other", "none"]
Marked: TypeAlias = tuple[UUID, int]

_NUMBER = re.compile(r"TB-([0-9a-f]{32})-(\d{1,9})", re.IGNORECASE)
_URL = re.compile(
    r"https?://\S+/invoices/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\?g=(\d{1,9})"
)
_CODE = re.compile(r"([A-Z2-7]{26})(?:-(\d{1,3}))?")


def contact_number(record: RecordId, generation: int) -> str:
    """The ContactNumber; at most 50 characters."""
    return f"TB-{record.hex}-{generation}"


def marked_contact(number: str | None) -> Marked | None:
    found = _NUMBER.fullmatch(number or "")
    return (UUID(found[1]), int(found[2])) if found else None


def invoice_url(record: RecordId, generation: int) -> str:
    return f"{MARK_URL}/{record}?g={generation}"


def marked_invoice(url: str | None) -> Marked | None:
    found = _URL.fullmatch(url or "")
    return (UUID(found[1]), int(found[2])) if found else None


def item_code(record: RecordId, generation: int) -> str:
    """26 characters that are our id; at most 30 with the generation, from the second on."""
    code = b32encode(record.bytes).decode().rstrip("=")
    return code if generation == 1 else f"{code}-{generation}"


def marked_item(code: str | None) -> Marked | None:
    found = _CODE.fullmatch(code or "")
    if found is None:
        return None
    record = UUID(bytes=b32decode(f"{found[1]}======"))
    return record, int(found[2] or 1)


def whose(marked: Marked | None, record: RecordId, generation: int) -> Whose:
    """Whether a mark is of this very record and generation, of another, or there is none."""
    if marked is None:
        return "none"
    return "ours" if marked == (record, generation) else "other"
