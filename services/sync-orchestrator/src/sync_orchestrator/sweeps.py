"""What happens without anybody asking.

Due jobs are looked at, runs go on, missing accounts are asked for, records without a job found, old
lines dropped.
"""

import asyncio

from contracts.ids import CompanyId
from messaging import inbox
from messaging.clock import Clock
from messaging.database import DATABASE_AWAY, Database, is_away
from messaging.process import pause
from messaging.wake import Listener
from telemetry import metrics
from telemetry.logs import get_logger

from sync_orchestrator.handlers import remote_customers, reviewing, running
from sync_orchestrator.handlers.work import Tools
from sync_orchestrator.store import (
    companies_store,
    history_store,
    jobs_store,
    pages_store,
    runs_store,
)

log = get_logger(__name__)

_DAY_SECONDS = 86_400.0
_LOOK_SECONDS = 1.0


class Sweeper:
    """Looks at due jobs when woken and at least every second; at the rest every `seconds`."""

    def __init__(
        self,
        database: Database,
        tools: Tools,
        clock: Clock,
        listener: Listener | None,
        seconds: float,
    ) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._listener = listener
        self._seconds = seconds
        self._swept_at = -seconds
        self._day_began_at = -_DAY_SECONDS

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. A database that is away is waited for."""
        try:
            while not stop.is_set():
                try:
                    await self.once()
                except DATABASE_AWAY as error:
                    if not is_away(error):
                        raise
                    log.warning("not swept: the database is away", error=type(error).__name__)
                await self._idle(stop)
        finally:
            if self._listener is not None:
                await self._listener.close()

    async def once(self) -> None:
        """All that is due now."""
        while await self._review() >= reviewing.BATCH:
            pass
        await self._advance_runs()
        now = self._clock.elapsed()
        if now - self._swept_at >= self._seconds:
            self._swept_at = now
            await self.sweep()
        if now - self._day_began_at >= _DAY_SECONDS:
            self._day_began_at = now
            await self.daily()

    async def sweep(self) -> None:
        """What a lost message would leave undone for longer than a minute."""
        async with self._database.transaction() as tx:
            await reviewing.refresh_missing_accounts(tx, self._tools)
        async with self._database.transaction() as tx:
            await remote_customers.ask_stuck_loads_again(tx, self._tools, reviewing.BATCH)
        async with self._database.transaction() as tx:
            await remote_customers.refresh_lists(tx, self._tools, reviewing.BATCH)
        async with self._database.transaction() as tx:
            lately = await companies_store.with_settings_changed_lately(tx)
        await self._derive_missing(lately)
        await self._measure()

    async def daily(self) -> None:
        """What no event leads to: every switch against every record, and old history."""
        async with self._database.transaction() as tx:
            every = await companies_store.with_a_switch_on(tx)
        await self._derive_missing(every)
        for forget in (history_store.prune, inbox.prune, runs_store.prune):
            while True:
                async with self._database.transaction() as tx:
                    if await forget(tx) == 0:
                        break

    async def _review(self) -> int:
        try:
            async with self._database.transaction() as tx:
                return await reviewing.review_due(tx, self._tools)
        except Exception as error:  # a defect in one job must not hold up all others
            if is_away(error):
                raise
            log.error("a batch of due jobs fails, they are taken alone", exc_info=error)
            return await self._review_alone()

    async def _review_alone(self) -> int:
        """Each due job in its own transaction; one that fails is put off for an hour."""
        count = 0
        while count < reviewing.BATCH:
            try:
                async with self._database.transaction() as tx:
                    seen = await reviewing.review_due(tx, self._tools, limit=1)
            except Exception as error:  # this one job's defect
                if is_away(error):
                    raise
                async with self._database.transaction() as tx:
                    key = await jobs_store.postpone_first_due(tx)
                log.error("a due job can't be looked at", job=str(key), exc_info=error)
                seen = 1
            if seen == 0:
                break
            count += seen
        return count

    async def _advance_runs(self) -> None:
        """Every run's next batch, as long as one is due; jobs that are due come in between."""
        while await self._step():
            await self._review()

    async def _step(self) -> bool:
        try:
            async with self._database.transaction() as tx:
                return await running.step(tx, self._tools)
        except Exception as error:  # one record's defect must not stop the others of its run
            if is_away(error):
                raise
            log.error("a run's batch fails, its records are taken alone", exc_info=error)
            return await self._step_alone()

    async def _step_alone(self) -> bool:
        try:
            async with self._database.transaction() as tx:
                return await running.step(tx, self._tools, batch=1)
        except Exception as error:  # this one record's defect
            if is_away(error):
                raise
            log.error("a run's record can't be asked for", exc_info=error)
            async with self._database.transaction() as tx:
                await running.set_one_apart(tx, type(error).__name__)
            return True

    async def _derive_missing(self, companies: list[CompanyId]) -> None:
        for company in companies:
            while True:
                async with self._database.transaction() as tx:
                    taken = await reviewing.derive_missing(tx, [company], self._tools)
                if taken < reviewing.BATCH:
                    break

    async def _measure(self) -> None:
        async with self._database.transaction() as tx:
            for provider, state, count in await pages_store.totals(tx):
                metrics.gauge("jobs", provider=provider, state=state).set(count)

    async def _idle(self, stop: asyncio.Event) -> None:
        if self._listener is None:
            await pause(self._clock, stop, _LOOK_SECONDS)
        else:
            await self._listener.wait(stop, _LOOK_SECONDS)
