"""Looks at the read tables, says what is new or worse, and writes to those who want to know."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.causes import CAUSES
from contracts.causes import Reader as WordsReader
from contracts.ids import PROVIDER_LABELS, CompanyId, Ids, Provider
from messaging.clock import Clock
from messaging.database import Database, Tx, is_away
from messaging.process import pause
from telemetry.logs import get_logger

from invoice_api.http import clock_store
from invoice_api.notices import mail_store, store
from invoice_api.notices.deciding import (
    Fact,
    Kind,
    Said,
    comes_back_quietly,
    kind_of,
    mail_is_due,
    times_due,
)
from invoice_api.notices.mail_store import Person
from invoice_api.notices.post import Post
from invoice_api.notices.store import EndingConnection
from invoice_api.sums import counted, in_words, summed
from invoice_api.sync_status import problems_store
from invoice_api.sync_status.badge import cause_shown
from invoice_api.sync_status.problems_store import OpenGroup

_LOG = get_logger(__name__)


@dataclass(frozen=True)
class Notices:
    """The work behind notices. `post` is None where no mail server is set."""

    database: Database
    clock: Clock
    ids: Ids
    public_url: str
    post: Post | None = None
    every: float = 60.0
    """Seconds between two looks."""

    async def run(self, stop: asyncio.Event) -> None:
        """Again and again until `stop`."""
        while not stop.is_set():
            await self._try("look", self.look)
            if self.post is not None:
                await self._try("write", self.write)
                await self._try("send", self.post.send_due)
            await pause(self.clock, stop, self.every)

    async def _try(self, step: str, work: Callable[[], Awaitable[int]]) -> None:
        """A fault in one step stops neither the others nor the next round."""
        try:
            await work()
        except Exception as error:
            if not is_away(error):
                _LOG.exception("notices_failed", step=step)

    async def look(self) -> int:
        """Say what is new or worse, end what is over; how many were said."""
        async with self.database.transaction() as tx:
            known = {one.key: one for one in await store.lock_open(tx)}
            lately = {one.key: one for one in await store.lately_over(tx)}
            now = await clock_store.now(tx)
            facts = await self._facts(tx)
            said, unchanged, back = 0, dict[UUID, Fact](), list[UUID]()
            for fact in facts:
                before = known.get(fact.key)
                if before is None and comes_back_quietly(fact.kind) and fact.key in lately:
                    before = lately[fact.key]
                    back.append(before.id)
                times = times_due(fact, before, now)
                if times is not None:
                    notice = self.ids.new() if before is None else before.id
                    await store.save_said(tx, notice, fact, times)
                    said += 1
                elif before is not None:
                    unchanged[before.id] = fact
            if back:
                await store.reopen(tx, back)
            await store.keep_current(tx, unchanged)
            over: list[UUID] = [
                one.id for key, one in known.items() if key not in {fact.key for fact in facts}
            ]
            if over:
                await store.close(tx, over)
            return said

    async def write(self) -> int:
        """Put the mail that is due where it is sent from; how many."""
        written = 0
        async with self.database.transaction() as tx:
            await store.lock_open(tx)
            now = await clock_store.now(tx)
            for person in await mail_store.people(tx):
                said = await mail_store.unmailed(tx, person.user)
                if mail_is_due(person.reader, said, now):
                    subject, body = mail_of(person, said, self.public_url)
                    await mail_store.insert_mail(
                        tx,
                        self.ids.new(),
                        person.user,
                        person.address,
                        subject,
                        body,
                        max(one.said_at for one in said),
                    )
                    written += 1
        return written

    async def _facts(self, tx: Tx) -> list[Fact]:
        now = await clock_store.now(tx)
        facts = [_connection(one, now) for one in await store.ending_connections(tx)]
        groups = await problems_store.open_groups(tx)
        zones = await store.zones(tx, {group.company for group in groups})
        for alike in told_together(groups):
            zone = zones[alike[0].company]
            kind = kind_of(alike[0].cause.code)
            if kind is not None:
                reader = WordsReader(zone, now.astimezone(zone).date())
                facts.append(_of_groups(kind, alike, reader))
        # Several connections of one provider are one notice.
        return list({fact.key: fact for fact in facts}.values())


def mail_of(person: Person, said: Sequence[Said], public_url: str) -> tuple[str, str]:
    """A mail's subject and text: what it is, how much, and where it is mended."""
    base = public_url.rstrip("/")
    first = said[0]
    more = f" and {len(said) - 1} more" if len(said) > 1 else ""
    subject = f"{first.title}{more} ({person.company_name})"
    parts = [f"{person.company_name}: what needs someone"]
    for one in said:
        lines = [f"{one.title} ({PROVIDER_LABELS[one.provider]})", one.sentence]
        if one.what:
            lines.append(", ".join(filter(None, (one.what, in_words(one.amounts)))))
        parts.append("\n".join([*lines, f"{base}{one.path}"]))
    parts.append(f"How often we write: {base}/settings/notices")
    return subject.replace("\n", " ")[:200], "\n\n".join(parts) + "\n"


