"""SQL of tax rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from contracts.ids import CompanyId, ConnectionId, TaxRateId
from messaging.database import Row, Tx

from invoice_api.http.paging import PageRequest


@dataclass(frozen=True)
class TaxRate:
    id: TaxRateId
    name: str
    percent: Decimal
    created_at: datetime


async def insert_tax_rate(
    tx: Tx, company: CompanyId, rate: TaxRateId, name: str, percent: Decimal
) -> TaxRate | None:
    """Keep a new rate; None where its name is taken, in upper or lower case."""
    row = await tx.fetchrow(
        "INSERT INTO tax_rates (company_id, id, name, percent) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (company_id, lower(name)) DO NOTHING"
        " RETURNING id, name, percent, created_at",
        company,
        rate,
        name,
        percent,
    )
    return None if row is None else _rate(row)


async def load_tax_rates(
    tx: Tx, company: CompanyId, ids: Sequence[TaxRateId]
) -> dict[TaxRateId, TaxRate]:
    """Those of `ids` that are the company's."""
    rows = await tx.fetch(
        "SELECT id, name, percent, created_at FROM tax_rates"
        " WHERE company_id = $1 AND id = ANY($2::uuid[])",
        company,
        list(set(ids)),
    )
    return {rate.id: rate for rate in map(_rate, rows)}


async def all_tax_rates(tx: Tx, company: CompanyId) -> list[TaxRate]:
    """Every rate of the company, by name."""
    rows = await tx.fetch(
        "SELECT id, name, percent, created_at FROM tax_rates WHERE company_id = $1"
        " ORDER BY name, id",
        company,
    )
    return [_rate(row) for row in rows]


async def list_tax_rates(tx: Tx, company: CompanyId, page: PageRequest) -> list[TaxRate]:
    """Newest first, one more than the page holds."""
    rows = await tx.fetch(
        "SELECT id, name, percent, created_at FROM tax_rates"
        " WHERE company_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        company,
        page.before,
        page.limit + 1,
    )
    return [_rate(row) for row in rows]


async def used_on(tx: Tx, company: CompanyId, rates: Sequence[TaxRateId]) -> dict[TaxRateId, int]:
    """On how many invoices each of these rates stands."""
    rows = await tx.fetch(
        "SELECT line ->> 'tax_rate_id' AS rate, count(DISTINCT v.id) AS n FROM invoices v"
        " CROSS JOIN LATERAL jsonb_array_elements(v.snapshot -> 'lines') AS line"
        " WHERE v.company_id = $1 AND line ->> 'tax_rate_id' = ANY($2::text[])"
        " GROUP BY line ->> 'tax_rate_id'",
        company,
        [str(rate) for rate in rates],
    )
    counts = {str(row["rate"]): int(row["n"]) for row in rows}
    return {rate: counts.get(str(rate), 0) for rate in rates}


@dataclass(frozen=True)
class Held:
    """Invoices in one currency that wait for a tax to be chosen; `group` names for which."""

    group: str
    count: int
    amount: Decimal
    currency: str


async def held_by_taxes(tx: Tx, company: CompanyId, connection: ConnectionId) -> list[Held]:
    """What waits in this connection because a tax isn't chosen or can't be used, most first."""
    rows = await tx.fetch(
        "SELECT s.cause_group, count(*) AS n, sum(i.total) AS amount, i.currency"
        " FROM record_states s"
        " JOIN invoices i ON i.company_id = s.company_id AND i.id = s.record_id"
        " WHERE s.company_id = $1 AND s.connection_id = $2 AND s.entity = 'invoice'"
        " AND s.cause_code = ANY($3::text[])"
        " GROUP BY s.cause_group, i.currency ORDER BY amount DESC, s.cause_group",
        company,
        connection,
        ["tax_rate_unmapped", "tax_code_gone", "tax_not_allowed_for_account"],
    )
    return [
        Held(str(row["cause_group"]), int(row["n"]), row["amount"], row["currency"]) for row in rows
    ]


def _rate(row: Row) -> TaxRate:
    return TaxRate(TaxRateId(row["id"]), row["name"], row["percent"], row["created_at"])
