"""How much of a run is asked for at once: Stop has little to wait for, whatever the pace."""

import pytest
from sync_orchestrator.domain.runs import AT_LEAST, UNDER_WAY, Progress, room_for


def progress(*, untaken: int, being_sent: int, lately: int, waiting: int = 0) -> Progress:
    total = untaken + being_sent + waiting
    return Progress(total, 0, 0, untaken, being_sent, lately, {}, {})


@pytest.mark.parametrize(
    ("lately", "ahead"),
    [(0, AT_LEAST), (245, AT_LEAST), (600, 100), (3_000, 500), (60_000, UNDER_WAY)],
)
def test_what_goes_in_ten_seconds_is_ahead(lately: int, ahead: int) -> None:
    none_yet = progress(untaken=5_000, being_sent=0, lately=lately)
    assert room_for(none_yet) == ahead
    some = progress(untaken=5_000, being_sent=40, lately=lately)
    assert room_for(some) == min(ahead, UNDER_WAY - 0) - 40


def test_what_waits_for_others_takes_no_place_of_what_can_be_sent_but_has_an_end() -> None:
    waiting = progress(untaken=5_000, being_sent=0, lately=0, waiting=UNDER_WAY - 10)
    assert room_for(waiting) == 10
    full = progress(untaken=5_000, being_sent=AT_LEAST, lately=0, waiting=UNDER_WAY)
    assert room_for(full) == 0
