"""A connector's process: its loops, its health, its stop; and settings that are refused."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from connector_kit.app import Parts, main, parts, roles_of
from connector_kit.loops import LOTS_AT_ONCE
from connector_kit.provider import Member
from connector_kit.settings import KitSettings, ProviderSettings
from contracts.ids import CompanyId
from local_stack.ports import find_free_block
from messaging.process import run_roles
from pydantic import SecretStr, ValidationError
from testkit import TestDatabase, eventually

from .bench import SCHEMA, Bench, bench_on, ids, open_connection
from .plain import PlainOperations, plain_provider
from .there import There

SECRET = "canary-client-secret"


def settings_for(database: TestDatabase, port: int) -> KitSettings:
    return KitSettings(
        database_url=SecretStr(database.dsn(SCHEMA)),
        internal_key=SecretStr("ab" * 32),
        token_keys={"k1": SecretStr((b"1" * 32).hex())},
        http_port=port,
        roles=frozenset({"http", "work"}),
        public_url=f"http://127.0.0.1:{port}",
    )


def there_of(there: There) -> ProviderSettings:
    return ProviderSettings(
        environment="simulator",
        simulator_url=there.url,
        client_id="client",
        client_secret=SecretStr(SECRET),
    )


@asynccontextmanager
async def running(bench: Bench, database: TestDatabase) -> AsyncGenerator[tuple[Parts, str]]:
    """The process with its real loops on the bench's database."""
    port = find_free_block(1)
    settings = settings_for(database, port)
    async with parts(plain_provider(), settings, there_of(bench.there)) as made:
        stop = asyncio.Event()
        process = asyncio.create_task(run_roles(roles_of(made), stop=stop))
        try:
            yield made, f"http://127.0.0.1:{port}"
        finally:
            stop.set()
            assert await asyncio.wait_for(process, 20) == 0


async def test_the_loops_send_check_load_and_answer_for_many_connections(
    database: TestDatabase,
) -> None:
    async with bench_on(database) as bench:
        connections = [(bench.connection, bench.company)]
        for n in range(2, 5):
            company = CompanyId(ids.new())
            made = await open_connection(
                bench.connector, bench.sealer, f"org-{n}", company, f"org-{n}"
            )
            connections.append((made, company))
        bench.there.fail("/batch", "lose_answer", "lose_answer")
        commands = [
            bench.customer(f"Customer {n} of {connection}", connection=connection, company=company)
            for connection, company in connections
            for n in range(50)
        ]
        async with running(bench, database) as (made, url):
            for start in range(0, len(commands), 40):
                await bench.take(*commands[start : start + 40])
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:

                async def all_there() -> None:
                    assert len(bench.there.of("customer")) == 200
                    assert await bench.waiting() == 0

                await eventually(all_there, within=30)
                for path in ("/livez", "/readyz"):
                    assert (await http.get(path)).status_code == 200
                metrics = (await http.get("/metrics")).text
                assert "provider_requests_total" in metrics
                answer = await http.post("/internal/v1/disconnect", json={"connection_id": "x"})
                assert answer.status_code == 422
                answer = await http.get("/connect")
                assert answer.status_code == 303
            assert made.settings.roles == {"http", "work"}
        keys = [record.key for record in bench.there.of("customer")]
        assert len(set(keys)) == 200
        assert set(await bench.states()) <= {"finished", "never_happened"}


class Apart(PlainOperations):
    """Every record in a request of its own, though many may share one."""

    def lot(self, member: Member) -> str:
        return str(member.command.record_id)


async def test_one_claim_may_bring_more_lots_than_are_sent_at_once(database: TestDatabase) -> None:
    async with bench_on(database) as bench:
        facts = {name: replace(each, batch=40) for name, each in plain_provider().entities.items()}
        apart = plain_provider(operations=Apart(), entities=facts)
        await bench.take(*(bench.customer(f"Customer {n}") for n in range(3 * LOTS_AT_ONCE)))
        settings = settings_for(database, find_free_block(1))
        async with parts(apart, settings, there_of(bench.there)) as made:
            stop = asyncio.Event()
            work = asyncio.ensure_future(roles_of(made)["work"](stop))

            async def all_there() -> None:
                assert not work.done(), work
                assert len(bench.there.of("customer")) == 3 * LOTS_AT_ONCE

            await eventually(all_there, within=20)
            stop.set()
            await work


async def test_a_stop_finishes_what_is_under_way(database: TestDatabase) -> None:
    async with bench_on(database) as bench:
        bench.there.fail("/batch", "late_answer")
        await bench.take(bench.customer("A"))
        async with running(bench, database):

            def asked() -> None:
                assert bench.there.requests("/batch")

            await eventually(asked)
            asyncio.get_running_loop().call_later(1.0, bench.there.go_on.set)
        assert await bench.states() == ["finished"]


def test_times_for_a_simulator_are_refused_with_real_hosts(database: TestDatabase) -> None:
    settings = settings_for(database, 8002)
    settings.refuse_for("production")
    for changes in ({"time_scale": 0.05}, {"quiet_margin_seconds": 1.0}):
        wrong = settings.model_copy(update=changes)
        wrong.refuse_for("simulator")
        with pytest.raises(ValueError, match=r"TIME_SCALE|QUIET_MARGIN_SECONDS"):
            wrong.refuse_for("sandbox")


def test_wrong_settings_are_named_and_no_secret_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    monkeypatch.setenv("INTERNAL_KEY", "canary")
    monkeypatch.setenv("TOKEN_KEYS", json.dumps({"k1": "canary"}))
    assert main(plain_provider(), "connector_plain", ["run"]) == 2
    shown = capsys.readouterr().err
    assert "INTERNAL_KEY:" in shown
    assert "TOKEN_KEYS: " in shown
    assert "canary" not in shown
    monkeypatch.setenv("INTERNAL_KEY", "ab" * 32)
    monkeypatch.setenv("TOKEN_KEYS", json.dumps({"k1": "cd" * 32}))
    assert main(plain_provider(), "connector_plain", ["run"]) == 2
    assert "QBO_CLIENT_ID:" in capsys.readouterr().err


def test_secrets_are_not_in_the_repr_of_settings(database: TestDatabase) -> None:
    settings = settings_for(database, 8002)
    there = ProviderSettings(
        environment="simulator",
        simulator_url="http://x",
        client_id="c",
        client_secret=SecretStr(SECRET),
    )
    assert SECRET not in repr(there)
    assert "ab" * 32 not in repr(settings)
    with pytest.raises(ValidationError, match="SIMULATOR_URL"):
        ProviderSettings(client_id="c", client_secret=SecretStr(SECRET))
