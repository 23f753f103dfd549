"""`make import`: a real file into a running stack and through it, then read back by the SDKs.

Every row of the file is accounted for, and each invoice that was sent is looked for in the books of
each provider: exactly once, with its customer, its lines and its total to the cent. A second run on
the same stack goes on with the same company: it says what is there already and doubles nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from local_stack import endpoints as endpoints_file
from testkit import Stack, eventually

from bench.books_by_sdk import READERS, InvoiceThere
from bench.real_file import Invoice, RealFile, read
from tests.office import Office, office

Json = dict[str, Any]
WHO = "real-input.json"
"""In the stack's folder: which company it was, so that a second run goes on with it."""

_IN_PROGRESS = ("waiting", "queued", "checking", "held", "out_of_date")
_STILL_FOR = 20
"""Looks, three seconds apart, at a company of which nothing moves, before it is given up."""


@dataclass
class Told:
    """What the import said of the file."""

    here: dict[str, str] = field(default_factory=dict[str, str])
    """Number and id of each invoice that is here now: imported, or skipped as already imported."""
    results: Counter[str] = field(default_factory=Counter[str])
    rejected: Counter[str] = field(default_factory=Counter[str])
    lines: int = 0


async def run(given: argparse.Namespace) -> int:
    """The exit code: 0 only if everything is accounted for and every invoice is there once."""
    file = read(given.file, given.invoices)
    print(f"{given.file.name}: {file.rows:,} rows of {len(file.invoices):,} invoices")
    stack = cast("Stack", SimpleNamespace(endpoints=endpoints_file.read(given.state)))
    async with AsyncExitStack() as exits:
        one = await exits.enter_async_context(office(stack, "Retail", given.providers[0]))
        one.web.timeout = 120
        one = await _ours(one, given.state / WHO)
        each = [await exits.enter_async_context(one.at(name)) for name in given.providers]
        for there in each:
            await _connected(there)
        begun = time.monotonic()
        shown, told = await _import(one, file)
        print(f"imported in {time.monotonic() - begun:.1f} s")
        wrong = _account(file, shown, told)
        for there in each:
            await _map_items(there)
        count, seconds = await _send(one)
        print(f"{count:,} sent in {seconds:.1f} s")
        for there, differing in await all_through(each, file, told, given.minutes):
            await _tell_requests(there)
            wrong += differing
        print(f"whole: {time.monotonic() - begun:.1f} s")
    for line in wrong[:50]:
        print(f"WRONG: {line}")
    print("FAILED" if wrong else "Every row is accounted for; every invoice is there, once.")
    return 1 if wrong else 0


async def _ours(fresh: Office, file: Path) -> Office:
    """The company of the run before on this stack, or a new one, which is kept for the next."""
    if kept := _kept(file):
        print(f"goes on with {kept['organisation']}, as the run before left it")
        fresh.web.headers["Authorization"] = f"Bearer {kept['signed_up']['api_key']}"
        return replace(fresh, **kept)
    await fresh.sign_up()
    _keep(file, {name: getattr(fresh, name) for name in ("organisation", "username", "signed_up")})
    return fresh


def _kept(file: Path) -> Json | None:
    return json.loads(file.read_text()) if file.exists() else None


def _keep(file: Path, who: Json) -> None:
    file.write_text(json.dumps(who))


async def _connected(one: Office) -> None:
    if (await one.integration())["status"] != "connected":
        await one.connect()
    # The file is of 2010: what is older than the start date stays here.
    await one.settings(sync_customers=True, sync_invoices=True, start_date="2010-01-01")


