"""Answers that are lost, late, broken or unheard of: nothing is doubled and nothing is guessed."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, cast

import pytest
from connector_kit import connections_store
from connector_kit.answers import Accepted, Answered
from connector_kit.exchange import Exchange, Request, Response
from connector_kit.provider import FrozenRequest, Member, Ready
from connector_kit.tokens import Token
from contracts.ids import Entity, RequestId
from contracts.sync import SyncFailed, SyncSucceeded
from testkit import TestDatabase, eventually

from connector_conformance.commands import IDS, Company
from connector_conformance.running import SCALE, Running, migrated, running
from connector_conformance.shop import Shop, connected, income_account, shop, succeeded
from connector_conformance.simulator import Simulator
from connector_conformance.subject import ConformanceSubject

T = TypeVar("T")
ENTITIES: tuple[Entity, ...] = ("customer", "item", "invoice")
BOOKS = ("customers", "items", "invoices")

BROKEN: dict[str, dict[str, object]] = {
    "truncated": {"form": "truncated"},
    "empty": {"form": "empty"},
    "text": {"form": "text"},
    "html": {"body": "<!doctype html><html><body><h1>Please wait</h1></body></html>"},
    "xml": {"body": "<?xml version='1.0'?><Response><Ok/></Response>"},
    "another shape": {"body": '{"hello": ["there", 1, null]}'},
}
"""Answers of a request that was done."""


class AnswersConformance:
    @pytest.mark.parametrize(
        ("kind", "rule"),
        [("drop_after_commit", {}), ("status", {"status": 500, "commit": True})],
    )
    async def test_s49_what_was_done_without_an_answer_is_found_at_once(
        self,
        subject: ConformanceSubject,
        connector: Running,
        simulator: Simulator,
        kind: str,
        rule: dict[str, object],
    ) -> None:
        name = f"Done {kind}"
        company = await connected(connector, simulator, name)
        for entity in ENTITIES:
            await simulator.fault(kind, match=_creating(subject, entity, name), times=1, **rule)
        account = await income_account(subject, connector, company)
        on = await Shop(connector, company, account).made()
        invoice = on.invoice("1001")
        await connector.command(invoice)
        made = await succeeded(connector, invoice)
        books = await simulator.books(name)
        assert {kind: len(books[kind]) for kind in BOOKS} == dict.fromkeys(BOOKS, 1)
        assert books["invoices"][0]["id"] == made.remote.id

    @pytest.mark.parametrize(
        ("kind", "rule"), [("drop_before_commit", {}), ("status", {"status": 500})]
    )
    async def test_s49_what_was_not_done_goes_again_once_that_is_certain(
        self,
        subject: ConformanceSubject,
        connector: Running,
        simulator: Simulator,
        kind: str,
        rule: dict[str, object],
    ) -> None:
        name = f"Undone {kind}"
        company = await connected(connector, simulator, name)
        account = await income_account(subject, connector, company)
        for entity in ENTITIES[:2]:
            await simulator.fault(kind, match=_creating(subject, entity, name), times=1, **rule)
        commands = [company.customer("Ann Lee"), company.item("Call-out", account)]
        await connector.command(*commands)
        for command in commands:
            await succeeded(connector, command, within=60)
        books = await simulator.books(name)
        assert (len(books["customers"]), len(books["items"])) == (1, 1)

    @pytest.mark.parametrize("when", ["before", "after"])
    async def test_a_time_out_is_looked_up_and_one_exists(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator, when: str
    ) -> None:
        name = f"Slow {when}"
        company = await connected(connector, simulator, name)
        late = 1_000 * (subject.provider.answer_timeout * SCALE + 1)
        rule: dict[str, object] = {"delay_ms": late}
        if when == "after":
            rule["when"] = when
        await simulator.fault("delay", match=_creating(subject, "customer", name), times=1, **rule)
        customer = company.customer("Ann Lee")
        await connector.command(customer)
        await succeeded(connector, customer, within=40)
        assert len((await simulator.books(name))["customers"]) == 1

    @pytest.mark.parametrize("broken", BROKEN)
    async def test_a_body_that_says_nothing_is_looked_up(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator, broken: str
    ) -> None:
        name = f"Broken {broken}"
        company = await connected(connector, simulator, name)
        match = _creating(subject, "customer", name)
        await simulator.fault("garbage", commit=True, match=match, times=1, **BROKEN[broken])
        customer = company.customer("Ann Lee")
        await connector.command(customer)
        made = await succeeded(connector, customer, within=40)
        (there,) = (await simulator.books(name))["customers"]
        assert there["id"] == made.remote.id

    @pytest.mark.parametrize("broken", ["500", "truncated", "html", "empty"])
    async def test_s43_a_read_that_fails_removes_nothing(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator, broken: str
    ) -> None:
        name = f"Read {broken}"
        on = await shop(subject, connector, simulator, name)
        invoice = on.invoice("1001")
        await connector.command(invoice)
        made = await succeeded(connector, invoice)
        match = {**subject.reads, "organisation": name}
        rule = {"status": 500} if broken == "500" else BROKEN[broken]
        kind = "status" if broken == "500" else "garbage"
        fault = await simulator.fault(kind, match=match, **rule)
        read = on.company.read("invoice", invoice.record_id, made.remote, step=2)
        await connector.command(read)

        async def asked() -> None:
            assert await simulator.hits(fault) >= 1

        await eventually(asked, within=20)
        said = await connector.outcomes(invoice.record_id)
        assert [o for o in said if isinstance(o, SyncFailed)] == []
        await simulator.clear()
        await succeeded(connector, read, within=40)
        said = await connector.outcomes(invoice.record_id)
        assert [o for o in said if isinstance(o, SyncSucceeded) and o.removed] == []

    async def test_fields_of_tomorrow_are_ignored(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Every object of every answer has one field more than we know."""
        company = await connected(connector, simulator, "Tomorrow")
        send = await _sender(connector, simulator, company)
        made = connector.made.connector
        operations = subject.provider.operations
        async with made.database.transaction() as tx:
            found = await connections_store.find(tx, [company.connection])
        context = made.context_of(found[company.connection])
        member = Member(company.customer("Ann Lee"), None)
        (ready,) = await _drive(operations.prepare([member], context), send)
        assert isinstance(ready, Ready)
        request_id = RequestId(IDS.new())
        packed = operations.pack([ready.member], context, request_id)
        assert packed.request is not None
        response = _of_tomorrow(await send(packed.request))
        assert operations.whole(response) is None
        answer = operations.read(FrozenRequest(request_id, "customer", packed.frozen), response)
        assert isinstance(answer, Answered)
        (one,) = answer.members
        assert isinstance(one, Accepted)
        (there,) = (await simulator.books("Tomorrow"))["customers"]
        assert one.remote.id == there["id"]

    async def test_s50_a_crash_after_the_provider_wrote_leaves_one(
        self,
        subject: ConformanceSubject,
        new_database: Callable[[Sequence[str]], TestDatabase],
        simulator: Simulator,
    ) -> None:
        """The first connector is cut off while the answer is on its way; a second one goes on."""
        database = await migrated(new_database([subject.package]), subject.package)
        await simulator.fresh("Crash")
        parts = (subject.provider, subject.package, database, simulator.url)
        async with running(*parts, crash=True) as first:
            company = await first.connected("Crash")
            match = _creating(subject, "customer", "Crash")
            await simulator.fault("delay", delay_ms=1_000, when="after", match=match, times=1)
            customer = company.customer("Ann Lee")
            await first.command(customer)

            async def written() -> None:
                assert len((await simulator.books("Crash"))["customers"]) == 1

            await eventually(written, within=20)
        async with running(*parts) as second:
            made = await succeeded(second, customer, within=40)
        (there,) = (await simulator.books("Crash"))["customers"]
        assert there["id"] == made.remote.id


