"""A company whose customer and item are in the books: where most tests begin."""

from collections.abc import Sequence
from typing import TypeVar

from contracts.commands import (
    ListRemoteCustomers,
    ListRemoteItems,
    RecordCommand,
    RemoteRef,
    SyncInvoice,
)
from contracts.connections import (
    Account,
    AccountsListed,
    ConnectionExpired,
    RemoteCustomer,
    RemoteCustomersListed,
    RemoteItemsListed,
)
from contracts.sync import CauseInstance, Outcome, SyncDelayed, SyncFailed, SyncSucceeded
from testkit import eventually

from connector_conformance.commands import Company
from connector_conformance.running import Running
from connector_conformance.simulator import Simulator
from connector_conformance.subject import ConformanceSubject

_Page = TypeVar("_Page", RemoteCustomersListed, RemoteItemsListed)


async def succeeded(
    connector: Running, command: RecordCommand, within: float = 20
) -> SyncSucceeded:
    """The command's outcome, which must be that it is there."""
    outcome = await connector.outcome(command, within)
    assert isinstance(outcome, SyncSucceeded), outcome
    return outcome


async def failed(connector: Running, command: RecordCommand, within: float = 20) -> SyncFailed:
    """The command's outcome, which must be a refusal."""
    outcome = await connector.outcome(command, within)
    assert isinstance(outcome, SyncFailed), outcome
    return outcome


async def delayed(connector: Running, command: RecordCommand, why: str) -> SyncDelayed:
    """What is said of a command that waits, once it is said."""

    async def said() -> SyncDelayed:
        for outcome in await connector.outcomes(command.record_id):
            if isinstance(outcome, SyncDelayed) and outcome.why == why:
                return outcome
        raise AssertionError(await connector.outcomes(command.record_id))

    return await eventually(said, within=20)


async def expired(connector: Running, company: Company) -> CauseInstance:
    """Why the company's connection has expired, once it has."""

    async def said() -> CauseInstance:
        for event in await connector.said(ConnectionExpired):
            if event.connection_id == company.connection:
                return event.cause
        raise AssertionError("the connection hasn't expired")

    return await eventually(said, within=20)


async def nothing_decided(connector: Running, command: RecordCommand) -> None:
    """Nothing but delays was said of it."""
    said: list[Outcome] = await connector.outcomes(command.record_id)
    assert all(isinstance(outcome, SyncDelayed) for outcome in said), said


async def _pages(connector: Running, company: Company) -> list[AccountsListed]:
    async def published() -> list[AccountsListed]:
        said = await connector.said(AccountsListed)
        pages = [page for page in said if page.connection_id == company.connection]
        assert pages, "no accounts were published"
        return pages

    return await eventually(published, within=20)


async def accounts_of(connector: Running, company: Company) -> dict[str, Account]:
    """The income accounts that were published for this connection, by their names."""
    return _by_name(await _pages(connector, company))


def _by_name(pages: Sequence[AccountsListed]) -> dict[str, Account]:
    return {account.name: account for page in pages for account in page.accounts}


async def income_account(
    subject: ConformanceSubject, connector: Running, company: Company
) -> Account | None:
    """One that was published for this connection; None where none are offered."""
    pages = await _pages(connector, company)
    assert pages[0].offered is subject.offers_accounts
    return _by_name(pages)["Service revenue"] if subject.offers_accounts else None


class Shop:
    """A company with a customer and an item in its books."""

    def __init__(self, connector: Running, company: Company, account: Account | None) -> None:
        self.connector = connector
        self.company = company
        self.customer = company.customer("Ann Lee")
        self.item = company.item("Call-out", account)
        self.there: tuple[RemoteRef, RemoteRef] | None = None

    async def made(self) -> "Shop":
        """Both are in the books."""
        await self.connector.command(self.customer, self.item, self.customer)
        self.there = (
            (await succeeded(self.connector, self.customer)).remote,
            (await succeeded(self.connector, self.item)).remote,
        )
        return self

    @property
    def customer_there(self) -> RemoteRef:
        assert self.there is not None
        return self.there[0]

    @property
    def item_there(self) -> RemoteRef:
        assert self.there is not None
        return self.there[1]

    def invoice(
        self,
        number: str,
        *,
        quantity: str = "2",
        after: SyncInvoice | None = None,
        link: RemoteRef | None = None,
        step: int = 1,
        customer: RemoteRef | None = None,
    ) -> SyncInvoice:
        """An invoice of one line; `after` is the one it is an edit of."""
        return self.company.invoice(
            number,
            (self.customer.record_id, (customer or self.customer_there).id),
            [(self.item.record_id, self.item_there.id, quantity, "128.19")],
            record=after.record_id if after else None,
            link=link,
            step=step,
        )


async def connected(
    connector: Running, simulator: Simulator, name: str, **settings: object
) -> Company:
    """A company connected to an organisation of that name, fresh, with these settings there."""
    await simulator.fresh(name, **settings)
    return await connector.connected(name)


async def shop(
    subject: ConformanceSubject,
    connector: Running,
    simulator: Simulator,
    name: str,
    **settings: object,
) -> Shop:
    """A company with a customer and an item, in an organisation of that name."""
    company = await connected(connector, simulator, name, **settings)
    account = await income_account(subject, connector, company)
    return await Shop(connector, company, account).made()


async def listed(
    connector: Running, asked: ListRemoteCustomers | ListRemoteItems, kind: type[_Page]
) -> list[_Page]:
    """The pages of a load that this command asks for, once it is whole."""
    await connector.command(asked)

    async def whole() -> list[_Page]:
        pages = [page for page in await connector.said(kind) if page.load_id == asked.load_id]
        assert any(not page.more for page in pages), len(pages)
        return pages

    return await eventually(whole, within=30)


async def listed_customers(connector: Running, company: Company) -> list[RemoteCustomer]:
    """The customers there, read anew."""
    pages = await listed(connector, company.list_customers(), RemoteCustomersListed)
    return [row for page in pages for row in page.customers]
