"""SQL of notices: what is so in the read tables, what was said, and who read it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.causes import cause_of
from contracts.ids import CompanyId, Provider, UserId
from contracts.sync import CauseInstance
from messaging.database import Row, Tx

from invoice_api.notices.deciding import (
    BACK_WITHIN,
    ENDING_SOON,
    Fact,
    Kind,
    Known,
)
from invoice_api.sums import Amounts


@dataclass(frozen=True)
class EndingConnection:
    """A connection that needs a sign-in again, or soon will."""

    company: CompanyId
    zone: ZoneInfo
    provider: Provider
    connection: UUID
    organisation: str
    since: datetime
    good_until: datetime | None
    waiting: int
    cause: CauseInstance
    """Why it must be connected again, where it must."""


async def zones(tx: Tx, companies: Collection[CompanyId]) -> dict[CompanyId, ZoneInfo]:
    """Where each of these companies is."""
    rows = await tx.fetch(
        "SELECT id, time_zone FROM companies WHERE id = ANY($1::uuid[])", list(companies)
    )
    return {CompanyId(row["id"]): ZoneInfo(row["time_zone"]) for row in rows}


async def ending_connections(tx: Tx) -> list[EndingConnection]:
    """Those that ask for a reconnect, and those whose sign-in ends within 14 days."""
    rows = await tx.fetch(
        "SELECT k.company_id, c.time_zone, k.provider, k.id, k.organisation_name, k.said_at,"
        " k.cause, CASE WHEN k.status = 'connected' THEN k.token_good_until END AS good_until,"
        " (SELECT count(*) FROM record_states s WHERE s.connection_id = k.id"
        "  AND s.state = 'held') AS waiting"
        " FROM connections k JOIN companies c ON c.id = k.company_id"
        " WHERE k.current AND (k.status = 'reconnect' OR (k.status = 'connected'"
        "  AND k.token_good_until < clock() + $1::interval))",
        ENDING_SOON,
    )
    return [
        EndingConnection(
            CompanyId(row["company_id"]),
            ZoneInfo(row["time_zone"]),
            row["provider"],
            row["id"],
            row["organisation_name"] or "",
            row["said_at"],
            row["good_until"],
            int(row["waiting"]),
            cause_of("connection_expired")
            if row["cause"] is None
            else CauseInstance.model_validate_json(row["cause"]),
        )
        for row in rows
    ]


async def lock_open(tx: Tx) -> list[Known]:
    """All open notices; nobody else decides meanwhile."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('invoice_api.notices'))")
    return _known(await tx.fetch(_KNOWN + " WHERE over_at IS NULL"))


async def lately_over(tx: Tx) -> list[Known]:
    """Those that ended a short time ago, the latest last."""
    return _known(
        await tx.fetch(
            _KNOWN + " WHERE over_at > clock() - $1::interval ORDER BY over_at", BACK_WITHIN
        )
    )


async def reopen(tx: Tx, notices: Sequence[UUID]) -> None:
    """They weren't over: nothing is said anew, and whoever had read them has."""
    await tx.execute("UPDATE notices SET over_at = NULL WHERE id = ANY($1::uuid[])", list(notices))


_KNOWN = (
    "SELECT id, company_id, kind, provider, subject, since, times,"
    " coalesce(said_count, count) AS count, said_amounts FROM notices"
)


def _known(rows: Sequence[Row]) -> list[Known]:
    return [
        Known(
            row["id"],
            CompanyId(row["company_id"]),
            row["kind"],
            row["provider"],
            row["subject"],
            row["since"],
            row["times"],
            row["count"],
            None if row["said_amounts"] is None else amounts_of(row["said_amounts"]),
        )
        for row in rows
    ]


async def save_said(tx: Tx, notice: UUID, fact: Fact, times: int) -> None:
    """Say it: whoever had read it before has it unread again."""
    await tx.execute(
        "INSERT INTO notices (id, company_id, kind, provider, subject, since, times, count,"
        " amount, title, sentence, path, what, amounts, said_count, said_amounts, said_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $8,"
        "  $14::jsonb, clock())"
        " ON CONFLICT (id) DO UPDATE SET times = excluded.times, count = excluded.count,"
        " amount = excluded.amount, title = excluded.title, sentence = excluded.sentence,"
        " path = excluded.path, what = excluded.what, amounts = excluded.amounts,"
        " said_count = excluded.said_count, said_amounts = excluded.said_amounts,"
        " said_at = clock()",
        notice,
        fact.company,
        fact.kind,
        fact.provider,
        fact.subject,
        fact.since,
        times,
        fact.count,
        fact.amounts[0][1] if fact.amounts else Decimal(0),
        fact.title,
        fact.sentence,
        fact.path,
        fact.what,
        _packed(fact.amounts),
    )
    await tx.execute("DELETE FROM notice_reads WHERE notice_id = $1", notice)


