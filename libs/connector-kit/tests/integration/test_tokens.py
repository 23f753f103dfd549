"""Access tokens: one refresh for all, nothing lost by an answer that didn't come."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from connector_kit.housekeeping import Housekeeping
from connector_kit.sealing import CannotUnseal, Sealer
from connector_kit.tokens import NoToken, Token, TokenKeeper
from connector_kit.worker import Worker
from contracts.commands import RemoteRef
from contracts.connections import ConnectionExpired
from contracts.ids import CompanyId, RemoteId
from contracts.sync import SyncDelayed, SyncSucceeded
from messaging.database import Tx
from testkit import TestDatabase

from .bench import CLIENT, AheadDatabase, Bench, bench_on, ids, open_connection
from .plain import plain_provider


class Counted(AheadDatabase):
    """Counts its transactions."""

    begun = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        self.begun += 1
        async with super().transaction() as tx:
            yield tx


def another_process(bench: Bench, sealer: Sealer | None = None) -> TokenKeeper:
    connector = bench.connector
    return TokenKeeper(
        connector.database,
        connector.transport,
        connector.provider,
        CLIENT,
        sealer or bench.sealer,
        ids,
        bench.clock,
    )


async def test_ten_workers_with_an_expired_token_make_one_refresh(bench: Bench) -> None:
    keepers = [bench.connector.tokens, another_process(bench)]
    for expiry in range(1, 4):
        bench.later(hours=1)
        tokens = await asyncio.gather(
            *[keepers[n % 2].of(bench.connection) for n in range(10)],
        )
        assert bench.there.refreshes == expiry
        assert {token.access for token in tokens if isinstance(token, Token)} == {
            bench.there.access
        }


async def test_ten_requests_answered_401_make_one_refresh_and_all_go_again(
    database: TestDatabase,
) -> None:
    async with bench_on(database, requests_in_flight=10) as bench:
        await bench.take(*[bench.customer(f"Customer {n}") for n in range(50)])
        bench.there.expire_access()
        in_hand = [await bench.freeze() for _ in range(10)]
        answers = await asyncio.gather(*[bench.worker.send(one) for one in in_hand])
        await asyncio.gather(
            *[bench.worker.record(one, a) for one, a in zip(in_hand, answers, strict=True)]
        )
        assert set(await bench.states()) == {"never_happened"}
        await bench.work()
        assert bench.there.refreshes == 1
        assert len(bench.there.of("customer")) == 50
        assert all(isinstance(said, SyncSucceeded) for said in await bench.said())


async def test_a_dead_grant_expires_its_connection_and_holds_its_work(bench: Bench) -> None:
    bench.there.refuse_tokens = True
    bench.later(hours=1)
    await bench.take(bench.customer("A"), bench.customer("B"))
    assert await bench.work() == 1
    expired = await bench.said_one(ConnectionExpired)
    assert (expired.cause.code, expired.epoch) == ("connection_expired", 2)
    assert await bench.teller.tell() == 2
    assert await bench.teller.tell() == 0
    told = [said for said in await bench.said() if isinstance(said, SyncDelayed)]
    assert {(delay.why, delay.cause and delay.cause.code) for delay in told} == {
        ("connection", "connection_expired")
    }
    await bench.take(bench.customer("C"))
    assert (await bench.said_one(SyncDelayed)).why == "connection"
    assert await bench.work() == 0
    assert bench.there.requests("/batch") == []
    assert isinstance(await bench.connector.tokens.of(bench.connection), NoToken)


@pytest.mark.parametrize("fault", ["500", "lose_request"])
async def test_a_token_endpoint_that_fails_expires_nothing(bench: Bench, fault: str) -> None:
    bench.there.fail("/token", fault)  # pyright: ignore[reportArgumentType]  # one of Fault
    bench.later(hours=1)
    await bench.take(bench.customer("A"))
    await bench.work()
    assert await bench.said() == []
    bench.later(seconds=3)
    await bench.work()
    await bench.said_one(SyncSucceeded)
    assert bench.there.refreshes == 1


async def test_a_lost_refresh_is_tried_again_with_the_old_token_and_only_its_refusal_is_the_end(
    bench: Bench,
) -> None:
    bench.there.fail("/token", "lose_answer")
    bench.later(hours=1)
    assert isinstance(await bench.connector.tokens.of(bench.connection), NoToken)
    assert await bench.said() == []
    # The next try comes later, from whichever process, and the provider has rotated the token.
    too_soon = await another_process(bench).of(bench.connection)
    assert isinstance(too_soon, NoToken)
    assert not too_soon.expired
    assert len(bench.there.requests("/token")) == 1
    bench.later(seconds=3)
    after = await another_process(bench).of(bench.connection)
    assert isinstance(after, NoToken)
    assert after.expired
    await bench.said_one(ConnectionExpired)


async def test_a_refresher_that_died_is_followed_by_another(bench: Bench) -> None:
    await bench.pool.execute(
        "UPDATE grants SET refresh_started_at = clock(), refresh_by = $1, refresh_tries = 1",
        ids.new(),
    )
    bench.later(hours=1)
    assert isinstance(await bench.connector.tokens.of(bench.connection), Token)


async def test_access_that_was_removed_there_expires_the_connection(bench: Bench) -> None:
    bench.there.fail("/batch", "401", "401", "401", "401")
    await bench.take(bench.customer("A"))
    await bench.work()
    expired = [said for said in await bench.said() if isinstance(said, ConnectionExpired)]
    assert [event.cause.code for event in expired] == ["access_removed_there"]


async def test_tokens_are_sealed_for_their_grant_alone(bench: Bench) -> None:
    company = CompanyId(ids.new())
    other = await open_connection(bench.connector, bench.sealer, "org-2", company, "org-2")
    rows = await bench.pool.fetch("SELECT * FROM grants")
    assert not any(b"access-1" in bytes(row["access_sealed"]) for row in rows)
    await bench.pool.execute(
        """
        UPDATE grants SET access_sealed = mine.access_sealed, wrapped_key = mine.wrapped_key
        FROM grants AS mine WHERE grants.subject = 'org-2' AND mine.subject = 'org-1'
        """
    )
    token = await bench.connector.tokens.of(other)
    assert isinstance(token, NoToken)
    assert not token.expired


async def test_master_keys_rotate_while_tokens_are_in_use(bench: Bench) -> None:
    newer = Sealer({"k1": b"1" * 32, "k2": b"2" * 32}, lambda n: b"r" * n)
    housekeeping = Housekeeping(bench.connector, CLIENT, newer)
    assert await housekeeping.rotate_keys() == 1
    assert await housekeeping.rotate_keys() == 0
    without_the_old = Sealer({"k2": b"2" * 32}, lambda n: b"r" * n)
    token = await another_process(bench, without_the_old).of(bench.connection)
    assert isinstance(token, Token)
    assert token.access == "access-1"


def test_a_sealed_secret_opens_for_its_owner_and_purpose_only() -> None:
    sealer = Sealer({"k1": b"1" * 32}, lambda n: bytes(range(n)))
    key = sealer.new_key("grant:a")
    sealed = sealer.seal(key, "grant:a", "access", "secret")
    assert sealer.open(key, "grant:a", "access", sealed) == "secret"
    for owner, purpose in (("grant:b", "access"), ("grant:a", "refresh")):
        with pytest.raises(CannotUnseal):
            sealer.open(key, owner, purpose, sealed)


async def test_a_paused_connection_holds_its_work_and_goes_on(database: TestDatabase) -> None:
    async with bench_on(database) as bench:
        await bench.pool.execute("UPDATE connections SET paused_at = clock()")
        await bench.take(bench.customer("A"))
        assert (await bench.said_one(SyncDelayed)).why == "connection"
        assert await bench.work() == 0
        await bench.pool.execute("UPDATE connections SET paused_at = NULL")
        await bench.work()
        await bench.said_one(SyncSucceeded)


async def test_tokens_that_live_shorter_than_they_are_refreshed_early_still_send(
    database: TestDatabase,
) -> None:
    """A new token is used though it is due to be refreshed already: once for each request."""
    oauth = replace(plain_provider().oauth, refresh_early=7200.0)
    async with bench_on(database, oauth=oauth) as bench:
        linked = bench.there.put("customer", "Old name")
        link = RemoteRef(id=RemoteId(linked.id), version=None)
        await bench.take(bench.customer("New name", link=link))
        await bench.work()
        await bench.said_one(SyncSucceeded)
        assert bench.there.refreshes == 2, "for what was read first, and for what was sent"


async def test_token_and_request_are_committed_by_one_transaction(bench: Bench) -> None:
    """A token that is good costs no transaction of its own, before reading nor before sending."""
    counting = Counted(bench.pool, bench.clock)
    worker = Worker(replace(bench.connector, database=counting))
    await bench.take(bench.customer("A"))
    ready = await worker.prepare(await bench.claim())
    assert ready is not None
    before = counting.begun
    assert await worker.freeze(ready) is not None
    assert counting.begun - before == 1
