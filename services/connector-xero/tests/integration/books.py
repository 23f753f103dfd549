"""A connection on the wire with a customer and an item in its books."""

from connector_kit.answers import Accepted
from connector_kit.provider import Member
from contracts.commands import RemoteRef, SyncInvoice

from .commands import IDS
from .simulator import Simulator
from .speaking import OPERATIONS, Speaker, connect


async def speaker(simulator: Simulator, name: str, **settings: object) -> Speaker:
    await simulator.fresh(name, **settings)
    return await connect(simulator.http, simulator.url, name)


async def income_account(on: Speaker) -> str:
    """The code of one that is offered."""
    accounts = await on.run(OPERATIONS.accounts(on.context))
    return next(account.code for account in accounts.accounts if account.code == "2000")


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


async def books(simulator: Simulator, name: str, **settings: object) -> Books:
    on = await speaker(simulator, name, **settings)
    customer = await made(on, Member(on.company.customer("Ann Lee"), None))
    item = await made(on, Member(on.company.item("Call-out", await income_account(on)), None))
    return Books(on, customer, item)
