"""SQL of imports: the file, its lines, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.ids import CompanyId, UserId
from messaging.database import Row, Tx

from invoice_api.imports.assembling import FileLine
from invoice_api.imports.schemas import ImportOptions, ReadAs, Result

LEASE = timedelta(seconds=20)
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class StoredImport:
    """An import as its worker needs it."""

    run_id: UUID
    company: CompanyId
    user: UserId
    user_name: str
    file_name: str
    options: ImportOptions
    read_as: ReadAs | None
    stage: str
    invoices: int
    next_ordinal: int
    version: int
    started_at: datetime
    now: datetime


@dataclass(frozen=True)
class StagedInvoice:
    ordinal: int
    number: str
    line_count: int


@dataclass(frozen=True)
class Ended:
    """What became of one invoice of the file; `lines` are reasons of single lines."""

    ordinal: int
    result: Result
    code: str | None = None
    reason: str | None = None
    invoice_id: UUID | None = None
    total: object = None
    lines: Mapping[int, str] | None = None


@dataclass(frozen=True)
class Counted:
    """Invoices and lines of one result for one reason."""

    result: Result
    code: str | None
    invoices: int
    lines: int
    amount: object
    example: str | None


_SELECT = (
    "SELECT run_id, company_id, user_id, user_name, file_name, options, read_as, stage, invoices,"
    " next_ordinal, version, started_at, clock() AS now FROM imports"
)


async def insert_import(
    tx: Tx,
    run_id: UUID,
    company: CompanyId,
    user: UserId,
    user_name: str,
    file_name: str,
    options: ImportOptions,
    raw: bytes,
) -> None:
    """Keep the file and what is wanted of it."""
    await tx.execute(
        "INSERT INTO imports (run_id, company_id, user_id, user_name, file_name, options, stage)"
        " VALUES ($1, $2, $3, $4, $5, $6::jsonb, 'reading')",
        run_id,
        company,
        user,
        user_name,
        file_name,
        options.model_dump_json(),
    )
    for piece, begin in enumerate(range(0, len(raw), _PIECE)):
        await tx.execute(
            "INSERT INTO import_pieces (run_id, piece, data) VALUES ($1, $2, $3)",
            run_id,
            piece,
            raw[begin : begin + _PIECE],
        )


async def find_import(tx: Tx, company: CompanyId, run_id: UUID) -> StoredImport | None:
    row = await tx.fetchrow(_SELECT + " WHERE company_id = $1 AND run_id = $2", company, run_id)
    return None if row is None else _import(row)


async def recent_imports(tx: Tx, company: CompanyId, limit: int) -> list[StoredImport]:
    rows = await tx.fetch(
        _SELECT + " WHERE company_id = $1 ORDER BY started_at DESC, run_id DESC LIMIT $2",
        company,
        limit,
    )
    return [_import(row) for row in rows]


async def take(tx: Tx) -> StoredImport | None:
    """The import that has waited longest for its next piece of work, locked; one a company."""
    row = await tx.fetchrow(
        _SELECT + " i WHERE stage <> 'over' AND coalesce(leased_until, '-infinity') < clock()"
        " AND NOT EXISTS (SELECT FROM imports e WHERE e.company_id = i.company_id"
        "  AND e.stage <> 'over' AND (e.started_at, e.run_id) < (i.started_at, i.run_id))"
        " ORDER BY worked_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return None if row is None else _import(row)


async def lease(tx: Tx, run_id: UUID) -> None:
    """Nobody else reads this file meanwhile; it saves work, nothing relies on it."""
    await tx.execute(
        "UPDATE imports SET leased_until = clock() + $2::interval WHERE run_id = $1", run_id, LEASE
    )


async def load_file(tx: Tx, run_id: UUID) -> bytes:
    rows = await tx.fetch("SELECT data FROM import_pieces WHERE run_id = $1 ORDER BY piece", run_id)
    return b"".join(bytes(row["data"]) for row in rows)


async def insert_lines(
    tx: Tx, run_id: UUID, lines: Sequence[tuple[int, int | None, Sequence[str], str | None]]
) -> None:
    """Keep (line, ordinal, cells, wrong); those that are there already stay as they are."""
    await tx.executemany(
        "INSERT INTO import_lines (run_id, line, ordinal, cells, wrong)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        [(run_id, line, ordinal, list(cells), wrong) for line, ordinal, cells, wrong in lines],
    )


async def finish_reading(
    tx: Tx, run_id: UUID, read_as: ReadAs, invoices: Sequence[StagedInvoice]
) -> None:
    """All lines are there: the file itself isn't needed any more."""
    await tx.execute(
        "INSERT INTO import_invoices (run_id, ordinal, number, line_count)"
        " SELECT $1, * FROM unnest($2::int[], $3::text[], $4::int[]) ON CONFLICT DO NOTHING",
        run_id,
        [one.ordinal for one in invoices],
        [one.number for one in invoices],
        [one.line_count for one in invoices],
    )
    await tx.execute(
        "UPDATE imports SET stage = 'importing', read_as = $2::jsonb, invoices = $3,"
        " leased_until = NULL, worked_at = clock() WHERE run_id = $1 AND stage = 'reading'",
        run_id,
        read_as.model_dump_json(),
        len(invoices),
    )
    await tx.execute("DELETE FROM import_pieces WHERE run_id = $1", run_id)


async def next_invoices(tx: Tx, run_id: UUID, ordinal: int, limit: int) -> list[StagedInvoice]:
    rows = await tx.fetch(
        "SELECT ordinal, number, line_count FROM import_invoices"
        " WHERE run_id = $1 AND ordinal >= $2 ORDER BY ordinal LIMIT $3",
        run_id,
        ordinal,
        limit,
    )
    return [StagedInvoice(row["ordinal"], row["number"], row["line_count"]) for row in rows]


