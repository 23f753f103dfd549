"""A consumer that hangs is told from one that is busy, idle, or out of reach of its broker."""

from messaging.kafka_lag import together
from messaging.progress import Progress, Seen, observe

STALLED = 60.0


def _run(*steps: tuple[float, Seen | None, float]) -> tuple[Progress, list[float]]:
    """Observations (time, what the broker says, busy seconds); the times of the restarts."""
    progress, restarts = Progress(), list[float]()
    for now, seen, busy in steps:
        progress, restart = observe(progress, seen, busy, now, stalled_after=STALLED)
        if restart:
            restarts.append(now)
    return progress, restarts


def _stuck(at: int = 7) -> Seen:
    return Seen(lag=5, committed={0: at})


def test_a_consumer_that_does_not_move_for_a_minute_is_built_anew() -> None:
    progress, restarts = _run(*((now, _stuck(), 0) for now in range(0, 71, 10)))
    assert restarts == [70]
    assert not progress.hopeless


def test_if_a_new_one_does_not_move_either_only_a_new_process_may_help() -> None:
    progress, restarts = _run(*((now, _stuck(), 0) for now in range(0, 141, 10)))
    assert restarts == [70, 140]
    assert progress.hopeless
    progress, _ = observe(progress, _stuck(at=8), 0, 150, stalled_after=STALLED)
    assert not progress.hopeless, "it moves again"


def test_one_that_moves_or_has_read_everything_is_left_alone() -> None:
    moving = [(float(now), _stuck(at=now), 0.0) for now in range(0, 300, 10)]
    assert _run(*moving)[1] == []
    idle = [(float(now), Seen(0, {0: 7}), 0.0) for now in range(0, 300, 10)]
    assert _run(*idle)[1] == []


def test_one_whose_broker_is_away_is_left_alone_and_gets_its_minute_afterwards() -> None:
    away: list[tuple[float, Seen | None, float]] = [
        (float(now), None if 30 <= now < 300 else _stuck(), 0.0) for now in range(0, 351, 10)
    ]
    assert _run(*away)[1] == []
    assert _run(*away, (360.0, _stuck(), 0.0))[1] == [360.0]


def test_one_that_works_at_a_batch_is_left_alone_unless_it_takes_for_ever() -> None:
    busy = [(float(now), _stuck(), float(now + 1)) for now in range(0, 590, 10)]
    assert _run(*busy)[1] == []
    for_ever = [(float(now), _stuck(), float(now + 1)) for now in range(0, 700, 10)]
    assert _run(*for_ever)[1] == [670]


def test_only_the_partitions_a_consumer_holds_are_its_own() -> None:
    seen = {0: Seen(5, {0: 1}), 1: Seen(7, {1: 2})}
    assert together(seen, {1}) == Seen(7, {1: 2})
    assert together(seen, set()) == Seen(12, {0: 1, 1: 2})
    assert together({}, {1}) == Seen(0, {})
