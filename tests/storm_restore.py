"""A storm's database is lost and comes back from a backup: docs/runbooks/recover.md.

Offices pause for both, so that what was done before and since is told apart to the invoice. What
was made since the backup is looked for in the books from then on, and not here.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from local_stack.recovering import recover
from local_stack.services import ROWS
from local_stack.stack_plan import POSTGRES_OFFSET, StackPlan, load_secrets
from office import Json
from provider_side import reconnect
from storm_load import Company, Expected, line_of, surely
from testkit import Stack

_BACK_WITHIN = 90.0
_LOOKED_AFTER_EVERY = 2.0

_ASKS = "changed_there"
"""Where the books hold an edit that a restore made us forget, a person says which one counts."""

_WHOSE = "invoice_number_taken"
"""In FreshBooks, whose invoices bear no mark of ours, one that was edited since is anybody's."""


@dataclass
class _Then:
    """What a company had at the backup."""

    expected: dict[str, Expected]
    customers: dict[str, Json]


@dataclass
class Restores:
    """Backs the stack's database up, and brings it back."""

    stack: Stack
    companies: Sequence[Company]
    replicas: int
    seconds: list[float] = field(default_factory=list[float])
    """How long the services stood still, each time."""
    _then: list[_Then] = field(default_factory=list[_Then])

    @property
    def _backup(self) -> Path:
        return self.stack.state / "backup"

    @property
    def _services(self) -> dict[str, int]:
        connectors = {f"connector-{one.office.provider}" for one in self.companies}
        return {
            "invoice-api": 1,
            "sync-orchestrator": 1,
            **dict.fromkeys(sorted(connectors), self.replicas),
        }

    async def back_up(self) -> None:
        """PostgreSQL stops, its folder is copied, and it goes on; the services wait for it."""
        async with self._pause():
            await self.stack.halt("postgres", within=_BACK_WITHIN)
            shutil.rmtree(self._backup, ignore_errors=True)
            await asyncio.to_thread(shutil.copytree, self._folder, self._backup)
            await self.stack.start("postgres", within=_BACK_WITHIN)
            self._then = [
                _Then(deepcopy(one.expected), dict(one.customers)) for one in self.companies
            ]

    async def restore(self) -> None:
        """As the runbook says: stop all, put the copy back, recover, start; then look after the
        rest by hand."""
        began = time.monotonic()
        async with self._pause():
            stopped = [*self._services, "kafka"]
            await asyncio.gather(*(self.stack.halt(name, within=_BACK_WITHIN) for name in stopped))
            await self.stack.halt("postgres", within=_BACK_WITHIN)
            shutil.rmtree(self._folder)
            await asyncio.to_thread(shutil.copytree, self._backup, self._folder)
            await asyncio.to_thread(recover, self._plan(), lambda said: None)
            for name in ("postgres", "kafka"):
                await self.stack.start(name, within=_BACK_WITHIN)
            starts = (
                self.stack.start(name, count, within=_BACK_WITHIN)
                for name, count in self._services.items()
            )
            await asyncio.gather(*starts)
            self.seconds.append(time.monotonic() - began)
            edits = [
                _forget(company, then)
                for company, then in zip(self.companies, self._then, strict=True)
            ]
            async with asyncio.TaskGroup() as group:
                for company, edited in zip(self.companies, edits, strict=True):
                    group.create_task(_enter_again(company, edited))

    @asynccontextmanager
    async def signing_in_again(self) -> AsyncGenerator[None]:
        """Meanwhile people reconnect what asks for it: sign-ins renewed since a backup are dead."""

        async def look_after() -> None:
            while True:
                await asyncio.sleep(_LOOKED_AFTER_EVERY)
                if self.seconds:
                    for company in self.companies:
                        with suppress(httpx.TransportError, AssertionError, KeyError):
                            if (await company.office.integration())["status"] == "reconnect":
                                await reconnect(company.office)
                                company.done["reconnected"] += 1

        looking = asyncio.create_task(look_after())
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    @property
    def _folder(self) -> Path:
        return self.stack.state / "postgres"

    def _plan(self) -> StackPlan:
        state, port = self.stack.state, httpx.URL(self.stack.endpoints["database_url"]).port
        assert port is not None
        roles = tuple(row.package for row in ROWS if row.kind == "service")
        secrets = load_secrets(state / "secrets.json", roles)
        return StackPlan(state, port - POSTGRES_OFFSET, secrets, durable=False)

    @asynccontextmanager
    async def _pause(self) -> AsyncGenerator[None]:
        """No office is in the middle of anything."""
        async with AsyncExitStack() as held:
            for company in self.companies:
                await held.enter_async_context(company.busy)
            yield


def _forget(company: Company, then: _Then) -> list[tuple[Expected, Expected]]:
    """What was made since is in the books at most. What was edited since, as it is here and as it
    was there."""
    now = company.expected
    made = {number: one for number, one in now.items() if number not in then.expected}
    edited = [
        (here, now[number])
        for number, here in then.expected.items()
        if (here.total, here.void) != (now[number].total, now[number].void)
    ]
    company.forgotten |= made
    company.forgotten_customers |= company.customers.keys() - then.customers.keys()
    company.expected, company.customers = deepcopy(then.expected), dict(then.customers)
    edited = [(company.expected[here.invoice["number"]], there) for here, there in edited]
    company.edited_there |= {here.invoice["number"]: there for here, there in edited}
    company.done["forgotten"] += len(made)
    return edited


async def _enter_again(company: Company, edited: Sequence[tuple[Expected, Expected]]) -> None:
    """A void that is forgotten is made again; of another edit Sync writes what is here."""
    office = company.office
    for here, there in edited:
        path = f"/invoices/{here.invoice['id']}"
        if there.void:
            await surely(office, "POST", f"{path}/void")
            here.void = True
        else:
            await surely(office, "POST", f"{path}/sync", {"provider": office.provider})
        company.done["entered again"] += 1


async def look_after(company: Company, badges: Mapping[str, Json]) -> None:
    """What the runbook leaves to people, of what was edited since a backup and asks for them."""
    office = company.office
    for number, there in company.edited_there.items():
        here, badge = company.expected[number], badges[number]
        code = badge["cause"] and badge["cause"]["code"]
        path = f"/invoices/{here.invoice['id']}"
        if badge["state"] == _ASKS:
            # Refused if it goes already: the badge that says so may be on its way.
            body: Json = {"provider": office.provider}
            kept = await office.web.post(f"{path}/actions/keep_ours", json=body)
            company.done["kept ours"] += kept.is_success
        elif code == _WHOSE and not here.void and here.total != there.total:
            # The books hold the edit and no mark of ours: entered here too, it is known by it.
            lines = [line_of(company, str(there.total))]
            await surely(office, "PATCH", path, {"lines": lines})
            await surely(office, "POST", f"{path}/sync", {"provider": office.provider})
            here.total = there.total
            company.done["entered again"] += 1
