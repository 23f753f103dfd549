"""What a person asks for one record: sync it, or act on its badge."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args
from uuid import UUID

from contracts.causes import Action, cause_of, record_name
from contracts.ids import CustomerId, Entity, Ids, InvoiceId, Provider, RecordId
from contracts.invoicing import InvoiceSnapshot
from contracts.sync import CauseInstance
from messaging.clock import Clock
from messaging.database import Database, Tx
from pydantic import JsonValue

from invoice_api.accounts.caller import Caller
from invoice_api.customers import service as customers
from invoice_api.customers.schemas import CustomerChanges
from invoice_api.http.bodies import parse
from invoice_api.http.problems import Problem, conflict, invalid_field, not_found
from invoice_api.integrations.connections import (
    connect_url,
    reconnect_url,
    remember_settings,
)
from invoice_api.integrations.parcels import Parcel, load_parcel
from invoice_api.integrations.schemas import (
    AuthorizeShown,
    PreflightShown,
    PreflightTold,
    StartedShown,
    StartsShown,
    StateTold,
    TimelineShown,
)
from invoice_api.invoices import service as invoices
from invoice_api.invoices import store as invoices_store
from invoice_api.invoices.schemas import InvoiceChanges
from invoice_api.peers.connectors import Connectors
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.sync_status.badge import cause_shown
from invoice_api.sync_status.connected import check_connection, connection_of
from invoice_api.sync_status.facts import ConnectionFacts, RecordFacts
from invoice_api.sync_status.projector import fold_in_answer
from invoice_api.sync_status.schemas import BadgeShown, CauseShown, SyncAnswer
from invoice_api.sync_status.service import board_of, viewer_of

AT_ONCE = 4


@dataclass(frozen=True)
class Desk:
    """Where a person's commands go."""

    database: Database
    orchestrator: Orchestrator
    connectors: Connectors
    clock: Clock
    ids: Ids

    async def sync(
        self, caller: Caller, provider: Provider, entity: Entity, record_id: UUID
    ) -> SyncAnswer:
        """Sync it now. 404; 409 `not_connected`, `invoice_draft`, `invoice_void`."""
        return await self._command(caller, provider, entity, record_id, "sync", {})

    async def sync_selection(
        self, caller: Caller, provider: Provider, ids: Sequence[UUID]
    ) -> StartsShown:
        """Each of a selection started, or why it wasn't. 409 `not_connected` for all."""
        await check_connection(self.database, caller, provider)
        gate = asyncio.Semaphore(AT_ONCE)

        async def start(record_id: UUID) -> StartedShown:
            invoice = InvoiceId(record_id)
            async with gate:
                try:
                    answer = await self.sync(caller, provider, "invoice", record_id)
                except Problem as problem:
                    if problem.status >= 500:
                        raise
                    return StartedShown(
                        id=invoice, started=False, code=problem.code, detail=problem.detail
                    )
            return StartedShown(id=invoice, started=True, sync=answer.sync)

        started = await asyncio.gather(*(start(one) for one in dict.fromkeys(ids)))
        return StartsShown(data=tuple(started))

    async def act(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        action: str,
        fields: Mapping[str, JsonValue],
    ) -> SyncAnswer | AuthorizeShown:
        """Do what one of a badge's or a fix's buttons says. 404 for a word that isn't one."""
        if action not in get_args(Action) or action == "open_there":
            raise not_found("action")
        if action == "reconnect":
            known = await check_connection(self.database, caller, provider)
            status = known.facts.status
            url = connect_url if status == "disconnected" else reconnect_url
            return AuthorizeShown(authorize_url=url(self.connectors, caller, provider, known))
        own = self._own_actions().get(action)
        if own is not None:
            return await own(caller, provider, entity, record_id, fields)
        command = "sync" if action in {"sync", "update"} else f"actions/{action}"
        return await self._command(caller, provider, entity, record_id, command, fields)

    async def preflight(
        self, caller: Caller, provider: Provider, invoice_id: UUID
    ) -> PreflightShown:
        """What would stop it, without asking the provider."""
        async with self.database.transaction() as tx:
            parcel = await load_parcel(tx, caller, "invoice", invoice_id)
            known = await connection_of(tx, caller, provider)
        answer = await self.orchestrator.post(
            principal_of(caller),
            f"/records/invoice/{invoice_id}/preflight",
            json.dumps(parcel.body()),
            {"provider": provider},
        )
        told = PreflightTold.model_validate_json(answer.text)
        problems = list(told.problems)
        if parcel.facts.status == "draft" and all(p.code != "invoice_draft" for p in problems):
            problems.insert(0, cause_of("invoice_draft"))
        return PreflightShown(
            ready=told.ready and not problems,
            problems=tuple(
                self._in_words(caller, cause, parcel.facts, known.facts) for cause in problems
            ),
            notes=tuple(
                self._in_words(caller, cause, parcel.facts, known.facts) for cause in told.notes
            ),
        )

    async def timeline(
        self, caller: Caller, provider: Provider, entity: Entity, record_id: UUID
    ) -> TimelineShown:
        """Everything that happened to it at the provider, oldest first."""
        async with self.database.transaction() as tx:
            await load_parcel(tx, caller, entity, record_id)
            await connection_of(tx, caller, provider)
        answer = await self.orchestrator.get(
            principal_of(caller),
            f"/records/{entity}/{record_id}/timeline",
            {"provider": provider},
        )
        return TimelineShown.model_validate_json(answer.text)

    async def badge(
        self, tx: Tx, caller: Caller, provider: Provider, record: RecordFacts
    ) -> BadgeShown:
        """The record's badge as it is now."""
        board = await board_of(tx, caller, self.clock, [record.id])
        return board.sync_of(record)[provider]

    async def _command(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        command: str,
        fields: Mapping[str, JsonValue],
    ) -> SyncAnswer:
        async with self.database.transaction() as tx:
            parcel = await load_parcel(tx, caller, entity, record_id)
            known = await connection_of(tx, caller, provider)
        self._refuse_early(caller, parcel, known.facts, command)
        answer = await self.orchestrator.post(
            principal_of(caller),
            f"/records/{entity}/{record_id}/{command}",
            json.dumps(parcel.with_fields(caller, provider, fields)),
        )
        state = StateTold.model_validate_json(answer.text).state
        async with self.database.transaction() as tx:
            await fold_in_answer(tx, caller.company.id, state)
            if entity == "invoice":
                await invoices_store.mark_told(tx, caller.company.id, InvoiceId(record_id))
            return SyncAnswer(sync=await self.badge(tx, caller, provider, parcel.facts))

    def _refuse_early(
        self, caller: Caller, parcel: Parcel, connection: ConnectionFacts, command: str
    ) -> None:
        record = parcel.facts
        if record.status == "draft":
            shown = self._in_words(caller, cause_of("invoice_draft"), record, connection)
            raise conflict("invoice_draft", shown.title, shown.sentence)
        if record.status == "void" and command == "sync":
            raise conflict(
                "invoice_void",
                "Void",
                f"Invoice {record.name} is void, so it isn't sent.",
            )

    def _in_words(
        self,
        caller: Caller,
        cause: CauseInstance,
        record: RecordFacts,
        connection: ConnectionFacts,
    ) -> CauseShown:
        known = {record.entity: record.name, "record": record_name(record.entity, record.name)}
        if connection.organisation:
            known["org"] = connection.organisation
        return cause_shown(
            cause,
            connection.provider,
            record_id=record.id,
            reader=viewer_of(caller, self.clock).reader,
            known=known,
        )

    def _own_actions(self) -> dict[str, "OwnAction"]:
        """Actions whose fix is here, in our own records or in the connection's settings."""
        return {
            "finalize": self._finalize,
            "void_here": self._void_here,
            "save_email": self._save_email,
            "save_due_date": self._save_due_date,
            "add_in_currency": self._add_in_currency,
            "change_start_date": self._change_start_date,
            "turn_on_sync_customers": self._turn_on_sync_customers,
        }

    async def _finalize(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        _fields: Mapping[str, JsonValue],
    ) -> SyncAnswer:
        invoice_id = _invoice(entity, record_id)
        async with self.database.transaction() as tx:
            await connection_of(tx, caller, provider)
            after = await invoices.finalize(tx, caller, self.ids, invoice_id)
            return await self._answer(tx, caller, provider, after.snapshot)

    async def _void_here(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        _fields: Mapping[str, JsonValue],
    ) -> SyncAnswer:
        invoice_id = _invoice(entity, record_id)
        async with self.database.transaction() as tx:
            await connection_of(tx, caller, provider)
            after = await invoices.void(tx, caller, self.ids, invoice_id)
            return await self._answer(tx, caller, provider, after.snapshot)

    async def _save_email(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        fields: Mapping[str, JsonValue],
    ) -> SyncAnswer:
        changes = parse(CustomerChanges, json.dumps({"email": _field(fields, "email")}))
        async with self.database.transaction() as tx:
            await connection_of(tx, caller, provider)
            parcel = await load_parcel(tx, caller, entity, record_id)
            customer = parcel.customer.id if parcel.customer else CustomerId(record_id)
            await customers.change(tx, caller, self.ids, customer, changes)
        return await self._retry(caller, provider, entity, record_id)

    async def _save_due_date(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        fields: Mapping[str, JsonValue],
    ) -> SyncAnswer:
        invoice_id = _invoice(entity, record_id)
        changes = parse(InvoiceChanges, json.dumps({"due_date": _field(fields, "due_date")}))
        async with self.database.transaction() as tx:
            await connection_of(tx, caller, provider)
            await invoices.change(tx, caller, self.clock, self.ids, invoice_id, changes)
        return await self._retry(caller, provider, entity, record_id)

    async def _add_in_currency(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        _fields: Mapping[str, JsonValue],
    ) -> SyncAnswer:
        """The invoice goes to its customer's copy for its currency, and to the provider so."""
        invoice_id = _invoice(entity, record_id)
        async with self.database.transaction() as tx:
            await connection_of(tx, caller, provider)
            before = (await invoices.load(tx, caller, invoice_id)).snapshot
            copy = await customers.copy_in_currency(
                tx, caller, self.ids, before.customer_id, before.currency
            )
            changes = InvoiceChanges(customer_id=copy.id)
            await invoices.change(tx, caller, self.clock, self.ids, invoice_id, changes)
        if not copy.email:
            # The customer is there without one, so it was asked for or isn't needed.
            word = "actions/add_without_email"
            await self._command(caller, provider, entity, record_id, word, {})
        return await self._retry(caller, provider, entity, record_id)

    async def _change_start_date(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        fields: Mapping[str, JsonValue],
    ) -> SyncAnswer:
        wanted = _field(fields, "start_date")
        try:
            start = date.fromisoformat(str(wanted))
        except ValueError:
            raise invalid_field("start_date", "must be a date that exists, YYYY-MM-DD") from None
        await self._change_settings(caller, provider, {"start_date": start.isoformat()})
        async with self.database.transaction() as tx:
            parcel = await load_parcel(tx, caller, entity, record_id)
            return SyncAnswer(sync=await self.badge(tx, caller, provider, parcel.facts))

    async def _turn_on_sync_customers(
        self,
        caller: Caller,
        provider: Provider,
        entity: Entity,
        record_id: UUID,
        _fields: Mapping[str, JsonValue],
    ) -> SyncAnswer:
        await self._change_settings(caller, provider, {"sync_customers": True})
        return await self._retry(caller, provider, entity, record_id)

    async def _change_settings(
        self, caller: Caller, provider: Provider, changes: Mapping[str, JsonValue]
    ) -> None:
        await check_connection(self.database, caller, provider)
        answer = await self.orchestrator.put(
            principal_of(caller), f"/integrations/{provider}/settings", json.dumps(dict(changes))
        )
        await remember_settings(self.database, caller, provider, answer)

    async def _retry(
        self, caller: Caller, provider: Provider, entity: Entity, record_id: UUID
    ) -> SyncAnswer:
        return await self._command(caller, provider, entity, record_id, "actions/retry", {})

    async def _answer(
        self, tx: Tx, caller: Caller, provider: Provider, invoice: InvoiceSnapshot
    ) -> SyncAnswer:
        record = RecordFacts(
            "invoice", RecordId(invoice.id), invoice.number, invoice.status, invoice.issue_date
        )
        return SyncAnswer(sync=await self.badge(tx, caller, provider, record))


OwnAction = Callable[
    [Caller, Provider, Entity, UUID, Mapping[str, JsonValue]], Coroutine[Any, Any, SyncAnswer]
]


def _invoice(entity: Entity, record_id: UUID) -> InvoiceId:
    if entity != "invoice":
        raise not_found("action")
    return InvoiceId(record_id)


def _field(fields: Mapping[str, JsonValue], name: str) -> JsonValue:
    value = fields.get(name)
    if value is None:
        raise invalid_field(name, "is required")
    return value
