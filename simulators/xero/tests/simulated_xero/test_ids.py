"""Ids are as random as the provider's, unless whoever makes the world draws them."""

import itertools
from uuid import UUID

from xero_simulator.clock import SimClock
from xero_simulator.entities import contact
from xero_simulator.world import World


def test_where_ids_are_drawn_the_same_writes_give_the_same_ids() -> None:
    def written() -> list[str]:
        numbers = itertools.count(1)
        world = World(SimClock(), new_id=lambda: str(UUID(int=next(numbers))))
        books = world.open("Acme")
        made = [contact.create(books, {"Name": n}, world.clock.now()) for n in ("Ann", "Bob")]
        joined = world.connections.attach(
            "app", "joe", books.tenant, "event", world.clock.now(), same=False
        )
        return [*(one.id for one in books.all("Account")), *(one.id for one in made), joined.id]

    first = written()
    assert first == written()
    assert first == [str(UUID(int=number)) for number in range(1, len(first) + 1)]


def test_else_no_two_are_alike() -> None:
    books = [World(SimClock()).open("Acme") for _ in range(2)]
    ids = [one.id for each in books for one in each.all("Account")]
    assert len(set(ids)) == len(ids)
