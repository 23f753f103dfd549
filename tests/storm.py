"""A storm: load goes on while processes die, freeze and servers restart; then the books are read.

Everything random comes from the seed: which fault when, on whom, and what is sent. What the machine
makes of it isn't repeated to the millisecond.
"""

import asyncio
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import uuid4

import httpx
from office import Json, Office, connected_office
from provider_side import advance, mend, with_first_synced
from storm_store import evidence
from testkit import Stack, eventually

SETTINGS = {
    "*": {"SWEEP_SECONDS": "2"},
    "connector-qbo": {"QUIET_MARGIN_SECONDS": "0.5"},
    # A command or an outcome that went with Kafka's data is asked for again, not in 15 minutes.
    "sync-orchestrator": {"ANSWER_OVERDUE_SECONDS": "30"},
}
TIME_SCALE = 0.02
PARTS = "invoice-api,sync-orchestrator,connector-qbo,simulator-qbo"
"""What the storm is over."""

LOST = 0.2
_PAST_THE_LEASE = 11.0
_BACK_WITHIN = 90.0
_LOAD_WITHIN = 120.0
_EVIDENCE_LINES = 150
_WRITES = ("/batch", "/invoice", "/customer")
_SERVICES = ("invoice-api", "sync-orchestrator", "connector-qbo")


@dataclass(frozen=True)
class Plan:
    """How long, how much, and what for chance."""

    seed: int
    seconds: float
    invoices: int
    faults: int
    companies: int = 4
    calm_within: float = 240.0


@dataclass
class Report:
    """What was done and what became of it."""

    plan: Plan
    faults: Counter[str] = field(default_factory=Counter[str])
    lost_answers: int = 0
    sent: int = 0
    edited: int = 0
    calm_after: float | None = None
    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])
    gaps: list[str] = field(default_factory=list[str])
    evidence: list[str] = field(default_factory=list[str])
    """What the tables say of the first few that aren't as they should be."""

    @property
    def is_clean(self) -> bool:
        nothing = not (self.lost or self.doubled or self.wrong or self.gaps)
        return self.calm_after is not None and nothing

    def text(self) -> str:
        calm = "never" if self.calm_after is None else f"{self.calm_after:.1f} s after the last"
        lines = [
            f"seed {self.plan.seed}, {self.plan.companies} companies, {self.plan.seconds:g} s",
            f"invoices sent {self.sent}, edits {self.edited}",
            f"faults {self.faults.total()}, answers lost {self.lost_answers}",
            *(f"  {count:4}  {kind}" for kind, count in sorted(self.faults.items())),
            f"at rest {calm}",
            f"lost {len(self.lost)}, doubled {len(self.doubled)}, wrong badges {len(self.wrong)}"
            f", gaps in history {len(self.gaps)}",
        ]
        for name in ("lost", "doubled", "wrong", "gaps"):
            found: list[str] = getattr(self, name)
            lines += [f"  {name}: {each}" for each in found[:20]]
        lines += self.evidence
        return "\n".join(lines)


@dataclass
class Company:
    """An office under load, and what its books must hold in the end: total by number."""

    office: Office
    customer: Json
    item: Json
    expected: dict[str, Decimal]
    invoices: dict[str, Json] = field(default_factory=dict[str, Json])


async def storm(stack: Stack, plan: Plan) -> Report:
    """Runs it whole; asserts nothing: the report says what was found."""
    report = Report(plan)
    async with AsyncExitStack() as exits:
        offices = [
            await exits.enter_async_context(connected_office(stack, f"Gale{n}"))
            for n in range(plan.companies)
        ]
        companies = [await _settled(office) for office in offices]
        await stack.start("connector-qbo", 2)
        async with _answers_lost(offices[0], plan.seed) as struck:
            load = asyncio.create_task(_load(companies, plan, report))
            trouble = asyncio.create_task(_trouble(stack, offices[0], plan, report))
            await asyncio.gather(load, trouble)
            report.lost_answers = await struck()
        began = time.monotonic()
        with suppress(AssertionError):
            await eventually(lambda: _at_rest(companies), within=plan.calm_within, every=0.5)
            left = plan.calm_within - (time.monotonic() - began)
            await eventually(_whole_histories(companies), within=max(left, 10.0), every=0.5)
            report.calm_after = time.monotonic() - began
        for company in companies:
            await _compare(company, report)
            await _gather_evidence(stack, company, report)
    return report


