"""Duels about sending end well, and each comes through the scenarios it is about."""

from collections import Counter
from contextlib import closing

import pytest
from contracts.ids import Provider as ProviderName

from simulation.duels_sending import DUELS
from simulation.stage import Duel
from simulation.workers import Players, Wanted

SEEDS = 4
"""More: `make simulate ARGS="--duel late_create"`."""

pytestmark = [pytest.mark.early, pytest.mark.xdist_group("simulation")]


def _name(duel: Duel) -> str:
    return duel.name


def _plays_well(
    players: Players, name: str, seeds: int = SEEDS, at: ProviderName = "qbo"
) -> Counter[str]:
    """What was seen in some seeds of a duel, each of which ended well."""
    seen: Counter[str] = Counter()
    wanted = (Wanted(seed, duel=name, cast=(at,)) for seed in range(seeds))
    with closing(players.play(wanted)) as results:
        for played in results:
            ended = played.ended
            again = f'make simulate SEEDS=1 FROM={ended.seed} ARGS="--duel {name} --at {at}"'
            assert not ended.wrong, "\n".join([*ended.story[-60:], *ended.wrong, again])
            seen.update(ended.seen)
    return seen


@pytest.mark.parametrize("duel", [duel for duel in DUELS if not duel.scenarios], ids=_name)
def test_a_duel_ends_well(duel: Duel, players: Players) -> None:
    _plays_well(players, duel.name)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("number_changed_there", "xero"),
        ("late_create", "xero"),
    ],
)
def test_a_duel_ends_well_at_other_providers(name: str, at: ProviderName, players: Players) -> None:
    _plays_well(players, name, seeds=2, at=at)


def test_s74_a_worker_that_wakes_after_its_request_was_given_up_sends_nothing(
    players: Players,
) -> None:
    assert _plays_well(players, "worker_stands_still")["74"]


def test_s75_a_batch_partly_refused_and_a_worker_that_died_end_as_the_provider_has_them(
    players: Players,
) -> None:
    assert _plays_well(players, "mixed_batch")["75"]


def test_s75_elements_of_one_request_partly_refused_end_as_xero_has_them(players: Players) -> None:
    assert _plays_well(players, "mixed_batch", seeds=2, at="xero")["75"]


def test_s76_a_create_is_resolved_by_its_frozen_number_though_the_invoice_was_renumbered(
    players: Players,
) -> None:
    # Short, and the look-up falls between the new number and the old one in a fifth of the seeds.
    assert _plays_well(players, "renumbered_unknown", seeds=16)["76"]


def test_s89_an_absence_seen_before_quiet_until_proves_nothing_after_it(players: Players) -> None:
    assert _plays_well(players, "look_up_stands_still")["89"]


def test_s90_an_unanswered_update_is_not_judged_by_what_was_there_before(players: Players) -> None:
    assert _plays_well(players, "late_update")["90"]


def test_s92_a_number_handed_on_waits_for_the_create_that_carries_it(players: Players) -> None:
    assert _plays_well(players, "number_taken_over")["92"]


def test_s93_a_foreign_invoice_is_no_cause_while_ours_may_still_come(players: Players) -> None:
    assert _plays_well(players, "foreign_number")["93"]


def test_s96_two_invoices_whose_numbers_move_on_keep_no_cause_that_is_no_longer_true(
    players: Players,
) -> None:
    assert _plays_well(players, "handed_over")["96"]
