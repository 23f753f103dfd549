"""P4, counted: statements and commits an invoice costs each service, whatever else runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from testkit import eventually, running_stack

from bench import badges_store
from bench import statements_store as store
from bench.goals import Asked
from bench.measuring import load, table
from bench.offices import Json, ReadyOffice, ready_offices, stack_without_limits
from bench.statements_store import Admin, Counted

_COMMIT = re.compile(r"(?i)commit\b")
_BEGIN = re.compile(r"(?i)begin\b|start transaction\b")
_SHOWN = 14
_WIDTH = 100
_UNTIL_ALL_BADGES = 300.0


async def measure(state: Path, *, invoices: int, lines: int) -> Sequence[Asked]:
    """Print what is counted while they are sent one after another, and 16 at a time."""
    print(f"P4 counted: n = {invoices}, {lines} lines; {load()}")
    with running_stack(state, only="postgres", durable=True) as stack:
        await store.ask_for_counting(stack.endpoints["database_url"])
    with stack_without_limits(state) as stack:
        async with ready_offices(stack, 2, lines) as offices:
            admin = await badges_store.connect(stack.endpoints["database_url"])
            try:
                for at_once in (1, 16):
                    found = await _sent(admin, offices, invoices, lines, at_once)
                    _print(found, invoices, at_once)
            finally:
                await admin.close()
    return ()


async def _sent(
    admin: Admin, offices: Sequence[ReadyOffice], invoices: int, lines: int, at_once: int
) -> Sequence[Counted]:
    drafts: list[tuple[ReadyOffice, str]] = []
    for office in offices:
        share = invoices // len(offices)
        made = await office.bulk(office.drafts(share, lines), send=False)
        drafts += [(office, invoice) for invoice in made]
    before = await badges_store.synced(admin)
    left = iter(drafts)

    async def send() -> None:
        for office, invoice in left:
            sent: Json = {"id": invoice}
            await office.office.send(sent)
            if at_once == 1:
                await office.office.badge_when("invoice", sent, "synced", within=60)

    await store.begin(admin)
    await asyncio.gather(*(send() for _ in range(at_once)))

    async def all_synced() -> None:
        assert await badges_store.synced(admin) - before == len(drafts)

    await eventually(all_synced, within=_UNTIL_ALL_BADGES)
    return await store.counted(admin)


def _print(found: Sequence[Counted], invoices: int, at_once: int) -> None:
    print(f"\n  {at_once} at a time: statements an invoice, without those that begin and end")
    rows: list[tuple[str, ...]] = []
    for role in sorted({one.role for one in found}):
        mine = [one for one in found if one.role == role]
        commits = sum(one.calls for one in mine if _COMMIT.match(one.text))
        begins = sum(one.calls for one in mine if _BEGIN.match(one.text))
        other = sum(one.calls for one in mine) - commits - begins
        spent = sum(one.milliseconds for one in mine)
        rows.append(
            (
                role,
                f"{other / invoices:.1f}",
                f"{commits / invoices:.1f}",
                f"{begins / invoices:.1f}",
                f"{spent / invoices:.2f}",
            )
        )
    print(table(("role", "statements", "commits", "begins", "ms of PostgreSQL"), rows))
    for role in sorted({one.role for one in found}):
        mine = [one for one in found if one.role == role]
        print(f"\n  {role}, most often")
        shown = [
            (
                f"{one.calls / invoices:.2f}",
                f"{one.milliseconds / one.calls:.2f}",
                " ".join(one.text.split())[:_WIDTH],
            )
            for one in sorted(mine, key=lambda one: -one.calls)[:_SHOWN]
        ]
        print(table(("an invoice", "ms each", "statement"), shown))
