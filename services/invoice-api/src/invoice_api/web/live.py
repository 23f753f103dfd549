"""The pages' own stream: a record's badges as HTML, the moment they change.

Each record named in the address has an event of its own, `badge-<id>`. It comes once at the start,
so that a page which was made just before a change shows it too. The other events only say that
something changed: the page asks again for the block that shows it.
"""

import hashlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from contracts.ids import Entity, Provider
from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from messaging.clock import Clock

from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.live import changes_store
from invoice_api.live.hub import Change, TheHub
from invoice_api.live.routes import MAX_WATCHED, Ids, changes, wanted_records
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.pages import BadgeView
from invoice_api.web.rendering import Renderer
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.views import Eyes, badge_view

router = APIRouter(include_in_schema=False)


_BEGUN = "begun"

LIST_SECONDS = 1.5
"""How often a list is told, at most, that something changed. Its page waits longer than this
before it asks again, so that what wasn't told of meanwhile is in the answer."""


def live_url(kind: str, ids: Sequence[str], shown: Sequence[BadgeView] = ()) -> str:
    """The stream of these records' badges.

    `shown` are the badges that the page of one record begins with: the stream doesn't repeat them.
    """
    named = [(kind, one) for one in ids[:MAX_WATCHED]]
    return f"/live?{urlencode([*named, ('seen', fingerprint(shown))] if shown else named)}"


def list_url(kind: Entity, ids: Sequence[str]) -> str:
    """The stream of a list: its rows' badges, and that any record of its kind changed."""
    return f"/live?{urlencode([*((kind, one) for one in ids[:MAX_WATCHED]), ('list', kind)])}"


def fingerprint(badges: Sequence[BadgeView]) -> str:
    """The same for badges that look and act the same."""
    said = repr(sorted((b.provider, b.label, b.actions, b.tooltip) for b in badges))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


@router.get("/live")
async def live(
    one: AVisit,
    hub: TheHub,
    database: TheDatabase,
    clock: TheClock,
    render: TheRenderer,
    invoice: Ids = None,
    customer: Ids = None,
    item: Ids = None,
    run: Ids = None,
    seen: Annotated[str, Query(max_length=16)] = "",
    of: Annotated[list[Entity] | None, Query(alias="list")] = None,
    recent: Provider | None = None,
    since: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> StreamingResponse:
    """Badges of the records named: as they are, then as they change.

    `cause`, `integration` and `run-<id>` come on every stream; `list` where records of a kind
    named so changed; `recent`, with the record's id, and `run` for one provider. A run in the
    address is told of once at the start: it may have ended before anyone listened. `missed` comes
    first where anything changed `since` the page was read and nobody listened yet: of a stream that
    goes on, as its last event's id says, the page knows itself that it was away.
    """

    async def missed() -> bool:
        if since is None or last_event_id:
            return False
        async with database.transaction() as tx:
            return await changes_store.has_changed(tx, since, one.caller.company.id)

    wanted = wanted_records(invoice, customer, item)
    told = changes(one.caller, hub, database, clock, wanted)
    rows = Rows(one, render, clock, frozenset(wanted), frozenset(of or ()), recent)
    return StreamingResponse(
        _stream(told, rows, seen, run or [], missed),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


class Rows:
    """What a stream's page shows of its records: all of a record's badges stand together."""

    def __init__(
        self,
        one: Visit,
        render: Renderer,
        clock: Clock,
        wanted: frozenset[tuple[Entity, UUID]],
        lists: frozenset[Entity] = frozenset(),
        recent: Provider | None = None,
    ) -> None:
        self._one = one
        self._render = render
        self._clock = clock
        self._wanted = wanted
        self._lists = lists
        self._recent = recent
        self._badges: dict[UUID, dict[str, BadgeView]] = defaultdict(dict)
        self._list_told: float | None = None

    def news(self, change: Change) -> list[tuple[str, str]]:
        """The events of a change, each with its data; none for what isn't on the page."""
        if change.event == "run":
            told = [(f"run-{change.data.get('id')}", "changed")]
            mine = self._recent is not None and change.data.get("provider") == self._recent
            return [*told, ("run", "changed")] if mine else told
        if change.event in {"cause", "integration"}:
            return [(change.event, "changed")]
        record, badge = change.record, change.badge
        if record is None or badge is None:
            return []
        told = self.badges(change)
        if badge.provider == self._recent:
            told.append(("recent", str(record.id)))
        if record.entity in self._lists and self._list_is_due():
            told.append(("list", "changed"))
        return told

    def badges(self, change: Change) -> list[tuple[str, str]]:
        """The badges of the record that changed, if it stands on the page."""
        record, badge = change.record, change.badge
        if record is None or badge is None or (record.entity, record.id) not in self._wanted:
            return []
        eyes = Eyes(self._one.eyes.zone, self._clock.now())
        view = badge_view(badge, eyes, can_write=self._one.caller.may_act)
        shown = self._badges[record.id]
        shown[badge.provider] = view
        csrf = self._one.caller.csrf_token or ""
        badges = tuple(shown[provider] for provider in sorted(shown))
        part = self._render.part("row_badges", badges, record.entity, str(record.id), csrf)
        return [(f"badge-{record.id}", part)]

    def _list_is_due(self) -> bool:
        now = self._clock.elapsed()
        due = self._list_told is None or now - self._list_told >= LIST_SECONDS
        if due:
            self._list_told = now
        return due

    def unlike(self, seen: str) -> bool:
        """Whether the one record of the page has changed since the page was made."""
        known = list(self._badges.values())
        return len(known) != 1 or fingerprint(list(known[0].values())) != seen


async def _stream(
    told: AsyncGenerator[Change | None],
    rows: Rows,
    seen: str,
    runs: Sequence[UUID],
    missed: Callable[[], Awaitable[bool]],
) -> AsyncGenerator[str]:
    """First the present, each record once and whole, unless the page shows it already."""
    yield f"retry: 1000\nid: {_BEGUN}\n\n"
    present: dict[str, str] | None = {}
    async for change in told:
        if change is None:
            if present is not None:
                if not seen or rows.unlike(seen):
                    for name, html in present.items():
                        yield _event(name, html)
                for run in runs:
                    yield _event(f"run-{run}", "changed")
                if await missed():
                    yield _event("missed", "changed")
                present = None
            yield ": still here\n\n"
            continue
        if present is not None:
            present.update(rows.badges(change))
            continue
        for name, data in rows.news(change):
            yield _event(name, data)


def _event(name: str, html: str) -> str:
    lines = "\n".join(f"data: {line}" for line in html.splitlines())
    return f"event: {name}\n{lines}\n\n"
