"""SQL of the mail of notices: who is written to about what, and how each mail ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.ids import UserId
from messaging.database import Tx

from invoice_api.notices.deciding import Choice, Reader, Said
from invoice_api.notices.store import amounts_of

_ABANDONED_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Person:
    """Someone with what they weren't written to about yet."""

    user: UserId
    address: str
    company_name: str
    reader: Reader


@dataclass(frozen=True)
class Mail:
    id: UUID
    address: str
    subject: str
    body: str
    tries: int


@dataclass(frozen=True)
class Unsent:
    """A mail that didn't arrive, as far as is known; `why` in a person's words."""

    address: str
    at: datetime
    why: str


async def people(tx: Tx) -> list[Person]:
    """Everyone of a company that has something open that they weren't written to about."""
    rows = await tx.fetch(
        "SELECT u.id, u.email, u.role, c.name, c.time_zone, h.email AS choice, h.digest_day"
        " FROM users u JOIN companies c ON c.id = u.company_id"
        " LEFT JOIN notice_choices h ON h.user_id = u.id"
        " WHERE u.active AND u.password_hash IS NOT NULL AND EXISTS ("
        "  SELECT FROM notices n WHERE n.company_id = u.company_id AND n.over_at IS NULL"
        "  AND n.said_at > coalesce(h.mailed_until, u.created_at))"
    )
    return [
        Person(
            UserId(row["id"]),
            row["email"],
            row["name"],
            Reader(
                row["choice"] or usual_choice(row["role"]),
                ZoneInfo(row["time_zone"]),
                row["digest_day"],
            ),
        )
        for row in rows
    ]


def usual_choice(role: str) -> Choice:
    """Before someone chose: a daily digest for those who can mend something."""
    return "daily" if role in {"owner", "office"} else "none"


async def unmailed(tx: Tx, user: UserId) -> list[Said]:
    """What is open and was said since the person's last mail that arrived, the worst first.

    What is in a mail that is under way or never arrived isn't `new`.
    """
    rows = await tx.fetch(
        "SELECT n.kind, n.provider, n.title, n.sentence, n.what, n.amounts, n.path, n.said_at,"
        " n.said_at > coalesce(h.mailed_until, u.created_at) AS new"
        " FROM notices n JOIN users u ON u.company_id = n.company_id"
        " LEFT JOIN notice_choices h ON h.user_id = u.id"
        " WHERE u.id = $1 AND n.over_at IS NULL"
        " AND n.said_at > least(coalesce(h.mailed_until, u.created_at), h.unsent_since)"
        " ORDER BY n.kind <> 'connection', n.amount DESC, n.count DESC, n.id",
        user,
    )
    return [
        Said(
            row["kind"],
            row["provider"],
            row["title"],
            row["sentence"],
            row["what"],
            amounts_of(row["amounts"]),
            row["path"],
            row["said_at"],
            row["new"],
        )
        for row in rows
    ]


async def insert_mail(
    tx: Tx, mail: UUID, user: UserId, address: str, subject: str, body: str, until: datetime
) -> None:
    """Mail to send, in the transaction that remembers it was written."""
    await tx.execute(
        "INSERT INTO notice_mails (id, user_id, address, subject, body, said_after)"
        " SELECT $1, u.id, $3, $4, $5,"
        "  least(coalesce(h.mailed_until, u.created_at), h.unsent_since)"
        " FROM users u LEFT JOIN notice_choices h ON h.user_id = u.id WHERE u.id = $2",
        mail,
        user,
        address,
        subject,
        body,
    )
    await tx.execute(
        "INSERT INTO notice_choices (user_id, mailed_until, digest_day)"
        " SELECT u.id, $2, (clock() AT TIME ZONE c.time_zone)::date FROM users u"
        " JOIN companies c ON c.id = u.company_id WHERE u.id = $1"
        " ON CONFLICT (user_id) DO UPDATE SET mailed_until = excluded.mailed_until,"
        " digest_day = excluded.digest_day",
        user,
        until,
    )


async def take_mail(tx: Tx) -> Mail | None:
    """The next mail that is due: taken, so that no second one is sent whatever happens."""
    row = await tx.fetchrow(
        "UPDATE notice_mails SET state = 'sending', tries = tries + 1, due_at = clock()"
        " WHERE id = ("
        " SELECT id FROM notice_mails WHERE state = 'due' AND due_at <= clock()"
        " ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING id, address, subject, body, tries"
    )
    return None if row is None else Mail(*row.values())


async def mail_goes_later(tx: Tx, mail: UUID, why: str, after: timedelta) -> None:
    """The server surely hasn't taken it."""
    await tx.execute(
        "UPDATE notice_mails SET state = 'due', why = $2, due_at = clock() + $3::interval"
        " WHERE id = $1",
        mail,
        why,
        after,
    )


async def mail_ended(
    tx: Tx, mail: UUID, state: Literal["sent", "given_up"], why: str | None = None
) -> None:
    """It is sent; or it isn't tried any more, and what it told is told again with the next one."""
    row = await tx.fetchrow(
        "UPDATE notice_mails SET state = $2, why = $3, due_at = clock() WHERE id = $1"
        " RETURNING user_id, said_after",
        mail,
        state,
        why,
    )
    if row is None or row["said_after"] is None:
        return
    if state == "sent":
        # A mail that was given up after this one was written may tell of more than this one did.
        await tx.execute(
            "UPDATE notice_choices SET unsent_since = NULL"
            " WHERE user_id = $1 AND unsent_since >= $2",
            row["user_id"],
            row["said_after"],
        )
    else:
        await tx.execute(
            "UPDATE notice_choices SET unsent_since = least(unsent_since, $2) WHERE user_id = $1",
            row["user_id"],
            row["said_after"],
        )


async def abandoned(tx: Tx) -> list[UUID]:
    """Mail that was being sent by a process that has ended: nobody knows whether it was taken."""
    rows = await tx.fetch(
        "SELECT id FROM notice_mails WHERE state = 'sending' AND due_at < clock() - $1::interval"
        " FOR UPDATE SKIP LOCKED",
        _ABANDONED_AFTER,
    )
    return [row["id"] for row in rows]


async def unsent(tx: Tx, user: UserId) -> Unsent | None:
    """The person's last mail, if it is the one that didn't arrive."""
    row = await tx.fetchrow(
        "SELECT state, address, due_at, coalesce(why, '') AS why FROM notice_mails"
        " WHERE user_id = $1 AND state IN ('sent', 'given_up') ORDER BY due_at DESC LIMIT 1",
        user,
    )
    if row is None or row["state"] == "sent":
        return None
    return Unsent(row["address"], row["due_at"], row["why"])


async def find_choice(tx: Tx, user: UserId, role: str) -> Choice:
    found = await tx.fetchval("SELECT email FROM notice_choices WHERE user_id = $1", user)
    return found or usual_choice(role)


async def address_of(tx: Tx, user: UserId) -> str:
    """Where someone is written to."""
    return str(await tx.fetchval("SELECT email FROM users WHERE id = $1", user))


async def save_choice(tx: Tx, user: UserId, choice: Choice) -> None:
    await tx.execute(
        "INSERT INTO notice_choices (user_id, email, mailed_until)"
        " SELECT id, $2, created_at FROM users WHERE id = $1"
        " ON CONFLICT (user_id) DO UPDATE SET email = excluded.email",
        user,
        choice,
    )