def told_together(groups: Sequence[OpenGroup]) -> list[list[OpenGroup]]:
    """What is one notice: a cause's groups, where each is about one invoice alone.

    Ninety invoices without a due date are one thing to know, though each has its own fix.
    """
    found: dict[tuple[CompanyId, Provider, str], list[OpenGroup]] = {}
    for group in groups:
        key = (group.company, group.provider, subject_of(group))
        found.setdefault(key, []).append(group)
    return [sorted(alike, key=lambda group: group.since) for alike in found.values()]


def subject_of(group: OpenGroup) -> str:
    """The cause's code where its groups are told together, else the group."""
    row = CAUSES.get(group.cause.code)
    return group.cause.code if row is not None and row.subject == "invoice" else group.group


def _of_groups(kind: Kind, alike: Sequence[OpenGroup], reader: WordsReader) -> Fact:
    group, count = alike[0], sum(one.count for one in alike)
    words = cause_shown(
        group.cause,
        group.provider,
        record_id=None,
        reader=reader,
        known={"count": str(group.count)}
        | ({} if group.organisation is None else {"org": group.organisation}),
    )
    more = len(alike) - 1
    stand = "is" if more == 1 else "are"
    also = f" {more:,} more {stand} stopped the same way." if more else ""
    return Fact(
        company=group.company,
        kind=kind,
        provider=group.provider,
        subject=subject_of(group),
        since=group.since,
        title=words.title,
        sentence=words.sentence + also,
        path=f"/integrations/{group.provider}/problems",
        count=count,
        amounts=summed(amount for one in alike for amount in one.amounts),
        what=counted(count, frozenset[str]().union(*(one.kinds for one in alike))),
        stopped=any(one.stopped for one in alike),
    )


def _connection(one: EndingConnection, now: datetime) -> Fact:
    path = f"/integrations/{one.provider}/settings"
    if one.good_until is None:
        known = {"count": str(one.waiting), "org": one.organisation}
        reader = WordsReader(one.zone, now.astimezone(one.zone).date())
        words = cause_shown(one.cause, one.provider, record_id=None, reader=reader, known=known)
        return Fact(
            company=one.company,
            kind="connection",
            provider=one.provider,
            subject=str(one.connection),
            since=one.since,
            title=words.title,
            sentence=words.sentence,
            path=path,
            count=one.waiting,
            what=counted(one.waiting, ()) if one.waiting else "",
        )
    name = PROVIDER_LABELS[one.provider]
    day = one.good_until.astimezone(one.zone).date()
    return Fact(
        company=one.company,
        kind="ending",
        provider=one.provider,
        subject=str(one.connection),
        since=one.since,
        title=f"{name} asks you to reconnect",
        sentence=f"{name} asks you to reconnect {one.organisation} by {day:%-d %B %Y}.",
        path=path,
    )
