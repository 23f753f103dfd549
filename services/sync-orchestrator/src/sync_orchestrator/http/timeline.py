"""A record's history in words: names and sentences, the rest behind "details"."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from contracts.causes import Reader, render
from contracts.causes.words import in_words
from contracts.ids import PROVIDER_LABELS, Provider
from contracts.sync import CauseInstance

from sync_orchestrator.store.history_store import TimelineRow

Data = Mapping[str, object]

_WAS_THERE = frozenset({"synced", "linked", "unchanged", "changed_there"})
_NO_ANSWER = frozenset({"unknown"})


def told(rows: Sequence[TimelineRow], provider: Provider) -> list[dict[str, object]]:
    """A history in this order, line by line. What went before decides what a line says: a second
    sending sends changes, a second try comes after no answer."""
    lines: list[dict[str, object]] = []
    is_there, unanswered = False, False
    for row in rows:
        lines.append(_line(row, provider, _Told(row.data, is_there, unanswered)))
        if row.kind in _WAS_THERE:
            is_there = True
        elif row.kind in {"removed", "made_anew", "unlinked"}:
            is_there = False
        if row.kind == "delayed" or _says(row, "delayed"):
            unanswered = True
        elif row.kind in {"issued", "outcome"}:
            unanswered = False
    return lines


def _says(row: TimelineRow, word: str) -> bool:
    return row.kind == "outcome" and row.data.get("said") == word


class _Told:
    """A line's data, whether the record was there before it, and whether a try had no answer."""

    def __init__(self, data: Data, is_there: bool, unanswered: bool) -> None:
        self.data = data
        self.is_there = is_there
        self.unanswered = unanswered

    def text(self, field: str) -> str:
        value = self.data.get(field)
        return "" if value is None else str(value)

    @property
    def remote_number(self) -> str:
        remote = self.data.get("remote")
        if not isinstance(remote, dict):
            return ""
        number = cast("dict[str, object]", remote).get("number")
        return "" if number is None else str(number)

    @property
    def by_person(self) -> bool:
        for field in ("origin", "began"):
            origin = self.data.get(field)
            if isinstance(origin, dict):
                return cast("dict[str, object]", origin).get("by") in {"person", "fix", "run"}
        return False

    @property
    def results(self) -> list[str]:
        """How each attempt of an outcome ended."""
        attempts = cast("list[dict[str, object]]", self.data.get("attempts") or [])
        return [str(attempt.get("result")) for attempt in attempts]


def _line(row: TimelineRow, provider: Provider, line: _Told) -> dict[str, object]:
    """When, what kind, who, the sentence, and everything else as details."""
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "who": _who(row.data),
        "sentence": _sentence(row, provider, line),
        "state": row.state,
        "details": {
            **row.data,
            "step": row.data.get("step", row.step),
            "generation": row.generation,
            "sync_id": None if row.sync_id is None else str(row.sync_id),
        },
    }


def _who(data: Data) -> str | None:
    """The person's name, or what started it; None for what follows by itself."""
    for field in ("began", "origin"):
        origin = data.get(field)
        if isinstance(origin, dict):
            named = cast("dict[str, object]", origin)
            name = named.get("name") or named.get("by")
            return str(name) if name else None
    by = data.get("by")
    return str(by) if by else None


def _sentence(row: TimelineRow, provider: Provider, line: _Told) -> str:
    say = KINDS.get(row.kind)
    if say is None:
        return row.kind.replace("_", " ").capitalize() + "."
    said = say(line).replace("{provider}", PROVIDER_LABELS[provider])
    cause = _cause(row.data)
    if cause is None:
        return f"{said[:-1]}." if said.endswith(":") else said
    return f"{said} {render(cause, provider).sentence}".strip()


def _cause(data: Data) -> CauseInstance | None:
    found = data.get("cause") or data.get("difference")
    return CauseInstance.model_validate(found) if isinstance(found, dict) else None


def _plain(text: str) -> Callable[[_Told], str]:
    return lambda line: text


def _requested(line: _Told) -> str:
    if line.data.get("again"):
        return "Asked to try again."
    if line.data.get("want") == "void":
        return "It is voided in {provider} as well."
    if line.by_person:
        return "Asked to sync to {provider}."
    if line.is_there:
        return "The changes go to {provider} by themselves."
    return "It goes to {provider} by itself."


def _issued(line: _Told) -> str:
    if line.data.get("want") == "void":
        return "Sent the void to {provider}."
    return "Sent the changes to {provider}." if line.is_there else "Sent to {provider}."


