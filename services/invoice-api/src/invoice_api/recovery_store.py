"""What only this service has to be told after a restore."""

from messaging.database import Tx


async def move_numbers(tx: Tx, ahead: int) -> None:
    """Numbers given after the backup stand on paper and at the provider: go on past them."""
    await tx.execute("update invoice_numbers set next = next + $1", ahead)
