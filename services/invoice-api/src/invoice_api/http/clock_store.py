"""The database's clock: what stamps facts."""

from datetime import datetime
from typing import cast

from messaging.database import Tx


async def now(tx: Tx) -> datetime:
    """The time by the schema's own `clock()`."""
    return cast("datetime", await tx.fetchval("SELECT clock()"))
