"""What only a connector has to be told after a restore."""

from messaging.database import Tx


async def verify_all(tx: Tx, ahead: int) -> None:
    """Creates of records made until now are looked for there first: see `verifying`.

    In connections that are opened later, too: the database may have forgotten that they were open.

    `ahead` has no meaning here: steps and versions are others'. Connections say themselves anew.
    """
    del ahead
    await tx.execute(
        """
        WITH restored AS (INSERT INTO restores (at) VALUES (clock()) RETURNING at)
        UPDATE connections SET verify_until = restored.at, announced_at = NULL FROM restored
        """
    )
