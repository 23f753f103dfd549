"""What a provider folder supplies. The kit knows no provider by any other way.

A connector is one folder:

- `provider.py`: one `Provider` value, facts only, each with the source it was read in.
- `errors.py`: a table from the provider's codes to `contracts` causes. An unknown code becomes the
  cause `refused_unknown`, never a success.
- `wire.py`: the provider's JSON, as models.
- `operations/*.py`: the `Operations` below: pure, batch first. Commands in, requests out;
  responses in, answers out. No loop that waits, no sleep, no clock, no I/O.
- `auth.py`: the `Auth` of `connector_kit.auth`: the one difference in authentication.
- `app.py`: hands all that to `connector_kit.app`.

What the kit does, so that a provider folder doesn't: lanes, choosing update or create, the ledger,
the send window, looking up what had no answer and judging it, budgets, refresh, holding, outcomes,
loading and publishing reference data, connecting and disconnecting.

The life of a write: the kit picks `Member`s of one lot → `prepare` (reads that must come before, as
a generator; mostly none) → `pack` makes the exact request and what must be remembered to recognise
it later → the kit commits both, then sends → `whole` (was the request as a whole answered?) →
`read` gives one answer per member. Without an answer: `look_up` by what was frozen; the kit judges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from contracts.commands import (
    ReadRemote,
    RemoteRef,
    SyncCustomer,
    SyncInvoice,
    SyncItem,
    VoidInvoice,
)
from contracts.connections import (
    Account,
    Organisation,
    OrganisationFacts,
    RemoteCustomer,
    RemoteItem,
    RemoteTaxRate,
)
from contracts.ids import (
    CompanyId,
    ConnectionId,
    Entity,
    RecordId,
    RemoteId,
    RequestId,
)
from contracts.ids import (
    Provider as ProviderName,
)
from contracts.message import Part
from pydantic import Field

from connector_kit.answers import (
    NoAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    RemovedThere,
    RequestAnswer,
    Sighting,
)
from connector_kit.auth import Auth
from connector_kit.exchange import Exchange, Request, Response

WriteCommand: TypeAlias = SyncCustomer | SyncItem | SyncInvoice | VoidInvoice
LaneCommand: TypeAlias = WriteCommand | ReadRemote
Environment = Literal["simulator", "sandbox", "production"]
Intent = Literal["create", "update", "void"]


@dataclass(frozen=True)
class Limit:
    """At most `count` units in any `seconds`, sliding. `reserve` units are kept for clicks.

    Seconds are real ones; the kit scales them by TIME_SCALE. `given_back`: of a long limit (a
    day's), as much of the reserve is given back to everything as comes free within so many
    seconds. `remaining_header`: the response header, if any, that says how many units are left.
    """

    name: str
    count: int
    seconds: float
    reserve: int = 0
    given_back: float = 0.0
    remaining_header: str | None = None


@dataclass(frozen=True)
class Concurrency:
    """At most `count` requests of this meter without an answer at any moment."""

    name: str
    count: int
    reserve: int = 0


@dataclass(frozen=True)
class Meter:
    """A request spends `limit`: one unit per request, or one per unit of the request."""

    limit: str
    per: Literal["request", "unit"] = "request"


Regime: TypeAlias = Mapping[str, tuple[Meter, ...]]
"""Which limits each meter name of a `Request` spends. A meter that isn't listed spends none."""


@dataclass(frozen=True)
class EntityFacts:
    """How one kind of record is sent.

    Of `mark` (room for our mark on the record) and `unique` (the provider itself refuses a second
    record with the natural key) at least one must be true. `lookup_lag` is how long, in seconds, a
    look-up may fail to see a write that is done. A request of one member costs `single_meter`,
    one of more `batch_meter`. `silent_merges`: a record that was merged there doesn't say into
    which, so that `Member.used_by` has to tell.

    `who_by_reading`: a refusal doesn't say who has the record's name or number, and `prepare` of a
    member that is to `look_first` does; so it isn't asked before the first try.
    `read_ahead`: where `prepare` asks anything, for how many creates that wait it asks at once; 0
    where `Provider.prepare_batch` says so. `facts_good_for`: seconds for which what was read before
    sending is taken as it was: long enough for a burst of requests, short for a person who keys
    something in there, unless the provider itself refuses what they took.
    """

    batch: int
    mark: bool
    unique: bool
    single_meter: str
    batch_meter: str
    lookup_lag: float = 0.0
    silent_merges: bool = False
    who_by_reading: bool = False
    read_ahead: int = 0
    facts_good_for: float = 8.0


@dataclass(frozen=True)
class OAuthFacts:
    """Where consent is asked for and tokens are given: paths on hosts of `Provider.hosts`.

    `refresh_grace` is for how many seconds after an unanswered refresh the old refresh token is
    known to work still, and `refresh_retries` how often (None: any number). Within that the kit
    tries again soon, beyond it more slowly; only the provider's own `invalid_grant` ends a grant.
    `refresh_early`: refresh so many seconds before the access token ends. `required` are the scopes
    without which records can't be sent: where the provider says which were granted and one of these
    isn't among them, nothing is sent and a person is asked to reconnect.
    """

    scopes: tuple[str, ...]
    pkce: bool
    refresh_grace: float
    refresh_retries: int | None
    refresh_early: float = 120.0
    refresh_token_seconds: float | None = None
    required: tuple[str, ...] = ()

    def lack(self, granted: tuple[str, ...] | None) -> bool:
        """Whether these are known to be too few."""
        return granted is not None and not set(self.required) <= set(granted)


@dataclass(frozen=True)
class Provider:
    """The facts of one provider. Times are in real seconds.

    `hosts` maps an environment to host names ("api", "oauth", "authorize", …) to base URLs without
    a trailing slash; in the environment "simulator" the text `{simulator}` stands for the
    simulator's base URL. `server_timeout` is after how long the provider itself gives a request
    up; `send_window` how long after a request is committed its sending may begin.
    `requests_in_flight` bounds one process's requests of one connection. `prepare_batch`: where
    `Operations.prepare` asks anything, for how many creates of one entity it may ask at once, so
    that one reading serves the lots behind it too; 0 where it is for one lot only.
    """

    name: ProviderName
    label: str
    hosts: Mapping[Environment, Mapping[str, str]]
    oauth: OAuthFacts
    entities: Mapping[Entity, EntityFacts]
    limits: tuple[Limit | Concurrency, ...]
    regimes: Mapping[str, Regime]
    regime: str
    server_timeout: float
    operations: "Operations"
    auth: Auth
    send_window: float = 5.0
    answer_timeout: float = 130.0
    default_retry_after: float = 60.0
    lookup_batch: int = 100
    prepare_batch: int = 0
    requests_in_flight: int = 8


@dataclass(frozen=True)
class Context:
    """The connection as operations may know it. `organisation.id` is the provider's own."""

    company_id: CompanyId
    connection_id: ConnectionId
    organisation: Organisation
    facts: OrganisationFacts
    environment: Environment
    base_urls: Mapping[str, str] = field(default_factory=dict[str, str])
    """The resolved hosts, for links that a person opens."""


class FrozenMember(Part):
    """What is remembered of a member once its request is committed; kept as JSON until closed.

    `natural_key` is how the record is found there when its id isn't known: a name, a number. No
    two open members of a connection and entity share one: normalise as the provider compares
    (case, spaces). `mark` is what we wrote on the record to know it by; it names the record and
    its generation. `fields` are the values a look-up compares, as text, in the provider's own
    form. `used` are remote ids this relies on, by the local id as text. `remote` is the record
    updated or voided. `extra` is the provider's own, for `read` and `look_up`. `forgotten`: what
    was sent of it is of a time that a restored database has forgotten; its number and its customer
    there may be others than here.
    """

    entity: Entity
    record_id: RecordId
    generation: int
    step: int
    intent: Intent
    natural_key: str
    mark: str | None = None
    remote: RemoteRef | None = None
    record_version: int
    fields: dict[str, str]
    used: dict[str, RemoteId]
    extra: dict[str, str] = Field(default_factory=dict[str, str])
    forgotten: bool = False


@dataclass(frozen=True)
class Member:
    """A record about to be sent. The kit has chosen: `remote` set means update (or void) that one.

    `remote.version` is None where nobody knows it: then `prepare` reads it, if the provider needs
    one. `last` is what we last wrote to that record in this generation, if anything: a version that
    has moved on while its fields still are as `last` says moved for some other reason (a payment).
    `used_by` are invoices there that we last put on this very record, the newest first: a few, and
    only where merges there are silent and the record is read before it is written.
    `look_first`: an earlier request of this very step didn't get it there, so `prepare` reads who
    is in the way, even where a first try needs no reading.
    """

    command: WriteCommand
    remote: RemoteRef | None
    last: FrozenMember | None = None
    used_by: tuple[RemoteId, ...] = ()
    look_first: bool = False

    @property
    def intent(self) -> Intent:
        if isinstance(self.command, VoidInvoice):
            return "void"
        return "create" if self.remote is None else "update"

    def at(self, remote: RemoteRef | None) -> "Member":
        """The same record, known to be that one there; None: to be none."""
        return replace(self, remote=remote)


@dataclass(frozen=True)
class Packed:
    """The exact request and its frozen members in the request's order.

    `refused` are members that can't be sent at all, with their cause; they are not in `frozen`.
    `request` is None where nothing is left to send.
    """

    request: Request | None
    frozen: tuple[FrozenMember, ...]
    refused: tuple[tuple[RecordId, Refused], ...] = ()


@dataclass(frozen=True)
class FrozenRequest:
    """A committed request as it is read back: for `read`."""

    id: RequestId
    entity: Entity
    members: tuple[FrozenMember, ...]


@dataclass(frozen=True)
class Ready:
    """This member may be packed. `member` may know more than before.

    `member.at(remote)` gives it the version it has there; a create that was found to be there
    already, with our mark, becomes an update of it the same way.
    """

    member: Member


@dataclass(frozen=True)
class NotReady:
    """This member can't be sent: a person must act, it is there already, or it is gone there.

    `found` is the record there, where the member named none and a look-up found its own.
    """

    record_id: RecordId
    answer: Refused | ReferenceGone | RemovedThere | NotExecuted | NoAnswer
    found: RemoteRef | None = None


Prepared: TypeAlias = Ready | NotReady


@dataclass(frozen=True)
class AccountsRead:
    """`offered` is False where the provider doesn't let us choose an income account."""

    accounts: tuple[Account, ...]
    offered: bool = True


@dataclass(frozen=True)
class CustomersRead:
    """A part of the customers there, small enough to be held in memory.

    `after` is where the next part begins, in the provider's own words; None: this was the last.
    `total` is about how many there are in all. `all` is False where only what changed was read.
    """

    customers: tuple[RemoteCustomer, ...]
    after: str | None = None
    total: int | None = None
    all: bool = True


@dataclass(frozen=True)
class ItemsRead:
    """A part of the items there that can stand on an invoice; `after` and `total` as of customers.

    Where the provider has no pages the only part is all of them.
    """

    items: tuple[RemoteItem, ...]
    after: str | None = None
    total: int | None = None


@dataclass(frozen=True)
class OrganisationRead:
    organisation: Organisation
    facts: OrganisationFacts


class Operations(Protocol):
    """Translations between commands and the provider's requests. Pure; never raises for data.

    Of an invoice, `remote.held` is the mark of what it holds (`contracts.holding`): in the answer
    to a write, and wherever it is read.
    An answer that can't be read is `NoAnswer` (for a write) or `Unreadable` (for a look-up), never
    a guess.
    """

    def lot(self, member: Member) -> str:
        """Members of one entity with the same lot may share a request."""
        ...

    def prepare(self, members: Sequence[Member], context: Context) -> Exchange[list[Prepared]]:
        """Reads that must come before `pack`; one `Prepared` per member, in their order.

        Examples: the version of a record that is updated, where the command doesn't carry it; one
        query for numbers that are already taken. Where nothing is needed it returns at once.
        """
        ...

    def pack(self, members: Sequence[Member], context: Context, request_id: RequestId) -> Packed:
        """The request for these members (at most `EntityFacts.batch`, all of one lot and entity).

        The request must be the same, byte by byte, for the same arguments.
        """
        ...

    def frozen(self, member: Member, context: Context) -> FrozenMember | None:
        """What `look_up` needs to find a record that may have been sent in a time that is
        forgotten: as `pack` would freeze it, but unprepared. None if it can't be sent at all.

        Of a void without a remote record too: all that is known of it is its invoice.
        """
        ...

    def whole(self, response: Response) -> NotExecuted | NoAnswer | None:
        """What any response says of its request as a whole; None if it was answered.

        401 → NotExecuted(Unauthorized), 429 → NotExecuted(Throttled), no access or no subscription
        → NotExecuted(Shut), 5xx or an unreadable body → NoAnswer. Asked before `read` and before
        a response goes into an `Exchange`.
        """
        ...

    def read(self, request: FrozenRequest, response: Response) -> RequestAnswer:
        """One answer per member, in the order of `request.members`."""
        ...

    def look_up(
        self, members: Sequence[FrozenMember], context: Context
    ) -> Exchange[list[Sighting]]:
        """What is there now for each member, by its frozen key (creates) or id (updates, voids).

        At most `Provider.lookup_batch` members of one entity; one `Sighting` each, in their order.
        Removed records count too where the provider still shows them. An updated record that the
        provider says is gone is a candidate with its id and `removed`.
        """
        ...

    def read_remote(
        self, members: Sequence[tuple[ReadRemote, RemoteRef]], context: Context
    ) -> Exchange[list[Sighting]]:
        """How each record is there now, by its remote id; `differing` stays empty."""
        ...

    def organisation(self, context: Context) -> Exchange[OrganisationRead]:
        """The organisation's name and the settings that decisions need."""
        ...

    def accounts(self, context: Context) -> Exchange[AccountsRead]:
        """All income accounts, inactive ones marked so."""
        ...

    def tax_rates(self, context: Context) -> Exchange[list[RemoteTaxRate]]:
        """All tax rates that can stand on a sale."""
        ...

    def remote_customers(
        self, context: Context, *, after: str | None = None, changed_since: datetime | None = None
    ) -> Exchange[CustomersRead]:
        """One part of the customers there, inactive ones too, from `after` on.

        `changed_since`: those changed since then are enough. A provider that can't tell reads all.
        """
        ...

    def remote_items(self, context: Context, *, after: str | None = None) -> Exchange[ItemsRead]:
        """One part of the items that can stand on an invoice, from `after` on.

        Without those that the provider refuses there: inactive or deleted, categories and bundles,
        not sold.
        """
        ...
