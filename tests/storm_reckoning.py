"""After a storm: what the books, the badges and the histories say of each invoice."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import httpx
from office import Json
from storm_load import Company, Expected, press
from storm_restore import look_after
from storm_store import evidence
from testkit import Stack

_EVIDENCE_LINES = 150
_GONE = {"void", "deleted"}
_NEEDS_A_PRESS = {"not_synced", "out_of_date"}
"""States of which a company that syncs by hand must press Sync Now once more."""


@dataclass
class Found:
    """What isn't as it should be."""

    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])
    gaps: list[str] = field(default_factory=list[str])
    evidence: list[str] = field(default_factory=list[str])
    """What the tables say of the first few."""

    @property
    def nothing(self) -> bool:
        return not (self.lost or self.doubled or self.wrong or self.gaps)


async def at_rest(companies: Sequence[Company]) -> None:
    """All badges are final and the books hold the newest amounts.

    People do first what is left to them, in every company: one that isn't at rest keeps nobody.
    """
    try:
        badges = [await _badges(company) for company in companies]
        for company, shown in zip(companies, badges, strict=True):
            if company.by_hand and _NEEDS_A_PRESS & {badge["state"] for badge in shown.values()}:
                await press(company)
            await look_after(company, shown)
        for company, shown in zip(companies, badges, strict=True):
            states = Counter(badge["state"] for badge in shown.values())
            wanted = {number: _state(one) for number, one in company.expected.items()}
            assert {number: badge["state"] for number, badge in shown.items()} == wanted, states
            there = {row["number"]: row for row in (await company.office.held())["invoices"]}
            assert all(_amiss(one, there.get(n)) is None for n, one in company.expected.items())
    except httpx.TransportError as away:
        raise AssertionError(repr(away)) from away


def whole_histories(companies: Sequence[Company]) -> Callable[[], Awaitable[None]]:
    """A check that every history has come to its end, too; those that have aren't read again.

    A badge may be final before it: invoice-api hears the outcome itself, and the orchestrator,
    which keeps the history, may just be on its way back.
    """
    left = [(company, one) for company in companies for one in company.expected.values()]

    async def whole() -> None:
        for company, one in left.copy():
            assert await _gap(company, one) is None
            left.remove((company, one))

    return whole


async def reckon(stack: Stack, company: Company, found: Found) -> None:
    """Adds what isn't right with this company."""
    name = company.name
    held = await company.office.held()
    rows: list[Json] = held["invoices"]
    counted = Counter(row["number"] for row in rows)
    badges = await _badges(company)
    found.doubled += [f"{name} {n} × {c}" for n, c in counted.items() if c > 1]
    known = company.expected.keys() | company.forgotten.keys()
    found.doubled += [f"{name} {n} is nobody's" for n in counted if n not in known]
    again = company.expected.keys() & company.forgotten.keys()
    found.doubled += [f"{name} {n} was given twice" for n in sorted(again)]
    customers = Counter(row["name"] for row in held["customers"])
    for one in company.forgotten_customers - company.customers.keys():
        if customers[one] == 1:
            del customers[one]
    if customers != Counter(company.customers.keys()):
        found.doubled.append(f"{name} customers: {customers}")
    if len(held["items"]) != 1:
        found.doubled.append(f"{name} items: {len(held['items'])}")
    named = {row["id"]: row["name"] for row in held["customers"]}
    there = {row["number"]: {**row, "customer": named[row["customer_id"]]} for row in rows}
    for number, one in company.expected.items():
        badge, row = badges.get(number, {}), there.get(number)
        if row is None and not one.void:
            found.lost.append(f"{name} {number}, {_shown(badge)}")
            continue
        amiss = _amiss(one, row)
        if row is not None and badge.get("remote_id") != row["id"]:
            amiss = amiss or f"it is {row['id']} there"
        if badge.get("state") != _state(one):
            amiss = amiss or f"it should be {_state(one)}"
        if amiss:
            found.wrong.append(f"{name} {number}: {_shown(badge)}, {amiss}")
        if gap := await _gap(company, one):
            found.gaps.append(f"{name} {number}: {gap}")
    await _gather_evidence(stack, company, found)


def _state(one: Expected) -> str:
    return "voided" if one.void else "synced"


def _amiss(one: Expected, row: Json | None) -> str | None:
    """What the books' row says otherwise than it should."""
    if one.void:
        return None if row is None or row["status"] in _GONE else f"{row['status']} there"
    if row is None:
        return "not there"
    if row["status"] in _GONE:
        return f"{row['status']} there"
    if Decimal(row["total"]) != one.total:
        return f"{row['total']} there, {one.total} here"
    if row.get("customer", one.customer) != one.customer:
        return f"{row['customer']} there, {one.customer} here"
    return None


async def _badges(company: Company) -> dict[str, Json]:
    """The badge of each invoice by its number."""
    found: dict[str, Json] = {}
    cursor = ""
    while True:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        answer = await company.office.web.get("/invoices", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found |= {row["number"]: row["sync"][company.office.provider] for row in page["data"]}
        cursor = page["next_cursor"] or ""
        if not cursor:
            return found


async def _gather_evidence(stack: Stack, company: Company, found: Found) -> None:
    bad = [*found.lost, *found.doubled, *found.wrong, *found.gaps]
    for number, one in company.expected.items():
        of_this = f"{company.name} {number}"
        if any(each.startswith((f"{of_this}:", f"{of_this},", f"{of_this} ")) for each in bad):
            if len(found.evidence) > _EVIDENCE_LINES:
                return
            found.evidence.append(f"{of_this} = {one.invoice['id']}")
            rows = await evidence(stack, company.office.provider, one.invoice["id"])
            found.evidence += [f"    {row}" for row in rows]


def _shown(badge: Json) -> str:
    """What a badge says, with its reason as the provider gave it."""
    cause: Json = badge.get("cause") or {"code": None, "details": {"provider_message": None}}
    told = (cause["code"], cause["details"]["provider_message"])
    return f"{badge.get('state')} as {badge.get('remote_id')} {told}"


async def _gap(company: Company, one: Expected) -> str | None:
    """What is missing in the invoice's history, if anything."""
    answer = await company.office.web.get(
        f"/invoices/{one.invoice['id']}/timeline", params={"provider": company.office.provider}
    )
    if answer.status_code != 200:
        return f"the timeline answers {answer.status_code}"
    lines: list[Json] = answer.json()["data"]
    kinds = [line["kind"] for line in lines]
    # One that was voided early enough was never asked for.
    for kind in () if one.void else ("requested", "issued", "synced"):
        if kind not in kinds:
            return f"no line {kind} in {kinds}"
    times = [line["at"] for line in lines]
    if times != sorted(times):
        return "lines aren't in order"
    issued = {line["details"]["step"] for line in lines if line["kind"] == "issued"}
    ended = {line["details"]["step"] for line in lines if line["kind"] in {"outcome", "replaced"}}
    unanswered = issued - ended
    return f"steps {sorted(unanswered)} have no end" if unanswered else None
