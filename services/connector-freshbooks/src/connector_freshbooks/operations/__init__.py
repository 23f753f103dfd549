"""FreshBooks' side of the conversation, as pure functions: commands in, requests out; responses in,
answers out. Nothing here waits, reads a clock or opens a connection.

`kinds` says what a customer, an item and an invoice are; `preparing`, `writing`, `reading` and
`looking` do the same for all three.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from connector_kit.answers import NoAnswer, NotExecuted, RequestAnswer, Sighting
from connector_kit.exchange import Exchange, Response
from connector_kit.provider import (
    AccountsRead,
    Context,
    CustomersRead,
    FrozenMember,
    FrozenRequest,
    ItemsRead,
    Member,
    OrganisationRead,
    Packed,
    Prepared,
)
from contracts.commands import ReadRemote, RemoteRef
from contracts.connections import RemoteTaxRate
from contracts.ids import Entity, RequestId

from connector_freshbooks.bodies import NotRead, Unreadable
from connector_freshbooks.errors import whole
from connector_freshbooks.operations import looking, preparing, reading, writing
from connector_freshbooks.operations.account import income_accounts
from connector_freshbooks.operations.customer import Customers, remote_customers
from connector_freshbooks.operations.invoice import Invoices
from connector_freshbooks.operations.item import Items, remote_items
from connector_freshbooks.operations.kinds import Kind
from connector_freshbooks.operations.organisation import organisation

T = TypeVar("T")


class FreshbooksOperations:
    """The `Operations` of FreshBooks. `item_accounts`: whether items are given an income account,
    by a field that is unconfirmed (see `item`).

    The reads of reference data raise `Unreadable` where the provider doesn't answer them: a list
    that couldn't be read isn't an empty one.
    """

    def __init__(self, *, item_accounts: bool) -> None:
        self._accounts = item_accounts
        self._kinds: Mapping[Entity, Kind] = {
            "customer": Customers(),
            "item": Items(accounts=item_accounts),
            "invoice": Invoices(),
        }

    def lot(self, member: Member) -> str:
        return writing.lot_of(member)

    def prepare(self, members: Sequence[Member], context: Context) -> Exchange[list[Prepared]]:
        return preparing.prepare(members, context, self._kinds)

    def pack(self, members: Sequence[Member], context: Context, request_id: RequestId) -> Packed:
        """The request names nothing of `request_id`: FreshBooks has no key for a request."""
        return writing.pack(members, context, self._kinds)

    def frozen(self, member: Member, context: Context) -> FrozenMember | None:
        return writing.frozen(member, context, self._kinds)

    def whole(self, response: Response) -> NotExecuted | NoAnswer | None:
        return whole(response)

    def read(self, request: FrozenRequest, response: Response) -> RequestAnswer:
        return reading.read(request, response, self._kinds)

    def look_up(
        self, members: Sequence[FrozenMember], context: Context
    ) -> Exchange[list[Sighting]]:
        return looking.look_up(members, context, self._kinds)

    def read_remote(
        self, members: Sequence[tuple[ReadRemote, RemoteRef]], context: Context
    ) -> Exchange[list[Sighting]]:
        return looking.read_remote(members, context, self._kinds)

    def organisation(self, context: Context) -> Exchange[OrganisationRead]:
        read = yield from organisation(context.organisation.id, accounts=self._accounts)
        return _read(read, "the business")

    def accounts(self, context: Context) -> Exchange[AccountsRead]:
        read = yield from income_accounts(context.organisation.id, wanted=self._accounts)
        return _read(read, "the income accounts")

    def tax_rates(self, context: Context) -> Exchange[list[RemoteTaxRate]]:
        """None to choose from: the percent goes on the line as it is (see `lines`)."""
        yield from ()
        return []

    def remote_customers(
        self, context: Context, *, after: str | None = None, changed_since: datetime | None = None
    ) -> Exchange[CustomersRead]:
        read = yield from remote_customers(context.organisation.id, after, changed_since)
        return _read(read, "the customers")

    def remote_items(self, context: Context, *, after: str | None = None) -> Exchange[ItemsRead]:
        read = yield from remote_items(context.organisation.id, after)
        return _read(read, "the items")


def _read(result: T | NotRead, what: str) -> T:
    if isinstance(result, NotRead):
        code, message = result.details.provider_code, result.details.provider_message
        raise Unreadable(f"{what}: {code} {message or ''}")
    return result
