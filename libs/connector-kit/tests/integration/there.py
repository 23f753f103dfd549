"""A small accounting provider over real HTTP, whose books, clock and faults belong to the test.

Books hold customers, items and invoices. Names of customers and items are unique; numbers of
invoices aren't. Notes have room for a mark, except on items. A batch answers each item alone.
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Fault = Literal[
    "lose_request", "lose_answer", "late_answer", "late_request", "500", "401", "402", "429", "html"
]
Json = dict[str, Any]
Answered = tuple[int, Json, dict[str, str]]


@dataclass
class Record:
    id: str
    key: str
    note: str
    fields: dict[str, str]
    created_at: datetime
    version: int = 0
    removed: str | None = None
    ours: bool = True

    def shown(self) -> Json:
        return {
            "id": self.id,
            "key": self.key,
            "note": self.note,
            "fields": self.fields,
            "version": str(self.version),
            "created_at": self.created_at.isoformat(),
            "removed": self.removed,
        }


@dataclass
class There:
    """The provider. `faults` of a path are used up one per request, in order."""

    port: int = 0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    books: dict[str, dict[str, Record]] = field(
        default_factory=lambda: defaultdict(dict[str, Record])
    )
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque[Fault]))
    seen: list[tuple[str, str, Json]] = field(default_factory=list[tuple[str, str, Json]])
    retry_after: str | None = None
    left: str | None = None
    """What its answers say is left of its limit."""

    refuse_tokens: bool = False
    access: str = "access-1"
    refresh: str = "refresh-1"
    refreshes: int = 0
    revoked: list[str] = field(default_factory=list[str])
    detached: list[str] = field(default_factory=list[str])
    granted: str | None = None
    """The scopes that the token endpoint says it gave, if it says so."""
    codes: dict[str, str] = field(default_factory=dict[str, str])
    organisation: Json = field(default_factory=lambda: {"id": "org-1", "name": "Hill Plumbing"})
    accounts: list[Json] = field(default_factory=list[Json])
    customers_there: list[Json] = field(default_factory=list[Json])
    items_there: list[Json] = field(default_factory=list[Json])
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    """A request with the fault `late_answer` is executed, and answered once this is set."""
    pending: list[tuple[datetime, list[Json]]] = field(
        default_factory=list[tuple[datetime, list[Json]]]
    )
    """What came with the fault `late_request`, and when: executed by `execute_late`, or never."""
    _numbers: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, entity: str) -> list[Record]:
        """What is live in the books."""
        return [record for record in self.books[entity].values() if record.removed is None]

    def fail(self, path: str, *faults: Fault) -> None:
        """The next requests to this path go wrong so, one after the other."""
        self.faults[path].extend(faults)

    def requests(self, path: str) -> list[Json]:
        return [body for _, seen_path, body in self.seen if seen_path == path]

    def put(self, entity: str, key: str, note: str = "", **fields: str) -> Record:
        """Somebody keys a record in by hand."""
        return self._create(entity, key, note, fields)

    def execute_late(self, at: int) -> None:
        """Execute a pending request, long after its caller was gone."""
        _, items = self.pending.pop(at)
        for item in items:
            self._execute(item)

    def expire_access(self) -> None:
        """The access token that was given is no longer taken; a refresh gives the next."""
        self.access = f"access-{int(self.access.split('-')[1]) + 1}"

    def answer(self, method: str, path: str, query: Json, headers: Json, body: bytes) -> Answered:
        if path == "/token":
            return self._token({k: v[0] for k, v in parse_qs(body.decode()).items()})
        if path == "/revoke":
            self.revoked.append(parse_qs(body.decode())["token"][0])
            return 200, {}, {}
        if headers.get("authorization") != f"Bearer {self.access}":
            return 401, {"error": "unauthorized"}, {}
        if path == "/batch":
            items = json.loads(body)["items"]
            return 200, {"items": [self._execute(item) for item in items]}, {}
        if path == "/find":
            entity = query["entity"][0]
            keys, ids = set(query.get("key", [])), set(query.get("id", []))
            found = [
                record.shown()
                for record in self.books[entity].values()
                if record.key in keys or record.id in ids
            ]
            return 200, {"found": found}, {}
        if path.startswith("/attachments/"):
            self.detached.append(path.removeprefix("/attachments/"))
            return 200, {}, {}
        if path == "/organisation":
            return 200, self.organisation, {}
        if path == "/accounts":
            return 200, {"rows": self.accounts}, {}
        if path == "/customers":
            return 200, {"rows": self.customers_there}, {}
        if path == "/items":
            return 200, {"rows": self.items_there}, {}
        return 404, {"error": "no such page"}, {}

    def _token(self, fields: dict[str, str]) -> Answered:
        if fields["grant_type"] == "authorization_code":
            organisation = self.codes.pop(fields["code"], None)
            if organisation is None:
                return 400, {"error": "invalid_grant"}, {}
        elif self.refuse_tokens or fields["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant"}, {}
        else:
            self.refreshes += 1
            self.refresh = f"refresh-{self.refreshes + 1}"
            self.access = f"access-{self.refreshes + 100}"
        given = {"access": self.access, "refresh": self.refresh, "expires_in": 3600}
        return 200, given | ({} if self.granted is None else {"scope": self.granted}), {}

    def _execute(self, item: Json) -> Json:
        entity, key = item["entity"], item["key"]
        if "refuse" in key:
            return {"error": {"code": "bad_name", "message": f"{key} is not liked"}}
        if "gone" in key:
            return {"error": {"code": "reference_gone", "message": "a reference is gone"}}
        twin = next((r for r in self.of(entity) if r.key == key and r.id != item.get("id")), None)
        if twin is not None and entity != "invoice":
            return {"error": {"code": "taken", "message": "taken", "holder": twin.id}}
        if item["op"] == "create":
            record = self._create(entity, key, item["note"], item["fields"])
            return {"ok": record.shown()}
        record = self.books[entity].get(item["id"])
        if record is None or record.removed is not None:
            how = "deleted" if record is None else record.removed
            return {"error": {"code": "removed", "message": "removed", "how": how}}
        if str(record.version) != item["version"]:
            return {"error": {"code": "stale", "message": "somebody else changed it"}}
        record.version += 1
        if item["op"] == "void":
            record.removed = "voided"
        else:
            record.key, record.note, record.fields = key, item["note"], item["fields"]
        return {"ok": record.shown()}

    def _create(self, entity: str, key: str, note: str, fields: dict[str, str]) -> Record:
        self._numbers += 1
        record = Record(str(self._numbers), key, note, dict(fields), self.now())
        self.books[entity][record.id] = record
        return record


@asynccontextmanager
async def provider_there() -> AsyncGenerator[There]:
    """A running provider, on a free port of this machine."""
    there = There()
    open_ones: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        try:
            while await _one(there, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            open_ones.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        for task in list(open_ones):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _one(there: There, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer one request; False to close the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {
        k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    is_json = headers.get("content-type") == "application/json"
    parsed: Json = json.loads(body) if is_json else {}
    there.seen.append((method, url.path, parsed))
    faults = there.faults[url.path]
    fault = faults.popleft() if faults else None
    if fault == "late_request":
        there.pending.append((there.now(), parsed["items"]))
    if fault in ("lose_request", "late_request"):
        return False
    status, answer, more = 200, Json(), dict[str, str]()
    if fault in ("500", "401", "402", "429"):
        status, answer = int(fault), {"error": fault}
        if fault == "429" and there.retry_after is not None:
            more = {"retry-after": there.retry_after}
    else:
        status, answer, more = there.answer(method, url.path, parse_qs(url.query), headers, body)
    if fault == "lose_answer":
        return False
    if fault == "late_answer":
        await there.go_on.wait()
    if there.left is not None:
        more = {**more, "X-Left": there.left}
    text = b"<html>maintenance</html>" if fault == "html" else json.dumps(answer).encode()
    lines = [
        f"HTTP/1.1 {status} x",
        f"content-length: {len(text)}",
        *(f"{k}: {v}" for k, v in more.items()),
    ]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + text)
    await writer.drain()
    return True