async def _settled(office: Office) -> Company:
    customer, item = await with_first_synced(office)
    [first] = (await office.web.get("/invoices")).json()["data"]
    return Company(
        office,
        customer,
        item,
        {first["number"]: Decimal(first["total"])},
        {first["number"]: first},
    )


@asynccontextmanager
async def _answers_lost(office: Office, seed: int) -> AsyncGenerator[Callable[[], Awaitable[int]]]:
    """A fifth of all writes, of every organisation, lose their answer after they were done."""
    made: list[str] = []
    for path in _WRITES:
        rule = {"kind": "drop_after_commit", "match": {"path": path}, "rate": LOST, "seed": seed}
        answer = await office.books.post("/_sim/faults", json=rule)
        made.append(str(answer.json()["id"]))

    async def struck() -> int:
        rows: list[Json] = (await office.books.get("/_sim/faults")).json()
        return sum(int(row["hits"]) for row in rows if row["id"] in made)

    try:
        yield struck
    finally:
        for identifier in made:
            await mend(office, identifier)


# --- load


async def _surely(office: Office, method: str, path: str, body: Json) -> Json:
    """A call that is made until it is answered, as the same one: its key says so."""
    headers = {"Idempotency-Key": str(uuid4())}
    deadline = time.monotonic() + _LOAD_WITHIN
    while True:
        said = ""
        try:
            answer = await office.web.request(method, path, json=body, headers=headers)
            if answer.status_code < 500 and answer.status_code != 409:
                assert answer.status_code < 300, answer.text
                shown: Json = answer.json()
                return shown
            said = f"{answer.status_code} {answer.text[:200]}"
        except httpx.TransportError as away:
            said = repr(away)
        assert time.monotonic() < deadline, f"{method} {path}: {said}"
        await asyncio.sleep(0.25)


async def _load(companies: list[Company], plan: Plan, report: Report) -> None:
    chance = random.Random(plan.seed + 1)
    began = time.monotonic()
    while report.sent < plan.invoices:
        company = chance.choice(companies)
        count = min(chance.choice((1, 1, 1, 5, 20)), plan.invoices - report.sent)
        await _send(company, count, chance)
        report.sent += count
        if chance.random() < 0.3:
            await _edit(company, chance)
            report.edited += 1
        due = began + plan.seconds * report.sent / plan.invoices
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _send(company: Company, count: int, chance: random.Random) -> None:
    rows = [
        {
            "customer_id": company.customer["id"],
            "issue_date": "2026-06-15",
            "due_date": "2026-07-15",
            "currency": "USD",
            "lines": [_line(company, _price(chance))],
        }
        for _ in range(count)
    ]
    body: Json = {"invoices": rows, "send": True}
    made = await _surely(company.office, "POST", "/invoices/bulk", body)
    for invoice in made["data"]:
        company.expected[invoice["number"]] = Decimal(invoice["total"])
        company.invoices[invoice["number"]] = invoice


async def _edit(company: Company, chance: random.Random) -> None:
    number = chance.choice(sorted(company.invoices))
    price = _price(chance)
    path = f"/invoices/{company.invoices[number]['id']}"
    await _surely(company.office, "PATCH", path, {"lines": [_line(company, price)]})
    company.expected[number] = Decimal(price)


def _line(company: Company, price: str) -> Json:
    fields = {"item_id": company.item["id"], "description": "visit", "quantity": "1"}
    return {**fields, "unit_price": price}