async def keep_current(tx: Tx, facts: Mapping[UUID, Fact]) -> None:
    """Show these open notices as things are now, without saying them again."""
    await tx.execute(
        "UPDATE notices n SET count = k.count, amount = k.amount, title = k.title,"
        " sentence = k.sentence, what = k.what, amounts = k.amounts::jsonb,"
        " said_count = coalesce(n.said_count, n.count),"
        " said_amounts = coalesce(n.said_amounts, k.amounts::jsonb)"
        " FROM unnest($1::uuid[], $2::int[], $3::numeric[], $4::text[], $5::text[], $6::text[],"
        "  $7::text[]) AS k (id, count, amount, title, sentence, what, amounts)"
        " WHERE n.id = k.id AND (n.said_amounts IS NULL OR (n.count, n.title, n.sentence, n.what,"
        "  n.amounts) IS DISTINCT FROM (k.count, k.title, k.sentence, k.what, k.amounts::jsonb))",
        list(facts),
        [fact.count for fact in facts.values()],
        [fact.amounts[0][1] if fact.amounts else Decimal(0) for fact in facts.values()],
        [fact.title for fact in facts.values()],
        [fact.sentence for fact in facts.values()],
        [fact.what for fact in facts.values()],
        [_packed(fact.amounts) for fact in facts.values()],
    )


def _packed(amounts: Amounts) -> str:
    return json.dumps([[currency, str(amount)] for currency, amount in amounts])


def amounts_of(packed: str) -> Amounts:
    """Sums of money as they are kept: `[["USD", "150.00"], …]`."""
    return tuple(
        (str(currency), Decimal(amount))
        for currency, amount in cast("list[list[str]]", json.loads(packed))
    )


async def close(tx: Tx, notices: Sequence[UUID]) -> None:
    await tx.execute(
        "UPDATE notices SET over_at = clock() WHERE id = ANY($1::uuid[])", list(notices)
    )


@dataclass(frozen=True)
class KnownNotice:
    """A notice as one person sees it."""

    id: UUID
    kind: Kind
    provider: Provider
    subject: str
    title: str
    sentence: str
    count: int
    what: str
    amounts: Amounts
    path: str
    since: datetime
    said_at: datetime
    over_at: datetime | None
    read: bool


async def list_notices(tx: Tx, company: CompanyId, user: UserId, limit: int) -> list[KnownNotice]:
    """Open ones first, the latest said first; whether this person has read each."""
    rows = await tx.fetch(
        "SELECT n.*, r.read_at IS NOT NULL AS read FROM notices n"
        " LEFT JOIN notice_reads r ON r.notice_id = n.id AND r.user_id = $2"
        " WHERE n.company_id = $1 ORDER BY n.over_at IS NOT NULL, n.said_at DESC, n.id LIMIT $3",
        company,
        user,
        limit,
    )
    return [
        KnownNotice(
            id=row["id"],
            kind=row["kind"],
            provider=row["provider"],
            subject=row["subject"],
            title=row["title"],
            sentence=row["sentence"],
            count=row["count"],
            what=row["what"],
            amounts=amounts_of(row["amounts"]),
            path=row["path"],
            since=row["since"],
            said_at=row["said_at"],
            over_at=row["over_at"],
            read=row["read"],
        )
        for row in rows
    ]


async def count_unread(tx: Tx, company: CompanyId, user: UserId) -> int:
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM notices n WHERE n.company_id = $1 AND n.over_at IS NULL"
            " AND NOT EXISTS (SELECT FROM notice_reads r"
            "  WHERE r.notice_id = n.id AND r.user_id = $2)",
            company,
            user,
        )
    )


async def mark_read(
    tx: Tx, company: CompanyId, user: UserId, notices: Sequence[UUID] | None
) -> None:
    """Read by this person: these, or all of the company's."""
    await tx.execute(
        "INSERT INTO notice_reads (user_id, notice_id)"
        " SELECT $2, id FROM notices WHERE company_id = $1"
        " AND ($3::uuid[] IS NULL OR id = ANY($3)) ON CONFLICT DO NOTHING",
        company,
        user,
        None if notices is None else list(notices),
    )


async def forget_old(tx: Tx) -> None:
    """What is over is shown for 90 days; mail is kept as long."""
    await tx.execute("DELETE FROM notices WHERE over_at < clock() - interval '90 days'")
    await tx.execute(
        "DELETE FROM notice_mails WHERE state <> 'due' AND due_at < clock() - interval '90 days'"
    )
