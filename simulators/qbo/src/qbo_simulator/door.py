"""The provider's own paths as ASGI: faults, latency and the server's time-out around the work.

A request is let in (or refused) when it arrives, then waits, then does its work in one go. So a
delayed request can commit late, even when its client has long gone, but never after the server's
time-out.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast
from urllib.parse import parse_qsl

from qbo_simulator.books import Organisation
from qbo_simulator.company.admission import PREFIX, Admission, RefusedError, split
from qbo_simulator.company.api import CompanyApi
from qbo_simulator.fault_answers import faulty, missing_bid
from qbo_simulator.injection import FaultRule, Request
from qbo_simulator.oauth.routes import PATHS, OAuth
from qbo_simulator.request_log import Row
from qbo_simulator.wire_http import HTML, Answer, Call
from qbo_simulator.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
DROP = "qbo_simulator.drop"
"""Where a scope's state holds the callable that closes the connection without an answer."""

_TIMED_OUT = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"


class _Visit:
    """What is known about a request while it is worked on."""

    def __init__(self, call: Call, realm: str, organisation: Organisation | None) -> None:
        self.call = call
        self.realm = realm
        self.organisation = organisation
        self.fault: str | None = None
        inner = split(call.path)[1] if call.path.startswith(PREFIX) else call.path
        self.kind = inner.strip("/").split("/")[0] or "company"
        self.inner = inner

    @property
    def name(self) -> str:
        return self.organisation.name if self.organisation else ""

    def request(self) -> Request:
        return Request(
            method=self.call.method,
            path=self.call.path,
            inner_path=self.inner,
            realm=self.realm,
            organisation=self.name,
            body=self.call.body,
        )


class Door:
    """An ASGI app for everything that isn't the simulator's own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._oauth = OAuth(world)
        self._admission = Admission(world)
        self._company = CompanyApi(world)

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
            request_id=call.query.get("requestid", ""),
            fault=visit.fault,
            milliseconds=(self._world.clock.seconds() - started) * 1000,
        )
        self._world.log.add(row, visit.kind)

    def _visit(self, call: Call) -> _Visit:
        if call.path.startswith(PREFIX):
            realm = split(call.path)[0]
        elif call.path.rstrip("/") in PATHS:
            realm = self._oauth.realm_of(call)
        else:
            realm = ""
        return _Visit(call, realm, self._world.organisations.get(realm))

    async def _answer(self, visit: _Visit, started: float) -> Answer | None:
        """The answer; None where the connection is to be dropped."""
        world, call = self._world, visit.call
        injected = bool(world.injection.rules)
        if injected and world.injection.revokes(visit.request()):
            visit.fault = "revoke"
            world.grants.revoke_organisation(visit.realm)
        app = ""
        if call.path.startswith(PREFIX):
            try:
                visit.organisation, grant = self._admission.admit(call)
            except RefusedError as refused:
                await self._wait(world.limits.latency_ms / 1000)
                return refused.answer
            app = grant.client_id
        elif call.path.rstrip("/") not in PATHS:
            return Answer(404, b"<html><body><h1>404 Not Found</h1></body></html>", HTML)
        world.meters.begin(visit.realm, app)
        try:
            rule, delays = None, list[FaultRule]()
            if injected:
                request = visit.request()
                delays = world.injection.delays(request)
                rule = world.injection.breaks(request)
            return await self._work(visit, started, rule, delays)
        finally:
            world.meters.end(visit.realm, app)

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
            return faulty(rule, None, self._admission, visit.call)
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
        if rule.kind == "garbage" and rule.form == "missing_bid":
            return missing_bid(answer)
        if rule.kind == "garbage" and rule.form == "truncated":
            return Answer(_CUT, answer.body, answer.media, answer.headers, answer.records)
        return faulty(rule, answer, self._admission, visit.call)

    def _handle(self, visit: _Visit) -> Answer:
        if visit.organisation is not None and visit.call.path.startswith(PREFIX):
            return self._company.handle(visit.organisation, visit.call)
        return self._oauth.handle(visit.call)

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
    return Call(
        method=cast(str, scope["method"]),
        path=cast(str, scope["path"]),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def _headers(answer: Answer, length: int) -> list[tuple[bytes, bytes]]:
    fields = {
        "content-type": answer.media,
        "content-length": str(length),
        "intuit_tid": f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
        "QBO-Version": "1987.154",
        **answer.headers,
    }
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]


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
        raise RuntimeError("dropping connections needs qbo_simulator.serving's server")
    return cast("Callable[[bool], None]", drop)
