"""The provider's own paths as ASGI: faults, latency and the server's time-out around the work.

A request is let in (or refused) when it arrives, then waits, then does its work in one go. So a
delayed request can commit late, even when its client has long gone, but never after the server's
time-out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast
from urllib.parse import parse_qsl
from uuid import uuid4

from xero_simulator.accounting.admission import Admission, RefusedError, inner, is_accounting
from xero_simulator.accounting.api import AccountingApi
from xero_simulator.books import Organisation
from xero_simulator.fault_answers import faulty, missing_element
from xero_simulator.grants import Grant
from xero_simulator.idempotency import key_of
from xero_simulator.identity import tenants
from xero_simulator.identity.routes import PATHS, Identity
from xero_simulator.identity.tenants import Tenants
from xero_simulator.injection import FaultRule, Request
from xero_simulator.request_log import Row
from xero_simulator.wire_http import HTML, NO_MEDIA, Answer, Call
from xero_simulator.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
DROP = "xero_simulator.drop"
"""Where a scope's state holds the callable that closes the connection without an answer."""

_TIMED_OUT = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"
_NOT_FOUND = b"<html><body><h1>404 Not Found</h1></body></html>"


class _Visit:
    """What is known about a request while it is worked on."""

    def __init__(self, call: Call, kind: str) -> None:
        self.call = call
        self.kind = kind
        """What it is counted under."""
        self.organisation: Organisation | None = None
        self.reached: list[Organisation] = []
        """Whom it concerns: the tenant it names, or all that its consent reaches."""
        self.grant: Grant | None = None
        self.fault: str | None = None

    @property
    def app(self) -> str:
        return self.grant.client_id if self.grant else ""

    @property
    def tenant(self) -> str:
        return self.organisation.tenant if self.organisation else ""

    @property
    def name(self) -> str:
        return self.reached[0].name if self.reached else ""

    def request(self) -> Request:
        named = tuple(name for each in self.reached for name in (each.name, each.tenant))
        return Request(
            method=self.call.method,
            path=self.call.path,
            inner_path=inner(self.call.path),
            organisations=named,
            body=self.call.body,
        )


