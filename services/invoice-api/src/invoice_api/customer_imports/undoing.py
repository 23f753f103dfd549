"""Undo of an import of customers: what it made and linked is taken back where nobody relies on it.

Nothing changes at any provider. What stays says why, beside what the import did.
"""

import json
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, CustomerId
from contracts.sync import RecordState
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.customer_imports import store
from invoice_api.customer_imports.schemas import ForgottenTold, LinkTold, UndoneShown
from invoice_api.customer_imports.store import LinkedRow, StoredImport
from invoice_api.customer_imports.working import say
from invoice_api.http.problems import Problem, conflict, not_found
from invoice_api.integrations.parcels import load_parcel
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.sync_status.projector import fold_in_answer

_AT_ONCE = 200


async def undo(
    database: Database, orchestrator: Orchestrator, caller: Caller, run_id: UUID
) -> UndoneShown:
    """Take back the customers that an import made and the links it set.

    A customer stays that is on an invoice, was changed, or is at another provider too; a link that
    was changed, whose customer was, or by which an invoice was sent. 404; 409 `import_running`.
    """
    async with database.transaction() as tx:
        job = await store.find(tx, caller.company.id, run_id)
        if job is None:
            raise not_found("import")
        if await store.under_way(tx, run_id):
            raise conflict(
                "import_running",
                "The import is still under way",
                "This import is still under way. Stop it, or wait until it is done: then undo it.",
            )
    undone = await _customers(database, orchestrator, caller, job)
    unlinked = await _links(database, orchestrator, caller, job)
    async with database.transaction() as tx:
        await store.used_stay(tx, job.company, run_id)
        await store.again(tx, run_id, job.company)
        counts = await store.counts(tx, run_id)
        await say(tx, job, "done")
    kept = counts.get("created", 0) + counts.get("linked", 0)
    return UndoneShown(undone=undone, unlinked=unlinked, kept=kept)


async def _customers(
    database: Database, orchestrator: Orchestrator, caller: Caller, job: StoredImport
) -> int:
    undone = 0
    while True:
        async with database.transaction() as tx:
            unused = await store.unused(tx, job.company, job.run_id, _AT_ONCE)
        if not unused:
            return undone
        # There first: one that is forgotten there is made again by nothing that we still say.
        body = json.dumps({"customers": [str(customer) for customer in unused]})
        answer = await orchestrator.post(principal_of(caller), "/records/customer/forget", body)
        kept = ForgottenTold.model_validate_json(answer.text).kept
        stay = {CustomerId(one.customer_id) for one in kept}
        async with database.transaction() as tx:
            for one in kept:
                label = PROVIDER_LABELS[one.provider]
                why = f"it is in {label} too" if one.linked else f"it is on its way to {label}"
                await store.stays(tx, job.run_id, CustomerId(one.customer_id), f"stays: {why}")
            wanted = [customer for customer in unused if customer not in stay]
            gone = await store.take_back(tx, job.company, job.run_id, wanted)
            await store.again(tx, job.run_id, job.company)
            await say(tx, job, "done")
        undone += gone
        if gone < len(wanted):
            return undone


async def _links(
    database: Database, orchestrator: Orchestrator, caller: Caller, job: StoredImport
) -> int:
    unlinked = 0
    while True:
        async with database.transaction() as tx:
            rows = await store.linked(tx, job, _AT_ONCE)
        if not rows:
            return unlinked
        for row in rows:
            why = await _unlink(database, orchestrator, caller, job, row)
            async with database.transaction() as tx:
                if why is None:
                    await store.unlinked(tx, job.run_id, row.position)
                else:
                    await store.stays(tx, job.run_id, row.customer, f"stays: {why}")
            unlinked += why is None


async def _unlink(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    job: StoredImport,
    row: LinkedRow,
) -> str | None:
    """Take one link away, or put back what was before it; why it stays, if it does."""
    if row.sent:
        return f"its invoices are in {PROVIDER_LABELS[job.provider]}"
    if row.changed:
        return "changed since"
    async with database.transaction() as tx:
        parcel = await load_parcel(tx, caller, "customer", row.customer)
    path, who = f"/records/customer/{row.customer}", principal_of(caller)
    linked = parcel.with_fields(caller, job.provider, {"remote_id": row.remote_id})
    try:
        answer = await orchestrator.post(who, f"{path}/unlink", json.dumps(linked))
    except Problem as problem:
        if problem.status >= 500:
            raise
        return _WHY.get(problem.code, problem.detail)
    if row.before is not None:
        before = parcel.with_fields(caller, job.provider, {"remote_id": row.before})
        try:
            answer = await orchestrator.put(who, f"{path}/link", json.dumps(before))
        except Problem as problem:
            # The link of the import is away; the one of before can't be had again: it is unlinked.
            if problem.status >= 500:
                raise
    state = RecordState.model_validate(LinkTold.model_validate_json(answer.text).state)
    async with database.transaction() as tx:
        await fold_in_answer(tx, job.company, state)
    return None


_WHY = {"linked_otherwise": "linked otherwise since", "being_sent": "it is being sent"}
