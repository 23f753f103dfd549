"""The pages' own stream: a record's badges as HTML, the moment they change.

Each record named in the address has an event of its own, `badge-<id>`. It comes once at the start,
so that a page which was made just before a change shows it too.
"""

import hashlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from contracts.ids import Entity
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from messaging.clock import Clock

from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.live.hub import Change, TheHub
from invoice_api.live.routes import MAX_WATCHED, Ids, changes, wanted_records
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.pages import BadgeView
from invoice_api.web.rendering import Renderer
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.views import Eyes, badge_view

router = APIRouter(include_in_schema=False)


def live_url(kind: str, ids: Sequence[str], shown: Sequence[BadgeView] = ()) -> str:
    """The stream of these records' badges.

    `shown` are the badges that the page of one record begins with: the stream doesn't repeat them.
    """
    named = [(kind, one) for one in ids[:MAX_WATCHED]]
    return f"/live?{urlencode([*named, ('seen', fingerprint(shown))] if shown else named)}"


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
) -> StreamingResponse:
    """Badges of the records named: as they are, then as they change.

    `run-<id>`, `cause`, `integration` and, where no record is named, `recent` only say that
    something of theirs changed: the page asks again for the block that shows it. A run in the
    address is told of once at the start: it may have ended before anyone listened.
    """
    wanted = wanted_records(invoice, customer, item)
    told = changes(one.caller, hub, database, clock, wanted)
    return StreamingResponse(
        _stream(told, Rows(one, render, frozenset(wanted)), clock, seen, run or []),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


class Rows:
    """What a stream's page shows of its records: all of a record's badges stand together."""

    def __init__(
        self, one: Visit, render: Renderer, wanted: frozenset[tuple[Entity, UUID]]
    ) -> None:
        self._one = one
        self._render = render
        self._wanted = wanted
        self._badges: dict[UUID, dict[str, BadgeView]] = defaultdict(dict)

    def html(self, change: Change, clock: Clock) -> tuple[str, str] | None:
        """The event's name and the record's badges; None for what isn't on the page."""
        if change.event == "run":
            return f"run-{change.data.get('id')}", "changed"
        if change.event in {"cause", "integration"}:
            return change.event, "changed"
        record, badge = change.record, change.badge
        if badge is not None and not self._wanted:
            return "recent", "changed"
        if record is None or badge is None or (record.entity, record.id) not in self._wanted:
            return None
        eyes = Eyes(self._one.eyes.zone, clock.now())
        view = badge_view(badge, eyes, can_write=self._one.caller.may_act)
        shown = self._badges[record.id]
        shown[badge.provider] = view
        csrf = self._one.caller.csrf_token or ""
        badges = tuple(shown[provider] for provider in sorted(shown))
        part = self._render.part("row_badges", badges, record.entity, str(record.id), csrf)
        return f"badge-{record.id}", part

    def unlike(self, seen: str) -> bool:
        """Whether the one record of the page has changed since the page was made."""
        known = list(self._badges.values())
        return len(known) != 1 or fingerprint(list(known[0].values())) != seen


async def _stream(
    told: AsyncGenerator[Change | None],
    rows: Rows,
    clock: Clock,
    seen: str,
    runs: Sequence[UUID],
) -> AsyncGenerator[str]:
    """First the present, each record once and whole, unless the page shows it already."""
    yield "retry: 1000\n\n"
    present: dict[str, str] | None = {}
    async for change in told:
        shown = None if change is None else rows.html(change, clock)
        if present is not None and change is not None:
            if shown is not None:
                present[shown[0]] = shown[1]
            continue
        if present is not None:
            if not seen or rows.unlike(seen):
                for name, html in present.items():
                    yield _event(name, html)
            for run in runs:
                yield _event(f"run-{run}", "changed")
            present = None
        yield ": still here\n\n" if shown is None else _event(*shown)


def _event(name: str, html: str) -> str:
    lines = "\n".join(f"data: {line}" for line in html.splitlines())
    return f"event: {name}\n{lines}\n\n"