class Door:
    """An ASGI app for everything that isn't the simulator's own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._identity = Identity(world)
        self._tenants = Tenants(world)
        self._admission = Admission(world)
        self._api = AccountingApi(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await _read(scope, receive)
        if call is None:
            return
        started, at = self._world.clock.seconds(), self._world.clock.now()
        visit = self._visit(call)
        answer = await self._answer(visit, started)
        if answer is not None and answer.status == _CUT:
            await _cut(scope, send, answer)
        elif answer is None:
            await _drop(scope, receive, send)
        else:
            await _send(send, answer)
        shown = answer is not None and answer.status != _CUT
        row = Row(
            at=at,
            method=call.method,
            path=call.path,
            status=answer.status if answer is not None and shown else None,
            records=answer.records if answer else 0,
            broke_limit=answer.broke_limit if answer else None,
            organisation=visit.name,
            request_id=call.headers.get("idempotency-key", ""),
            fault=visit.fault,
            milliseconds=(self._world.clock.seconds() - started) * 1000,
        )
        self._world.log.add(row, visit.kind)

    def _visit(self, call: Call) -> _Visit:
        world, path = self._world, call.path.rstrip("/").casefold()
        if is_accounting(call.path):
            visit = _Visit(call, inner(path).strip("/").split("/")[0])
            visit.grant = self._admission.grant_of(call)
            visit.organisation = self._admission.tenant_of(call)
            visit.reached = [visit.organisation] if visit.organisation else []
            return visit
        visit = _Visit(call, path.strip("/").split("/")[-1] if path in PATHS else "connections")
        visit.grant = (
            self._identity.grant_of(call) if path in PATHS else self._admission.grant_of(call)
        )
        if visit.grant is not None:
            visit.reached = [
                world.organisations[each.tenant]
                for each in world.connections.of(visit.grant.client_id, visit.grant.user)
                if each.tenant in world.organisations
            ]
        return visit

    async def _answer(self, visit: _Visit, started: float) -> Answer | None:
        """The answer; None where the connection is to be dropped."""
        world, call = self._world, visit.call
        injected = bool(world.injection.rules)
        if injected and (rule := world.injection.revokes(visit.request())) is not None:
            visit.fault = "revoke"
            self._revoke(visit, rule)
        path = call.path.rstrip("/").casefold()
        if len(call.body) > world.limits.max_request_bytes:
            return Answer(413, b"Request Entity Too Large", HTML)
        if is_accounting(call.path):
            try:
                visit.organisation, visit.grant = self._admission.admit(call)
            except RefusedError as refused:
                await self._wait(world.limits.latency_ms / 1000)
                return refused.answer
        elif path not in PATHS and path.split("/")[1:2] != [tenants.PATH.strip("/")]:
            return Answer(404, _NOT_FOUND, HTML)
        tenant, app = visit.tenant, visit.app
        world.meters.begin(tenant, app)
        try:
            rule, delays = None, list[FaultRule]()
            if injected:
                request = visit.request()
                delays = world.injection.delays(request)
                rule = world.injection.breaks(request)
            return await self._work(visit, started, rule, delays)
        finally:
            world.meters.end(tenant, app)

    def _revoke(self, visit: _Visit, rule: FaultRule) -> None:
        connections = self._world.connections
        if rule.revoke == "connection":
            for organisation in visit.reached:
                for each in connections.of_tenant(organisation.tenant):
                    connections.detach(each)
        elif visit.grant is not None:
            self._world.grants.revoke_user(visit.grant.client_id, visit.grant.user)
            connections.detach_user(visit.grant.client_id, visit.grant.user)

    async def _work(
        self, visit: _Visit, started: float, rule: FaultRule | None, delays: list[FaultRule]
    ) -> Answer | None:
        world = self._world
        visit.fault = rule.kind if rule else ("delay" if delays else visit.fault)
        before = sum(each.delay_ms for each in delays if each.when == "before")
        await self._wait((world.limits.latency_ms + before) / 1000)
        if rule is not None and not _commits(rule):
            if rule.kind == "drop_before_commit":
                return None
            answer = faulty(rule, None, self._admission, visit.call, visit.organisation, visit.app)
            self._remember(visit, rule, answer)
            return answer
        allowed = world.limits.server_timeout_seconds * world.limits.window_scale
        if world.clock.seconds() - started > allowed:
            return Answer(504, _TIMED_OUT, HTML)
        answer = self._handle(visit)
        after = sum(each.delay_ms for each in delays if each.when == "after")
        await self._wait(after / 1000)
        if rule is None:
            return answer
        if rule.kind == "drop_after_commit":
            return None
        if rule.kind == "garbage" and rule.form == "missing_element":
            return missing_element(answer)
        if rule.kind == "garbage" and rule.form == "truncated":
            return Answer(_CUT, answer.body, answer.media, answer.headers, answer.records)
        return faulty(rule, answer, self._admission, visit.call, visit.organisation, visit.app)

    def _remember(self, visit: _Visit, rule: FaultRule, answer: Answer) -> None:
        """An error from inside the API comes again with its key."""
        key = key_of(visit.call)
        cached = rule.status == 500 if rule.cached is None else rule.cached
        if key and cached and visit.organisation is not None and visit.grant is not None:
            self._world.idempotency.remember(visit.grant.client_id, key, visit.call, answer)

    def _handle(self, visit: _Visit) -> Answer:
        call = visit.call
        if is_accounting(call.path):
            if visit.organisation is None or visit.grant is None:
                raise RuntimeError("a request was let in without an organisation")
            answer = self._api.handle(visit.organisation, visit.grant, call)
            remaining = self._admission.remaining(visit.organisation, visit.grant.client_id)
            answer.headers = remaining | answer.headers
            return answer
        if call.path.rstrip("/").casefold() in PATHS:
            return self._identity.handle(call)
        return self._tenants.handle(call)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._world.clock.sleep(seconds)


_CUT = 0
"""Stands for an answer that breaks off in the middle."""


def _commits(rule: FaultRule) -> bool:
    if rule.kind in ("status", "garbage"):
        return rule.kind == "garbage" if rule.commit is None else rule.commit
    return rule.kind == "drop_after_commit"


async def _read(scope: Scope, receive: Receive) -> Call | None:
    """The whole request; None if the client went away before it was there."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += cast(bytes, message.get("body", b""))
        if not message.get("more_body", False):
            break
    headers = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in cast("list[tuple[bytes, bytes]]", scope["headers"])
    }
    query = cast(bytes, scope["query_string"]).decode("latin-1")
    path = cast(str, scope["path"])
    raw = cast(bytes, scope.get("raw_path") or path.encode()).decode("latin-1")
    return Call(
        method=cast(str, scope["method"]),
        path=path,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
        target=f"{raw}?{query}",
    )


def _headers(answer: Answer, length: int) -> list[tuple[bytes, bytes]]:
    fields = {
        "content-length": str(length),
        "Cache-Control": "max-age=0, no-cache, no-store",
        "Xero-Correlation-Id": str(uuid4()),
        **answer.headers,
    }
    if answer.media != NO_MEDIA:
        fields["content-type"] = answer.media
    if answer.status in (204, 304):
        del fields["content-length"]
    return [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in fields.items()
    ]


async def _send(send: Send, answer: Answer) -> None:
    headers = _headers(answer, len(answer.body))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _cut(scope: Scope, send: Send, answer: Answer) -> None:
    """The head and half of the body, then nothing more."""
    headers = _headers(answer, len(answer.body))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    half = answer.body[: len(answer.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    _drop_of(scope)(False)


async def _drop(scope: Scope, receive: Receive, send: Send) -> None:
    """Close the connection without a byte of an answer."""
    del send
    _drop_of(scope)(True)
    while (await receive())["type"] != "http.disconnect":
        continue


def _drop_of(scope: Scope) -> Callable[[bool], None]:
    state = cast("dict[str, object]", scope.get("state") or {})
    drop = state.get(DROP)
    if drop is None:
        raise RuntimeError("dropping connections needs xero_simulator.serving's server")
    return cast("Callable[[bool], None]", drop)
