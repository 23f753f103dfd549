"""Xero's side of the conversation, as pure functions: commands in, requests out; responses in,
answers out. Nothing here waits, reads a clock or opens a connection.

`kinds` says what a contact, an item and an invoice are; `writing`, `reading`, `preparing` and
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

from connector_xero.bodies import NotRead, Unreadable
from connector_xero.errors import whole
from connector_xero.operations import looking, preparing, reading, writing
from connector_xero.operations.account import income_accounts
from connector_xero.operations.contact import Contacts
from connector_xero.operations.customers import remote_customers
from connector_xero.operations.invoice import Invoices
from connector_xero.operations.item import Items, remote_items
from connector_xero.operations.kinds import Kind
from connector_xero.operations.organisation import organisation
from connector_xero.operations.tax_rate import sales_tax_rates

T = TypeVar("T")

KINDS: Mapping[Entity, Kind] = {
    "customer": Contacts(),
    "item": Items(),
    "invoice": Invoices(),
}


class XeroOperations:
    """The `Operations` of Xero.

    The reads of reference data raise `Unreadable` where Xero doesn't answer them: a list that
    couldn't be read isn't an empty one.
    """

    def lot(self, member: Member) -> str:
        return writing.lot_of(member)

    def prepare(self, members: Sequence[Member], context: Context) -> Exchange[list[Prepared]]:
        return preparing.prepare(members, context, KINDS)

    def pack(self, members: Sequence[Member], context: Context, request_id: RequestId) -> Packed:
        return writing.pack(members, context, request_id, KINDS)

    def frozen(self, member: Member, context: Context) -> FrozenMember | None:
        return writing.frozen(member, context, KINDS)

    def whole(self, response: Response) -> NotExecuted | NoAnswer | None:
        return whole(response)

    def read(self, request: FrozenRequest, response: Response) -> RequestAnswer:
        return reading.read(request, response, KINDS)

    def look_up(
        self, members: Sequence[FrozenMember], context: Context
    ) -> Exchange[list[Sighting]]:
        return looking.look_up(members, context, KINDS)

    def read_remote(
        self, members: Sequence[tuple[ReadRemote, RemoteRef]], context: Context
    ) -> Exchange[list[Sighting]]:
        return looking.read_remote(members, context, KINDS)

    def organisation(self, context: Context) -> Exchange[OrganisationRead]:
        read = yield from organisation(context.organisation.id)
        return _read(read, "the organisation's settings")

    def accounts(self, context: Context) -> Exchange[AccountsRead]:
        accounts = yield from income_accounts(context.organisation.id)
        return AccountsRead(_read(accounts, "the income accounts"))

    def tax_rates(self, context: Context) -> Exchange[list[RemoteTaxRate]]:
        rates = yield from sales_tax_rates(context.organisation.id)
        return _read(rates, "the tax rates")

    def remote_customers(
        self, context: Context, *, after: str | None = None, changed_since: datetime | None = None
    ) -> Exchange[CustomersRead]:
        read = yield from remote_customers(context.organisation.id, after, changed_since)
        return _read(read, "the contacts")

    def remote_items(self, context: Context, *, after: str | None = None) -> Exchange[ItemsRead]:
        read = yield from remote_items(context.organisation.id)
        return _read(read, "the items")


def _read(result: T | NotRead, what: str) -> T:
    if isinstance(result, NotRead):
        code, message = result.details.provider_code, result.details.provider_message
        raise Unreadable(f"{what}: {code} {message or ''}")
    return result
