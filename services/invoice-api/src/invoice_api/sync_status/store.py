"""SQL of badges: states of records in connections, and what they map to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from contracts.ids import CompanyId, ConnectionId, Entity, ItemId, Provider, RecordId
from contracts.sync import MappingChanged, RecordState
from messaging.database import Row, Tx

from invoice_api.sync_status.fold import Folded


@dataclass(frozen=True, order=True)
class StateKey:
    """One record in one connection."""

    connection_id: ConnectionId
    entity: Entity
    record_id: RecordId


@dataclass(frozen=True)
class StateRow:
    """What is to be kept of one record in one connection."""

    company_id: CompanyId
    provider: Provider
    folded: Folded
    cause_group: str | None


async def load_states(
    tx: Tx, company: CompanyId, connections: Sequence[ConnectionId], records: Sequence[RecordId]
) -> dict[tuple[ConnectionId, RecordId], RecordState]:
    """What was said of these records in these connections."""
    rows = await tx.fetch(
        "SELECT connection_id, record_id, folded FROM record_states"
        " WHERE company_id = $1 AND record_id = ANY($2::uuid[])"
        " AND connection_id = ANY($3::uuid[])",
        company,
        list(records),
        list(connections),
    )
    return {
        (ConnectionId(row["connection_id"]), RecordId(row["record_id"])): _folded(row).shown()
        for row in rows
    }


async def lock_states(tx: Tx, keys: Collection[StateKey]) -> dict[StateKey, Folded]:
    """What was said so far of those of which anything was, locked in key order."""
    rows = await tx.fetch(
        "SELECT s.connection_id, s.entity, s.record_id, s.folded FROM record_states s"
        " JOIN unnest($1::uuid[], $2::text[], $3::uuid[]) AS k (connection_id, entity, record_id)"
        " USING (connection_id, entity, record_id)"
        " ORDER BY s.connection_id, s.entity, s.record_id FOR UPDATE OF s",
        *_columns(sorted(keys)),
    )
    return {_key(row): _folded(row) for row in rows}


async def add_states(tx: Tx, states: Mapping[StateKey, StateRow]) -> set[StateKey]:
    """Keep what is said for the first time; which of these were kept.

    The others were added by somebody else meanwhile, and stand as they are.
    """
    keys = sorted(states)
    rows = await tx.fetch(
        "INSERT INTO record_states (connection_id, entity, record_id, state, cause_code,"
        " cause_group, folded, company_id, provider)"
        " SELECT connection_id, entity, record_id, state, cause_code, cause_group, folded::jsonb,"
        " company_id, provider"
        " FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],"
        " $7::text[], $8::uuid[], $9::text[]) AS k (connection_id, entity, record_id, state,"
        " cause_code, cause_group, folded, company_id, provider)"
        " ON CONFLICT DO NOTHING RETURNING connection_id, entity, record_id",
        *_columns(keys),
        *_contents([states[key] for key in keys]),
        [states[key].company_id for key in keys],
        [states[key].provider for key in keys],
    )
    return {_key(row) for row in rows}


async def save_states(tx: Tx, states: Mapping[StateKey, StateRow]) -> None:
    """Keep these of what is locked, set-wise."""
    keys = sorted(states)
    await tx.execute(
        "UPDATE record_states s SET state = k.state, cause_code = k.cause_code,"
        " cause_group = k.cause_group, folded = k.folded::jsonb,"
        " changed_xid = pg_current_xact_id()"
        " FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],"
        " $7::text[]) AS k (connection_id, entity, record_id, state, cause_code, cause_group,"
        " folded)"
        " WHERE s.connection_id = k.connection_id AND s.entity = k.entity"
        " AND s.record_id = k.record_id",
        *_columns(keys),
        *_contents([states[key] for key in keys]),
    )


async def save_mappings(tx: Tx, mappings: Sequence[MappingChanged]) -> None:
    """Keep the newest version of each item's account; at most one entry per item and connection."""
    ordered = sorted(mappings, key=lambda m: (m.connection_id, m.item_id))
    await tx.execute(
        "INSERT INTO mappings AS m"
        " (connection_id, item_id, company_id, provider, account_id, version)"
        " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[],"
        " $6::bigint[])"
        " ON CONFLICT (connection_id, item_id) DO UPDATE"
        " SET account_id = excluded.account_id, version = excluded.version"
        " WHERE m.version < excluded.version OR (m.version = excluded.version"
        " AND m.account_id IS DISTINCT FROM excluded.account_id)",
        [m.connection_id for m in ordered],
        [m.item_id for m in ordered],
        [m.company_id for m in ordered],
        [m.provider for m in ordered],
        [m.account_id for m in ordered],
        [m.version for m in ordered],
    )


async def mapping_versions(
    tx: Tx, company: CompanyId, connection: ConnectionId, items: Sequence[ItemId]
) -> dict[ItemId, int]:
    """The version of each item's account as far as we have heard; 0 where we haven't."""
    rows = await tx.fetch(
        "SELECT item_id, version FROM mappings"
        " WHERE company_id = $1 AND connection_id = $2 AND item_id = ANY($3::uuid[])",
        company,
        connection,
        list(items),
    )
    return dict.fromkeys(items, 0) | {ItemId(row["item_id"]): row["version"] for row in rows}


