"""What every message on every topic has."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.ids import CompanyId, MessageId


class Part(BaseModel):
    """A piece of a message: frozen, and deaf to fields that a newer writer added."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        # The committed schema says what we promise to write, and every field is always written.
        json_schema_serialization_defaults_required=True,
    )


class Message(Part):
    """The envelope. Subclasses add a `type` literal, their subject and their version.

    `correlation_id` is the id of the message or request that started the whole chain;
    `causation_id` the one that led to this message, if any.
    """

    topic_key: ClassVar[str] = "company_id"

    id: MessageId
    occurred_at: AwareDatetime
    company_id: CompanyId
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None
