"""Clients: https://www.freshbooks.com/api/clients. Names and e-mail addresses aren't unique."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from freshbooks_simulator.books import ACTIVE, CLIENT, DELETED, Organisation, Record, new_uuid
from freshbooks_simulator.records.fields import Reader, vis_state
from freshbooks_simulator.refusals import REQUIRED, by_switch
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import (
    ZERO,
    Json,
    JsonObject,
    amount_of,
    eastern,
    figure,
    objects,
    text,
    utc_spaced,
    words,
)

_BLANK = words(
    "fname lname organization email bus_phone mob_phone fax "
    "p_street p_street2 p_city p_province p_code p_country "
    "s_street s_street2 s_city s_province s_code s_country"
)
_NULL = words("home_phone note vat_name vat_number company_industry company_size")
_SHORT = words("fname lname organization")
_FLAGS = words("allow_late_fees allow_late_notifications pref_email pref_gmail")
_KEPT_AS_SENT = words("contacts late_fee late_reminders")
_TELLING = ("organization", "email", "fname", "lname")


def create(organisation: Organisation, body: JsonObject, now: datetime) -> Record:
    """A new client. Raises RefusedError."""
    settings = organisation.settings
    reader = Reader(CLIENT, body, settings)
    given = _read(reader)
    if settings.empty_client == "refuse" and not any(text(given.get(each)) for each in _TELLING):
        reader.wrong(REQUIRED, "organization", "Organization, name or email is required.")
    reader.done()
    exceeds = _over_limit(organisation)
    blank: JsonObject = {
        **dict.fromkeys(sorted(_BLANK), ""),
        **dict.fromkeys(sorted(_NULL)),
        "allow_late_fees": True,
        "allow_late_notifications": True,
        "pref_email": True,
        "pref_gmail": False,
        "currency_code": settings.currency,
        "language": "en",
        "vis_state": ACTIVE,
    }
    data = blank | given
    data["organization"] = text(data["organization"]) or _default_organization(data, settings)
    data["username"] = _username(organisation, data)
    data["uuid"] = new_uuid()
    data["exceeds_client_limit"] = int(exceeds)
    return organisation.add(CLIENT, organisation.new_id(CLIENT), data, now)


def update(organisation: Organisation, record: Record, body: JsonObject, now: datetime) -> None:
    """Change a client: its vis_state, or else its fields. Raises RefusedError."""
    if "ext_vis_state" in body:
        organisation.replace(record, record.data, now)
        return
    if "vis_state" in body:
        wanted = vis_state(CLIENT, body["vis_state"])
        if wanted == ACTIVE and record.vis_state != ACTIVE:
            _over_limit(organisation)
        organisation.replace(record, record.data | {"vis_state": wanted}, now)
        return
    reader = Reader(CLIENT, body, organisation.settings)
    given = _read(reader)
    reader.done()
    organisation.replace(record, record.data | given, now)


def render(
    organisation: Organisation, record: Record, includes: frozenset[str] = frozenset()
) -> JsonObject:
    """A client as a read answers it."""
    kept = {each: value for each, value in record.data.items() if each not in _KEPT_AS_SENT}
    found: JsonObject = {
        "accounting_systemid": organisation.account_id,
        "allow_email_include_pdf": False,
        "direct_link_token": None,
        "has_retainer": None,
        "id": record.number,
        "last_activity": None,
        "last_login": None,
        "level": 0,
        "notified": False,
        "num_logins": 0,
        "number_format": None,
        "retainer_id": None,
        "role": "client",
        "signup_date": utc_spaced(record.created),
        "statement_token": None,
        "subdomain": None,
        "updated": eastern(record.updated),
        "userid": record.number,
        **kept,
    }
    if "outstanding_balance" in includes:
        found["outstanding_balance"] = _outstanding(organisation, record)
        found["grand_total_balance"] = []
    if "credit_balance" in includes:
        found["credit_balance"] = []
    for each in ("late_reminders", "contacts"):
        if each in includes:
            found[each] = record.data.get(each) or []
    return dict(sorted(found.items()))


def name_of(data: JsonObject) -> str:
    """What the client is called on a list: the organisation, else the person, else the e-mail."""
    person = f"{text(data.get('fname'))} {text(data.get('lname'))}".strip()
    return text(data.get("organization")) or person or text(data.get("email"))


def _read(reader: Reader) -> JsonObject:
    limit = reader.settings.text_limit
    given: JsonObject = {}
    body = reader.body
    for field in sorted((_BLANK | _NULL | {"language"}) & body.keys()):
        if field == "email":
            value = reader.email(field)
        else:
            value = reader.text(field, limit=limit if field in _SHORT else None)
        given[field] = value if value is not None or field in _NULL else ""
    for field in sorted(_FLAGS & body.keys()):
        if (flag := reader.boolean(field)) is not None:
            given[field] = flag
    if currency := reader.currency("currency_code"):
        given["currency_code"] = currency
    for field in sorted(_KEPT_AS_SENT & body.keys()):
        given[field] = body[field]
    return given


def _over_limit(organisation: Organisation) -> bool:
    """Whether one more client is more than the plan allows. Raises RefusedError if that is
    refused."""
    settings = organisation.settings
    if settings.plan_limit is None:
        return False
    there = sum(1 for each in organisation.all(CLIENT) if each.vis_state == ACTIVE)
    if there < settings.plan_limit:
        return False
    if settings.client_limit_error == "flag":
        return True
    message = f"Your plan allows {settings.plan_limit} active clients."
    raise by_switch(settings.client_limit_error, message, "userid", CLIENT, "")


def _default_organization(data: JsonObject, settings: Settings) -> str:
    if settings.organization_default == "blank":
        return ""
    person = f"{text(data.get('fname'))} {text(data.get('lname'))}".strip()
    if settings.organization_default == "name":
        return person
    return person or text(data.get("email"))


def _username(organisation: Organisation, data: JsonObject) -> str:
    person = text(data.get("fname")) + text(data.get("lname")) or text(data.get("organization"))
    plain = re.sub(r"[^a-z0-9]", "", person.casefold())[:40]
    if not plain:
        return secrets.token_hex(5)
    # How many there are with it is kept in memory, so that making a client stays quick.
    count = organisation.name_counts[plain] = organisation.name_counts.get(plain, 0) + 1
    return plain if count == 1 else f"{plain}{count}"


def _outstanding(organisation: Organisation, record: Record) -> list[Json]:
    owed: dict[str, list[JsonObject]] = {}
    for invoice in organisation.invoices_of(record.id):
        if invoice.vis_state != DELETED and invoice.data.get("status") != 1:
            amounts = objects([invoice.data.get("outstanding")])
            owed.setdefault(text(invoice.data.get("currency_code")), []).extend(amounts)
    found: list[Json] = []
    for code, amounts in sorted(owed.items()):
        total = sum((amount_of(each) for each in amounts), ZERO)
        found.append({"amount": {"amount": figure(total), "code": code}})
    return found