async def assume_mapping(
    tx: Tx,
    company: CompanyId,
    connection: ConnectionId,
    provider: Provider,
    accounts: Mapping[ItemId, str | None],
    heard: Mapping[ItemId, int],
) -> None:
    """Show a mapping that the orchestrator has just accepted, until it says so itself.

    Where it has said anything since `heard`, that stands.
    """
    items = sorted(accounts)
    await tx.execute(
        "INSERT INTO mappings AS m"
        " (connection_id, item_id, company_id, provider, account_id, version)"
        " SELECT $1, k.item_id, $2, $3, k.account_id, k.version"
        " FROM unnest($4::uuid[], $5::text[], $6::bigint[]) AS k (item_id, account_id, version)"
        " ON CONFLICT (connection_id, item_id) DO UPDATE SET account_id = excluded.account_id"
        " WHERE m.version = excluded.version",
        connection,
        company,
        provider,
        items,
        [accounts[item] for item in items],
        [heard[item] for item in items],
    )


async def load_mappings(
    tx: Tx, company: CompanyId, connections: Sequence[ConnectionId], items: Sequence[ItemId]
) -> list[tuple[ItemId, Provider, str]]:
    """Which of these items have an income account in these connections."""
    rows = await tx.fetch(
        "SELECT item_id, provider, account_id FROM mappings"
        " WHERE company_id = $1 AND item_id = ANY($2::uuid[]) AND connection_id = ANY($3::uuid[])"
        " AND account_id IS NOT NULL",
        company,
        list(items),
        list(connections),
    )
    return [(ItemId(row["item_id"]), row["provider"], row["account_id"]) for row in rows]


async def count_states(tx: Tx, company: CompanyId, connection: ConnectionId) -> dict[str, int]:
    """How many records are in each state that was said of them."""
    rows = await tx.fetch(
        "SELECT state, count(*) AS n FROM record_states"
        " WHERE company_id = $1 AND connection_id = $2 GROUP BY state ORDER BY state",
        company,
        connection,
    )
    return {row["state"]: int(row["n"]) for row in rows}


async def count_states_of(
    tx: Tx, company: CompanyId, connections: Sequence[ConnectionId]
) -> dict[ConnectionId, dict[str, int]]:
    """The same for several connections at once."""
    rows = await tx.fetch(
        "SELECT connection_id, state, count(*) AS n FROM record_states"
        " WHERE company_id = $1 AND connection_id = ANY($2::uuid[])"
        " GROUP BY connection_id, state ORDER BY connection_id, state",
        company,
        list(connections),
    )
    counts: dict[ConnectionId, dict[str, int]] = {one: {} for one in connections}
    for row in rows:
        counts[ConnectionId(row["connection_id"])][row["state"]] = int(row["n"])
    return counts


async def count_unmapped(tx: Tx, company: CompanyId, connections: Sequence[ConnectionId]) -> int:
    """How many items have no income account in at least one of these connections."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM items i WHERE i.company_id = $1 AND EXISTS ("
            " SELECT FROM unnest($2::uuid[]) AS k (id) LEFT JOIN mappings m"
            " ON m.connection_id = k.id AND m.item_id = i.id WHERE m.account_id IS NULL)",
            company,
            list(connections),
        )
    )


async def count_causes(
    tx: Tx, company: CompanyId, connections: Sequence[ConnectionId]
) -> dict[tuple[Provider, str], int]:
    """How many records each group of causes holds."""
    rows = await tx.fetch(
        "SELECT provider, cause_group, count(*) AS n FROM record_states"
        " WHERE company_id = $1 AND connection_id = ANY($2::uuid[]) AND cause_group IS NOT NULL"
        " GROUP BY provider, cause_group",
        company,
        list(connections),
    )
    return {(row["provider"], row["cause_group"]): int(row["n"]) for row in rows}


def _columns(keys: Sequence[StateKey]) -> tuple[list[object], ...]:
    """The keys as parallel columns, for `unnest`."""
    return (
        [key.connection_id for key in keys],
        [key.entity for key in keys],
        [key.record_id for key in keys],
    )


def _contents(rows: Sequence[StateRow]) -> tuple[list[object], ...]:
    """What is kept of each: its state, its cause, the cause's group, and all that was said."""
    shown = [row.folded.shown() for row in rows]
    return (
        [state.state.value for state in shown],
        [None if state.cause is None else state.cause.code for state in shown],
        [row.cause_group for row in rows],
        [row.folded.model_dump_json() for row in rows],
    )


def _key(row: Row) -> StateKey:
    return StateKey(ConnectionId(row["connection_id"]), row["entity"], RecordId(row["record_id"]))


def _folded(row: Row) -> Folded:
    return Folded.model_validate_json(row["folded"])
