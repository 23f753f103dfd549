"""What QuickBooks Online's refusals mean, as a table: code, and where a code says several things,
fixed fragments of its English text. First row that fits; no row means `refused_unknown`, and no
row ever means success.

Codes and texts: the error page (`_DOC`) and the public threads named beside a row. Texts can be
localised, so a code's last row carries none wherever the code alone is enough.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, TypeAlias

from connector_kit.answers import NoAnswer, NotExecuted, Shut, Throttled, Unauthorized
from connector_kit.exchange import Response
from connector_kit.provider import Intent
from contracts.causes import CauseCode, cause_of
from contracts.ids import Entity
from contracts.sync import ProviderDetails

from connector_qbo.bodies import Unreadable, read_envelope, read_fault
from connector_qbo.wire import Fault, FaultError

_DOC = "https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes"
_INVOICE = "https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice"
_CUSTOMER = (
    "https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer"
)


@dataclass(frozen=True)
class Blocks:
    """A cause for someone to act on. `why` is the param of that name where the cause has one."""

    cause: CauseCode
    why: str | None = None


@dataclass(frozen=True)
class Gone:
    """A record it refers to is gone there; `any` where the answer doesn't say which."""

    what: Literal["customer", "item", "any"]


@dataclass(frozen=True)
class Closed:
    """The company or our access to it takes nothing now."""

    cause: CauseCode
    expired: bool


class Plain(Enum):
    """Meanings that need no more words."""

    REMOVED = auto()
    """The record itself is gone there."""
    STALE = auto()
    """Our version of the record is old: read it again."""
    UNAUTHORIZED = auto()
    THROTTLED = auto()
    UNDECIDED = auto()
    """Nobody can say whether it was done."""


Meaning: TypeAlias = Blocks | Gone | Closed | Plain


@dataclass(frozen=True)
class Row:
    """One refusal. Empty `text`, `element`, `entity`, `intent` fit anything.

    `text` and `element` are patterns, searched without regard to case: `text` in message and
    detail, `element` in the field the answer names.
    """

    code: str
    meaning: Meaning
    text: str = ""
    element: str = ""
    entity: Entity | None = None
    intent: Intent | None = None
    source: str = _DOC


_NAME = r"^((customer|item)\.)?(display)?name$"
_INACTIVE = r"something you're trying to use has been (made inactive|deleted)"

