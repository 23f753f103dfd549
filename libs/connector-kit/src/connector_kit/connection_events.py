"""A connection's state as the events that say it. Pure."""

from datetime import datetime
from uuid import UUID

from contracts.connections import ConnectionClosed, ConnectionExpired, ConnectionOpened
from contracts.ids import MessageId
from contracts.ids import Provider as ProviderName
from contracts.sync import CauseInstance

from connector_kit.connections_store import Connection


def state_of(
    connection: Connection,
    provider: ProviderName,
    *,
    message_id: UUID,
    at: datetime,
    correlation_id: UUID,
) -> ConnectionOpened | ConnectionExpired | ConnectionClosed:
    """The whole state of the connection, as announced with every change and each minute."""
    match connection.status:
        case "open":
            return ConnectionOpened(
                id=MessageId(message_id),
                occurred_at=at,
                company_id=connection.company_id,
                correlation_id=correlation_id,
                provider=provider,
                connection_id=connection.id,
                epoch=connection.epoch,
                organisation=connection.organisation,
                facts=connection.facts,
                opened_by=connection.opened_by,
                opened_at=connection.opened_at,
                opened_on=connection.opened_on,
                token_good_until=connection.token_good_until,
                reference_as_of=connection.reference_as_of,
            )
        case "expired":
            return ConnectionExpired(
                id=MessageId(message_id),
                occurred_at=at,
                company_id=connection.company_id,
                correlation_id=correlation_id,
                provider=provider,
                connection_id=connection.id,
                epoch=connection.epoch,
                organisation=connection.organisation,
                cause=connection.cause or CauseInstance(code="connection_expired"),
                opened_by=connection.opened_by,
                opened_at=connection.opened_at,
                expired_at=connection.expired_at or at,
            )
        case "closed":
            return ConnectionClosed(
                id=MessageId(message_id),
                occurred_at=at,
                company_id=connection.company_id,
                correlation_id=correlation_id,
                provider=provider,
                connection_id=connection.id,
                epoch=connection.epoch,
                organisation=connection.organisation,
                opened_by=connection.opened_by,
                opened_at=connection.opened_at,
                closed_by=connection.closed_by or connection.opened_by,
                closed_by_name=connection.closed_by_name or "",
                closed_at=connection.closed_at or at,
            )


def why_held(connection: Connection) -> CauseInstance | None:
    """The cause on records that wait because their connection doesn't send.

    None while an operator has paused it; the blast guard says why it did.
    """
    if connection.status == "expired":
        return connection.cause or CauseInstance(code="connection_expired")
    if connection.status == "closed":
        closed_at = connection.closed_at
        return CauseInstance(
            code="disconnected_by_person",
            params={
                "person": connection.closed_by_name or "",
                "date": "" if closed_at is None else closed_at.date().isoformat(),
            },
        )
    return connection.pause_cause
