"""A connection on the wire with a customer and an item in its books."""

from connector_kit.answers import Accepted
from connector_kit.provider import Member, Provider
from contracts.commands import RemoteRef, SyncInvoice
from contracts.connections import Account

from connector_conformance.commands import IDS
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import Speaker, Wire


async def speaker(
    provider: Provider, simulator: Simulator, name: str, **settings: object
) -> Speaker:
    """A connection to an organisation of that name, fresh, with these settings there."""
    await simulator.fresh(name, **settings)
    return await Wire(provider, simulator.http, simulator.url).connect(name)


async def income_account(on: Speaker) -> Account | None:
    """One that is offered there; None where none are."""
    read = await on.run(on.wire.provider.operations.accounts(on.context))
    if not read.offered:
        return None
    return next(account for account in read.accounts if account.name == "Service revenue")


async def made(on: Speaker, member: Member) -> RemoteRef:
    (answer,) = await on.answers(member)
    assert isinstance(answer, Accepted), answer
    return answer.remote


class Books:
    """A customer and an item that are there already."""

    def __init__(self, on: Speaker, customer: RemoteRef, item: RemoteRef) -> None:
        self.on = on
        self.customer = customer
        self.item = item
        self.ours = (IDS.new(), IDS.new())

    def command(self, number: str, currency: str = "USD") -> SyncInvoice:
        return self.on.company.invoice(
            number,
            (self.ours[0], self.customer.id),
            [(self.ours[1], self.item.id, "2", "128.19")],
            currency=currency,
        )

    def invoice(self, number: str) -> Member:
        return Member(self.command(number), None)


async def books(
    provider: Provider,
    simulator: Simulator,
    name: str,
    item_account: bool = True,
    /,
    **settings: object,
) -> Books:
    """A customer and an item in an organisation of that name.

    `item_account`: the item has an income account; False where that takes a request of its own.
    """
    on = await speaker(provider, simulator, name, **settings)
    customer = await made(on, Member(on.company.customer("Ann Lee"), None))
    account = await income_account(on) if item_account else None
    item = await made(on, Member(on.company.item("Call-out", account), None))
    return Books(on, customer, item)
