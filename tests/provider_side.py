"""What happens at the provider and on the way to it: faults, its clock, its bookkeeper's doings.

Each function takes the office whose organisation it is about, and touches no other.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
from messaging.database import Row
from office import WITHIN, Json, Office


async def fault(
    office: Office,
    kind: str,
    *,
    path: str = "",
    method: str = "",
    contains: str = "",
    **more: object,
) -> str:
    """Puts a fault in for this organisation's requests; its id."""
    match = {
        "path": path,
        "method": method,
        "contains": contains,
        "organisation": office.organisation,
    }
    answer = await office.books.post("/_sim/faults", json={"kind": kind, "match": match, **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def hits(office: Office, identifier: str) -> int:
    """How often a fault has struck."""
    rows: list[Json] = (await office.books.get("/_sim/faults")).json()
    return next(int(row["hits"]) for row in rows if row["id"] == identifier)


async def mend(office: Office, identifier: str) -> None:
    """Takes one fault away."""
    answer = await office.books.delete(f"/_sim/faults/{identifier}")
    assert answer.status_code == 200, answer.text


async def expire_access(office: Office) -> None:
    """Every access token of the provider's ends, for all its organisations; its clock stays, so
    that what is made later bears true times."""
    answer = await office.books.post("/_sim/expire-access")
    assert answer.status_code == 200, answer.text


async def behave(office: Office, **switches: object) -> None:
    """Sets switches of the organisation."""
    answer = await office.books.put(
        "/_sim/organisation", params={"organisation": office.organisation}, json=switches
    )
    assert answer.status_code == 200, answer.text


async def change_there(office: Office, kind: str, identifier: str, **changes: object) -> None:
    """As a bookkeeper changes a record in the provider's own pages."""
    answer = await office.books.patch(
        f"/_sim/records/{kind}/{identifier}",
        params={"organisation": office.organisation},
        json=changes,
    )
    assert answer.status_code == 200, answer.text


async def delete_there(office: Office, kind: str, identifier: str) -> None:
    """As a bookkeeper deletes it there."""
    answer = await office.books.delete(
        f"/_sim/records/{kind}/{identifier}", params={"organisation": office.organisation}
    )
    assert answer.status_code == 200, answer.text


async def pay_there(office: Office, identifier: str, amount: str | None = None) -> str:
    """As if the customer had paid; the payment's id."""
    body: Json = {"organisation": office.organisation, "invoice_id": identifier}
    answer = await office.books.post(
        "/_sim/payments", json=body if amount is None else {**body, "amount": amount}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def disconnect_there(office: Office) -> None:
    """The owner ends our access in the provider's pages."""
    answer = await office.books.post("/_sim/disconnect", json={"organisation": office.organisation})
    assert answer.status_code == 200, answer.text


async def refreshes(office: Office) -> list[Json]:
    """The token requests of this organisation, the first exchange of the code too."""
    return [row for row in await office.requests() if row["path"] == office.there.tokens]


async def writes(office: Office) -> list[Json]:
    """Requests that could change the books."""
    return [
        row for row in await office.requests() if office.there.writes(row["method"], row["path"])
    ]


async def reconnect(office: Office, organisation: str | None = None) -> str:
    """Presses Reconnect and agrees; where the browser ends."""
    answer = await office.web.post(f"/integrations/{office.provider}/reconnect", json={})
    assert answer.status_code == 200, answer.text
    callback = await office.agree(answer.json()["authorize_url"], organisation or "")
    back = await office.browser.get(callback)
    assert back.status_code == 303, back.text
    return str(back.headers["location"])


async def disconnect(office: Office) -> None:
    """Presses Disconnect."""
    answer = await office.web.post(f"/integrations/{office.provider}/disconnect", json={})
    assert answer.status_code == 200, answer.text


async def sent_many(office: Office, customer: Json, item: Json, count: int) -> list[Json]:
    """So many invoices, made and sent at once."""
    line = {
        "item_id": item["id"],
        "description": "visit",
        "quantity": "1",
        "unit_price": item["unit_price"],
    }
    one = {
        "customer_id": customer["id"],
        "issue_date": "2026-06-15",
        "due_date": "2026-07-15",
        "currency": "USD",
        "lines": [line],
    }
    answer = await office.web.post("/invoices/bulk", json={"invoices": [one] * count, "send": True})
    assert answer.status_code == 201, answer.text
    made: list[Json] = answer.json()["data"]
    return made


async def with_first_synced(office: Office) -> tuple[Json, Json]:
    """Both switches on; a customer and an item that are there already, by way of one invoice."""
    await office.switch_on()
    customer, item = await office.customer(), await office.item()
    await office.map_all()
    first = await office.invoice(customer, [item])
    await office.send(first)
    await office.badge_when("invoice", first, "synced", within=2 * WITHIN)
    return customer, item


async def change(office: Office, invoice: Json, **fields: object) -> Json:
    """Saves an edit of an invoice; its new whole."""
    answer = await office.web.patch(f"/invoices/{invoice['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    changed: Json = answer.json()
    return changed


async def reprice(office: Office, invoice: Json, price: str) -> Json:
    """Another price on the invoice's only line, quantity 1."""
    [line] = invoice["lines"]
    fields = {"item_id": line["item_id"], "description": "visit", "quantity": "1"}
    return await change(office, invoice, lines=[{**fields, "unit_price": price}])


async def act(office: Office, kind: str, record: Json, action: str, **fields: object) -> None:
    """Presses a button of the badge or of its cause."""
    answer = await office.web.post(
        f"/{kind}s/{record['id']}/actions/{action}", json={"provider": office.provider, **fields}
    )
    assert answer.status_code in {200, 202}, answer.text


async def invoices_by_state(office: Office) -> dict[str, int]:
    """How many of the company's invoices show which state, over all pages."""
    counts: dict[str, int] = {}
    cursor = ""
    while True:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = (await office.web.get("/invoices", params=query)).json()
        for row in page["data"]:
            state = row["sync"][office.provider]["state"]
            counts[state] = counts.get(state, 0) + 1
        cursor = page["next_cursor"] or ""
        if not cursor:
            return counts


@asynccontextmanager
async def held_back(
    office: Office, schema: str, type_: str
) -> AsyncGenerator["asyncpg.Connection[Row]"]:
    """While this is open, the company's messages of a type don't leave a service's outbox.

    They are put back, in order, at its end: as if they had been on their way all the time.
    """
    company = office.signed_up["company_id"]
    name = f"held_{uuid4().hex[:8]}"
    admin: asyncpg.Connection[Row] = await asyncpg.connect(office.stack.endpoints["database_url"])
    try:
        await admin.execute(
            f"""
            create table {schema}.{name} (like {schema}.outbox);
            grant all on {schema}.{name} to {schema};
            create function {schema}.{name}() returns trigger language plpgsql as $$
            begin
              if convert_from(new.value, 'utf8')::jsonb ->> 'company_id' = '{company}'
                 and convert_from(new.value, 'utf8')::jsonb ->> 'type' = '{type_}' then
                insert into {schema}.{name} select new.*;
                return null;
              end if;
              return new;
            end $$;
            create trigger {name} before insert on {schema}.outbox
              for each row execute function {schema}.{name}();
            """
        )
        yield admin
        await admin.execute(
            f"""
            drop trigger {name} on {schema}.outbox;
            insert into {schema}.outbox (topic, key, value, headers)
              select topic, key, value, headers from {schema}.{name};
            notify outbox;
            """
        )
    finally:
        await admin.execute(f"drop function if exists {schema}.{name} cascade")
        await admin.execute(f"drop table if exists {schema}.{name}")
        await admin.close()
