"""A record's timeline: what people did to it here and what became of it at each provider."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, Entity, Provider, made_at
from messaging.database import Tx

from invoice_api.deeds import store as deeds_store
from invoice_api.deeds.store import DeedDone, What
from invoice_api.http.problems import Problem
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.web.formatters import words
from invoice_api.web.integrated import soon
from invoice_api.web.pages import Chip, History, TimelineRow
from invoice_api.web.sessions import Visit
from invoice_api.web.views import Eyes

Line = Mapping[str, Any]


@dataclass(frozen=True)
class ToldThere:
    """What the orchestrator says of a record at one provider, the oldest first."""

    provider: Provider
    lines: tuple[Line, ...]
    away: bool = False


def history(
    kind: Entity,
    deeds: Sequence[DeedDone],
    there: Sequence[ToldThere],
    eyes: Eyes,
    viewer: UUID,
    here: str,
    *,
    only_changes: bool = False,
    at: str = "",
) -> History:
    """One list of it all, the oldest first.

    `viewer` is whoever looks: they are "You". `here` is the page's address. `at`: only what
    happened at this provider, beside what people did.
    """
    looked_at = [one for one in there if at in ("", one.provider)]
    timed = [(deed.at, _deed_row(deed, kind, viewer, eyes)) for deed in deeds]
    for one in looked_at:
        lines = [line for line in told_once(one.lines) if not only_changes or _is_change(line)]
        timed += _rows(lines, one.provider, viewer, eyes)
    timed.sort(key=lambda row: row[0])
    return History(
        noun=kind,
        rows=tuple(row for _, row in timed),
        notes=_notes(kind, looked_at, has_rows=bool(timed)),
        left=tuple((one.provider, PROVIDER_LABELS[one.provider]) for one in there if _left(one)),
        many=len(there) > 1,
        chips=_chips(here, there, only_changes=only_changes, at=at),
    )


_FOLLOWED_BY: Mapping[str, frozenset[str]] = {
    "synced": frozenset({"outcome", "link_seen", "freed"}),
    "voided_there": frozenset({"outcome", "link_seen", "freed"}),
    "refused": frozenset({"outcome", "link_seen"}),
    "delayed": frozenset({"outcome"}),
    "issued": frozenset({"requested"}),
    "stopped": frozenset({"requested"}),
    "held_back": frozenset({"requested"}),
    "not_eligible": frozenset({"requested"}),
}
"""What a line makes needless right before it, unless it says something of its own."""


def told_once(lines: Iterable[Line]) -> list[Line]:
    """Without the lines that the next one says as well; their details go with that."""
    kept: list[Line] = []
    for line in lines:
        before = _FOLLOWED_BY.get(str(line.get("kind")), frozenset())
        while kept and kept[-1].get("kind") in before and not _says_something(kept[-1]):
            needless = kept.pop()
            line = {**line, "details": {**details_of(needless), **details_of(line)}}
        kept.append(line)
    return kept


def _says_something(line: Line) -> bool:
    match line.get("kind"):
        case "requested":
            return _origin_of(line).get("by") in {"person", "fix"} or bool(
                details_of(line).get("again")
            )
        case "outcome":
            attempts = cast("list[Mapping[str, Any]]", details_of(line).get("attempts") or [])
            answered = details_of(line).get("said") == "succeeded"
            return answered and any(one.get("result") == "unknown" for one in attempts)
        case _:
            return False


_TRIES = frozenset({"delayed", "reissued", "outcome"})


def _rows(
    lines: Sequence[Line], provider: Provider, viewer: UUID, eyes: Eyes
) -> list[tuple[datetime, TimelineRow]]:
    rows: list[tuple[datetime, TimelineRow]] = []
    before: Line | None = None
    for line in lines:
        at = datetime.fromisoformat(line["at"])
        row = _row(line, provider, viewer, eyes)
        last = rows[-1][1] if rows else None
        if last is not None and before is not None and _is_try(before) and _is_try(line):
            tries = last.times + (line.get("kind") == "reissued")
            folded = replace(last, times=tries, until=row.at, details=row.details, tried=True)
            rows[-1] = (rows[-1][0], folded)
        elif last is not None and (last.sentence, last.who) == (row.sentence, row.who):
            folded = replace(last, times=last.times + 1, until=row.at, details=row.details)
            rows[-1] = (rows[-1][0], folded)
        else:
            # A try is counted when it is sent; what waits for one is none yet.
            rows.append((at, replace(row, times=0) if line.get("kind") == "delayed" else row))
        before = line
    return rows


def _is_try(line: Line) -> bool:
    return line.get("kind") in _TRIES and not _says_something(line)


_TONES = {
    "stopped": "red",
    "refused": "red",
    "took_too_long": "red",
    "held_back": "yellow",
    "delayed": "yellow",
    "out_of_date": "yellow",
    "removed": "orange",
    "synced": "green",
    "unchanged": "green",
    "voided_there": "green",
}
_STEPS = frozenset(
    {"reissued", "freed", "outcome", "delayed", "unchanged", "replaced", "link_seen"}
)
"""What happened on the way, without a change that a person would name."""


def _is_change(line: Line) -> bool:
    return line.get("kind") not in _STEPS


def _left(one: ToldThere) -> bool:
    """Whether somebody left the record there as it is, and nothing was decided since."""
    decided = [line for line in one.lines if _is_change(line)]
    return bool(decided) and decided[-1].get("kind") == "left_as_it_is"


_STARTED = {"event": "", "sweep": "", "fix": "after a fix", "run": "with a run"}
"""What started something, where it wasn't a person; what goes by itself says so or needn't."""

_DETAILS: Mapping[str, str] = {
    "version": "Version",
    "step": "Step",
    "generation": "Made there",
    "sync_id": "Sync id",
    "remote_id": "Record there",
    "totals": "Totals there",
    "attempts": "Attempts",
    "used": "Records used",
    "said": "Answer",
}


def _row(line: Line, provider: Provider, viewer: UUID, eyes: Eyes) -> TimelineRow:
    said = tuple(
        (_DETAILS[name], _plainly(value))
        for name, value in details_of(line).items()
        if name in _DETAILS and value
    )
    at = datetime.fromisoformat(line["at"])
    return TimelineRow(
        at=eyes.second(at),
        who=who_began(line, viewer),
        sentence=str(line["sentence"]),
        details=said,
        iso=at.isoformat(),
        tone=_TONES.get(str(line.get("kind")), "plain"),
        provider=provider,
        provider_label=PROVIDER_LABELS[provider],
    )


def details_of(line: Line) -> dict[str, Any]:
    """What a line holds beside its sentence."""
    details = line.get("details")
    return cast("dict[str, Any]", details) if isinstance(details, dict) else {}


def _origin_of(line: Line) -> dict[str, Any]:
    for field in ("began", "origin"):
        origin = details_of(line).get(field)
        if isinstance(origin, dict):
            return cast("dict[str, Any]", origin)
    return {}


def who_began(line: Line, viewer: UUID) -> str:
    """The person, "you" for whoever looks, or what began it; empty where it went by itself."""
    if _origin_of(line).get("user_id") == str(viewer):
        return "you"
    who = str(line.get("who") or "")
    return _STARTED.get(who, who)


_DONE: Mapping[What, tuple[str, str]] = {
    "created": ("created the {noun}", "The {noun} was created"),
    "imported": ("imported the {noun}", "The {noun} was imported"),
    "edited": ("changed the {noun}", "The {noun} was changed"),
    "finalized": ("finalized the {noun}", "The {noun} was finalized"),
    "sent": ("sent the {noun}", "The {noun} was sent"),
    "paid": ("marked the {noun} as paid", "The {noun} was marked as paid"),
    "voided": ("voided the {noun}", "The {noun} was voided"),
}
_FIELDS: Mapping[str, str] = {
    "customer_id": "customer",
    "issue_date": "date",
    "kind": "type",
    "unit_price": "price",
    "prices_include_tax": "whether prices include tax",
    "sku": "SKU",
    "email": "e-mail",
}


def _deed_row(deed: DeedDone, kind: str, viewer: UUID, eyes: Eyes) -> TimelineRow:
    by_someone, by_nobody = _DONE[deed.what]
    name = "You" if deed.by == viewer else deed.name
    said = (by_nobody if name is None else f"{name} {by_someone}").format(noun=kind)
    about = ", ".join(_FIELDS.get(one, one.replace("_", " ")) for one in deed.about)
    return TimelineRow(
        at=eyes.second(deed.at),
        who="",
        sentence=f"{said}: {about}." if about else f"{said}.",
        details=(),
        iso=deed.at.isoformat(),
        tone="yours",
    )


def _notes(kind: str, there: Sequence[ToldThere], *, has_rows: bool) -> tuple[str, ...]:
    if not has_rows and not any(one.away for one in there):
        return (f"Nothing has happened yet: this {kind} hasn't been sent.",)
    notes: list[str] = []
    for one in there:
        label = PROVIDER_LABELS[one.provider]
        if one.away:
            notes.append(f"What happened in {label} can't be shown right now.")
        elif not one.lines:
            notes.append(
                f"Nothing has happened yet in {label}: this {kind} hasn't been sent there."
            )
    return tuple(notes)


def _chips(
    here: str, there: Sequence[ToldThere], *, only_changes: bool, at: str
) -> tuple[Chip, ...]:
    glue = "&" if "?" in here else "?"

    def chip(label: str, word: str, *, current: bool) -> Chip:
        query = f"{glue}history={word}" if word else ""
        return Chip(label, f"{here}{query}#timeline", current)

    if not there:
        return ()
    some = chip("All", "", current=not only_changes and not at)
    changes = chip("Only changes", "changes", current=only_changes)
    providers = [
        chip(PROVIDER_LABELS[one.provider], one.provider, current=at == one.provider)
        for one in there
        if len(there) > 1
    ]
    return (some, changes, *providers)


def _plainly(value: object) -> str:
    match value:
        case list():
            parts = cast("list[object]", value)
            return "; ".join(_plainly(part) for part in parts)
        case dict():
            named = cast("dict[str, object]", value)
            return ", ".join(
                f"{words(name)}: {_plainly(one)}" for name, one in named.items() if one
            )
        case _:
            return str(value)


async def deeds_of(
    tx: Tx,
    one: Visit,
    kind: Entity,
    record: UUID,
    *,
    sent_at: datetime | None = None,
    sent_by: UUID | None = None,
) -> list[DeedDone]:
    """What people did to the record. Of one from before that was written down, what its id and
    itself still say: when it was made, when and by whom it was sent."""
    company = one.caller.company.id
    done = await deeds_store.deeds_of(tx, company, kind, record)
    known = {deed.what for deed in done}
    made = made_at(record)
    if made is not None and not known & {"created", "imported"}:
        done.insert(0, DeedDone("created", made, None, None))
    if sent_at is not None and "sent" not in known:
        names = await deeds_store.names_of(tx, company, [sent_by]) if sent_by else {}
        name = None if sent_by is None else names.get(sent_by)
        done.append(DeedDone("sent", sent_at, sent_by, name))
    return sorted(done, key=lambda deed: deed.at)


async def told_there(
    orchestrator: Orchestrator,
    one: Visit,
    kind: Entity,
    record: UUID,
    providers: Sequence[Provider],
) -> list[ToldThere]:
    """What happened at each provider, asked together and each without patience."""

    async def ask(provider: Provider) -> ToldThere:
        path = f"/records/{kind}/{record}/timeline"
        asking = orchestrator.get(principal_of(one.caller), path, {"provider": provider})
        try:
            answer = await soon(asking)
        except Problem as problem:
            return ToldThere(provider, (), away=problem.status != 404)
        lines = cast("list[Line]", json.loads(answer.text)["data"])
        return ToldThere(provider, tuple(lines))

    return list(await asyncio.gather(*(ask(provider) for provider in providers)))


def asked_for(word: str) -> tuple[bool, str]:
    """What `?history=` asks for: only changes, or only one provider's part."""
    return word == "changes", word if word in PROVIDER_LABELS else ""
