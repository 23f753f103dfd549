"""A provider in memory, as all of them are: hosts that are asked, and books that persons work in.

Each provider's own file fills this in over its simulator (its door and books, without its pages),
by virtual time and with its limits not enforced. Nothing here or in what reads it knows a wire.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from connector_kit.exchange import Request, Response
from connector_kit.provider import Limit, Meter, Provider
from contracts.connections import Account, OrganisationFacts
from contracts.ids import Entity, RemoteId
from contracts.ids import Provider as ProviderName

from simulation.kernel import Scheduler

CLIENT_ID = "app"
REDIRECT = "http://127.0.0.1:8002/callback"
POSTS = Limit("posts", 3, 60.0, reserve=1)
"""A limit as tight as the provider's are for a company of thousands: one of three for clicks."""

Asgi = Callable[..., Awaitable[None]]
How = Literal["void", "delete"]
State = Literal["live", "voided", "deleted", "inactive"]


@dataclass(frozen=True)
class Document:
    """A record in the books in words that all providers share; `ours` are the records of ours that
    it is, as far as the books or what was asked of the provider tell."""

    entity: Entity
    id: RemoteId
    state: State
    ours: frozenset[str] = frozenset()
    note: str = ""
    """Where our mark stands."""
    name: str = ""
    number: str = ""
    total: Decimal = Decimal(0)
    customer: str | None = None
    item: str | None = None
    """Of an invoice's first line."""
    account: str | None = None
    """Of an item; None where the provider has none for it."""

    @property
    def live(self) -> bool:
        """Neither voided, deleted nor made inactive."""
        return self.state == "live"


class Hosts:
    """One provider's hosts: what they are asked is executed in one go."""

    def __init__(self, door: Asgi) -> None:
        self._door = door

    async def execute(self, request: Request, headers: tuple[tuple[str, str], ...]) -> Response:
        """The provider does it, in one go."""
        path, _, query = request.target.partition("?")
        scope: MutableMapping[str, Any] = {
            "type": "http",
            "method": request.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in (*request.headers, *headers)
            ],
        }
        said: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message)

        await self._door(scope, receive, send)
        heads: list[tuple[bytes, bytes]] = said[0]["headers"]
        return Response(
            said[0]["status"],
            {name.decode().lower(): value.decode() for name, value in heads},
            b"".join(part.get("body", b"") for part in said[1:]),
        )


