"""What offices do during a storm, and what their books must hold for it in the end."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import uuid4

import httpx
from office import Json, Office
from provider_side import with_first_synced
from testkit import eventually

_ANSWERED_WITHIN = 180.0
_RUN_WITHIN = 420.0


@dataclass
class Expected:
    """One invoice, as the books must show it."""

    invoice: Json
    customer: str
    total: Decimal
    void: bool = False


@dataclass
class Company:
    """An office under load. `by_hand`: with both switches off, everything goes by Sync Now."""

    office: Office
    item: Json
    by_hand: bool
    customers: dict[str, Json]
    """Ours, by the name that they have there."""

    chance: random.Random
    expected: dict[str, Expected] = field(default_factory=dict[str, Expected])
    done: Counter[str] = field(default_factory=Counter[str])
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while its people are in the middle of something."""
    forgotten: dict[str, Expected] = field(default_factory=dict[str, Expected])
    """Made, and lost with the database: each is in the books once at most, and not here."""
    forgotten_customers: set[str] = field(default_factory=set[str])
    edited_there: dict[str, Expected] = field(default_factory=dict[str, Expected])
    """Those whose last edit was lost so, by number, as the books still hold them."""

    @property
    def name(self) -> str:
        return self.office.organisation


async def settled(office: Office, *, by_hand: bool, seed: int) -> Company:
    """A company with one customer, item and invoice in the books.

    Sync Customers goes off then: a customer comes by a link or an import, or with its invoice.
    """
    customer, item = await with_first_synced(office)
    await office.settings(sync_customers=False, sync_invoices=not by_hand)
    [first] = (await office.web.get("/invoices")).json()["data"]
    names = {str(customer["name"]): customer}
    company = Company(office, item, by_hand, names, random.Random(seed))
    company.expected[first["number"]] = Expected(first, customer["name"], Decimal(first["total"]))
    return company


async def surely(
    office: Office, method: str, path: str, body: Json | None = None, *, again: int = 409
) -> Json:
    """A call that is made until it is answered, as the same one: its key says so.

    It is made again after 5xx and after `again`, for what is being sent just now.
    """
    headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
    deadline = time.monotonic() + _ANSWERED_WITHIN
    while True:
        said = ""
        try:
            answer = await office.web.request(method, path, json=body, headers=headers)
            if answer.status_code < 500 and answer.status_code != again:
                assert answer.status_code < 300, f"{method} {path}: {answer.text}"
                shown: Json = answer.json()
                return shown
            said = f"{answer.status_code} {answer.text[:200]}"
        except httpx.TransportError as away:
            said = repr(away)
        assert time.monotonic() < deadline, f"{method} {path}: {said}"
        await asyncio.sleep(0.25)


async def load(company: Company, invoices: int, seconds: float) -> None:
    """Sends that many, evenly; between them what else an office does, each kind at least once."""
    chance = company.chance
    kinds: list[tuple[str, int, Callable[[Company], Awaitable[None]]]] = [
        ("edited", 9, _edit),
        ("voided", 3, _void),
        ("linked", 1, _link),
        ("imported", 1, _import),
    ]
    weights = [weight for _, weight, _ in kinds]
    first = chance.sample(kinds, len(kinds))
    sent, began = 0, time.monotonic()
    while sent < invoices:
        count = min(chance.choice((1, 1, 1, 5, 20)), invoices - sent)
        sent += count
        if first and sent * (len(kinds) + 1) >= invoices * (len(kinds) + 1 - len(first)):
            doing = first.pop()
        elif chance.random() < 0.4:
            [doing] = chance.choices(kinds, weights)
        else:
            doing = None
        async with company.busy:
            await _send(company, count)
            company.done["sent"] += count
            if doing is not None:
                await doing[2](company)
                company.done[doing[0]] += 1
            if company.by_hand and chance.random() < 0.3:
                await press(company)
        due = began + seconds * sent / invoices
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def press(company: Company) -> None:
    """Sync Now for invoices; a second press joins the first one's run."""
    path = f"/integrations/{company.office.provider}/sync"
    await surely(company.office, "POST", path, {"invoices": True})
    company.done["Sync Now"] += 1