def _price(chance: random.Random) -> str:
    return str(Decimal(chance.randint(100, 99_999)) / 100)


# --- trouble


async def _trouble(stack: Stack, office: Office, plan: Plan, report: Report) -> None:
    chance = random.Random(plan.seed + 2)
    kinds: list[tuple[str, Callable[[], Awaitable[None]]]] = [
        *((f"kill -9 {name}", _killing(stack, name, chance)) for name in _SERVICES),
        *((f"freeze {name}", _freezing(stack, name, chance)) for name in _SERVICES),
        ("kill -9 kafka", _killing(stack, "kafka", chance)),
        ("freeze kafka", _freezing(stack, "kafka", chance)),
        ("restart kafka", lambda: stack.restart("kafka", within=_BACK_WITHIN)),
        ("kafka's data wiped", lambda: _wiped(stack)),
        ("kill -9 postgres", _killing(stack, "postgres", chance)),
        ("restart postgres", lambda: stack.restart("postgres", within=_BACK_WITHIN)),
        ("every access token expires", lambda: advance(office, 3_700)),
        ("provider answers 503 for 3 s", _away(office)),
    ]
    began = time.monotonic()
    order: list[int] = []
    for number in range(plan.faults):
        due = began + plan.seconds * (number + 0.5) / plan.faults
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if not order:
            order = chance.sample(range(len(kinds)), len(kinds))
        name, strike = kinds[order.pop()]
        await strike()
        report.faults[name] += 1


def _killing(stack: Stack, name: str, chance: random.Random) -> Callable[[], Awaitable[None]]:
    async def strike() -> None:
        before = stack.pids(name)
        victim = chance.choice(before)
        os.kill(victim, signal.SIGKILL)
        await _back(stack, name, victim, len(before))

    return strike


def _freezing(stack: Stack, name: str, chance: random.Random) -> Callable[[], Awaitable[None]]:
    async def strike() -> None:
        victim = chance.choice(stack.pids(name))
        os.kill(victim, signal.SIGSTOP)
        try:
            await asyncio.sleep(_PAST_THE_LEASE)
        finally:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGCONT)
        await stack.ready(name, within=_BACK_WITHIN)

    return strike


async def _wiped(stack: Stack) -> None:
    """The broker comes back with nothing: no topics, no messages, no positions of any reader."""
    await stack.halt("kafka", within=_BACK_WITHIN)
    shutil.rmtree(stack.state / "kafka" / "log")
    await stack.start("kafka", within=_BACK_WITHIN)


async def _back(stack: Stack, name: str, victim: int, count: int) -> None:
    def there() -> None:
        now = stack.pids(name)
        assert victim not in now, f"{name}: {victim} is still listed"
        assert len(now) == count, f"{name}: {now} run, not {count}"

    await eventually(there, within=_BACK_WITHIN, every=0.1)
    await stack.ready(name, within=_BACK_WITHIN)


def _away(office: Office) -> Callable[[], Awaitable[None]]:
    async def strike() -> None:
        rule = {"kind": "status", "status": 503, "match": {"path": "/v3/"}}
        answer = await office.books.post("/_sim/faults", json=rule)
        await asyncio.sleep(3.0)
        await mend(office, str(answer.json()["id"]))

    return strike


# --- reckoning


