"""What Xero's refusals mean, as a table of its sentences: validation has no codes, only texts.

First row that fits; no row means `refused_unknown`, and no row ever means success. Texts: the pages
of the API (`_DOC`) and the public threads and help pages named beside a row.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, TypeAlias

from connector_kit.answers import NoAnswer, NotExecuted, Shut, Throttled, Unauthorized
from connector_kit.exchange import Response
from connector_kit.provider import Intent
from contracts.causes import CauseCode, cause_of
from contracts.ids import Entity

from connector_xero.bodies import details_of, fields_of

_DOC = "https://developer.xero.com/documentation/api/accounting/responsecodes"
_INVOICES = "https://developer.xero.com/documentation/api/accounting/invoices"
_CONTACTS = "https://developer.xero.com/documentation/api/accounting/contacts"
_ITEMS = "https://developer.xero.com/documentation/api/accounting/items"
_OPENAPI = "https://github.com/XeroAPI/Xero-OpenAPI/blob/master/xero_accounting.yaml"
_BREEZE = "https://github.com/LanternOps/breeze"
_PYXERO = "https://github.com/freakboy3742/pyxero"


@dataclass(frozen=True)
class Blocks:
    """A cause for someone to act on. `why` is the param of that name where the cause has one."""

    cause: CauseCode
    why: str | None = None


@dataclass(frozen=True)
class Gone:
    """A record it refers to is gone there."""

    what: Literal["customer", "item"]


class Plain(Enum):
    """Meanings that need no more words."""

    REMOVED = auto()
    """The record itself is gone there: archived, deleted or voided."""
    UNDECIDED = auto()
    """Something there already is as ours would be: look it up."""


Meaning: TypeAlias = Blocks | Gone | Plain


@dataclass(frozen=True)
class Row:
    """One refusal. `text` is a pattern, searched without regard to case; empty `entity` and
    `intent` fit anything."""

    text: str
    meaning: Meaning
    entity: Entity | None = None
    intent: Intent | None = None
    source: str = _DOC


_PAYMENT = r"has (a )?payments? or credit notes? allocated"
_NO_MODIFICATION = r"not of valid status for modification"

TABLE: tuple[Row, ...] = (
    # Contacts
    Row(
        r"contact name .* is already assigned to another contact",
        Blocks("customer_name_taken"),
        entity="customer",
        source=_CONTACTS,
    ),
    Row(
        r"cannot be updated to use new name",
        Blocks("customer_name_taken"),
        entity="customer",
        source="the help centre of Xemplo",
    ),
    # The number is our mark: whoever has it is what an earlier request made.
    Row(
        r"contact number .* is already assigned",
        Plain.UNDECIDED,
        entity="customer",
        intent="create",
        source=_BREEZE,
    ),
    Row(
        r"matched an archived contact",
        Plain.REMOVED,
        entity="customer",
        intent="update",
        source=_CONTACTS,
    ),
    Row(
        r"matched an archived contact",
        Plain.UNDECIDED,
        entity="customer",
        intent="create",
        source=_CONTACTS,
    ),
    Row(r"email address must be valid", Blocks("customer_email_invalid"), entity="customer"),
    Row(
        r"contact with the specified contact details has been archived",
        Gone("customer"),
        entity="invoice",
        source="the help centre of Re-Leased",
    ),
    Row(
        r"a contact must be specified for this type",
        Blocks("customer_not_in_books"),
        entity="invoice",
        source=_PYXERO,
    ),
    # Items and accounts
    Row(
        r"price list item with code .* already exists",
        Blocks("item_name_taken"),
        entity="item",
        source=_OPENAPI,
    ),
    Row(
        r"item code is invalid",
        Gone("item"),
        entity="invoice",
        source="the help centre of aXcelerate",
    ),
    Row(
        r"account code '.*' has been archived, or has been deleted",
        Blocks("account_gone"),
        source="the help centre of FieldInsight",
    ),
    Row(
        r"account must be valid",
        Blocks("account_gone"),
        source="https://github.com/XeroAPI/Xero-Java/issues/353",
    ),
    Row(
        r"is not a valid code for this document",
        Blocks("account_wrong_type"),
        source=_INVOICES,
    ),
    Row(
        r"the account code or id must be specified",
        Blocks("item_account_unmapped"),
        source="the help centre of aXcelerate",
    ),
    # Tax and currency
    Row(
        r"taxtype code .* cannot be used with account code",
        Blocks("tax_not_allowed_for_account"),
        source="https://developer.xero.com/documentation/api/accounting/types#tax-rates",
    ),
    Row(
        r"taxtype code .* does not exist or cannot be used",
        Blocks("tax_code_gone"),
        source="https://github.com/XeroAPI/Xero-Java/issues/336",
    ),
    Row(
        r"not subscribed to currency",
        Blocks("currency_not_enabled"),
        source="https://developer.xero.com/documentation/api/accounting/purchaseorders",
    ),
    # The invoice
    Row(
        r"invoice # must be unique",
        Blocks("invoice_number_taken"),
        entity="invoice",
        source=_OPENAPI,
    ),
    Row(
        r"document date cannot be before the .*lock date",
        Blocks("period_closed"),
        entity="invoice",
        source="the help centre of Dext",
    ),
    Row(
        r"duedate field must be specified",
        Blocks("due_date_invalid", "missing"),
        entity="invoice",
        source="the help centre of FieldInsight",
    ),
    Row(
        r"status voided cannot be applied",
        Blocks("void_refused"),
        entity="invoice",
        source=_BREEZE,
    ),
    Row(_PAYMENT, Blocks("void_refused"), entity="invoice", intent="void", source=_BREEZE),
    Row(_PAYMENT, Blocks("locked_by_payment"), entity="invoice", source=_BREEZE),
    # What can't be voided and isn't void is paid: whether it is void was read before.
    Row(_NO_MODIFICATION, Blocks("void_refused"), entity="invoice", intent="void"),
    Row(
        _NO_MODIFICATION,
        Plain.REMOVED,
        entity="invoice",
        intent="update",
        source="https://github.com/freakboy3742/pyxero/issues/328",
    ),
    Row(
        r"reached the limit of invoices you can approve",
        Blocks("plan_limit_reached"),
        entity="invoice",
        source="the help centre of YourTradebase",
    ),
    Row(
        r"document with the supplied id was not found",
        Plain.REMOVED,
        intent="update",
        source=_OPENAPI,
    ),
    Row(
        r"document with the supplied id was not found",
        Plain.REMOVED,
        intent="void",
        source=_OPENAPI,
    ),
    # Us
    Row(r"at least 1 of the following elements to identify", Blocks("our_mistake"), source=_PYXERO),
    Row(r"one or more line items must be specified", Blocks("our_mistake"), source=_PYXERO),
    Row(r"not of valid status for creation", Blocks("our_mistake"), source=_PYXERO),
    Row(r"description field is mandatory for each line", Blocks("our_mistake"), source=_INVOICES),
    Row(
        r"line total .* does not match the expected line total",
        Blocks("our_mistake"),
        source="https://github.com/XeroAPI/Xero-NetStandard/issues/412",
    ),
    Row(
        r"invoice total does not equal the sum",
        Blocks("our_mistake"),
        source="https://github.com/waynerobinson/xeroizer/pull/23",
    ),
    Row(
        r"idempotency key",
        Blocks("our_mistake"),
        source="https://developer.xero.com/documentation/guides/idempotent-requests/idempotency",
    ),
)

UNKNOWN = Blocks("refused_unknown")

OUR_NUMBERS = frozenset({14, 16, 17, 20})
"""ErrorNumbers of a request that wasn't understood: bad data, a bad filter, nothing processed, not
implemented (`_DOC`)."""


@dataclass(frozen=True)
class Verdict:
    """What a refusal means, and the sentence that says so."""

    meaning: Meaning
    text: str


def classify(
    messages: Iterable[str], *, entity: Entity | None = None, intent: Intent | None = None
) -> Verdict:
    """What these sentences mean for a request about such a record; `UNKNOWN` without a row."""
    said = list(messages)
    for message in said:
        for row in TABLE:
            fits = row.entity in (None, entity) and row.intent in (None, intent)
            if fits and re.search(row.text, message, re.IGNORECASE | re.DOTALL):
                return Verdict(row.meaning, message)
    return Verdict(UNKNOWN, " ".join(said))


def whole(response: Response) -> NotExecuted | NoAnswer | None:
    """What a response says of its request as a whole; None if it was answered.

    A permission we weren't given is a 401 like an old token, and refreshing doesn't help: it says
    `insufficient_scope`, which a page of Xero's spells `insufficent_scope`
    (https://developer.xero.com/faq/granular-scopes). 403 says that the organisation is no longer
    connected, though refreshing goes on.
    """
    details = details_of(response)
    match response.status:
        case 401:
            if _scope_missing(response):
                return NotExecuted(
                    Shut(cause_of("permission_missing", details=details), expired=True)
                )
            return NotExecuted(Unauthorized(details))
        case 403:
            return NotExecuted(
                Shut(cause_of("access_removed_there", details=details), expired=True)
            )
        case 429:
            return NotExecuted(_throttled(response))
        case 200 | 204 | 400 | 404:
            return None
        case _:
            return NoAnswer(details)


def _scope_missing(response: Response) -> bool:
    challenge = response.header("www-authenticate") or ""
    detail = fields_of(response.body).get("detail", "")
    return (
        re.search(r"insuffici?ent_scope", challenge, re.IGNORECASE) is not None
        or "AuthorizationUnsuccessful" in detail
    )


def _throttled(response: Response) -> Throttled:
    """Over a limit; the body is empty and a header says which
    (https://developer.xero.com/faq/limits). Seen were `minute` and `day`; what it says for the
    other two is unconfirmed."""
    problem = (response.header("x-rate-limit-problem") or "").strip().lower()
    details = details_of(response, problem or None)
    after = _seconds(response.header("retry-after"))
    if problem == "day":
        return Throttled(after, "day", cause_of("daily_limit_reached", details=details), details)
    if "app" in problem:
        return Throttled(after, None, cause_of("app_problem", details=details), details)
    limit = "in_flight" if problem.startswith("concurrent") else None
    return Throttled(after, "minute" if problem == "minute" else limit, None, details)


def _seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds; a date or nonsense counts as not said."""
    if header is None or not re.fullmatch(r"\s*\d{1,6}(\.\d+)?\s*", header):
        return None
    return float(header)
