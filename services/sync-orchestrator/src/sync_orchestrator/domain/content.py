"""What a command would say now, and a short mark of it by which two contents are told apart.

The mark names what the books would hold of the record, the remote ids relied on and the accounts.
It lets a refusal stand until something in it changes, and a success be compared with what is wanted
by then. A version that changes nothing for the books (sent, marked paid) leaves the mark as it is.
"""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b

from contracts.invoicing import InvoiceSnapshot

from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.posting import post_on
from sync_orchestrator.domain.records import Snapshot
from sync_orchestrator.domain.situation import Situation
from sync_orchestrator.domain.taxing import equalising, predicted, rate_of, small


@dataclass(frozen=True, slots=True)
class Content:
    """`record` stands for what the books hold of the record itself, whatever its version.

    `relies_on` are local ids and the remote ids they are linked to; `accounts` likewise, the taxes
    of an invoice among them. `dated` is another day than its own, `money` what is sent besides, so
    that the total is ours.
    """

    version: int
    record: str
    relies_on: tuple[tuple[str, str], ...]
    accounts: tuple[tuple[str, str], ...]
    named: str | None
    dated: str = ""
    money: str = ""

    @property
    def mark(self) -> str:
        return f"{self.record}.{_short(self.relies_on)}.{_short(self.accounts)}.{self._own}"

    @property
    def _own(self) -> str:
        return f"{self.named or ''}{self.dated}{self.money}"

    def is_held_by(self, mark: str) -> bool:
        """Whether the provider, holding what `mark` says, holds this: accounts left aside.

        A mapping that changes later is for what is sent later; it rewrites nothing.
        """
        record, relies_on, _, own = mark.split(".", 3)
        return (record, relies_on, own) == (self.record, _short(self.relies_on), self._own)


_APART = "\x1f"
"""No name or number has it in it."""

_DATED = "on "


def rounding_in(mark: str | None) -> Decimal:
    """What a rounding line added to the content with this mark."""
    last = (mark or "").rpartition(_APART)[2] if _APART in (mark or "") else ""
    return Decimal(0) if last in ("", "tax") or last.startswith(_DATED) else Decimal(last)


def void_mark(version: int) -> str:
    """The mark of a void: nothing but the record itself is in it."""
    return f"{version}.void.."


def content_of(job: Job, situation: Situation) -> Content:
    """What a command of this job would say. Links that are missing are left out."""
    record = situation.record
    if isinstance(record, InvoiceSnapshot):
        told = in_the_books(record)
        rounding = rounding_of(job, situation, told)
        day = post_on(job, situation)
        return Content(
            version=record.version,
            record=told,
            relies_on=tuple(
                (str(need.record_id), str(need.link.id))
                for need in situation.needs
                if need.link is not None
            ),
            accounts=tuple(
                (str(need.record_id), need.account.id)
                for need in situation.items
                if need.account is not None
            )
            + _without_item(situation)
            + _rounded_on(situation, rounding)
            + tuple(
                (f"tax {rate}", tax.id)
                for rate in dict.fromkeys(map(rate_of, record.lines))
                if (tax := situation.taxes.get(rate)) is not None
            ),
            named=job.named_there,
            dated="" if day is None else f"{_APART}{_DATED}{day}",
            money=(f"{_APART}tax" if sends_our_tax(job, situation) else "")
            + (f"{_APART}{rounding}" if rounding else ""),
        )
    account = situation.account
    return Content(
        version=record.version,
        record=in_the_books(record),
        relies_on=(),
        accounts=() if account is None else (("", account.id),),
        named=job.named_there,
    )


def _without_item(situation: Situation) -> tuple[tuple[str, str], ...]:
    """The account of lines without an item."""
    under, account = situation.no_item_id, situation.connection.no_item_account
    return () if under is None or account is None else ((str(under), account.id),)


def _rounded_on(situation: Situation, rounding: Decimal | None) -> tuple[tuple[str, str], ...]:
    """The account of a rounding line, where there is one."""
    account = situation.connection.rounding_account
    return (("rounding", account.id),) if rounding and account is not None else ()


def sends_our_tax(job: Job, situation: Situation) -> bool:
    """Whether our tax total is sent although the provider would work out its own."""
    return job.our_tax and situation.connection.facts.taxes.takes_our_tax


def rounding_of(job: Job, situation: Situation, told: str | None = None) -> Decimal | None:
    """What a rounding line adds so that the total there is ours; None without one.

    By what the provider answered to this very content, else by how it is known to round.
    """
    invoice = situation.invoice
    if invoice is None or situation.connection.settings.rounding_account_id is None:
        return None
    if job.rounding_for is not None and job.rounding_for == (told or in_the_books(invoice)):
        return job.rounding or None
    if sends_our_tax(job, situation):
        return None
    rules = situation.connection.facts.taxes
    expected = predicted(invoice, situation.taxes, rules)
    if expected is None:
        return None
    if not small(invoice, invoice.total - expected.total, situation.taxes, rules):
        return None
    return equalising(invoice, expected.total, rules) or None


def is_up_to_date(job: Job, situation: Situation) -> bool:
    """Whether the provider holds the record as it is here now."""
    if job.link is None or job.synced_version is None:
        return False
    if job.synced_mark is None and job.synced_version < situation.record.version:
        return False
    account = situation.account
    if job.entity == "item" and account is not None and job.account_there != account.id:
        return not situation.connection.facts.offers_accounts
    if job.synced_mark is None:
        return True
    content = content_of(job, situation)
    if any(need.link is None for need in situation.needs):
        return content.record == job.synced_mark.partition(".")[0]
    return content.is_held_by(job.synced_mark)


_OURS_ALONE = {"id", "version", "status", "sent_at", "sent_by", "created_at", "came_from"}
"""Fields of a snapshot that no provider is told."""


def in_the_books(record: Snapshot) -> str:
    """A short mark of what the books would hold of a record. Fields that have their default are
    left out: one that is added later changes no mark."""
    told = record.model_dump_json(exclude=_OURS_ALONE, exclude_defaults=True)
    return blake2b(told.encode(), digest_size=8).hexdigest()


def _short(pairs: tuple[tuple[str, str], ...]) -> str:
    if not pairs:
        return ""
    return blake2b(repr(sorted(pairs)).encode(), digest_size=8).hexdigest()