TABLE: tuple[Row, ...] = (
    # Our access
    Row("3200", Plain.UNAUTHORIZED),
    Row("100", Plain.UNAUTHORIZED),
    Row("130", Plain.UNAUTHORIZED),
    Row("120", Closed("connecting_user_lost_rights", expired=True)),
    Row("3100", Closed("access_removed_there", expired=True)),
    Row(
        "6190",
        Closed("subscription_ended", expired=False),
        source="https://github.com/intuit/QuickBooks-V3-PHP-SDK/issues/211",
    ),
    # Limits and outages
    Row("3001", Plain.THROTTLED, source="https://github.com/ruckus/quickbooks-ruby/issues/338"),
    Row("600", Plain.UNDECIDED),
    # The record, or what it refers to, isn't there
    Row("610", Plain.REMOVED, intent="void"),
    Row("610", Plain.REMOVED, text=r"deleted this transaction", entity="invoice"),
    Row(
        "610",
        Gone("any"),
        text=_INACTIVE,
        entity="invoice",
        source="https://github.com/ruckus/quickbooks-ruby/issues/277",
    ),
    Row("610", Gone("any"), entity="invoice", intent="create"),
    Row("610", Plain.STALE, entity="invoice"),
    Row("610", Blocks("account_gone"), text=_INACTIVE, entity="item"),
    Row("610", Blocks("account_gone"), entity="item", intent="create"),
    # A customer who was merged may answer like one who never was: it is read before that is said.
    Row("610", Plain.STALE, entity="customer", intent="update"),
    Row("610", Plain.REMOVED, intent="update"),
    Row("2500", Blocks("item_unusable_there", "category"), text=r"categories cannot be used"),
    Row("2500", Gone("item"), text=r"ItemRef", entity="invoice"),
    Row("2500", Gone("item"), element=r"ItemRef", entity="invoice"),
    Row("2500", Gone("customer"), text=r"names element|CustomerRef", entity="invoice"),
    # The one account that an invoice names is that of its rounding line.
    Row("2500", Blocks("account_gone"), text=r"accounts element|AccountRef", entity="invoice"),
    Row("2500", Gone("any"), entity="invoice"),
    Row("2500", Blocks("account_gone"), entity="item"),
    Row("2500", Plain.REMOVED, text=_INACTIVE, entity="customer", intent="update"),
    Row("5010", Plain.STALE),
    # Names, numbers, addresses
    Row("6240", Blocks("customer_name_taken"), entity="customer"),
    Row("6240", Blocks("item_name_taken"), entity="item"),
    Row("6140", Blocks("invoice_number_taken"), entity="invoice", source=_INVOICE),
    Row("2050", Blocks("invoice_number_not_allowed"), element=r"DocNumber", entity="invoice"),
    Row("2050", Blocks("name_not_allowed", "too_long"), element=_NAME),
    Row("2050", Blocks("our_mistake")),
    Row("2040", Blocks("name_not_allowed"), text=r"tabs, new ?lines|colon|':'"),
    Row("6000", Blocks("name_not_allowed"), text=r"tabs, new ?lines|':'", source=_CUSTOMER),
    Row("2210", Blocks("customer_email_invalid"), entity="customer"),
    # What an invoice or item needs
    Row("2020", Blocks("customer_not_in_books"), text=r"CustomerRef", entity="invoice"),
    Row("2020", Blocks("customer_not_in_books"), element=r"CustomerRef", entity="invoice"),
    Row("6560", Blocks("customer_not_in_books"), entity="invoice"),
    Row("2020", Blocks("item_account_unmapped"), text=r"IncomeAccountRef", entity="item"),
    Row("6430", Blocks("account_wrong_type")),
    Row("6000", Blocks("account_wrong_type"), text=r"account type|income account", entity="item"),
    Row("6000", Blocks("item_unusable_there", "category"), text=r"categories cannot be used"),
    Row("6100", Blocks("tax_code_gone")),
    # Its words aren't confirmed.
    Row("6000", Blocks("sales_tax_not_set_up"), text=r"tax .*not set ?up", entity="invoice"),
    Row(
        "6000",
        Blocks("tax_rate_unmapped"),
        text=r"all your transactions have an? [\w/ ]+ (rate|code)",
        source="https://github.com/intuit/quickbooks-online-mcp-server/issues/94",
    ),
    Row("6000", Blocks("customer_currency_differs"), text=r"currency", entity="invoice"),
    Row("2290", Blocks("invoice_total_negative"), entity="invoice"),
    # The invoice's own state
    Row("6200", Blocks("period_closed"), entity="invoice"),
    Row("6210", Blocks("period_closed"), entity="invoice"),
    Row("6540", Blocks("void_refused"), intent="void"),
    Row("6540", Blocks("locked_by_payment"), entity="invoice"),
    # Us
    Row("500", Blocks("our_mistake")),
    Row("1040", Blocks("our_mistake")),
    Row("2010", Blocks("our_mistake")),
    Row("2030", Blocks("our_mistake")),
    Row("2040", Blocks("our_mistake")),
    Row("4000", Blocks("our_mistake")),
    Row("4001", Blocks("our_mistake")),
    Row("4002", Blocks("our_mistake")),
    Row("6070", Blocks("our_mistake")),
    Row("6000", Blocks("our_mistake"), text=r"amount is not equal to unitprice"),
    # A void refused for whatever else a person could mend there: which code is unconfirmed.
    Row(
        "6000",
        Blocks("void_refused"),
        intent="void",
        source="https://github.com/LanternOps/breeze/pull/5187",
    ),
)

UNKNOWN = Blocks("refused_unknown")


