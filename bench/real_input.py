"""`make import`: a real file into a running stack and through it, then read back by the SDKs.

Every row of the file is accounted for, and each invoice that was sent is looked for in the books:
exactly once, with its customer, its lines and its total to the cent.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from local_stack import endpoints as endpoints_file
from testkit import Stack, eventually

from bench.books_by_sdk import READERS, InvoiceThere
from bench.real_file import Invoice, RealFile, read
from tests.office import Office, office

Json = dict[str, Any]
_IN_PROGRESS = ("waiting", "queued", "checking", "held", "out_of_date")


@dataclass
class Told:
    """What the import said of the file."""

    imported: dict[str, str] = field(default_factory=dict[str, str])
    results: Counter[str] = field(default_factory=Counter[str])
    rejected: Counter[str] = field(default_factory=Counter[str])
    lines: int = 0


async def run(given: argparse.Namespace) -> int:
    """The exit code: 0 only if everything is accounted for and every invoice is there once."""
    file = read(given.file, given.invoices)
    print(f"{given.file.name}: {file.rows:,} rows of {len(file.invoices):,} invoices")
    stack = cast("Stack", SimpleNamespace(endpoints=endpoints_file.read(given.state)))
    async with office(stack, "Retail", given.providers[0]) as one:
        one.web.timeout = 120
        await one.sign_up()
        for provider in given.providers:
            async with one.at(provider) as there:
                await there.connect()
                # The file is of 2010: what is older than the start date stays here.
                await there.settings(
                    sync_customers=True, sync_invoices=True, start_date="2010-01-01"
                )
        begun = time.monotonic()
        shown, told = await _import(one, file)
        print(f"imported in {time.monotonic() - begun:.1f} s")
        wrong = _account(file, shown, told)
        for provider in given.providers:
            async with one.at(provider) as there:
                await _map_items(there)
        print(f"sent in {await _send(one, told):.1f} s")
        for provider in given.providers:
            async with one.at(provider) as there:
                wrong += await _through(there, file, told, given.minutes)
        print(f"whole: {time.monotonic() - begun:.1f} s")
    for line in wrong[:50]:
        print(f"WRONG: {line}")
    print("FAILED" if wrong else "Every row is accounted for; every invoice is there, once.")
    return 1 if wrong else 0


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
        if row["result"] == "imported":
            told.imported[row["invoice"]] = row["invoice_id"]
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
        if possible != (number in told.imported):
            wrong.append(f"{number}: imported {number in told.imported}, should be {possible}")
    wanted = sum(file.invoices[number].total for number in told.imported)
    if str(wanted) != shown["results"]["imported"]["amount"]:
        wrong.append(f"the imported invoices come to {wanted} in the file")
    return wrong


async def _through(one: Office, file: RealFile, told: Told, minutes: float) -> list[str]:
    provider = one.provider
    begun = time.monotonic()
    held = await _until_synced(one, len(told.imported), begun + minutes * 60)
    passed = time.monotonic() - begun
    print(f"{provider}: {held:,} invoices in the books after {passed:.1f} s more")
    simulator = one.stack.endpoints["simulators"][provider]
    there = await asyncio.to_thread(READERS[provider], simulator, one.username, one.organisation)
    return [f"{provider}: {line}" for line in compare(file, set(told.imported), there)]


async def _until_synced(one: Office, wanted: int, deadline: float) -> int:
    """Prints what is on its way; how many invoices the books hold in the end."""
    synced = 0
    while time.monotonic() < deadline:
        rows = (await one.web.get("/integrations")).json()["data"]
        [row] = [row for row in rows if row["provider"] == one.provider]
        counts = row["counts"]
        synced = await _synced(one)
        print(f"  {synced:,} of {wanted:,} synced; all records: {counts}", flush=True)
        if synced >= wanted:
            return synced
        await asyncio.sleep(10)
    print("TIMED OUT")
    return synced


async def _map_items(one: Office) -> None:
    """Every item without an account onto Services, as someone does after importing."""

    async def mapped() -> None:
        accounts = await one.accounts()
        answer = await one.web.post(
            f"/integrations/{one.provider}/account-mapping/apply-to-unmapped",
            json={"account_id": accounts["Services"]},
        )
        assert answer.status_code == 200, answer.text
        print(f"  {answer.json()['mapped']:,} items mapped")

    await eventually(mapped, within=120)


async def _send(one: Office, told: Told) -> float:
    """Send what was imported, eight at a time; the seconds that took."""
    begun = time.monotonic()
    gate = asyncio.Semaphore(8)

    async def send(invoice: str) -> None:
        async with gate:
            answer = await one.web.post(f"/invoices/{invoice}/send")
            assert answer.status_code == 200, answer.text

    await asyncio.gather(*(send(one_id) for one_id in told.imported.values()))
    return time.monotonic() - begun


async def _synced(one: Office) -> int:
    held = await one.held()
    return len(held["invoices"])


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
    total = sum(one.total for one in there)
    print(f"  the SDK reads {len(there):,} invoices, {total} in all")
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
    parser.add_argument("--providers", nargs="+", default=["qbo"], choices=sorted(READERS))
    parser.add_argument("--minutes", type=float, default=45, help="for each provider")
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
