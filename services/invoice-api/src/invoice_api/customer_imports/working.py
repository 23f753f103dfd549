"""The work on imports of customers: piece by piece, so that a crash costs nothing but time.

What the orchestrator knows of a piece is asked for first; the customers made, what is told of them
and what became of each are then one transaction. Linking twice to the same record changes nothing.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from contracts.commands import Origin
from contracts.ids import CustomerId, Ids, MessageId
from contracts.invoicing import CustomerCreated, CustomerSnapshot
from contracts.sync import RunCounts, RunProgress
from messaging import outbox
from messaging.clock import Clock
from messaging.database import Database, Tx
from messaging.wake import Listener
from telemetry.logs import get_logger

from invoice_api.accounts import store as accounts_store
from invoice_api.accounts.caller import Caller
from invoice_api.customer_imports import store
from invoice_api.customer_imports.becoming import customer_of
from invoice_api.customer_imports.schemas import ChosenTold, CustomerThere, LinkTold
from invoice_api.customer_imports.store import EndedRow, StoredImport, WaitingRow
from invoice_api.customers import store as customers_store
from invoice_api.deeds.store import Deed
from invoice_api.http.problems import Problem
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.runs import store as runs_store
from invoice_api.sync_status.projector import CHANNEL as BADGES

CHANNEL = "customer_imports"
"""Woken when there is a new import."""

_AT_ONCE = 200
_POLL_SECONDS = 5.0
_AGAIN_AFTER = timedelta(seconds=15)
_LOG = get_logger(__name__)


@dataclass(frozen=True)
class CustomerWorker:
    """Takes whatever import of customers waits for its next piece."""

    database: Database
    clock: Clock
    ids: Ids
    orchestrator: Orchestrator

    async def run(self, stop: asyncio.Event, listener: Listener) -> None:
        """Work until `stop`. What the orchestrator can't answer now is tried again later."""
        while not stop.is_set():
            try:
                worked = await self.step()
            except Problem as problem:
                _LOG.warning("customer import waits", code=problem.code)
                worked = False
            if not worked:
                await listener.wait(stop, _POLL_SECONDS)

    async def step(self) -> bool:
        """One piece of work; False where there is none."""
        async with self.database.transaction() as tx:
            job = await store.next_ready(tx, _AGAIN_AFTER)
            if job is None:
                return False
            caller = await accounts_store.find_caller_by_user(tx, job.user)
            assert caller is not None, "people stay, even when they have left"
            rows = await store.waiting(tx, job.run_id, _AT_ONCE)
            run = await runs_store.find_run(tx, job.company, job.run_id)
        if run is not None and run.cancel_asked:
            await self._learn(caller, job)
            await self._end(job, "stopped")
            return True
        if not rows:
            await self._learn(caller, job)
            await self._end(job, "done")
            return True
        there = await self._there(caller, job, rows)
        linked = await self._link(caller, job, rows, there)
        await self._keep(job, rows, there, linked)
        return True

    async def _there(
        self, caller: Caller, job: StoredImport, rows: Sequence[WaitingRow]
    ) -> dict[str, CustomerThere]:
        """These customers as they were last listed."""
        path = f"/integrations/{job.provider}/remote-customers"
        body = json.dumps({"remote_ids": [row.remote_id for row in rows]})
        told = ChosenTold.model_validate_json(
            (await self.orchestrator.post(principal_of(caller), f"{path}/chosen", body)).text
        )
        if told.connection_id != job.connection:
            return {}  # another organisation by now
        return {one.remote_id: one for one in told.customers}

    async def _learn(self, caller: Caller, job: StoredImport) -> None:
        """What was imported as another kind than was suggested teaches, once it is all done.

        It changes suggestions: earlier it would change what the rest of this import becomes.
        """
        async with self.database.transaction() as tx:
            kinds = await store.corrections(tx, job.run_id)
        if kinds:
            path = f"/integrations/{job.provider}/remote-customers/learn"
            body = json.dumps({"run_id": str(job.run_id), "kinds": kinds})
            try:
                await self.orchestrator.post(principal_of(caller), path, body)
            except Problem as problem:
                if problem.status >= 500:
                    raise
                _LOG.warning("an import taught nothing", code=problem.code)

    async def _link(
        self,
        caller: Caller,
        job: StoredImport,
        rows: Sequence[WaitingRow],
        there: dict[str, CustomerThere],
    ) -> dict[int, EndedRow]:
        """Link those that are customers of ours; what became of each."""
        found: dict[int, EndedRow] = {}
        for row in rows:
            one = there.get(row.remote_id)
            target = None if one is None else _target(row, one)
            if one is None or target is None or one.linked_to is not None:
                continue
            async with self.database.transaction() as tx:
                customer = await customers_store.find_customer(tx, job.company, target)
            if customer is None:
                why = "the customer it was to be linked to isn't there any more"
                found[row.position] = EndedRow(row.position, "failed", one.name, why)
                continue
            body = {
                "provider": job.provider,
                "record": customer.model_dump(mode="json"),
                "user_name": job.user_name,
                "remote_id": row.remote_id,
            }
            try:
                answer = await self.orchestrator.put(
                    principal_of(caller), f"/records/customer/{target}/link", json.dumps(body)
                )
            except Problem as problem:
                if problem.status >= 500:
                    raise
                found[row.position] = EndedRow(row.position, "failed", one.name, problem.detail)
            else:
                before = LinkTold.model_validate_json(answer.text).before
                found[row.position] = EndedRow(
                    position=row.position,
                    result="linked",
                    name=one.name,
                    why=f"linked to {customer.name}",
                    customer=target,
                    # It is its own where a crash had this linked again.
                    linked_before=None if before == row.remote_id else before,
                    linked_version=customer.version,
                )
        return found

    async def _keep(
        self,
        job: StoredImport,
        rows: Sequence[WaitingRow],
        there: dict[str, CustomerThere],
        linked: dict[int, EndedRow],
    ) -> None:
        async with self.database.transaction() as tx:
            held = await store.lock(tx, job.run_id)
            if held is None:
                return
            waiting = {row.position for row in await store.waiting(tx, job.run_id, _AT_ONCE)}
            rows = [row for row in rows if row.position in waiting]
            before = await store.made_before(
                tx, job.company, job.connection, [row.remote_id for row in rows]
            )
            made: list[CustomerSnapshot] = []
            ended: list[EndedRow] = []
            for row in rows:
                done = linked.get(row.position) or _known(row, there, before)
                if done is None:
                    one = there[row.remote_id]
                    new_id = self.ids.new()
                    kind = row.kind or one.kind
                    customer = customer_of(one, job.connection, kind, new_id, held.now)
                    if customer is None:
                        done = EndedRow(row.position, "failed", None, "it has no name there")
                    else:
                        before[row.remote_id] = customer.id
                        made.append(customer)
                        done = EndedRow(row.position, "created", one.name, None, customer.id)
                ended.append(done)
            await customers_store.insert_customers(
                tx, job.company, made, Deed("imported", job.user, job.user_name)
            )
            await store.made(tx, job.company, job.connection, made)
            await outbox.put(tx, [self._created(job, customer) for customer in made])
            await store.ended(tx, job.run_id, ended)
            await store.went_on(tx, job.run_id, over=False)
            await say(tx, held, "running")

    def _created(self, job: StoredImport, customer: CustomerSnapshot) -> CustomerCreated:
        return CustomerCreated(
            id=MessageId(self.ids.new()),
            occurred_at=customer.created_at,
            company_id=job.company,
            correlation_id=job.run_id,
            customer=customer,
        )

    async def _end(self, job: StoredImport, state: str) -> None:
        async with self.database.transaction() as tx:
            held = await store.lock(tx, job.run_id)
            if held is None:
                return
            if state == "stopped":
                why = "the import was stopped before it came to this customer"
                await store.skip_the_rest(tx, job.run_id, why)
            await store.went_on(tx, job.run_id, over=True)
            await say(tx, held, state)