async def _import(one: Office, file: RealFile) -> tuple[Json, Told]:
    sent = {"file": ("online-retail.csv", file.text.encode(), "text/csv")}
    answer = await one.web.post("/imports/invoices", files=sent, data={"status": "pending"})
    assert answer.status_code == 202, answer.text
    run_id = answer.json()["run"]["id"]
    while True:
        run = (await one.web.get(f"/runs/{run_id}")).json()
        if run["finished_at"]:
            break
        print(f"  {run['done']:,} + {run['failed']:,} of {run['total']:,}", end="\r")
        await asyncio.sleep(1)
    shown = (await one.web.get(f"/imports/{run_id}")).json()
    report = await one.web.get(f"/imports/{run_id}/report")
    told = Told()
    for row in csv.DictReader(io.StringIO(report.text)):
        told.lines += 1
        told.results[row["result"]] += 1
        if row["result"] in {"imported", "skipped"}:
            told.here[row["invoice"]] = row["invoice_id"]
    return shown, told


def _account(file: RealFile, shown: Json, told: Told) -> list[str]:
    """Prints the totals; what doesn't add up."""
    for result, sums in shown["results"].items():
        print(
            f"  {result}: {sums['invoices']:,} invoices, {sums['lines']:,} rows, {sums['amount']}"
        )
    for reason in shown["reasons"]:
        print(
            f"    {reason['result']} ({reason['code']}): {reason['invoices']:,} invoices,"
            f" {reason['lines']:,} rows, such as {reason['example'][:110]}"
        )
    wrong: list[str] = []
    if told.lines != file.rows or set(told.results) - {"imported", "skipped", "rejected"}:
        wrong.append(f"{file.rows} rows in the file, the report has {told.results}")
    if sum(one["lines"] for one in shown["results"].values()) != file.rows:
        wrong.append(f"the counts don't come to {file.rows} rows: {shown['results']}")
    for number, invoice in file.invoices.items():
        possible = bool(invoice.customer) and invoice.total >= 0
        if possible != (number in told.here):
            wrong.append(f"{number}: here {number in told.here}, should be {possible}")
    wanted = sum(file.invoices[number].total for number in told.here)
    come_to = sum(
        Decimal(shown["results"][result]["amount"])
        for result in ("imported", "skipped")
        if result in shown["results"]
    )
    if wanted != come_to:
        wrong.append(f"the invoices here come to {come_to}, to {wanted} in the file")
    return wrong


async def all_through(
    offices: Sequence[Office], file: RealFile, told: Told, minutes: float
) -> list[tuple[Office, list[str]]]:
    """Waits for all providers at once; of each what differs between its books and the file."""
    watch = Watch([one.provider for one in offices])
    deadline = time.monotonic() + minutes * 60

    async def through(one: Office) -> tuple[Office, list[str]]:
        left = await _until_still(one, len(told.here), deadline, watch)
        print(f"{one.provider}: nothing is on its way after {watch.seconds:.1f} s more")
        simulator = one.stack.endpoints["simulators"][one.provider]
        there = await asyncio.to_thread(
            READERS[one.provider], simulator, one.username, one.organisation
        )
        print(
            f"{one.provider}: the SDK reads {len(there):,} invoices,"
            f" {sum(each.total for each in there)} in all"
        )
        differing = [*left, *compare(file, set(told.here), there)]
        return one, [f"{one.provider}: {line}" for line in differing]

    return list(await asyncio.gather(*(through(one) for one in offices)))


class Watch:
    """A line every 15 s of how far each provider is."""

    def __init__(self, providers: Sequence[str]) -> None:
        self._begun = self._said = time.monotonic()
        self._counts: dict[str, Json] = {provider: {} for provider in providers}

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def tell(self, provider: str, counts: Json) -> None:
        self._counts[provider] = counts
        if time.monotonic() - self._said >= 15:
            self._said = time.monotonic()
            shown = "; ".join(
                f"{name} " + ", ".join(f"{state} {count:,}" for state, count in states.items())
                for name, states in self._counts.items()
            )
            print(f"  {self.seconds:4.0f} s: {shown}", flush=True)


