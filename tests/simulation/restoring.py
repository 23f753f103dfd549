"""The database is restored from a backup: docs/runbooks/recover.md, as a part of a seed's story.

At a moment by lot all schemas are copied. Later all processes die, the copy is put back, the bus is
wiped, each service's own part of `recover` runs, and the story goes on. What persons are left to do
by the runbook's last step they do when all is left in peace.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from connector_kit import recovery_store as connector_part
from contracts.ids import CompanyId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from invoice_api import recovery_store as office_part
from messaging.recovering import Own, make_safe
from sync_orchestrator.app import PACKAGE as ORCHESTRATOR
from sync_orchestrator.store import recovery_store as orchestrator_part

from simulation.company import Company
from simulation.ground import OFFICE
from simulation.lost import Lost
from simulation.office import Snapshot
from simulation.ring import Ring

_TAKES = (150.0, 600.0, 4_000.0)
"""How long the services stand still, in seconds."""
_NOT_ASKED = (1, None)
_MUCH_GOES = 0.5
"""In how many stories the services get far between the two; else little was sent by the restore."""
_SHORTEST = 5
"""Turns between the backup and the restore at least."""
_AHEAD_OF_ALL = 4_000_000_000
"""A change mark of a server that had done more than this one: a copy may come to another."""


@dataclass(frozen=True)
class _Memory:
    """What a company's people and invoice-api knew, beside the tables."""

    of_company: dict[str, Any]
    of_office: dict[str, Any]
    saved: dict[UUID, Snapshot]
    numbers: int

    _COMPANY = (
        "connections",
        "before",
        "switched",
        "unlinked",
        "accounts_chosen",
        "imported",
        "runs",
    )
    _OFFICE = ("customers", "items", "invoices", "heard", "badges", "totals")

    @classmethod
    def of(cls, company: Company, saved: dict[UUID, Snapshot]) -> "_Memory":
        kept: dict[str, Any] = {name: getattr(company, name).copy() for name in cls._COMPANY}
        kept |= {"there": company.there, "off": company.off}
        office = {name: getattr(company.office, name).copy() for name in cls._OFFICE}
        return cls(kept, office, saved, company.office.numbers)

    def come_back(self, company: Company) -> None:
        for name, value in self.of_company.items():
            setattr(company, name, value)
        for name, value in self.of_office.items():
            setattr(company.office, name, value)
        # What its people did since is forgotten; they do again what must be.
        company.unattended = True


@dataclass(frozen=True)
class _Backup:
    at: datetime
    tables: dict[tuple[str, str], bytes]
    sequences: list[tuple[str, int | None]]
    jobs: dict[tuple[Any, ...], tuple[Any, ...]]
    memories: dict[CompanyId, _Memory]


