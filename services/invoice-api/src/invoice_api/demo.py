"""A company to look at: Demo Plumbing, with customers, items and invoices, connected to nothing."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from contracts.ids import CustomerId, Ids, ItemId, UserId
from contracts.invoicing import CustomerKind
from messaging.clock import Clock
from messaging.database import Database, Tx

from invoice_api.accounts import service as accounts
from invoice_api.accounts import store as accounts_store
from invoice_api.accounts.caller import Caller
from invoice_api.accounts.passwords import hash_password
from invoice_api.accounts.schemas import SignUp
from invoice_api.customers import service as customers
from invoice_api.customers.schemas import AddressSent, NewCustomer
from invoice_api.invoices import service as invoices
from invoice_api.invoices.schemas import NewInvoice, NewLine
from invoice_api.items import service as items
from invoice_api.items.schemas import NewItem

EMAIL = "demo@plumbing.example"

_CUSTOMERS: tuple[tuple[str, CustomerKind, str | None, str, str], ...] = (
    ("Ann Lee", "homeowner", "ann.lee@mail.example", "12 Elm Street", "Albany"),
    ("Maria Gomez", "homeowner", "maria.gomez@mail.example", "48 Oak Lane", "Troy"),
    ("Acme Heating LLC", "business", "ap@acmeheating.example", "200 Mill Road", "Albany"),
    ("Riverside Property Management", "business", "bills@riverside.example", "9 Quay", "Troy"),
    ("Bob O'Neill", "homeowner", "bob.oneill@mail.example", "3 Birch Court", "Colonie"),
    ("Café Müller", "business", "hallo@cafemueller.example", "71 Main Street", "Albany"),
    ("Priya Patel", "homeowner", "priya@mail.example", "5 Hill Road", "Guilderland"),
    ("North End Dental", "business", "office@northend.example", "18 North End", "Schenectady"),
    ("Sam Carter", "homeowner", None, "77 Lake Drive", "Saratoga Springs"),
    ("Greenfield School", "business", "accounts@greenfield.example", "1 School Way", "Delmar"),
    ("Li Wei", "homeowner", "li.wei@mail.example", "29 Pine Street", "Albany"),
    ("Hudson Brewing Co", "business", "ops@hudsonbrewing.example", "400 River St", "Hudson"),
)

_ITEMS: tuple[tuple[str, str, str], ...] = (
    ("Call-out", "CALL", "95.00"),
    ("Labor, per hour", "LABOR", "120.00"),
    ("Drain unblocking", "DRAIN", "180.00"),
    ("Water heater, 50 gallon", "WH-50", "1249.00"),
    ("Faucet cartridge", "FAU-CART", "38.50"),
    ("Copper pipe, per foot", "CU-FT", "6.75"),
    ("Boiler service", "BOIL-SRV", "210.00"),
    ("Toilet installation", "WC-INST", "265.00"),
    ("Leak detection", "LEAK", "150.00"),
    ("Disposal fee", "DISPOSE", "35.00"),
)

_INVOICES: tuple[tuple[str, int, int, tuple[tuple[int, str], ...]], ...] = (
    ("paid", 0, 62, ((0, "1"), (1, "2"))),
    ("paid", 2, 55, ((6, "3"), (1, "4.5"))),
    ("sent", 1, 41, ((0, "1"), (2, "1"))),
    ("sent", 3, 38, ((7, "4"), (1, "11.25"), (9, "4"))),
    ("void", 4, 33, ((8, "1"),)),
    ("sent", 5, 27, ((0, "1"), (4, "3"), (1, "1.5"))),
    ("sent", 7, 21, ((6, "1"),)),
    ("sent", 9, 16, ((3, "1"), (5, "24"), (1, "6"))),
    ("sent", 10, 12, ((2, "1"), (9, "1"))),
    ("pending", 6, 8, ((0, "1"), (8, "1"))),
    ("pending", 8, 6, ((7, "1"), (9, "1"))),
    ("pending", 11, 4, ((5, "130.5"), (1, "9"))),
    ("draft", 0, 2, ((4, "1"), (1, "1"))),
    ("draft", 3, 1, ((3, "2"), (1, "8"))),
    ("draft", 2, 0, ((6, "2"),)),
)


@dataclass(frozen=True)
class Demo:
    """What making the company needs."""

    database: Database
    clock: Clock
    ids: Ids
    random: Callable[[int], bytes]


async def make_demo(demo: Demo, out: Path) -> bool:
    """Make the company, once, and write how to get in to `out` (mode 0600); False if it was there.

    Where the company is there but the file is gone, a new password and key are made and written.
    """
    there = await asyncio.to_thread(out.exists)
    password = f"demo-{demo.random(9).hex()}"
    password_hash = await hash_password(password)
    async with demo.database.transaction() as tx:
        known = await accounts_store.find_user(tx, EMAIL)
        if known is not None and there:
            return False
        if known is None:
            api_key = await _make(tx, demo, password, password_hash)
        else:
            caller = await _owner(tx, known)
            await accounts_store.set_password(tx, caller.user_id, password_hash)
            made = await accounts.make_key(tx, demo.ids, demo.random, caller, "Demo")
            assert made.api_key is not None, "a key just made is shown"
            api_key = made.api_key
        secrets = {"api_key": api_key, "login": {"email": EMAIL, "password": password}}
        await asyncio.to_thread(_write, out, secrets)
    return known is None


async def _make(tx: Tx, demo: Demo, password: str, password_hash: str) -> str:
    wanted = SignUp(
        company_name="Demo Plumbing",
        email=EMAIL,
        password=password,
        time_zone="America/New_York",
        currency="USD",
    )
    made = await accounts.make_company(tx, demo.ids, demo.random, wanted, password_hash)
    caller = await _owner(tx, made.user_id)
    people = [await _customer(tx, caller, demo, *row) for row in _CUSTOMERS]
    sold = [await _item(tx, caller, demo, *row) for row in _ITEMS]
    today = demo.clock.now().astimezone(caller.company.zone).date()
    for status, person, days_ago, lines in _INVOICES:
        day = today - timedelta(days=days_ago)
        entries = [(sold[item], _ITEMS[item][0], quantity) for item, quantity in lines]
        await _invoice(tx, caller, demo, status, people[person], day, entries)
    return made.api_key


async def _owner(tx: Tx, user: UserId) -> Caller:
    found = await accounts_store.find_caller_by_user(tx, user)
    assert found is not None, "the user was found in this transaction"
    return found


async def _customer(
    tx: Tx,
    caller: Caller,
    demo: Demo,
    name: str,
    kind: CustomerKind,
    email: str | None,
    street: str,
    city: str,
) -> CustomerId:
    address = AddressSent(line1=street, city=city, region="NY", country="US")
    company_name = name if kind == "business" else None
    wanted = NewCustomer(
        name=name, kind=kind, email=email, company_name=company_name, address=address
    )
    return (await customers.create(tx, caller, demo.ids, wanted)).id


async def _item(tx: Tx, caller: Caller, demo: Demo, name: str, sku: str, price: str) -> ItemId:
    wanted = NewItem.model_validate({"name": name, "sku": sku, "unit_price": price})
    return (await items.create(tx, caller, demo.ids, wanted)).id


async def _invoice(
    tx: Tx,
    caller: Caller,
    demo: Demo,
    status: str,
    customer: CustomerId,
    day: date,
    lines: list[tuple[ItemId, str, str]],
) -> None:
    wanted = NewInvoice(
        customer_id=customer,
        issue_date=day,
        due_date=day + timedelta(days=30),
        lines=tuple(
            NewLine.model_validate({"item_id": item, "description": words, "quantity": quantity})
            for item, words, quantity in lines
        ),
    )
    made = await invoices.create(tx, caller, demo.clock, demo.ids, wanted)
    invoice = made.snapshot.id
    if status != "draft":
        await invoices.finalize(tx, caller, demo.ids, invoice)
    if status in {"sent", "paid", "void"}:
        await invoices.send(tx, caller, demo.ids, invoice)
    if status == "paid":
        await invoices.mark_paid(tx, caller, demo.ids, invoice)
    if status == "void":
        await invoices.void(tx, caller, demo.ids, invoice)


def _write(out: Path, secrets: Mapping[str, object]) -> None:
    out.unlink(missing_ok=True)
    with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(secrets, file, indent=2)
        file.write("\n")
