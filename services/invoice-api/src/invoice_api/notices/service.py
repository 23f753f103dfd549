"""What a person sees and chooses of notices."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal
from uuid import UUID

from contracts.ids import Provider
from messaging.database import Tx
from pydantic import AwareDatetime, BaseModel

from invoice_api.accounts.caller import Caller
from invoice_api.http.fields import DecimalText, Sent
from invoice_api.notices import mail_store, store
from invoice_api.notices.deciding import Choice, Kind

SHOWN = 100

GROUPS = frozenset[Kind]({"cause", "outage"})
"""What is told of a group of problems."""


class SumShown(BaseModel):
    currency: str
    amount: DecimalText


class NoticeShown(BaseModel):
    """Something to know; `url` is the page where it is mended, `group` the problem it is there.

    `amount` is in `currency`, the largest of `amounts`.
    """

    id: UUID
    kind: Kind
    provider: Provider
    title: str
    sentence: str
    count: int
    amount: DecimalText
    currency: str | None
    amounts: tuple[SumShown, ...]
    what: str
    url: str
    since: AwareDatetime
    said_at: AwareDatetime
    state: Literal["open", "over"]
    read: bool
    group: str | None = None
    over_at: AwareDatetime | None = None


class UnsentShown(BaseModel):
    """An e-mail to you that didn't arrive, as far as we know."""

    address: str
    at: AwareDatetime
    why: str


class NoticesShown(BaseModel):
    """`unsent` is your last e-mail, where it couldn't be sent; what it said goes with the next."""

    data: tuple[NoticeShown, ...]
    unread: int
    unsent: UnsentShown | None = None
    next_cursor: str | None = None


class NoticeChoice(Sent):
    """How often we write to you. A connection that is lost is written at once, but for `none`."""

    email: Choice


class NoticesRead(Sent):
    """These, or all of them."""

    ids: tuple[UUID, ...] | None = None


async def list_notices(tx: Tx, caller: Caller) -> NoticesShown:
    """The company's notices, open ones first, with this person's read marks."""
    rows = await store.list_notices(tx, caller.company.id, caller.user_id, SHOWN)
    return NoticesShown(
        data=tuple(
            NoticeShown(
                id=row.id,
                kind=row.kind,
                provider=row.provider,
                title=row.title,
                sentence=row.sentence,
                count=row.count,
                amount=row.amounts[0][1] if row.amounts else Decimal(0),
                currency=row.amounts[0][0] if row.amounts else None,
                amounts=tuple(SumShown(currency=c, amount=a) for c, a in row.amounts),
                what=row.what,
                url=row.path,
                since=row.since,
                said_at=row.said_at,
                state="open" if row.over_at is None else "over",
                read=row.read,
                group=row.subject if row.kind in GROUPS else None,
                over_at=row.over_at,
            )
            for row in rows
        ),
        unread=await unread(tx, caller),
        unsent=await unsent(tx, caller),
    )


async def unsent(tx: Tx, caller: Caller) -> UnsentShown | None:
    """This person's last e-mail, if it is the one that didn't arrive."""
    found = await mail_store.unsent(tx, caller.user_id)
    if found is None:
        return None
    return UnsentShown(address=found.address, at=found.at, why=found.why)


async def unread(tx: Tx, caller: Caller) -> int:
    """How many open notices this person hasn't read."""
    return await store.count_unread(tx, caller.company.id, caller.user_id)


async def mark_read(tx: Tx, caller: Caller, ids: Sequence[UUID] | None) -> NoticesShown:
    """Read by this person; what isn't the company's is passed over."""
    await store.mark_read(tx, caller.company.id, caller.user_id, ids)
    return await list_notices(tx, caller)


async def choice(tx: Tx, caller: Caller) -> NoticeChoice:
    return NoticeChoice(email=await mail_store.find_choice(tx, caller.user_id, caller.role))


async def choose(tx: Tx, caller: Caller, wanted: NoticeChoice) -> NoticeChoice:
    await mail_store.save_choice(tx, caller.user_id, wanted.email)
    return wanted