@dataclass(frozen=True)
class Verdict:
    """What a fault means, and the one of its errors that says so."""

    meaning: Meaning
    error: FaultError

    @property
    def text(self) -> str:
        return _text(self.error)


def classify(
    fault: Fault, *, entity: Entity | None = None, intent: Intent | None = None
) -> Verdict:
    """What this fault means for a request about such a record; `UNKNOWN` without a row."""
    for error in fault.error:
        meaning = _meaning(error, entity, intent)
        if meaning is not None:
            return Verdict(meaning, error)
    return Verdict(UNKNOWN, fault.error[0] if fault.error else FaultError())


def whole(response: Response) -> NotExecuted | NoAnswer | None:
    """What a response says of its request as a whole; None if it was answered."""
    fault = read_fault(response.body)
    verdict = classify(fault) if fault is not None else None
    details = details_of(response, verdict.error if verdict else None)
    meaning = verdict.meaning if verdict else None
    if response.status == 429 or meaning is Plain.THROTTLED:
        return NotExecuted(throttled(response, details))
    if response.status >= 500 or meaning is Plain.UNDECIDED:
        return NoAnswer(details)
    if isinstance(meaning, Closed):
        return NotExecuted(shut(meaning, details))
    if response.status == 401 or meaning is Plain.UNAUTHORIZED:
        return NotExecuted(Unauthorized(details))
    if response.status == 404 or (fault is not None and response.status in (200, 400)):
        return None
    if response.status == 200 and _readable(response.body):
        return None
    return NoAnswer(details)


def throttled(response: Response, details: ProviderDetails) -> Throttled:
    """Over a limit; which one isn't said. Whether `Retry-After` is ever sent is unconfirmed."""
    return Throttled(retry_after=_seconds(response.header("retry-after")), details=details)


def shut(meaning: Closed, details: ProviderDetails) -> Shut:
    return Shut(cause_of(meaning.cause, details=details), expired=meaning.expired)


_AUTHENTICATION = range(1, 500)
_SEVERE = 10_000
"""From here on codes are failures of the provider itself."""
_MESSAGE_LENGTH = 1000


def details_of(response: Response | None, error: FaultError | None) -> ProviderDetails:
    """Their own words for "details", less those of sign-in faults, which quote the token."""
    code = error.code if error else (str(response.status) if response else "")
    message = None
    if error is not None:
        quotes_token = code == "3200" or _number(code) in _AUTHENTICATION
        message = error.message if quotes_token else (error.detail or error.message)
    return ProviderDetails(
        provider_code=code or None,
        provider_message=message[:_MESSAGE_LENGTH] if message else None,
        trace_id=response.header("intuit_tid") if response else None,
    )


def _meaning(error: FaultError, entity: Entity | None, intent: Intent | None) -> Meaning | None:
    code = error.code.lstrip("0")
    for row in TABLE:
        if row.code == code and _fits(row, error, entity, intent):
            return row.meaning
    number = _number(code)
    return Plain.UNDECIDED if number is not None and number >= _SEVERE else None


def _fits(row: Row, error: FaultError, entity: Entity | None, intent: Intent | None) -> bool:
    return (
        row.entity in (None, entity)
        and row.intent in (None, intent)
        and _found(row.text, _text(error))
        and _found(row.element, error.element or "")
    )


def _found(pattern: str, text: str) -> bool:
    return not pattern or re.search(pattern, text, re.IGNORECASE) is not None


def _text(error: FaultError) -> str:
    return f"{error.message or ''}\n{error.detail or ''}"


def _number(code: str) -> int | None:
    return int(code) if re.fullmatch(r"[0-9]{1,9}", code) else None


def _readable(body: bytes) -> bool:
    try:
        read_envelope(body)
    except Unreadable:
        return False
    return True


def _seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds; a date or nonsense counts as not said."""
    if header is None or not re.fullmatch(r"\s*\d{1,6}(\.\d+)?\s*", header):
        return None
    return float(header)
