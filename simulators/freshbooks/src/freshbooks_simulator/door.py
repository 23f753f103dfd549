"""The provider's own paths as ASGI: faults, latency and the server's time-out around the work.

A request is let in (or refused) when it arrives, then waits, then does its work in one go. So a
delayed request can commit late, even when its client has long gone, but never after the server's
time-out.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from freshbooks_simulator.accounting.admission import Admission, Place, TurnedAwayError, place_of
from freshbooks_simulator.accounting.api import Api
from freshbooks_simulator.books import Organisation
from freshbooks_simulator.fault_answers import faulty
from freshbooks_simulator.grants import Grant
from freshbooks_simulator.injection import FaultRule, Request
from freshbooks_simulator.limits import Reading
from freshbooks_simulator.oauth.routes import PATHS, TOKEN, OAuth
from freshbooks_simulator.request_log import Row
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire_http import HTML, JSON_UTF8, Answer, Call, answer_json
from freshbooks_simulator.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
DROP = "freshbooks_simulator.drop"
"""Where a scope's state holds the callable that closes the connection without an answer."""

_TIMED_OUT = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"
_CUT = 0
"""Stands for an answer that breaks off in the middle."""


class _Visit:
    """What is known about a request while it is worked on."""

    def __init__(
        self, call: Call, place: Place | None, organisation: Organisation | None, is_oauth: bool
    ) -> None:
        self.call = call
        self.place = place
        self.organisation = organisation
        self.is_oauth = is_oauth
        self.fault: str | None = None
        self.reading: Reading | None = None

    @property
    def name(self) -> str:
        return self.organisation.name if self.organisation else ""

    @property
    def kind(self) -> str:
        """What the request is counted under."""
        if self.place is not None and self.place.rest:
            return self.place.resource.rpartition("/")[2]
        return self.call.path.rstrip("/").rpartition("/")[2] or "root"

    def request(self) -> Request:
        inner = f"/{self.place.rest}" if self.place is not None else self.call.path
        return Request(
            method=self.call.method,
            path=self.call.path,
            inner_path=inner,
            account_id=self.organisation.account_id if self.organisation else "",
            organisation=self.name,
            body=self.call.body,
        )

    def settings(self, otherwise: Settings) -> Settings:
        return self.organisation.settings if self.organisation else otherwise

    def written(self, settings: Settings) -> str:
        """What this request writes to, as far as two writes can get into each other's way."""
        if settings.conflicts == "never" or self.place is None or self.organisation is None:
            return ""
        if self.call.method not in ("POST", "PUT", "DELETE"):
            return ""
        if settings.conflicts == "account":
            return self.organisation.account_id
        return self.call.path if self.place.identifier else ""


class Door:
    """An ASGI app for everything that isn't the simulator's own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._oauth = OAuth(world)
        self._admission = Admission(world)
        self._api = Api(world, self._admission)
        self._writing: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await _read(scope, receive)
        if call is None:
            return
        started, at = self._world.clock.seconds(), self._world.clock.now()
        visit = self._visit(call)
        answer = await self._answer(visit, started)
        if answer is not None and visit.reading is not None:
            unix = self._world.clock.now().timestamp()
            limits = visit.reading.headers(self._world.limits, unix)
            # What a fault says itself stays.
            answer.headers = limits | {name.lower(): each for name, each in answer.headers.items()}
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
            fault=visit.fault,
            milliseconds=(self._world.clock.seconds() - started) * 1000,
        )
        self._world.log.add(row, visit.kind)

    def _visit(self, call: Call) -> _Visit:
        if call.path.rstrip("/") in PATHS:
            organisation = self._world.organisations.get(self._oauth.account_of(call))
            return _Visit(call, None, organisation, True)
        place = place_of(call.path)
        organisation = self._admission.owner(place) if place is not None else None
        if place == Place() and (grant := self._world.grants.holder(call.token)) is not None:
            organisation = self._world.organisations.get(grant.account_id)
        return _Visit(call, place, organisation, False)

    async def _answer(self, visit: _Visit, started: float) -> Answer | None:
        """The answer; None where the connection is to be dropped."""
        world, call = self._world, visit.call
        injected = bool(world.injection.rules)
        if injected and visit.organisation and world.injection.revokes(visit.request()):
            visit.fault = "revoke"
            world.revoke(visit.organisation)
        grant: Grant | None = None
        if visit.place is not None:
            try:
                grant, visit.reading = self._admission.admit(call, visit.place)
            except TurnedAwayError as refused:
                visit.reading = refused.reading
                await self._wait(world.limits.latency_ms / 1000)
                return refused.answer
        elif not visit.is_oauth:
            return answer_json(404, {"message": "Not found."}, media=JSON_UTF8)
        rule, delays = None, list[FaultRule]()
        if injected:
            request = visit.request()
            delays = world.injection.delays(request)
            rule = world.injection.breaks(request)
        settings = visit.settings(world.defaults)
        written = visit.written(settings)
        most = settings.conflict_writers if settings.conflicts == "account" else 1
        if written and visit.place is not None and self._writing[written] >= most:
            await self._wait(world.limits.latency_ms / 1000)
            return self._api.conflict(visit.place)
        self._writing[written] += 1
        try:
            return await self._work(visit, grant, started, rule, delays)
        finally:
            self._writing[written] -= 1
            if not self._writing[written]:
                del self._writing[written]

    async def _work(
        self,
        visit: _Visit,
        grant: Grant | None,
        started: float,
        rule: FaultRule | None,
        delays: list[FaultRule],
    ) -> Answer | None:
        world = self._world
        settings = visit.settings(world.defaults)
        token = visit.call.path.rstrip("/") in TOKEN
        visit.fault = rule.kind if rule else ("delay" if delays else visit.fault)
        before = sum(each.delay_ms for each in delays if each.when == "before")
        await self._wait((world.limits.latency_ms + before) / 1000)
        if rule is not None and not _commits(rule):
            if rule.kind == "drop_before_commit":
                return None
            return faulty(rule, None, self._admission, settings, token=token)
        allowed = world.limits.server_timeout_seconds * world.limits.window_scale
        if world.clock.seconds() - started > allowed:
            return Answer(504, _TIMED_OUT, HTML)
        answer = self._handle(visit, grant)
        after = sum(each.delay_ms for each in delays if each.when == "after")
        await self._wait(after / 1000)
        if rule is None:
            return answer
        if rule.kind == "drop_after_commit":
            return None
        if rule.kind == "garbage" and rule.form == "truncated":
            return Answer(_CUT, answer.body, answer.media, answer.headers, answer.records)
        return faulty(rule, answer, self._admission, settings, token=token)

    def _handle(self, visit: _Visit, grant: Grant | None) -> Answer:
        if visit.place is not None and grant is not None:
            return self._api.handle(visit.call, visit.place, grant)
        return self._oauth.handle(visit.call)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._world.clock.sleep(seconds)


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
    return Call(
        method=cast(str, scope["method"]),
        path=cast(str, scope["path"]),
        query_string=cast(bytes, scope["query_string"]).decode("latin-1"),
        headers=headers,
        body=body,
    )


def _headers(answer: Answer, length: int) -> list[tuple[bytes, bytes]]:
    fields = {
        "content-type": answer.media,
        "content-length": str(length),
        "x-request-id": secrets.token_hex(16),
        "x-api-version": "2023-02-20",
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
        raise RuntimeError("dropping connections needs freshbooks_simulator.serving's server")
    return cast("Callable[[bool], None]", drop)