async def load_lines(tx: Tx, run_id: UUID, ordinals: Sequence[int]) -> dict[int, list[FileLine]]:
    """The lines of these invoices, in the file's order."""
    rows = await tx.fetch(
        "SELECT ordinal, line, cells, wrong FROM import_lines"
        " WHERE run_id = $1 AND ordinal = ANY($2::int[]) ORDER BY line",
        run_id,
        list(ordinals),
    )
    found: dict[int, list[FileLine]] = {ordinal: [] for ordinal in ordinals}
    for row in rows:
        found[row["ordinal"]].append(FileLine(row["line"], tuple(row["cells"]), row["wrong"]))
    return found


async def save_ended(tx: Tx, run_id: UUID, ended: Sequence[Ended], next_ordinal: int) -> None:
    """What became of these invoices, and where to go on."""
    await tx.execute(
        "UPDATE import_invoices i SET result = k.result, code = k.code, reason = k.reason,"
        " invoice_id = k.invoice_id, total = k.total"
        " FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::numeric[])"
        " AS k (ordinal, result, code, reason, invoice_id, total)"
        " WHERE i.run_id = $1 AND i.ordinal = k.ordinal",
        run_id,
        [one.ordinal for one in ended],
        [one.result for one in ended],
        [one.code for one in ended],
        [one.reason for one in ended],
        [one.invoice_id for one in ended],
        [one.total for one in ended],
    )
    reasons = [(line, why) for one in ended for line, why in (one.lines or {}).items() if line]
    if reasons:
        await tx.execute(
            "UPDATE import_lines l SET reason = k.reason"
            " FROM unnest($2::int[], $3::text[]) AS k (line, reason)"
            " WHERE l.run_id = $1 AND l.line = k.line",
            run_id,
            [line for line, _ in reasons],
            [why for _, why in reasons],
        )
    await tx.execute(
        "UPDATE imports SET next_ordinal = $2, worked_at = clock() WHERE run_id = $1",
        run_id,
        next_ordinal,
    )


async def raise_version(tx: Tx, run_id: UUID, *, over: bool) -> None:
    await tx.execute(
        "UPDATE imports SET version = version + 1,"
        " stage = CASE WHEN $2 THEN 'over' ELSE stage END WHERE run_id = $1",
        run_id,
        over,
    )


async def reject_the_rest(tx: Tx, run_id: UUID, code: str, reason: str) -> None:
    """Someone stopped it: what wasn't begun says so."""
    await tx.execute(
        "UPDATE import_invoices SET result = 'rejected', code = $2, reason = $3"
        " WHERE run_id = $1 AND result IS NULL",
        run_id,
        code,
        reason,
    )


async def count_results(tx: Tx, run_id: UUID) -> list[Counted]:
    """What became of everything so far; lines that name no invoice are rejected ones of their own.

    An invoice that wasn't come to yet isn't counted.
    """
    rows = await tx.fetch(
        "SELECT result, code, count(*) AS invoices, sum(line_count) AS lines,"
        " coalesce(sum(total), 0) AS amount, (array_agg(number || ': ' || coalesce(reason, '')"
        "  ORDER BY ordinal))[1] AS example"
        " FROM import_invoices WHERE run_id = $1 AND result IS NOT NULL GROUP BY result, code"
        " UNION ALL SELECT 'rejected', 'no_number', 0, count(*), 0,"
        " 'Line ' || min(line) || ' says no invoice number.'"
        " FROM import_lines WHERE run_id = $1 AND ordinal IS NULL HAVING count(*) > 0"
        " ORDER BY 1, 3 DESC, 2",
        run_id,
    )
    return [
        Counted(
            row["result"],
            row["code"],
            int(row["invoices"]),
            int(row["lines"]),
            row["amount"],
            row["example"],
        )
        for row in rows
    ]


async def count_lines(tx: Tx, run_id: UUID) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM import_lines WHERE run_id = $1", run_id))


async def report_page(tx: Tx, run_id: UUID, after: int, limit: int) -> list[Row]:
    """Lines after this one with what became of them."""
    return await tx.fetch(
        "SELECT l.line, l.ordinal, i.number, i.result, l.wrong, l.reason AS line_reason,"
        " i.reason, i.invoice_id"
        " FROM import_lines l LEFT JOIN import_invoices i"
        " ON i.run_id = l.run_id AND i.ordinal = l.ordinal"
        " WHERE l.run_id = $1 AND l.line > $2 ORDER BY l.line LIMIT $3",
        run_id,
        after,
        limit,
    )


async def lock_company(tx: Tx, company: CompanyId) -> None:
    """Nobody else makes customers and items by their names meanwhile."""
    await tx.execute("SELECT FROM companies WHERE id = $1 FOR NO KEY UPDATE", company)


async def forget_old(tx: Tx) -> None:
    """Line by line, an import is shown for 60 days."""
    await tx.execute("DELETE FROM imports WHERE started_at < clock() - interval '60 days'")


def _import(row: Row) -> StoredImport:
    return StoredImport(
        run_id=row["run_id"],
        company=CompanyId(row["company_id"]),
        user=UserId(row["user_id"]),
        user_name=row["user_name"],
        file_name=row["file_name"],
        options=ImportOptions.model_validate_json(row["options"]),
        read_as=None if row["read_as"] is None else ReadAs.model_validate_json(row["read_as"]),
        stage=row["stage"],
        invoices=row["invoices"],
        next_ordinal=row["next_ordinal"],
        version=row["version"],
        started_at=row["started_at"],
        now=row["now"],
    )
