"""What FreshBooks' refusals mean, as a table: errno, and where an errno says several things, the
field it names or fixed fragments of its text. First row that fits; no row means `refused_unknown`,
and no row ever means success.

Errnos: https://www.freshbooks.com/api/errors. Which of them says what isn't confirmed for
duplicates, deleted clients and plan limits: all forms that were named anywhere are rows.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from connector_kit.answers import NoAnswer, NotExecuted, Shut, Throttled, Unauthorized
from connector_kit.exchange import Response
from connector_kit.provider import Intent
from contracts.causes import CauseCode, cause_of
from contracts.ids import Entity
from contracts.sync import ProviderDetails

from connector_freshbooks.bodies import is_json, read_reasons
from connector_freshbooks.wire import Reason

_DOC = "https://www.freshbooks.com/api/errors"
_MMC = "https://github.com/MMC-CONVERT2505/Excel-to-Freshbooks"
_SCOPES = "https://www.freshbooks.com/api/scopes"


@dataclass(frozen=True)
class Blocks:
    """A cause for someone to act on. `why` is the param of that name where the cause has one."""

    cause: CauseCode
    why: str | None = None


@dataclass(frozen=True)
class Closed:
    """The organisation or our access to it takes nothing now."""

    cause: CauseCode
    expired: bool


class Plain(Enum):
    """Meanings that need no more words."""

    REMOVED = auto()
    """The record itself is gone there."""
    CUSTOMER_GONE = auto()
    """The client an invoice names is deleted or unknown there."""
    BUSY = auto()
    """Another write to the same record at the same time: nothing was done."""


Meaning: TypeAlias = Blocks | Closed | Plain


@dataclass(frozen=True)
class Row:
    """One refusal. Empty `text`, `field`, `entity`, `intent` fit anything.

    `text` and `field` are patterns, searched without regard to case: `text` in the message.
    """

    errno: str
    meaning: Meaning
    text: str = ""
    field: str = ""
    entity: Entity | None = None
    intent: Intent | None = None
    source: str = _DOC


_TAKEN = r"already (exists|in use)|duplicate"
_NAME = r"^(name|organization|fname|lname)$"
_PLAN = r"plan allows|client limit|limit (of|on) .*clients|upgrade"
_NUMBER = r"^invoice_number$"


def _taken(errno: str, *, text: str = "") -> tuple[Row, Row]:
    return (
        Row(errno, Blocks("invoice_number_taken"), text, entity="invoice", source=_MMC),
        Row(errno, Blocks("item_name_taken"), text, entity="item", source=_MMC),
    )


TABLE: tuple[Row, ...] = (
    # Our access
    Row("1042", Closed("subscription_ended", expired=False)),
    # Before what says that a record is gone: the business itself isn't there for us any more.
    Row("1012", Closed("connecting_user_lost_rights", expired=True), field=r"^accountid$"),
    Row("1003", Blocks("plan_limit_reached", "customers"), _PLAN, entity="customer"),
    Row("1003", Closed("permission_missing", expired=True), r"scope", source=_SCOPES),
    Row("insufficient_scope", Closed("permission_missing", expired=True), source=_SCOPES),
    Row("", Closed("permission_missing", expired=True), r"scope", source=_SCOPES),
    Row("1003", Closed("connecting_user_lost_rights", expired=True)),
    # Taken numbers and names: the errno isn't confirmed
    *_taken("1029"),
    *_taken("409", text=_TAKEN),
    *_taken("1004", text=_TAKEN),
    Row("409", Plain.BUSY),
    # The record, or what it refers to, isn't there
    Row("1012", Plain.CUSTOMER_GONE, field=r"^customerid$", entity="invoice"),
    Row("1012", Plain.CUSTOMER_GONE, text=r"client not found", entity="invoice"),
    Row("1011", Plain.CUSTOMER_GONE, entity="invoice", intent="create"),
    Row("1011", Plain.CUSTOMER_GONE, field=r"^customerid$", entity="invoice"),
    Row("1012", Blocks("account_gone"), field=r"account", entity="item"),
    Row("1004", Blocks("account_gone"), field=r"account", entity="item"),
    Row("1012", Blocks("tax_code_gone"), field=r"^taxname[12]$", entity="invoice"),
    Row("1012", Plain.REMOVED, intent="update"),
    Row("1012", Plain.REMOVED, intent="void"),
    Row("1011", Plain.REMOVED, intent="update"),
    Row("1011", Plain.REMOVED, intent="void"),
    # Names, numbers, addresses
    Row("1001", Blocks("customer_not_in_books"), field=r"^customerid$", entity="invoice"),
    Row("1004", Blocks("customer_email_invalid"), field=r"^email$", entity="customer"),
    Row("1017", Blocks("customer_email_invalid"), field=r"^email$", entity="customer"),
    Row("1004", Blocks("plan_limit_reached", "customers"), _PLAN, entity="customer"),
    Row("1017", Blocks("invoice_number_not_allowed"), field=_NUMBER, entity="invoice"),
    Row("1027", Blocks("invoice_number_not_allowed"), field=_NUMBER, entity="invoice"),
    Row("1017", Blocks("name_not_allowed", "too_long"), field=_NAME),
    Row("1027", Blocks("name_not_allowed"), field=_NAME),
    Row("1036", Blocks("name_not_allowed"), field=_NAME),
    Row("1017", Blocks("too_many_lines"), text=r"at most \d+ lines", entity="invoice"),
    # The invoice
    Row("1025", Blocks("due_date_invalid"), field=r"^due_", entity="invoice"),
    Row("1028", Blocks("due_date_invalid"), field=r"^due_", entity="invoice"),
    Row("1025", Blocks("invoice_total_negative"), entity="invoice"),
    Row("1004", Blocks("void_refused"), text=r"payment", entity="invoice", intent="void"),
    Row("1004", Blocks("locked_by_payment"), text=r"payment", entity="invoice", intent="update"),
    # Us
    *(
        Row(errno, Blocks("our_mistake"))
        for errno in ("1005", "1006", "1013", "1014", "1015", "1016", "1038", "1040", "8008")
    ),
)

UNKNOWN = Blocks("refused_unknown")


@dataclass(frozen=True)
class Verdict:
    """What a refusal means, the one of its reasons that says so, and the row that knows it."""

    meaning: Meaning
    reason: Reason
    row: Row | None = None


def classify(
    reasons: tuple[Reason, ...], *, entity: Entity | None = None, intent: Intent | None = None
) -> Verdict:
    """What these reasons mean for a request about such a record; `UNKNOWN` without a row."""
    for reason in reasons:
        for row in TABLE:
            if _fits(row, reason, entity, intent):
                return Verdict(row.meaning, reason, row)
    return Verdict(UNKNOWN, reasons[0] if reasons else Reason())


def whole(response: Response) -> NotExecuted | NoAnswer | None:
    """What a response says of its request as a whole; None if it was answered.

    403 is left to whoever asked: the chart of accounts is refused so where a plan has none. A
    `Retry-After` stands on successful answers too, and means something only with 429.
    """
    reasons = read_reasons(response.body)
    details = details_of(response, reasons[0] if reasons else None)
    if response.status == 429:
        wait = _seconds(response.header("retry-after"))
        return NotExecuted(Throttled(retry_after=wait, details=details))
    if response.status >= 500:
        return NoAnswer(details)
    if reasons is not None:
        found = shut(reasons, response)
        if found is not None and found.cause.code == "subscription_ended":
            return NotExecuted(found)
    if response.status == 401:
        return NotExecuted(Unauthorized(details))
    if response.status == 403 or reasons is not None:
        return None
    if response.status == 200 and is_json(response.body):
        return None
    return None if response.status == 404 else NoAnswer(details)


def shut(reasons: tuple[Reason, ...], response: Response) -> Shut | None:
    """What these reasons say of our access to the organisation, if they do."""
    verdict = classify(reasons)
    if not isinstance(verdict.meaning, Closed):
        return None
    cause = cause_of(verdict.meaning.cause, details=details_of(response, verdict.reason))
    return Shut(cause, expired=verdict.meaning.expired)


_MESSAGE_LENGTH = 1000


def details_of(response: Response | None, reason: Reason | None) -> ProviderDetails:
    """Their own words for "details"."""
    code = reason.errno if reason and reason.errno else str(response.status) if response else None
    message = reason.message if reason else None
    return ProviderDetails(
        provider_code=code,
        provider_message=message[:_MESSAGE_LENGTH] if message else None,
        trace_id=response.header("x-request-id") if response else None,
    )


def _fits(row: Row, reason: Reason, entity: Entity | None, intent: Intent | None) -> bool:
    return (
        row.errno == reason.errno
        and row.entity in (None, entity)
        and row.intent in (None, intent)
        and _found(row.text, reason.message or "")
        and _found(row.field, reason.field or "")
    )


def _found(pattern: str, text: str) -> bool:
    return not pattern or re.search(pattern, text, re.IGNORECASE) is not None


def _seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds; a date or nonsense counts as not said."""
    if header is None or not re.fullmatch(r"\s*\d{1,6}(\.\d+)?\s*", header):
        return None
    return float(header)