async def _send(company: Company, count: int) -> None:
    name = company.chance.choice(sorted(company.customers))
    rows = [
        {
            "customer_id": company.customers[name]["id"],
            "issue_date": "2026-06-15",
            "due_date": "2026-07-15",
            "currency": "USD",
            "lines": [line_of(company, _price(company.chance))],
        }
        for _ in range(count)
    ]
    body: Json = {"invoices": rows, "send": True}
    made = await surely(company.office, "POST", "/invoices/bulk", body)
    for invoice in made["data"]:
        company.expected[invoice["number"]] = Expected(invoice, name, Decimal(invoice["total"]))


async def _edit(company: Company) -> None:
    one = _live(company)
    price = _price(company.chance)
    path = f"/invoices/{one.invoice['id']}"
    await surely(company.office, "PATCH", path, {"lines": [line_of(company, price)]})
    one.total = Decimal(price)


async def _void(company: Company) -> None:
    one = _live(company)
    await surely(company.office, "POST", f"/invoices/{one.invoice['id']}/void")
    one.void = True


async def _link(company: Company) -> None:
    """A customer that is there already, made here too: linked, unlinked, and that undone."""
    office = company.office
    name = f"Linked {company.done['linked']}"
    [remote_id] = await _seeded(company, name)
    await _loaded(office)
    body: Json = {"name": name, "kind": "homeowner", "email": f"{uuid4().hex[:8]}@lee.example"}
    made = await surely(office, "POST", "/customers", body)
    path = f"/customers/{made['id']}/links/{office.provider}"
    for method in ("PUT", "DELETE", "PUT"):
        await surely(office, method, path, {"remote_id": remote_id} if method == "PUT" else None)
    company.customers[name] = made


async def _import(company: Company) -> None:
    """Customers that are there only: loaded, and imported as ours."""
    office = company.office
    names = [f"Imported {company.done['imported']} {place}" for place in range(3)]
    remote_ids = await _seeded(company, *names)
    await _loaded(office)
    path = f"/integrations/{office.provider}/remote-customers/import"
    rows = [{"remote_id": one, "kind": "homeowner"} for one in remote_ids]
    await _over(office, await surely(office, "POST", path, {"customers": rows}))
    for name in names:
        found = await surely(office, "GET", f"/customers?q={name}&limit=10")
        [company.customers[name]] = [row for row in found["data"] if row["name"] == name]


async def _seeded(company: Company, *names: str) -> list[str]:
    """Customers as a bookkeeper adds them there; their ids."""
    office = company.office
    rows = [{"name": name, "email": f"{uuid4().hex[:8]}@mail.example"} for name in names]
    body = {"organisation": office.organisation, "customers": rows}
    answer = await office.books.post("/_sim/seed", json=body)
    assert answer.status_code == 200, answer.text
    ids = {row["name"]: str(row["id"]) for row in (await office.held())["customers"]}
    return [ids[name] for name in names]


async def _loaded(office: Office) -> None:
    path = f"/integrations/{office.provider}/remote-customers/load"
    await _over(office, await surely(office, "POST", path, {}))


async def _over(office: Office, started: Json) -> None:
    async def over() -> None:
        run = await surely(office, "GET", f"/runs/{started['run']['id']}")
        assert run["state"] == "done", run

    await eventually(over, within=_RUN_WITHIN, every=0.5)


def _live(company: Company) -> Expected:
    numbers = sorted(number for number, one in company.expected.items() if not one.void)
    return company.expected[company.chance.choice(numbers)]


def line_of(company: Company, price: str) -> Json:
    """The only line of an invoice with this price."""
    fields = {"item_id": company.item["id"], "description": "visit", "quantity": "1"}
    return {**fields, "unit_price": price}


def _price(chance: random.Random) -> str:
    return str(Decimal(chance.randint(100, 99_999)) / 100)
