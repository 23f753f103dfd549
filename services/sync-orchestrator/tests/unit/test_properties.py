"""Any interleaving of events, commands, outcomes, clicks and reviews, each late or twice."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from .world import World

Act = Callable[[World], None]
_NUMBER = st.integers(0, 5)


@st.composite
def acts(draw: st.DrawFn) -> tuple[str, Act]:
    """One thing that happens, with a name for the report."""
    n, again, refuse = draw(_NUMBER), draw(st.booleans()), draw(st.integers(0, 3)) == 0
    kind = draw(
        st.sampled_from(
            ["event", "event", "command", "command", "outcome", "outcome", "edit", "back",
             "void", "click", "review", "lose"]
        )
    )  # fmt: skip
    choices: dict[str, Act] = {
        "event": lambda world: world.deliver_event(n, again=again),
        "command": lambda world: world.deliver_command(n, again=again, refuse=refuse),
        "outcome": lambda world: world.deliver_outcome(n, again=again),
        "edit": lambda world: world.edit(n),
        "back": lambda world: world.edit_back(n),
        "lose": lambda world: world.lose_command(n),
        "void": lambda world: world.void(n),
        "click": lambda world: world.click(n),
        "review": lambda world: world.review(n),
    }
    return f"{kind} {n}", choices[kind]


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(acts(), max_size=60))
def test_whatever_the_order_one_document_each_and_the_last_content_wins(
    begun: bool, happening: list[tuple[str, Act]]
) -> None:
    world = World()
    if begun:
        world.begin()
    for _, act in happening:
        act(world)
        world.check()
    world.settle()
    world.check()
    world.check_at_rest()
    assert world.created == len(world.provider)


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=10))
def test_events_end_the_same_in_any_order_and_any_number_of_times(
    order: list[int], again: list[int]
) -> None:
    world = World()
    events = list(world.events)
    world.events.clear()
    for n in (*order, *again):
        world.receive(events[n])
    world.settle()
    world.check_at_rest()
    assert len(world.provider) == 5