class Restoring:
    """Takes the backup at one turn of the story and restores it at a later one."""

    def __init__(
        self,
        ring: Ring,
        pass_time: Callable[[float], Awaitable[None]],
        work_on: Callable[[], Awaitable[None]],
        turns: int,
    ) -> None:
        rng = ring.scheduler.rng
        self._ring = ring
        self._pass_time = pass_time
        self._work_on = work_on
        self._lot = random.Random(f"restored {ring.scheduler.seed}")
        self._backup_at = rng.randint(0, turns * 2 // 3)
        self._restore_at = min(turns, rng.randint(self._backup_at + _SHORTEST, turns))
        self._backup: _Backup | None = None

    async def turn(self, number: int) -> None:
        """This turn of the story begins."""
        if number == self._backup_at:
            self._backup = await self._take()
            if self._lot.random() < _MUCH_GOES:
                await self._work_on()
        if number == self._restore_at and self._backup is not None:
            await self._restore(self._backup)

    # --- the backup

    async def _take(self) -> _Backup:
        ring = self._ring
        # So that what people remember is what is saved. The services go on.
        await ring.scheduler.until(lambda: not ring.scheduler.alive("office/"), "people pause")
        on = ring.ground
        for company in ring.companies:
            await on.admin.execute(
                f"insert into {OFFICE}.invoice_numbers values ($1, $2)",
                company.id,
                company.office.numbers + 1,
            )
        async with on.admin.transaction(isolation="repeatable_read"):
            names: list[str] = (await on.admin.fetchval(on.filled)).split(", ")
            names += [f"{schema}.weather" for schema in self._connectors()]
            tables: dict[tuple[str, str], bytes] = {}
            for name in names:
                schema, table = name.split(".")
                rows = BytesIO()
                await on.admin.copy_from_table(
                    table, schema_name=schema, output=rows, format="binary"
                )
                tables[schema, table] = rows.getvalue()
            sequences = [
                (row["name"], row["last_value"])
                for row in await on.admin.fetch(
                    "select schemaname || '.' || sequencename as name, last_value"
                    " from pg_sequences where schemaname = any($1) order by 1",
                    list(on.sessions),
                )
            ]
            memories = {
                company.id: _Memory.of(company, await self._saved(company))
                for company in ring.companies
            }
            jobs = await self._jobs()
        ring.scheduler.story.append(f"--- backed up: {len(tables)} tables")
        return _Backup(ring.scheduler.now, tables, sequences, jobs, memories)

    async def _saved(self, company: Company) -> dict[UUID, Snapshot]:
        kinds = {"customer": CustomerSnapshot, "item": ItemSnapshot, "invoice": InvoiceSnapshot}
        rows = await self._ring.ground.admin.fetch(
            f"select entity, id, snapshot::text from {OFFICE}.records where company = $1"
            " order by entity, id",
            company.id,
        )
        return {
            row["id"]: kinds[row["entity"]].model_validate_json(row["snapshot"]) for row in rows
        }

    async def _jobs(self) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """The generation and the link of each job."""
        rows = await self._ring.ground.admin.fetch(
            "select j.connection_id, j.entity, j.record_id, j.generation, l.remote_id"
            f" from {ORCHESTRATOR}.jobs j left join {ORCHESTRATOR}.links l"
            " using (connection_id, entity, record_id)"
        )
        return {tuple(row)[:3]: tuple(row)[3:] for row in rows}

    # --- the restore

    async def _restore(self, backup: _Backup) -> None:
        ring, scheduler = self._ring, self._ring.scheduler
        scheduler.story.append("--- the database is lost")
        for name in scheduler.alive():
            if name != "driver" and not name.startswith("there/"):
                scheduler.kill(name)
        await scheduler.until(self._all_dead, "all are dead")
        ring.lost = await self._lost(backup)
        await self._put_back(backup)
        for company in ring.companies:
            backup.memories[company.id].come_back(company)
        ring.bus.queues.clear()
        ring.bus.echoes.clear()
        await self._pass_time(scheduler.rng.choice(_TAKES))
        await self._recover()
        scheduler.story.append("--- restored")
        ring.sights.saw("restored")
        await self._void_what_went(ring.lost)

    async def _void_what_went(self, lost: Lost) -> None:
        """In some companies somebody voids at once what went there since the backup."""
        for company in self._ring.companies:
            sent = sorted(one for one in await self._saved(company) if one in lost.sent)
            if sent and self._lot.random() < 0.5:
                which = self._lot.choice(sent)
                self._ring.scheduler.story.append(f"void {str(which)[-4:]} after the restore")
                await company.office.void_this(which)

    def _all_dead(self) -> bool:
        alive = self._ring.scheduler.alive
        return len(alive()) == len(alive("there/")) + 1

    async def _lost(self, backup: _Backup) -> Lost:
        """What is forgotten by restoring this: read before."""
        ring = self._ring
        memories = backup.memories
        records: set[UUID] = set()
        edited: set[UUID] = set()
        renamed: set[UUID] = set()
        voided: set[UUID] = set()
        for company in ring.companies:
            memory = memories[company.id]
            for id_, now in (await self._saved(company)).items():
                before = memory.saved.get(id_)
                if before is None:
                    records.add(id_)
                    continue
                if now.model_copy(update={"version": before.version}) != before:
                    edited.add(id_)
                if not isinstance(now, InvoiceSnapshot):
                    assert not isinstance(before, InvoiceSnapshot)
                    if now.name != before.name:
                        renamed.add(id_)
                elif isinstance(before, InvoiceSnapshot) and now.status != before.status:
                    voided.add(id_)
            chosen, before_ = company.accounts_chosen, memory.of_company["accounts_chosen"]
            edited |= {key[1] for key in chosen if chosen[key] != before_.get(key)}
        jobs = await self._jobs()
        edited |= {
            key[2]
            for key, (generation, link) in backup.jobs.items()
            if link is not None and key in jobs and jobs[key] != (generation, link)
        }
        sent = {
            key[2]
            for key, (_, link) in jobs.items()
            if key[1] == "invoice"
            and link is not None
            and backup.jobs.get(key, _NOT_ASKED)[1] is None
        }
        return Lost(
            backed_up=backup.at,
            sent=frozenset(sent),
            records=frozenset(records),
            edited=frozenset(edited),
            renamed=frozenset(renamed),
            voided=frozenset(voided),
            connected=frozenset(
                (company.id, realm) for company in ring.companies for realm in company.connections
            ),
            numbers={
                company.id: range(memories[company.id].numbers + 1, company.office.numbers + 1)
                for company in ring.companies
            },
            heard={company.id: tuple(company.office.heard) for company in ring.companies},
        )

    async def _put_back(self, backup: _Backup) -> None:
        ring = self._ring
        on = ring.ground
        await on.clear()
        async with on.admin.transaction():
            await on.admin.execute("set local session_replication_role = replica")
            for schema in self._connectors():
                await on.admin.execute(f"delete from {schema}.weather")
            for (schema, table), rows in backup.tables.items():
                await on.admin.copy_to_table(
                    table, schema_name=schema, source=BytesIO(rows), format="binary"
                )
            for name, last in backup.sequences:
                await on.admin.execute(
                    "select setval($1::text::regclass, $2, $3)", name, last or 1, last is not None
                )
            if ring.scheduler.rng.random() < 0.5:
                await self._come_to_another_server()
        set_apart = {
            schema: await on.admin.fetchval(f"select count(*) from {schema}.dead_letters")
            for schema in on.sessions
        }
        ring.sights.poisons = set_apart[ORCHESTRATOR]
        ring.sights.garbled = sum(set_apart[schema] for schema in self._connectors())

    async def _come_to_another_server(self) -> None:
        """The copy's change marks lie ahead of all transactions here."""
        admin = self._ring.ground.admin
        marked = await admin.fetch(
            "select table_schema || '.' || table_name as name from information_schema.columns"
            " where column_name = 'changed_xid' and table_schema = any($1) order by 1",
            list(self._ring.ground.sessions),
        )
        for table in marked:
            await admin.execute(f"update {table['name']} set changed_xid = '{_AHEAD_OF_ALL}'")

    async def _recover(self) -> None:
        """Each service's own part, and what it does when it starts."""
        ring = self._ring
        parts: dict[str, Own] = {
            OFFICE: office_part.move_numbers,
            ORCHESTRATOR: orchestrator_part.move_ahead,
            **dict.fromkeys(self._connectors(), connector_part.verify_all),
        }
        for schema, own in parts.items():
            async with ring.databases[schema].transaction() as tx:
                await make_safe(tx, own)
            ring.databases[schema].wakes.add("outbox")
        for company in ring.companies:
            following = await ring.ground.admin.fetchval(
                f"select next from {OFFICE}.invoice_numbers where company_id = $1", company.id
            )
            company.office.numbers = following - 1

    def _connectors(self) -> list[str]:
        return [one for one in self._ring.ground.sessions if one not in (OFFICE, ORCHESTRATOR)]
