"""Bugs that the simulation must find: each takes one rule away. Applied by the test, never shipped.

`seeds` bounds the search: a bug that isn't found within so many seeds fails the test.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from simulation.ground import Ground
from simulation.planted import connector, orchestrator, recovering
from simulation.sides import Cast

Plant = Callable[[Ground], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Planted:
    """`rule` is what is taken away, `seed` one that catches it.

    `mix` is the story that needs it, `duel` the short one that is about it, `cast` where its
    companies are: at QuickBooks unless said.
    """

    name: str
    rule: str
    plant: Plant
    seed: int | None = None
    mix: str | None = None
    duel: str | None = None
    cast: Cast = ()


PLANTED: tuple[Planted, ...] = (
    Planted(
        "no_open_row",
        "a record with an open row is in no other request, nor is a natural key",
        connector.no_open_row,
        seed=0,
        duel="late_create",
    ),
    Planted(
        "absence_at_once",
        "a create's absence is believed only by a look-up sent after quiet_until",
        connector.absence_at_once,
        seed=0,
        duel="late_create",
    ),
    Planted(
        "absence_when_processed",
        "the clock is read before a look-up is sent, not when its answer is processed",
        connector.absence_when_processed,
        seed=0,
        duel="look_up_stands_still",
    ),
    Planted(
        "no_send_time_check",
        "past its deadline nothing is sent",
        connector.no_send_time_check,
        seed=2,
        duel="worker_stands_still",
    ),
    Planted(
        "answer_to_whoever_is_open",
        "an answer is written against its own request",
        connector.answer_to_whoever_is_open,
        duel="late_answer",
        seed=0,
    ),
    Planted(
        "choice_by_command",
        "update or create is chosen when it is sent, by what is finished",
        connector.choice_by_command,
        seed=0,
        duel="renumbered_unknown",
    ),
    Planted(
        "number_not_frozen",
        "a look-up asks for what was frozen",
        connector.number_not_frozen,
        seed=2,
        duel="renumbered_unknown",
    ),
    Planted(
        "foreign_at_once",
        "a number that is somebody else's is a cause only after quiet_until",
        connector.foreign_at_once,
        seed=0,
        duel="foreign_number",
    ),
    Planted(
        "mark_without_generation",
        "our mark names the generation",
        connector.mark_without_generation,
        duel="created_again",
        seed=0,
    ),
    Planted(
        "lanes_take_older",
        "a lower step never replaces a higher one",
        connector.lanes_take_older,
        duel="older_commands",
        seed=0,
    ),
    Planted(
        "content_seen_before",
        "content B, then C, then B again: the provider ends with B",
        orchestrator.content_seen_before,
        duel="there_and_back",
        seed=0,
    ),
    Planted(
        "outcome_of_any_generation",
        "an outcome of an older generation changes no state",
        orchestrator.outcome_of_any_generation,
        duel="old_answers",
        seed=0,
    ),
    Planted(
        "no_company_lock",
        "whatever decides locks its companies first",
        orchestrator.no_company_lock,
        seed=92,
    ),
    Planted(
        "no_inbox",
        "a message whose effect appends is recorded in the inbox",
        orchestrator.no_inbox,
        seed=0,
    ),
    Planted(
        "feed_by_sequence",
        "a feed ends before the oldest open transaction",
        orchestrator.feed_by_sequence,
        duel="open_while_read",
        seed=0,
    ),
    Planted(
        "no_feed",
        "each leg has its sweep",
        orchestrator.no_feed,
        seed=1,
    ),
    Planted(
        "never_asked_again",
        "an overdue outcome is asked for again",
        orchestrator.never_asked_again,
        seed=0,
        duel="answers_lost",
    ),
    Planted(
        "older_snapshot_wins",
        "a snapshot that isn't newer changes nothing",
        orchestrator.older_snapshot_wins,
        seed=7,
    ),
    Planted(
        "own_number_is_a_cause",
        "our own number in the way is waited for",
        orchestrator.own_number_is_a_cause,
        seed=1,
        duel="handed_over",
    ),
    Planted(
        "update_judged_at_once",
        "an unanswered update is judged only by a read sent after quiet_until",
        connector.update_judged_at_once,
        seed=7,
        duel="late_update",
        # Xero compares no version: what comes late is written over what came since.
        cast=("xero",),
    ),
    Planted(
        "everyone_probes",
        "of a provider that is away one lane is tried, for all",
        connector.everyone_probes,
        seed=0,
        duel="away_for_all",
    ),
    Planted(
        "reserve_ignored",
        "what is kept of a limit for clicks is taken by clicks only",
        connector.reserve_ignored,
        seed=6,
        mix="limits",
    ),
    Planted(
        "refresh_not_single_flight",
        "one refresher per grant",
        connector.refresh_not_single_flight,
        seed=139,
        mix="tokens",
    ),
    Planted(
        "acknowledged_first",
        "acknowledged after the effect, and what is lost is swept",
        orchestrator.acknowledged_first,
        seed=6,
    ),
    Planted(
        "nothing_verified",
        "after a restore a create of an older record is looked up first",
        recovering.nothing_verified,
        seed=1,
        mix="restored",
    ),
    Planted(
        "voids_not_looked_for",
        "after a restore a void of what isn't known to be there is looked for first",
        recovering.voids_not_looked_for,
        seed=10,
        mix="restored",
    ),
)
