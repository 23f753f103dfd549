"""Checks several entities share: lengths, names, e-mail addresses, versions."""

from __future__ import annotations

from typing import Literal

from qbo_simulator.books import Organisation, Record
from qbo_simulator.provider_faults import (
    FaultError,
    ProviderFault,
    business,
    deleted_transaction,
    duplicate_name,
    email_error,
    inactive_reference,
    length_error,
    not_found,
    required,
    stale,
    unknown_account,
)
from qbo_simulator.settings import Settings
from qbo_simulator.wire import Json, JsonObject, as_object, ref_value, text

DELETED = " (deleted)"


def too_long(value: Json, limit: int, element: str) -> list[FaultError]:
    """2050 for a text over its limit."""
    told = text(value)
    return [length_error(element, limit, len(told))] if len(told) > limit else []


def lengths(body: JsonObject, limits: dict[str, int]) -> list[FaultError]:
    """2050 for each text over its limit; a dotted name looks inside an object."""
    errors: list[FaultError] = []
    for name, limit in limits.items():
        outer, _, inner = name.partition(".")
        value = body.get(outer)
        if value is not None:
            found = as_object(value).get(inner) if inner else value
            errors.extend(too_long(found, limit, outer))
    return errors


def email(value: Json, element: str) -> list[FaultError]:
    """2050 and 2210 for each address that is too long or none (several with commas)."""
    address = text(as_object(value).get("Address"))
    errors = too_long(address, 100, element)
    for each in address.split(","):
        name, at, host = each.strip().partition("@")
        if address and not (name and at and "." in host):
            errors.append(email_error(element))
            break
    return errors


def bad_name(name: str, settings: Settings) -> ProviderFault | None:
    """A name with a colon, tab or newline in it; which code says so isn't known."""
    if not any(each in name for each in ":\t\n\r"):
        return None
    told = "Names must have at least one character and cannot include tabs, newlines, or ':'"
    if settings.bad_name_code == "2040":
        return ProviderFault(FaultError("2040", "Invalid characters", told, "DisplayName"))
    return business(told)


def name_taken(holder: Record, settings: Settings, who: str) -> ProviderFault:
    """6240, in whichever of its forms the organisation is set to."""
    form = settings.duplicate_name_detail
    if form == "id":
        return duplicate_name(f"Id={holder.id}", settings.language)
    if form == "null":
        return duplicate_name("null", settings.language)
    told = f"Another {who} is already using this name. Please use a different name."
    return duplicate_name(told, settings.language)


def free_deleted_name(
    organisation: Organisation, space: Literal["name", "Item", "Account"], name: str
) -> str:
    """The name an object gets when it is made inactive."""
    renamed = name + DELETED
    if organisation.settings.deleted_suffix_repeat == "same":
        return renamed
    count = 1
    while organisation.holders(space, renamed):
        count += 1
        renamed = f"{name} (deleted-{count})"
    return renamed


def without_deleted(name: str) -> str:
    """The name without the mark of an inactive object."""
    head, mark, tail = name.rpartition(" (deleted")
    return head if mark and tail.endswith(")") and tail.strip("-)0123456789") == "" else name


def existing(
    organisation: Organisation, kind: str, body: JsonObject, *, version: bool = True
) -> Record:
    """The record a write is about.

    Raises ProviderFault: 610 (none, or deleted), 2020 (no SyncToken), 5010 (another version).
    """
    record = organisation.get(kind, text(body.get("Id")))
    if record is None:
        raise not_found()
    if record.state == "deleted":
        raise deleted_transaction()
    if version:
        token = body.get("SyncToken")
        if token is None:
            raise required("SyncToken", "SyncToken")
        if text(token) != record.sync_token:
            raise stale()
    return record


def account_to_use(organisation: Organisation, ref: Json) -> Record:
    """The account a reference names. Raises ProviderFault 2500 (or 610 for an inactive one)."""
    account = organisation.get("Account", ref_value(ref))
    if account is None:
        raise unknown_account(ref_value(ref))
    if not account.active:
        raise inactive_reference(organisation.settings.inactive_reference)
    return account


def merged(current: JsonObject, changes: JsonObject, writable: frozenset[str]) -> JsonObject:
    """A sparse update: what is there with the changes on top; None clears."""
    result = {name: value for name, value in current.items() if name in writable}
    for name, value in changes.items():
        if name in writable:
            if value is None:
                result.pop(name, None)
            else:
                result[name] = value
    return result


def given(changes: JsonObject, writable: frozenset[str]) -> JsonObject:
    """A create or full update: just what was sent and may be written."""
    return {
        name: value for name, value in changes.items() if name in writable and value is not None
    }