def _target(row: WaitingRow, there: CustomerThere) -> CustomerId | None:
    """The customer of ours that it is: as chosen, else the one that alone has its e-mail."""
    if row.as_new:
        return None
    chosen = row.link_to or there.chosen_link
    if chosen is not None:
        return CustomerId(chosen)
    return None if there.match is None else there.match.customer_id


def _known(
    row: WaitingRow, there: dict[str, CustomerThere], before: dict[str, UUID]
) -> EndedRow | None:
    """What became of one that isn't made now; None for one that is."""
    one = there.get(row.remote_id)
    if one is None:
        why = "it isn't in the list any more: load the customers again"
        return EndedRow(row.position, "failed", None, why)
    if one.linked_to is not None:
        name = one.linked_to.name or "a customer"
        why = f"linked to {name} already"
        return EndedRow(row.position, "skipped", one.name, why, one.linked_to.customer_id)
    if row.remote_id in before:
        why = "imported before"
        return EndedRow(row.position, "skipped", one.name, why, before[row.remote_id])
    return None


async def say(tx: Tx, job: StoredImport, state: str) -> None:
    """Save how far it is, for whoever looks or watches."""
    counts = await store.counts(tx, job.run_id)
    kept = await store.find(tx, job.company, job.run_id)
    assert kept is not None
    await runs_store.save_runs(tx, "invoice-api", [(job.company, progress_of(kept, counts, state))])
    tx.wake(BADGES)


def progress_of(job: StoredImport, counts: dict[str, int], state: str) -> RunProgress:
    """The import as a run: `by_state` counts created, linked, skipped and failed."""
    failed = counts.get("failed", 0)
    done = sum(counts.values()) - failed
    left = job.total - done - failed
    passed = (job.now - job.started_at).total_seconds()
    eta = None
    if state == "running" and left and done + failed:
        eta = job.now + timedelta(seconds=passed * left / (done + failed))
    return RunProgress.model_validate(
        {
            "id": job.run_id,
            "kind": "import_customers",
            "version": job.version,
            "state": state,
            "provider": job.provider,
            "connection_id": job.connection,
            "started_by": Origin(by="person", user_id=job.user, name=job.user_name),
            "started_at": job.started_at,
            "finished_at": None if state == "running" else job.now,
            "total": job.total,
            "done": done,
            "failed": failed,
            "eta": eta,
            "by_state": counts,
            "kinds": {"customers": RunCounts(total=job.total, done=done, failed=failed)},
        }
    )
