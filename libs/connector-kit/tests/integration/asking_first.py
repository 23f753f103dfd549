"""Providers where it is asked who has an invoice's number: one before each create, as numbers
aren't unique there; one after a refusal, which doesn't say who it is.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from connector_kit.answers import Refused
from connector_kit.exchange import Exchange, Request
from connector_kit.provider import Context, Member, NotReady, Prepared, Ready
from contracts.commands import SyncInvoice
from contracts.sync import CauseInstance
from testkit import TestDatabase

from .bench import Bench, bench_on
from .plain import PlainOperations, plain_provider


class AskingFirst(PlainOperations):
    """As the plain one; an invoice whose number is there already isn't sent.

    A number with "poison" in it breaks the whole question.
    """

    def prepare(self, members: Sequence[Member], context: Context) -> Exchange[list[Prepared]]:
        creates = [
            m.command
            for m in members
            if m.intent == "create" and isinstance(m.command, SyncInvoice)
        ]
        taken: set[str] = set()
        if creates:
            numbers = [command.invoice.number for command in creates]
            query = (("entity", "invoice"), *(("key", number) for number in numbers))
            found = yield Request("GET", "/find", query=query)
            taken = {row["key"] for row in json.loads(found.body)["found"]}
            if any("poison" in number for number in numbers):
                taken = set(numbers)
        return [_prepared(member, taken) for member in members]


class AskingAfter(AskingFirst):
    """As that one, but numbers are asked for before a second try only."""

    def prepare(self, members: Sequence[Member], context: Context) -> Exchange[list[Prepared]]:
        asked = [member for member in members if member.look_first]
        prepared = iter((yield from super().prepare(asked, context)))
        return [next(prepared) if member.look_first else Ready(member) for member in members]


def _prepared(member: Member, taken: set[str]) -> Prepared:
    command = member.command
    if not isinstance(command, SyncInvoice) or command.invoice.number not in taken:
        return Ready(member)
    cause = CauseInstance(code="invoice_number_taken")
    return NotReady(command.record_id, Refused(cause))


@asynccontextmanager
async def asking_after(database: TestDatabase) -> AsyncGenerator[Bench]:
    facts = plain_provider().entities
    entities = {**facts, "invoice": replace(facts["invoice"], who_by_reading=True)}
    async with bench_on(database, operations=AskingAfter(), entities=entities) as bench:
        yield bench


@asynccontextmanager
async def asking_first(database: TestDatabase, **changes: Any) -> AsyncGenerator[Bench]:
    facts: dict[str, Any] = {"operations": AskingFirst(), "prepare_batch": 1000, **changes}
    async with bench_on(database, **facts) as bench:
        yield bench