def _creating(subject: ConformanceSubject, entity: Entity, name: str) -> dict[str, object]:
    writes = subject.creates[entity]
    return {"path": writes.path, "method": writes.method, "organisation": name}


Send = Callable[[Request], Awaitable[Response]]


async def _sender(connector: Running, simulator: Simulator, company: Company) -> Send:
    """Sends to the simulator with the connection's own token, past the kit."""
    token = await connector.made.connector.tokens.of(company.connection)
    assert isinstance(token, Token)
    bearer = connector.provider.auth.bearer(token.access)

    async def send(request: Request) -> Response:
        answer = await simulator.http.request(
            request.method,
            f"{simulator.url}{request.target}",
            headers=[*request.headers, *bearer],
            content=request.body,
        )
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, lowered, answer.content)

    return send


async def _drive(exchange: Exchange[T], send: Send) -> T:
    """Answers what is asked, each answer with fields of tomorrow."""
    try:
        request = next(exchange)
        while True:
            request = exchange.send(_of_tomorrow(await send(request)))
    except StopIteration as end:
        return cast("T", end.value)


def _of_tomorrow(response: Response) -> Response:
    body = json.dumps(_more(json.loads(response.body))).encode()
    return Response(response.status, response.headers, body)


def _more(value: object) -> object:
    """The same with one field more in each object."""
    match value:
        case dict():
            fields = cast("dict[str, object]", value)
            return {"OfTomorrow": {"new": [1]}} | {k: _more(v) for k, v in fields.items()}
        case list():
            return [_more(each) for each in cast("list[object]", value)]
        case _:
            return value
