"""The ring comes to rest as it should, whatever is lost, late, doubled or killed.

A scenario's test asserts that its situation came about, and that every seed ended well. The same
of more seeds: `make simulate ARGS="--see 73,74,77,79,84,87"`.
"""

import pytest

from simulation.conftest import SEEDS, Hunt

pytestmark = [pytest.mark.timeout(1_800), pytest.mark.early, pytest.mark.xdist_group("simulation")]


def test_what_is_left_at_rest_is_right(hunted: Hunt) -> None:
    for played in hunted.wrong:
        ended = played.ended
        again = f"make simulate SEEDS=1 FROM={ended.seed}"
        raise AssertionError("\n".join([*ended.story[-80:], *ended.wrong, again]))
    assert hunted.seeds == len(SEEDS)


def test_s73_an_answer_after_the_lease_is_recorded(hunted: Hunt) -> None:
    _came_about_and_ended_well(hunted, "73")


def test_s74_a_worker_that_wakes_after_its_window_sends_nothing(hunted: Hunt) -> None:
    _came_about_and_ended_well(hunted, "74")


def test_s77_content_b_then_c_then_b_ends_with_b(hunted: Hunt) -> None:
    _came_about_and_ended_well(hunted, "77")


def test_s79_an_invoice_and_its_customers_success_decided_at_once(hunted: Hunt) -> None:
    _came_about_and_ended_well(hunted, "79")


def test_s84_what_nobody_can_read_is_set_apart_alone(hunted: Hunt) -> None:
    _came_about_and_ended_well(hunted, "84")


def test_s87_a_click_right_after_a_save_takes_what_was_saved(hunted: Hunt) -> None:
    _came_about_and_ended_well(hunted, "87")


def _came_about_and_ended_well(hunted: Hunt, scenario: str) -> None:
    assert hunted.seen[scenario] > 0, f"no seed of {SEEDS} came through scenario {scenario}"
    assert not hunted.wrong
