"""Whose invoice it is: the contact named by id, number or name, made or changed on the way."""

from __future__ import annotations

from datetime import datetime

from xero_simulator.books import Organisation, Record
from xero_simulator.entities import contact
from xero_simulator.refusals import ARCHIVED_CONTACT_USE, CONTACT_MISSING, CONTACT_UNIDENTIFIED
from xero_simulator.wire import JsonObject, text

_IDENTIFYING = ("ContactID", "ContactNumber", "Name")


def resolve(
    organisation: Organisation, body: JsonObject, wrong: list[str], *, new: bool
) -> Record | None:
    """Whose invoice it is; None where a contact of that name is to be made."""
    given = body.get("Contact")
    if not isinstance(given, dict):
        wrong.append(CONTACT_MISSING)
        return None
    found: Record | None = None
    if identifier := text(given.get("ContactID")):
        found = organisation.get("Contact", identifier)
        if found is None:
            wrong.append("The contact with the specified ContactID could not be found.")
            return None
    elif held := organisation.holders("contact_number", text(given.get("ContactNumber"))):
        found = next((each for each in held if each.active), held[0])
    elif name := text(given.get("Name")).strip():
        found = next(iter(organisation.holders("contact_name", name)), None)
    else:
        wrong.append(CONTACT_UNIDENTIFIED)
        return None
    if found is not None and not found.active and new:
        wrong.append(ARCHIVED_CONTACT_USE)
    return found


def settle(
    organisation: Organisation, found: Record | None, given: JsonObject, now: datetime
) -> Record:
    """Makes or changes the contact as the invoice says; changing drops people not named."""
    if found is None:
        return contact.create(organisation, given, now)
    named = (*contact.LENGTHS, "Addresses", "Phones", "ContactPersons")
    changes: JsonObject = {each: given[each] for each in named if each in given}
    if found.active and any(each not in _IDENTIFYING for each in changes):
        if "ContactPersons" in found.data:
            changes.setdefault("ContactPersons", [])
        return contact.update(organisation, found, changes, now)
    if found.active and "Name" in changes:
        return contact.update(organisation, found, {"Name": changes["Name"]}, now)
    return found