class There(ABC):
    """One organisation's books at a provider, and what persons do in them."""

    provider: ClassVar[ProviderName]
    ways: ClassVar[tuple[How, ...]] = ("void", "delete")
    deleted_keep_numbers: ClassVar[bool] = False
    """Whether the number of an invoice that was deleted can't be given again."""
    """How a person may take an invoice away."""

    def __init__(self, scheduler: Scheduler, name: str) -> None:
        self.scheduler = scheduler
        self.name = name
        self.removed: set[str] = set()
        """Ids that a person removed."""
        self.linked_by_person: set[str] = set()
        """Ids that a person linked a record of ours to."""

    # --- the organisation

    @property
    @abstractmethod
    def id(self) -> str:
        """The organisation's."""

    @property
    @abstractmethod
    def facts(self) -> OrganisationFacts: ...

    @property
    @abstractmethod
    def accounts(self) -> list[Account]:
        """Its income accounts; none where items aren't given one."""

    @abstractmethod
    def consent(self) -> Mapping[str, str]:
        """What the callback of a consent to this organisation brings, given just now."""

    # --- its records

    @abstractmethod
    def all(self, entity: Entity) -> Iterable[Document]:
        """Every record, the oldest first, removed ones too."""

    @abstractmethod
    def get(self, entity: Entity, identifier: str) -> Document | None: ...

    def live(self, entity: Entity) -> list[Document]:
        """Records that stand in the books and weren't voided, deleted or made inactive."""
        return [one for one in self.all(entity) if one.live]

    def marked(self, entity: Entity) -> dict[str, list[Document]]:
        """Records that are ours, by the record of ours; removed ones too."""
        found: dict[str, list[Document]] = {}
        for one in self.all(entity):
            for ours in sorted(one.ours):
                found.setdefault(ours, []).append(one)
        return found

    def foreign(self, entity: Entity = "invoice") -> list[Document]:
        """Live ones that people keyed in."""
        return [one for one in self.live(entity) if not one.ours]

    def created(self, request: Request, response: Response, ours: Sequence[UUID]) -> None:
        """A request that carried these records of ours was executed: for a provider whose books
        have no room for our mark."""
        del request, response, ours

    # --- persons

    def remove(self, one: Document, how: How) -> None:
        """A person voids or deletes an invoice, in a way that there is."""
        if how not in self.ways:
            how = self.ways[0]
        self.removed.add(one.id)
        self.scheduler.story.append(f"there: somebody {how}s {one.entity} {one.id}")
        self._remove(one, how)

    def renumber(self, invoice: Document, number: str) -> None:
        """A person gives an invoice another number."""
        self.scheduler.story.append(f"there: somebody renumbers {invoice.id} to {number}")
        self._renumber(invoice, number)

    def inactivate(self, customer: Document) -> None:
        """A person makes a customer inactive."""
        self.removed.add(customer.id)
        self.scheduler.story.append(f"there: somebody makes customer {customer.id} inactive")
        self._inactivate(customer)

    def type_in_customer(self, name: str) -> None:
        """A person enters a customer."""
        entered = self._enter(name)
        self.scheduler.story.append(f"there: somebody enters customer {name} as {entered}")

    def type_in(self, number: str, total: int = 7) -> bool:
        """A person keys in an invoice of that number; False where that can't be: there is no
        customer for it, or the provider takes no number twice."""
        customer = next(iter(self.live("customer")), None)
        item = next(iter(self.live("item")), None)
        if customer is None or item is None:
            return False
        entered = self._key_in(number, total, customer, item)
        if entered is None:
            return False
        self.scheduler.story.append(f"there: somebody types in {number} as {entered}")
        return True

    @abstractmethod
    def _remove(self, one: Document, how: How) -> None: ...

    @abstractmethod
    def _renumber(self, invoice: Document, number: str) -> None: ...

    @abstractmethod
    def _inactivate(self, customer: Document) -> None: ...

    @abstractmethod
    def _enter(self, name: str) -> str:
        """The new customer's id."""

    @abstractmethod
    def _key_in(self, number: str, total: int, customer: Document, item: Document) -> str | None:
        """The new invoice's id; None where the number is refused."""


@dataclass(frozen=True)
class Habits:
    """What no source says for certain of an organisation, by lot."""

    refuses_numbers: bool
    replays: bool
    """A request repeated with the same id gets the first answer again."""
    tokens_end: bool
    grace: bool
    """A refresh token that was used works for a while."""
    drawn: Mapping[str, object]
    """The simulator's other settings that differ from its defaults."""


class Side(ABC):
    """A provider as the ring needs it: its connector, and its simulator."""

    schema: ClassVar[str]
    """The connector's."""
    provider: Provider
    """The connector's own."""
    unreadable: ClassVar[type[Exception]]
    """What its connector raises where a list couldn't be read: it is read again later."""
    meters: ClassVar[tuple[str, ...]]
    """Those of its writes."""
    create_invoice: ClassVar[str]
    """How a create of one invoice begins, as the way there names it."""
    batch_invoices: ClassVar[str | None] = None
    """The same of several; None where there are no batches."""
    fates: ClassVar[Mapping[str, int]] = {}
    """What else may become of its requests, beside what may of all."""

    @property
    def name(self) -> ProviderName:
        return self.provider.name

    def metered(self, *, tight: bool) -> Provider:
        """Without limits, or with one that is tight."""
        if not tight:
            return replace(self.provider, limits=(), regimes={"none": {}}, regime="none")
        regime = {name: (Meter(POSTS.name),) for name in self.meters}
        return replace(self.provider, limits=(POSTS,), regimes={"tight": regime}, regime="tight")

    @abstractmethod
    def hosts(self, scheduler: Scheduler) -> Hosts:
        """Its hosts, new for each run."""

    @abstractmethod
    def organisation(self, scheduler: Scheduler, hosts: Hosts, name: str, habits: Habits) -> There:
        """Empty books that a company may be connected to."""

    @abstractmethod
    def writes(self, request: Request) -> bool:
        """Whether it changes the books."""

    def mixed(self, response: Response) -> bool:
        """Whether an answer accepts some members and refuses others."""
        del response
        return False
