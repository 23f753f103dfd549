"""Contacts: what makes one, what it refuses, how it is found again.

https://developer.xero.com/documentation/api/accounting/contacts
"""

from __future__ import annotations

import re
from datetime import datetime

from xero_simulator.books import Organisation, Record
from xero_simulator.entities.fields import fitted, one_of
from xero_simulator.refusals import (
    ACCOUNT_NUMBER_TAKEN,
    ARCHIVED_CONTACT_EDIT,
    CONTACT_UNIDENTIFIED,
    EMAIL_INVALID,
    UNKNOWN_DOCUMENT,
    InvalidError,
    NotFoundError,
    contact_name_taken,
    contact_rename_taken,
    not_subscribed,
)
from xero_simulator.wire import Json, JsonObject, flag, objects, text

LENGTHS = {
    "ContactNumber": 50,
    "AccountNumber": 50,
    "Name": 255,
    "FirstName": 255,
    "LastName": 255,
    "EmailAddress": 255,
    "CompanyNumber": 50,
    "TaxNumber": 50,
    "BankAccountDetails": 255,
    "Website": 255,
    "DefaultCurrency": 3,
    "AccountsReceivableTaxType": 50,
    "AccountsPayableTaxType": 50,
    "SalesDefaultAccountCode": 10,
    "PurchasesDefaultAccountCode": 10,
}
_ADDRESS = {
    "AddressLine1": 500,
    "AddressLine2": 500,
    "AddressLine3": 500,
    "AddressLine4": 500,
    "City": 255,
    "Region": 255,
    "PostalCode": 50,
    "Country": 50,
    "AttentionTo": 255,
}
_PHONE = {"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20}
_PERSON = {"FirstName": 255, "LastName": 255, "EmailAddress": 255}
_STATUSES = ("ACTIVE", "ARCHIVED", "GDPRREQUEST")
_MOST_PERSONS = 5
_EMAIL = re.compile(r"^[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+$")


def check_types(body: JsonObject, path: str) -> None:
    """Raises ApiError for what can't be read at all."""
    one_of(body, "ContactStatus", _STATUSES, "ContactStatus", path)
    for each in objects(body.get("Addresses")):
        one_of(each, "AddressType", ("POBOX", "STREET", "DELIVERY"), "AddressType", path)
    for each in objects(body.get("Phones")):
        kinds = ("DEFAULT", "DDI", "MOBILE", "FAX", "OFFICE")
        one_of(each, "PhoneType", kinds, "PhoneType", path)


def identify(organisation: Organisation, body: JsonObject) -> Record | None:
    """The contact that a POST means, by ContactID, else ContactNumber, else Name.

    Raises NotFoundError or InvalidError for a ContactID that isn't there.
    """
    if identifier := text(body.get("ContactID")):
        found = organisation.get("Contact", identifier)
        if found is None:
            if organisation.settings.unknown_id == "not_found":
                raise NotFoundError
            raise InvalidError(UNKNOWN_DOCUMENT)
        return found
    if value := text(body.get("ContactNumber")):
        held = _number_holder(organisation, value)
        if held is not None:
            return held
    if name := text(body.get("Name")).strip():
        held = organisation.holders("contact_name", name)
        if held and organisation.settings.post_matching_name == "update":
            return held[0]
    return None


def create(organisation: Organisation, body: JsonObject, now: datetime) -> Record:
    """A new contact; a ContactID that came along is ignored. Raises InvalidError."""
    if not text(body.get("Name")).strip():
        raise InvalidError(CONTACT_UNIDENTIFIED)
    wrong: list[str] = []
    data = _changed(organisation, None, body, wrong)
    if (value := text(data.get("ContactNumber"))) and not wrong:
        held = _number_holder(organisation, value)
        if held is not None and held.status != "ACTIVE":
            raise InvalidError(ARCHIVED_CONTACT_EDIT)
    wrong += _clashes(organisation, None, data)
    if wrong:
        raise InvalidError(*wrong)
    return organisation.add("Contact", organisation.new_id(), data, now)


def update(organisation: Organisation, record: Record, body: JsonObject, now: datetime) -> Record:
    """Changes to a contact, its archiving included; what isn't sent stays. Raises InvalidError."""
    settings = organisation.settings
    if record.status != "ACTIVE":
        restored = text(body.get("ContactStatus")) == "ACTIVE"
        if not (restored and settings.unarchive_by_api == "allow" and record.status == "ARCHIVED"):
            raise InvalidError(ARCHIVED_CONTACT_EDIT)
    wrong: list[str] = []
    data = _changed(organisation, record, body, wrong)
    wrong += _clashes(organisation, record, data)
    if wrong:
        raise InvalidError(*wrong)
    if data != record.data or settings.noop_moves_updated:
        organisation.replace(record, data, now)
    return record


def write(
    organisation: Organisation, body: JsonObject, now: datetime, *, create_only: bool
) -> Record:
    """What a PUT (`create_only`) or a POST of one contact does. Raises InvalidError,
    NotFoundError."""
    found = None if create_only else identify(organisation, body)
    if found is None:
        return create(organisation, body, now)
    return update(organisation, found, body, now)


def mark_customer(organisation: Organisation, record: Record, *, supplier: bool = False) -> None:
    """Its first invoice makes a contact a customer (a bill: a supplier); no update of it."""
    field = "IsSupplier" if supplier else "IsCustomer"
    if record.data.get(field) is not True:
        organisation.replace(record, record.data | {field: True})


def email_valid(value: str) -> bool:
    """Something before and after the @, a dot, nothing beyond ASCII."""
    return _EMAIL.match(value) is not None


def _number_holder(organisation: Organisation, value: str) -> Record | None:
    held = organisation.holders("contact_number", value)
    if organisation.settings.archived_number == "free":
        held = [each for each in held if each.status == "ACTIVE"]
    active = [each for each in held if each.status == "ACTIVE"]
    return (active or held or [None])[0]


def _changed(
    organisation: Organisation, record: Record | None, body: JsonObject, wrong: list[str]
) -> JsonObject:
    settings = organisation.settings
    data: JsonObject = dict(record.data) if record else {"ContactStatus": "ACTIVE"}
    data |= fitted(body, LENGTHS, settings, wrong)
    if "Name" in body:
        data["Name"] = _name(organisation, text(data.get("Name")), wrong)
        if not data["Name"] and record:
            data["Name"] = record.data["Name"]
    status = text(body.get("ContactStatus"))
    if status:
        data["ContactStatus"] = status
    email = text(data.get("EmailAddress"))
    if "EmailAddress" in body and email and not email_valid(email):
        wrong.append(EMAIL_INVALID)
    currency = text(body.get("DefaultCurrency"))
    if currency and currency not in settings.subscribed:
        wrong.append(not_subscribed(currency))
    for field, kind, lengths in (
        ("Addresses", "AddressType", _ADDRESS),
        ("Phones", "PhoneType", _PHONE),
    ):
        if field in body:
            before = objects(data.get(field)) if settings.merge_rule == "merge" else []
            merged = {text(each.get(kind)): each for each in before}
            for each in objects(body.get(field)):
                name = text(each.get(kind)) or ("DEFAULT" if field == "Phones" else "POBOX")
                sent = fitted(each, lengths, settings, wrong)
                kept = {key: value for key, value in sent.items() if value != ""}
                merged[name] = {kind: name, **kept}
            data[field] = list[Json](merged.values())
    if "ContactPersons" in body:
        data["ContactPersons"] = _persons(organisation, body, wrong)
    if isinstance(body.get("PaymentTerms"), dict):
        data["PaymentTerms"] = body["PaymentTerms"]
    return {key: value for key, value in data.items() if value != ""}


def _persons(organisation: Organisation, body: JsonObject, wrong: list[str]) -> list[Json]:
    persons: list[Json] = []
    for each in objects(body.get("ContactPersons")):
        kept = fitted(each, _PERSON, organisation.settings, wrong)
        persons.append({**kept, "IncludeInEmails": flag(each.get("IncludeInEmails"))})
    if len(persons) > _MOST_PERSONS:
        wrong.append("A contact can have at most 5 additional people")
    return persons


def _name(organisation: Organisation, name: str, wrong: list[str]) -> str:
    tidy = " ".join(name.split())
    if "<" in name or ">" in name:
        wrong.append("The contact name must not contain angle brackets")
    if tidy != name:
        if organisation.settings.name_spaces == "refuse":
            wrong.append("The contact name must not begin, end or go on with needless spaces")
        return tidy
    return name


def _clashes(organisation: Organisation, record: Record | None, data: JsonObject) -> list[str]:
    wrong: list[str] = []
    name = text(data.get("Name"))
    renamed = record is None or text(record.data.get("Name")).casefold() != name.casefold()
    if data.get("ContactStatus") == "ACTIVE" and (
        renamed or (record is not None and record.status != "ACTIVE")
    ):
        others = [each for each in organisation.holders("contact_name", name) if each is not record]
        if others and record is not None and renamed:
            wrong.append(contact_rename_taken(text(record.data.get("Name")), name))
        elif others:
            wrong.append(contact_name_taken(text(others[0].data.get("Name"))))
    number = text(data.get("ContactNumber"))
    if number and (record is None or text(record.data.get("ContactNumber")) != number):
        held = _number_holder(organisation, number)
        if held is not None and held is not record:
            told = organisation.settings.number_taken_message
            wrong.append(told.replace("{number}", number))
    account = text(data.get("AccountNumber"))
    if account and any(
        each is not record for each in organisation.holders("account_number", account)
    ):
        wrong.append(ACCOUNT_NUMBER_TAKEN)
    return wrong