def _reissued(line: _Told) -> str:
    if line.unanswered:
        return "Tried again after no answer: looked up first, nothing was posted twice."
    if line.data.get("resumed") or line.data.get("priority") != "person":
        return "Sent on its way again, once: nothing is posted twice."
    return "Moved ahead in line."


def _stopped(line: _Told) -> str:
    if line.data.get("state") == "waiting":
        return "Waiting:"
    missing = 1 + len(cast("list[object]", line.data.get("also") or []))
    things = "1 thing" if missing == 1 else f"{missing} things"
    return f"Checked before sending: {things} missing. Stopped:"


def _synced(line: _Told) -> str:
    number = line.remote_number
    if line.is_there:
        return "{provider} has the changes" + (f", as {number}." if number else ".")
    return "{provider} has it" + (f" as {number}." if number else ".")


def _outcome(line: _Told) -> str:
    results = line.results
    unanswered = not _NO_ANSWER.isdisjoint(results)
    match line.data.get("said"):
        case "succeeded" if unanswered and "found" in results:
            return "{provider} had it already, though it hadn't answered: nothing was posted twice."
        case "succeeded" if unanswered:
            return (
                "{provider} took it: looked up after no answer, not there, sent once more."
                " Nothing was posted twice."
            )
        case "succeeded":
            many = f" after {len(results)} tries" if len(results) > 1 else ""
            return f"{{provider}} took it{many}."
        case "failed":
            many = f" after {len(results)} tries" if len(results) > 1 else ""
            return f"{{provider}} refused it{many}."
        case _ if unanswered:
            return "{provider} didn't answer."
        case _:
            return "{provider} hasn't decided yet."


def _linked(line: _Told) -> str:
    how = "" if line.data.get("origin") else " by import"
    number = f" {line.remote_number}" if line.remote_number else " the one that is there"
    return f"Linked{how} to{number} in {{provider}}."


def _ignored(line: _Told) -> str:
    why = line.text("why").rstrip(".")
    return f"Ignored in {{provider}}: {why}." if why else "Ignored in {provider}."


def _named(line: _Told) -> str:
    name = line.text("name")
    return f"Is called “{name}” in {{provider}}." if name else "Has another name in {provider}."


def _dated(line: _Told) -> str:
    data = line.data
    if data.get("day") == data.get("instead_of"):
        return "Dated in {provider} as it is here."
    by = "" if data.get("origin") else ", as the setting for closed books says"
    day, own = (in_words("date", str(data.get(at)), Reader()) for at in ("day", "instead_of"))
    return f"Dated {day} in {{provider}} instead of {own}{by}: the books are closed for that."


KINDS: Mapping[str, Callable[[_Told], str]] = {
    "requested": _requested,
    "issued": _issued,
    "reissued": _reissued,
    "replaced": _plain("Changed while it was on its way: the newest goes next."),
    "stopped": _stopped,
    "held_back": _plain("Paused:"),
    "took_too_long": _plain(""),
    "link_seen": _plain("{provider} made a record of it."),
    "synced": _synced,
    "refused": _plain("{provider} said no:"),
    "freed": _plain("Looked at again: something changed meanwhile."),
    "holder_ahead": _plain("Waits for our other record that holds this number or name:"),
    "goes_again": _plain("Goes once more: our other record has moved on."),
    "delayed": _plain("{provider} hasn't answered yet."),
    "removed": _plain(""),
    "made_anew": _plain("Made anew in {provider}, not the one that has gone there."),
    "voided_there": _plain("Voided in {provider}."),
    "voided_unsent": _plain("Voided before any of it was in {provider}: nothing was posted."),
    "out_of_date": _plain(""),
    "changed_there": _plain(""),
    "unchanged": _plain("{provider} has it as it is here: nothing to send."),
    "not_eligible": _plain("Not for {provider}:"),
    "linked": _linked,
    "unlinked": _plain("No longer linked to the record in {provider}, which stays as it is."),
    "told_apart": _plain("It is none of those in {provider} that look like it."),
    "ignore_began": _ignored,
    "ignore_ended": _plain("No longer ignored in {provider}."),
    "email_waived": _plain("Goes without an e-mail address."),
    "named": _named,
    "left_as_it_is": _plain("Left in {provider} as it is there."),
    "not_left_as_it_is": _plain("The difference to {provider} is no longer accepted."),
    "our_tax_chosen": _plain("Our tax goes instead of what {provider} works out."),
    "rounding_learned": _plain("A rounding line makes the total in {provider} ours."),
    "dated_there": _dated,
    "outcome": _outcome,
}
"""What each kind of line says; with a cause, the cause's sentence follows."""
