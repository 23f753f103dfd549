"""A record's history in words: names and sentences, the rest behind "details"."""

from collections.abc import Callable, Mapping
from typing import cast

from contracts.causes import Reader, render
from contracts.causes.words import in_words
from contracts.ids import PROVIDER_LABELS, Provider
from contracts.sync import CauseInstance

from sync_orchestrator.store.history_store import TimelineRow

Data = Mapping[str, object]


def shown(row: TimelineRow, provider: Provider) -> dict[str, object]:
    """One line: when, what kind, who, the sentence, and everything else as details."""
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "who": _who(row.data),
        "sentence": _sentence(row, provider),
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
            told = cast("dict[str, object]", origin)
            name = told.get("name") or told.get("by")
            return str(name) if name else None
    by = data.get("by")
    return str(by) if by else None


def _sentence(row: TimelineRow, provider: Provider) -> str:
    label = PROVIDER_LABELS[provider]
    cause = _cause(row.data)
    say = _SAYINGS.get(row.kind)
    if say is None:
        return row.kind.replace("_", " ").capitalize() + "."
    said = say(row.data).replace("{provider}", label)
    if cause is None:
        return said
    return f"{said} {render(cause, provider).sentence}".strip()


def _cause(data: Data) -> CauseInstance | None:
    found = data.get("cause") or data.get("difference")
    return CauseInstance.model_validate(found) if isinstance(found, dict) else None


def _plain(text: str) -> Callable[[Data], str]:
    return lambda data: text


def _issued(data: Data) -> str:
    if data.get("want") == "void":
        return "Asked {provider} to void it."
    return f"Asked {{provider}} to hold version {data.get('version')}."


def _synced(data: Data) -> str:
    return f"{{provider}} holds version {data.get('version')}."


def _requested(data: Data) -> str:
    again = " again" if data.get("again") else ""
    return f"Asked for{again}."


def _outcome(data: Data) -> str:
    attempts = cast("list[object]", data.get("attempts") or [])
    many = f" after {len(attempts)} attempts" if len(attempts) > 1 else ""
    match data.get("said"):
        case "succeeded":
            return f"{{provider}} accepted it{many}."
        case "failed":
            return f"{{provider}} refused it{many}."
        case _:
            return f"Not decided yet{many}."


def _linked(data: Data) -> str:
    return "Linked to a record in {provider}."


def _dated(data: Data) -> str:
    if data.get("day") == data.get("instead_of"):
        return "Dated in {provider} as it is here."
    by = "" if data.get("origin") else ", as the setting for closed books says"
    day, own = (in_words("date", str(data.get(at)), Reader()) for at in ("day", "instead_of"))
    return f"Dated {day} in {{provider}} instead of {own}{by}: the books are closed for that."


_SAYINGS: Mapping[str, Callable[[Data], str]] = {
    "requested": _requested,
    "issued": _issued,
    "reissued": _plain("Asked {provider} again, with the same step."),
    "replaced": _plain("Changed while it was being sent: the newest goes next."),
    "stopped": _plain(""),
    "held_back": _plain("Held."),
    "took_too_long": _plain(""),
    "link_seen": _linked,
    "synced": _synced,
    "refused": _plain(""),
    "freed": _plain("Decided again with what has changed meanwhile."),
    "holder_ahead": _plain("Waits for our other record that holds this number or name."),
    "goes_again": _plain("Goes once more: our other record has moved on."),
    "delayed": _plain("Not decided yet."),
    "removed": _plain(""),
    "made_anew": _plain("Made anew in {provider}, not the one that has gone there."),
    "voided_there": _plain("Void here and in {provider}."),
    "voided_unsent": _plain("Void here before anything of it was in {provider}."),
    "out_of_date": _plain(""),
    "changed_there": _plain(""),
    "unchanged": _plain("{provider} holds it as it is here."),
    "not_eligible": _plain(""),
    "linked": _linked,
    "unlinked": _plain("No longer linked to the record in {provider}, which stays as it is."),
    "told_apart": _plain("It is none of those in {provider} that look like it."),
    "ignore_began": _plain("Left alone from now on."),
    "ignore_ended": _plain("No longer left alone."),
    "email_waived": _plain("Goes without an e-mail."),
    "named": _plain("Has another name in {provider}."),
    "left_as_it_is": _plain("Left in {provider} as it is there."),
    "not_left_as_it_is": _plain("The difference to {provider} is no longer accepted."),
    "our_tax_chosen": _plain("Our tax goes instead of what {provider} works out."),
    "rounding_learned": _plain("A rounding line makes the total in {provider} ours."),
    "dated_there": _dated,
    "outcome": _outcome,
}