async def _until_still(one: Office, wanted: int, deadline: float, watch: Watch) -> list[str]:
    """Until nothing of the company's is on its way there; what stands in the way, if anything."""
    still = 0
    while True:
        counts: Json = (await one.integration())["counts"]
        watch.tell(one.provider, counts)
        moving = any(counts.get(state) for state in _IN_PROGRESS)
        still = 0 if moving else still + 1
        if not moving and len((await one.held())["invoices"]) >= wanted:
            return []
        if still > _STILL_FOR or time.monotonic() > deadline:
            rows = (await one.web.get(f"/integrations/{one.provider}/causes")).json()["data"]
            causes = [f"{row['count']} × {row['sentence']}" for row in rows]
            return [f"{'stands still' if still else 'time is out'} at {counts}", *causes]
        await asyncio.sleep(3)


async def _tell_requests(one: Office) -> None:
    rows = await one.requests()
    over = sum(1 for row in rows if row["broke_limit"])
    print(f"{one.provider}: {len(rows):,} requests in all, {over} over a limit")


async def _map_items(one: Office) -> None:
    """Every item without an account onto Services, as someone does after importing."""
    mapped = 0

    async def until_none() -> None:
        nonlocal mapped
        mapped += await one.map_all()

    await eventually(until_none, within=120)
    print(f"  {one.provider}: {mapped:,} items mapped")


async def _send(one: Office) -> tuple[int, float]:
    """Send what isn't sent yet, eight at a time; how many, and the seconds that took."""
    begun = time.monotonic()
    gate = asyncio.Semaphore(8)
    pending: list[str] = []
    query = {"status": "pending", "limit": "200"}
    while True:
        page = (await one.web.get("/invoices", params=query)).json()
        pending += [row["id"] for row in page["data"]]
        if not page["next_cursor"]:
            break
        query["cursor"] = page["next_cursor"]

    async def send(invoice: str) -> None:
        async with gate:
            answer = await one.web.post(f"/invoices/{invoice}/send")
            assert answer.status_code == 200, answer.text

    await asyncio.gather(*(send(invoice) for invoice in pending))
    return len(pending), time.monotonic() - begun


def compare(file: RealFile, sent: set[str], there: list[InvoiceThere]) -> list[str]:
    """What differs between the file and the books; nothing where each is there exactly once."""
    wrong: list[str] = []
    counted = Counter(one.number for one in there)
    by_number = {one.number: one for one in there}
    items: dict[str, str] = {}
    for number in sorted(sent):
        if counted[number] != 1:
            wrong.append(f"{number} is there {counted[number]} times")
            continue
        wrong.extend(_differences(file.invoices[number], by_number[number], items))
    wrong.extend(f"{number} is there and wasn't sent" for number in counted.keys() - sent)
    if len(set(items.values())) != len(items):
        wrong.append("two stock codes are on one item there")
    return wrong


def _differences(ours: Invoice, theirs: InvoiceThere, items: dict[str, str]) -> list[str]:
    wrong: list[str] = []
    if (theirs.customer, theirs.date) != (ours.customer, ours.date):
        wrong.append(f"{ours.number}: {theirs.customer} {theirs.date}")
    if theirs.total != ours.total:
        wrong.append(f"{ours.number}: {theirs.total} there, {ours.total} in the file")
    lines = [(one.quantity, one.unit_price, one.amount) for one in ours.lines]
    held = [(one.quantity, one.unit_price, one.amount) for one in theirs.lines]
    if lines != held:
        first = next((pair for pair in zip(lines, held, strict=False) if pair[0] != pair[1]), None)
        wrong.append(f"{ours.number}: {len(held)} lines there, {len(lines)} here; first {first}")
        return wrong
    for line, there in zip(ours.lines, theirs.lines, strict=True):
        if items.setdefault(line.sku, there.item) != there.item:
            wrong.append(f"{ours.number}: {line.sku} is on another item than elsewhere")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.real_input", description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--invoices", type=int, default=2000)
    parser.add_argument("--state", type=Path, default=Path(".local"))
    parser.add_argument(
        "--providers", nargs="+", default=["qbo", "xero", "freshbooks"], choices=sorted(READERS)
    )
    parser.add_argument("--minutes", type=float, default=45, help="for all of them together")
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