async def _badges(company: Company) -> dict[str, Json]:
    """The badge of each invoice by its number."""
    found: dict[str, Json] = {}
    cursor = ""
    while True:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        answer = await company.office.web.get("/invoices", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found |= {row["number"]: row["sync"]["qbo"] for row in page["data"]}
        cursor = page["next_cursor"] or ""
        if not cursor:
            return found


async def _at_rest(companies: list[Company]) -> None:
    """All badges are green and the books hold the newest amounts."""
    for company in companies:
        try:
            badges = await _badges(company)
        except httpx.TransportError as away:
            raise AssertionError(repr(away)) from away
        states = Counter(badge["state"] for badge in badges.values())
        assert set(states) == {"synced"}, states
        there = {
            r["number"]: Decimal(r["total"]) for r in (await company.office.held())["invoices"]
        }
        assert there == company.expected


def _whole_histories(companies: list[Company]) -> Callable[[], Awaitable[None]]:
    """A check that every history has come to its end, too; those that have aren't read again.

    A badge may be green before it: invoice-api hears the outcome itself, and the orchestrator,
    which keeps the history, may just be on its way back.
    """
    left = [(company, one) for company in companies for one in company.invoices.values()]

    async def whole() -> None:
        for company, invoice in left.copy():
            assert await _gap(company, invoice) is None
            left.remove((company, invoice))

    return whole


async def _compare(company: Company, report: Report) -> None:
    name = company.office.organisation
    rows = (await company.office.held())["invoices"]
    counted = Counter(row["number"] for row in rows)
    badges = await _badges(company)
    report.lost += [
        f"{name} {n}, {_shown(badges.get(n, {}))}" for n in company.expected if counted[n] == 0
    ]
    report.doubled += [f"{name} {n} × {c}" for n, c in counted.items() if c > 1]
    report.doubled += [f"{name} {n} is nobody's" for n in counted if n not in company.expected]
    held = await company.office.held()
    for kind in ("customers", "items"):
        if len(held[kind]) != 1:
            report.doubled.append(f"{name} {kind}: {len(held[kind])}")
    for row in rows:
        badge, want = badges.get(row["number"], {}), company.expected.get(row["number"])
        right = (badge.get("state"), badge.get("remote_id")) == ("synced", row["id"])
        if not right or want != Decimal(row["total"]):
            report.wrong.append(
                f"{name} {row['number']}: {_shown(badge)},"
                f" there {row['id']} {row['total']}, here {want}"
            )
    for number, invoice in company.invoices.items():
        gap = await _gap(company, invoice)
        if gap:
            report.gaps.append(f"{name} {number}: {gap}")


async def _gather_evidence(stack: Stack, company: Company, report: Report) -> None:
    bad = [*report.lost, *report.doubled, *report.wrong, *report.gaps]
    for number, invoice in company.invoices.items():
        of_this = f"{company.office.organisation} {number}"
        if any(each.startswith((f"{of_this}:", f"{of_this},", f"{of_this} ")) for each in bad):
            if len(report.evidence) > _EVIDENCE_LINES:
                return
            report.evidence.append(f"{of_this} = {invoice['id']}")
            report.evidence += [f"    {row}" for row in await evidence(stack, invoice["id"])]


def _shown(badge: Json) -> str:
    """What a badge says, with its reason as the provider gave it."""
    cause: Json = badge.get("cause") or {"code": None, "details": {"provider_message": None}}
    told = (cause["code"], cause["details"]["provider_message"])
    return f"{badge.get('state')} as {badge.get('remote_id')} {told}"


async def _gap(company: Company, invoice: Json) -> str | None:
    """What is missing in the invoice's history, if anything."""
    answer = await company.office.web.get(
        f"/invoices/{invoice['id']}/timeline", params={"provider": "qbo"}
    )
    if answer.status_code != 200:
        return f"the timeline answers {answer.status_code}"
    lines: list[Json] = answer.json()["data"]
    kinds = [line["kind"] for line in lines]
    for kind in ("requested", "issued", "synced"):
        if kind not in kinds:
            return f"no line {kind} in {kinds}"
    times = [line["at"] for line in lines]
    if times != sorted(times):
        return "lines aren't in order"
    issued = {line["details"]["step"] for line in lines if line["kind"] == "issued"}
    ended = {line["details"]["step"] for line in lines if line["kind"] in {"outcome", "replaced"}}
    unanswered = issued - ended
    return f"steps {sorted(unanswered)} have no end" if unanswered else None
