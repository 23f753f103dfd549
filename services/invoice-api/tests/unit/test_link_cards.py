"""The card of a link: to whom, since when, by whom, as far as that is known."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from contracts.ids import Provider
from contracts.sync import SyncState
from invoice_api.sync_status.schemas import BadgeShown
from invoice_api.web.record_parts import link_cards
from invoice_api.web.timelines import ToldThere
from invoice_api.web.views import Eyes

KIM = uuid4()
EYES = Eyes(ZoneInfo("America/New_York"), datetime(2026, 6, 14, 10, tzinfo=UTC))
Json = dict[str, Any]


def badge(**more: Any) -> BadgeShown:
    fields: Json = {
        "state": SyncState.SYNCED,
        "label": "Synced to Xero",
        "provider": "xero",
        "remote_id": "7f3a",
        "remote_url": None,
        "remote_number": None,
        "synced_at": None,
        "cause": None,
        "actions": (),
        **more,
    }
    return BadgeShown.model_validate(fields)


def linked(*lines: Json, viewer: UUID = KIM, **more: Any) -> str | None:
    there = [ToldThere("xero", lines)]
    shown: dict[Provider, BadgeShown] = {"xero": badge(**more)}
    [card] = link_cards("customer", "1", "Maria Gomez", shown, there, EYES, viewer)
    return card.linked


def line(kind: str, day: int = 3, who: str | None = None, **details: Any) -> Json:
    at = datetime(2026, 5, day, 12, tzinfo=UTC).isoformat()
    return {"at": at, "kind": kind, "who": who, "sentence": "", "details": details}


def test_an_import_and_a_sync_know_whom_they_linked_to() -> None:
    assert linked(line("linked")) == "Linked to Maria Gomez in Xero since 3 May 2026, by import"
    assert linked(line("issued"), line("link_seen", 4), line("synced", 5)) == (
        "Linked to Maria Gomez in Xero since 4 May 2026, when it was synced"
    )
    renamed = (line("named", name="Maria Gomez (2)"), line("link_seen", 4))
    assert linked(*renamed) == (
        "Linked to Maria Gomez (2) in Xero since 4 May 2026, when it was synced"
    )


def test_a_person_who_chose_is_named_and_whom_they_chose_is_not_guessed() -> None:
    origin = {"by": "person", "name": "Joe", "user_id": str(uuid4())}
    assert linked(line("linked", who="Joe", origin=origin)) == (
        "Linked in Xero since 3 May 2026, by Joe"
    )
    mine = {**origin, "user_id": str(KIM)}
    assert linked(line("linked", who="Kim", origin=mine), remote_number="C-7") == (
        "Linked to C-7 in Xero since 3 May 2026, by you"
    )


def test_only_the_link_of_now_is_told() -> None:
    lines = (line("linked"), line("unlinked", 4), line("link_seen", 5))
    assert "since 5 May 2026" in str(linked(*lines))
    assert linked() == "Linked to its record in Xero"
    assert linked(line("linked"), remote_id=None) is None
