"""What can be done with customers. Every change is told in the transaction that makes it."""

from contracts.ids import CustomerId, Ids, MessageId, RecordId
from contracts.invoicing import CustomerChanged, CustomerCreated, CustomerSnapshot
from contracts.money import CURRENCIES
from messaging import outbox
from messaging.clock import Clock
from messaging.database import Tx

from invoice_api.accounts.caller import Caller
from invoice_api.customers import store
from invoice_api.customers.schemas import (
    AddressSent,
    CustomerChanges,
    CustomerShown,
    CustomersShown,
    NewCustomer,
)
from invoice_api.deeds.store import deed, differing
from invoice_api.http import clock_store
from invoice_api.http.etags import matches
from invoice_api.http.fields import LONGEST_NAME
from invoice_api.http.paging import PageRequest, page_of
from invoice_api.http.problems import changed_meanwhile, invalid_field, not_found
from invoice_api.sync_status.facts import facts_of
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.sync_status.service import Board, board_of


async def create(tx: Tx, caller: Caller, ids: Ids, wanted: NewCustomer) -> CustomerSnapshot:
    """A new customer of the caller's company."""
    _check_currency(caller, wanted.currency)
    now = await clock_store.now(tx)
    customer = CustomerSnapshot.model_validate(
        {**wanted.model_dump(), "id": ids.new(), "version": 1, "created_at": now}
    )
    await store.insert_customers(tx, caller.company.id, [customer], deed(caller, "created"))
    told = MessageId(ids.new())
    await outbox.put(
        tx,
        [
            CustomerCreated(
                id=told,
                occurred_at=now,
                company_id=caller.company.id,
                correlation_id=told,
                customer=customer,
            )
        ],
    )
    return customer


async def change(
    tx: Tx,
    caller: Caller,
    ids: Ids,
    customer_id: CustomerId,
    changes: CustomerChanges,
    *,
    if_match: str | None = None,
) -> CustomerSnapshot:
    """The customer with these fields changed; nothing is told where nothing changes. 404, 412."""
    _check_currency(caller, changes.currency)
    before = await store.find_customer_for_update(tx, caller.company.id, customer_id)
    if before is None:
        raise not_found("customer")
    if not matches(if_match, before.version):
        raise changed_meanwhile("customer")
    after = CustomerSnapshot.model_validate({**before.model_dump(), **changes.given()})
    if after == before:
        return before
    after = after.model_copy(update={"version": before.version + 1})
    about = differing(before, after)
    await store.save_customer(tx, caller.company.id, after, deed(caller, "edited", about))
    told = MessageId(ids.new())
    await outbox.put(
        tx,
        [
            CustomerChanged(
                id=told,
                occurred_at=await clock_store.now(tx),
                company_id=caller.company.id,
                correlation_id=told,
                customer=after,
            )
        ],
    )
    return after


async def copy_in_currency(
    tx: Tx, caller: Caller, ids: Ids, customer_id: CustomerId, currency: str
) -> CustomerSnapshot:
    """The customer's copy for this currency, "Ann Lee (EUR)"; made if there is none yet. 404."""
    company = caller.company.id
    # Whoever asks for the same copy waits here and finds it.
    original = await store.find_customer_for_update(tx, company, customer_id)
    if original is None:
        raise not_found("customer")
    known = await store.find_copy(tx, company, customer_id, currency)
    if known is not None and known.currency == currency:
        return known
    name = name_in_currency(original.name, currency)
    named = (await store.find_by_names(tx, company, [name.lower()])).get(name.lower(), [])
    same = (one for one in named if one.currency == currency and one.email == original.email)
    copy = next(same, None)
    if copy is None:
        wanted = NewCustomer(
            name=name,
            kind=original.kind,
            email=original.email,
            phone=original.phone,
            company_name=original.company_name,
            address=None
            if original.address is None
            else AddressSent.model_validate(original.address.model_dump()),
            currency=currency,
        )
        copy = await create(tx, caller, ids, wanted)
    await store.remember_copy(tx, company, customer_id, currency, copy.id)
    return copy


def name_in_currency(name: str, currency: str) -> str:
    """As the copy for a currency is called; a name that leaves no room for it is cut."""
    told = f" ({currency})"
    return name[: LONGEST_NAME - len(told)].rstrip() + told


def _check_currency(caller: Caller, currency: str | None) -> None:
    if currency not in (None, caller.company.currency) and currency not in CURRENCIES:
        raise invalid_field(
            "currency", "isn't a currency: its three letters, such as EUR", "currency"
        )


async def load(tx: Tx, caller: Caller, customer_id: CustomerId) -> CustomerSnapshot:
    """The customer; 404 when it isn't the company's."""
    found = await store.find_customer(tx, caller.company.id, customer_id)
    if found is None:
        raise not_found("customer")
    return found


async def list_page(
    tx: Tx,
    caller: Caller,
    clock: Clock,
    page: PageRequest,
    wanted: SyncFilter,
    *,
    without_email: bool = False,
) -> CustomersShown:
    """A page of customers with their badges, newest first."""
    found = await store.list_customers(
        tx, caller.company.id, page, wanted, without_email=without_email
    )
    cut = page_of(found, page, [c.id for c in found])
    board = await board_of(tx, caller, clock, [RecordId(c.id) for c in cut.data])
    return CustomersShown(data=tuple(show(c, board) for c in cut.data), next_cursor=cut.next_cursor)


async def shown(tx: Tx, caller: Caller, clock: Clock, customer: CustomerSnapshot) -> CustomerShown:
    """One customer with its badges."""
    return show(customer, await board_of(tx, caller, clock, [RecordId(customer.id)]))


def show(customer: CustomerSnapshot, board: Board) -> CustomerShown:
    return CustomerShown(
        id=customer.id,
        version=customer.version,
        name=customer.name,
        kind=customer.kind,
        email=customer.email,
        phone=customer.phone,
        company_name=customer.company_name,
        address=customer.address,
        currency=customer.currency,
        created_at=customer.created_at,
        links=board.links_of(RecordId(customer.id)),
        sync=board.sync_of(facts_of(customer)),
    )
