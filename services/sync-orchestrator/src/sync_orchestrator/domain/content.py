"""What a command would say now, and a short mark of it by which two contents are told apart.

The mark names what the books would hold of the record, the remote ids relied on and the accounts.
It lets a refusal stand until something in it changes, and a success be compared with what is wanted
by then. A version that changes nothing for the books (sent, marked paid) leaves the mark as it is.
"""

from dataclasses import dataclass
from hashlib import blake2b

from contracts.invoicing import InvoiceSnapshot

from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.records import Snapshot
from sync_orchestrator.domain.situation import Situation


@dataclass(frozen=True, slots=True)
class Content:
    """`record` stands for what the books hold of the record itself, whatever its version.

    `relies_on` are local ids and the remote ids they are linked to; `accounts` likewise.
    """

    version: int
    record: str
    relies_on: tuple[tuple[str, str], ...]
    accounts: tuple[tuple[str, str], ...]
    named: str | None

    @property
    def mark(self) -> str:
        return f"{self.record}.{_short(self.relies_on)}.{_short(self.accounts)}.{self.named or ''}"

    def is_held_by(self, mark: str) -> bool:
        """Whether the provider, holding what `mark` says, holds this: accounts left aside.

        A mapping that changes later is for what is sent later; it rewrites nothing.
        """
        record, relies_on, _, named = mark.split(".", 3)
        return (record, relies_on, named) == (
            self.record,
            _short(self.relies_on),
            self.named or "",
        )


def void_mark(version: int) -> str:
    """The mark of a void: nothing but the record itself is in it."""
    return f"{version}.void.."


def content_of(job: Job, situation: Situation) -> Content:
    """What a command of this job would say. Links that are missing are left out."""
    record = situation.record
    if isinstance(record, InvoiceSnapshot):
        return Content(
            version=record.version,
            record=_in_the_books(record),
            relies_on=tuple(
                (str(need.record_id), str(need.link.id))
                for need in situation.needs
                if need.link is not None
            ),
            accounts=tuple(
                (str(need.record_id), need.account.id)
                for need in situation.items
                if need.account is not None
            ),
            named=job.named_there,
        )
    account = situation.account
    return Content(
        version=record.version,
        record=_in_the_books(record),
        relies_on=(),
        accounts=() if account is None else (("", account.id),),
        named=job.named_there,
    )


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


def _in_the_books(record: Snapshot) -> str:
    told = record.model_dump_json(exclude=_OURS_ALONE)
    return blake2b(told.encode(), digest_size=8).hexdigest()


def _short(pairs: tuple[tuple[str, str], ...]) -> str:
    if not pairs:
        return ""
    return blake2b(repr(sorted(pairs)).encode(), digest_size=8).hexdigest()
