"""A connected company, what befalls it, and the mail server that its people are written by."""

from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID, uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session
from contracts.causes import cause_of
from contracts.connections import ConnectionExpired, ConnectionOpened, Organisation
from contracts.ids import (
    CompanyId,
    ConnectionId,
    Entity,
    MessageId,
    Provider,
    RecordId,
    RemoteId,
    UserId,
)
from contracts.sync import CauseInstance, RecordState, Subject, SyncState, SyncStateChanged
from invoice_api.notices.noticing import Notices
from invoice_api.sync_status.projector import on_connections, on_progress

Service = Any
Json = dict[str, Any]


class Inbox:
    """What a mail server was given; it can be told to say no first."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refuse = 0

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.refuse:
            self.refuse -= 1
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def to(self, address: str) -> list[Any]:
        return [mail for mail in self.mails if mail["To"] == address]


class Company:
    """A connected company and what befalls it."""

    def __init__(self, service: Service, signed_up: Json, provider: Provider = "qbo") -> None:
        self.service = service
        self.web = service.client(signed_up["api_key"])
        self.email = signed_up["email"]
        self.id = CompanyId(UUID(signed_up["company_id"]))
        self.provider: Provider = provider
        self.connection = ConnectionId(uuid4())
        self._steps: dict[UUID, int] = {}

    async def connection_is(
        self, *, expired: bool = False, good_days: int | None = None, cause: Any = None
    ) -> None:
        now = self.service.parts.clock.now()
        said: Json = {
            "id": MessageId(uuid4()),
            "occurred_at": now,
            "company_id": self.id,
            "correlation_id": uuid4(),
            "provider": self.provider,
            "connection_id": self.connection,
            "epoch": 2 if expired else 1,
            "organisation": Organisation(id=RemoteId(str(self.connection)), name="Oak Books"),
            "opened_by": UserId(uuid4()),
            "opened_at": now.replace(year=2020),
        }
        message: ConnectionExpired | ConnectionOpened = (
            ConnectionExpired(**said, expired_at=now, cause=cause or cause_of("connection_expired"))
            if expired
            else ConnectionOpened(
                **said,
                token_good_until=None if good_days is None else now + timedelta(days=good_days),
            )
        )
        async with self.service.parts.database.transaction() as tx:
            await on_connections(tx, [message])

    async def customer(self, name: str = "Ann Lee", **fields: str) -> UUID:
        made = await self.web.post("/customers", json={"name": name, **fields})
        return UUID(made.json()["id"])

    async def invoices(
        self, customer: UUID, count: int, price: str = "50.00", **fields: str
    ) -> list[UUID]:
        body = {"customer_id": str(customer), "lines": [{"unit_price": price}], **fields}
        made = [await self.web.post("/invoices", json=body) for _ in range(count)]
        return [UUID(one.json()["id"]) for one in made]

    async def stand(
        self,
        entity: Entity,
        records: list[UUID],
        state: SyncState,
        cause: CauseInstance | None,
        minutes: int = 0,
    ) -> None:
        """These stand so, for this cause, since so many minutes."""
        at = self.service.parts.clock.now() - timedelta(minutes=minutes)
        messages: list[SyncStateChanged] = []
        for record in records:
            self._steps[record] = self._steps.get(record, 0) + 1
            messages.append(
                SyncStateChanged(
                    id=MessageId(uuid4()),
                    occurred_at=at,
                    company_id=self.id,
                    correlation_id=uuid4(),
                    state=RecordState(
                        provider=self.provider,
                        connection_id=self.connection,
                        entity=entity,
                        record_id=RecordId(record),
                        generation=1,
                        step=self._steps[record],
                        state=state,
                        cause=cause,
                        changed_at=at,
                    ),
                )
            )
        async with self.service.parts.database.transaction() as tx:
            await on_progress(tx, messages)

    async def invoices_are(
        self, code: Any, state: SyncState, count: int, minutes: int
    ) -> list[UUID]:
        """So many invoices of 50.00 stand for this cause since so many minutes."""
        made = await self.invoices(await self.customer(), count)
        await self.stand("invoice", made, state, cause_of(code), minutes)
        return made

    async def waiting_behind(
        self, name: str, invoices: int, minutes: int, price: str = "50.00", **fields: str
    ) -> tuple[UUID, list[UUID]]:
        """A customer who has no e-mail, and invoices that wait for that."""
        customer = await self.customer(name)
        made = await self.invoices(customer, invoices, price, **fields)
        because = cause_of("customer_email_missing", customer=name)
        await self.stand("customer", [customer], SyncState.BLOCKED, because, minutes)
        waits = cause_of(
            "prerequisite_blocked",
            subject=Subject(id=str(customer), name=name),
            because=because,
            record=f"customer {name}",
        )
        await self.stand("invoice", made, SyncState.WAITING, waits, minutes)
        return customer, made

    async def notices(self) -> list[Json]:
        shown: list[Json] = (await self.web.get("/notices")).json()["data"]
        return shown

    async def pages(self, client: Any) -> Any:
        """`client`, logged in by the log-in page."""
        login = {"email": self.email, "password": "correct horse battery 9"}
        assert (await client.post("/login", data=login)).status_code == 303
        return client


async def round_of(notices: Notices) -> None:
    await notices.look()
    await notices.write()
    assert notices.post is not None
    await notices.post.send_due()
