"""A message that comes twice has its effect once."""

import asyncio
from uuid import uuid4

import pytest
from contracts.ids import MessageId
from messaging import inbox

from .support import Schema


def _ids(count: int) -> list[MessageId]:
    return [MessageId(uuid4()) for _ in range(count)]


async def test_only_the_first_time_counts_and_each_reader_for_itself(schema: Schema) -> None:
    a, b, c = _ids(3)
    async with schema.database.transaction() as tx:
        assert await inbox.first_time(tx, "one", [a, b, a]) == {a, b}
        assert await inbox.first_time(tx, "one", [b, c]) == {c}
    async with schema.database.transaction() as tx:
        assert await inbox.first_time(tx, "one", [a, b, c]) == set()
        assert await inbox.first_time(tx, "other", [a]) == {a}
        assert await inbox.first_time(tx, "other", []) == set()


async def test_a_transaction_that_fails_has_seen_nothing(schema: Schema) -> None:
    ids = _ids(2)
    await schema.roll_back(lambda tx: inbox.first_time(tx, "one", ids))
    async with schema.database.transaction() as tx:
        assert await inbox.first_time(tx, "one", ids) == set(ids)


async def test_of_two_at_the_same_time_one_waits_and_is_not_first(schema: Schema) -> None:
    ids = _ids(5)

    async def second() -> set[MessageId]:
        async with schema.database.transaction() as tx:
            return await inbox.first_time(tx, "one", ids)

    async with schema.database.transaction() as tx:
        assert await inbox.first_time(tx, "one", ids[:3]) == set(ids[:3])
        waiting = asyncio.create_task(second())
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done, "it must wait: the first may still roll back"
    assert await waiting == set(ids[3:])


async def test_batches_that_share_ids_in_any_order_never_deadlock(schema: Schema) -> None:
    ids = _ids(200)

    async def read(order: list[MessageId]) -> set[MessageId]:
        async with schema.database.transaction() as tx:
            return await inbox.first_time(tx, "one", order)

    seen = await asyncio.gather(read(ids), read(ids[::-1]), read(ids[50:]), read(ids[:150][::-1]))
    assert sorted(len(part) for part in seen)[-1] <= 200
    assert sum(len(part) for part in seen) == 200


async def test_prune_forgets_what_no_topic_still_holds(schema: Schema) -> None:
    old, young = _ids(2)
    async with schema.database.transaction() as tx:
        await tx.execute("SELECT set_config('app.now', '2026-06-01T00:00:00Z', true)")
        await inbox.first_time(tx, "one", [old])
    async with schema.database.transaction() as tx:
        await tx.execute("SELECT set_config('app.now', '2026-06-10T00:00:00Z', true)")
        await inbox.first_time(tx, "one", [young])
    async with schema.database.transaction() as tx:
        await tx.execute("SELECT set_config('app.now', '2026-06-16T00:00:00Z', true)")
        assert await inbox.prune(tx) == 1
        assert await inbox.prune(tx) == 0
        assert await inbox.first_time(tx, "one", [old, young]) == {old}


async def test_prune_refuses_to_forget_what_a_topic_still_holds(schema: Schema) -> None:
    async with schema.database.transaction() as tx:
        with pytest.raises(ValueError, match="older_than_days must be 8 or more, not 3"):
            await inbox.prune(tx, older_than_days=3)
