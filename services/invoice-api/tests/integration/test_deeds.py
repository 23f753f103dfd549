"""What people did to a record is written down with who and when, and told to no other service."""

import json
from typing import Any
from uuid import UUID

from contracts.ids import CompanyId, Entity
from invoice_api.deeds import store

from .test_invoices import Office, Service

Json = dict[str, Any]


async def deeds(office: Office, entity: Entity, record: str) -> list[store.DeedDone]:
    async with office.service.parts.database.transaction() as tx:
        company = CompanyId(UUID(str(office.company_id)))
        return await store.deeds_of(tx, company, entity, UUID(record))


async def test_an_invoice_keeps_who_made_edited_finalized_sent_paid_and_voided_it(
    service: Service,
) -> None:
    oak = await service.sign_up()
    office = Office(service, oak)
    made = await office.invoice()
    path = f"/invoices/{made['id']}"
    changes = {"due_date": "2027-01-31", "memo": "Thanks"}
    await office.web.patch(path, json=changes)
    await office.web.patch(path, json=changes)
    for word in ("finalize", "send", "send", "mark-paid", "void", "void"):
        await office.web.post(f"{path}/{word}")
    done = await deeds(office, "invoice", made["id"])
    assert [one.what for one in done] == [
        "created",
        "edited",
        "finalized",
        "sent",
        "paid",
        "voided",
    ], "once each, and nothing for what changed nothing"
    assert done[1].about == ("due_date", "memo")
    assert {one.name for one in done} == {oak["email"].partition("@")[0]}
    assert len({one.by for one in done}) == 1
    assert [one.at for one in done] == sorted(one.at for one in done)


async def test_other_services_hear_nothing_of_who_did_what(service: Service) -> None:
    office = Office(service, await service.sign_up())
    made = await office.invoice()
    await office.web.post(f"/invoices/{made['id']}/send")
    async with service.parts.database.transaction() as tx:
        told = await tx.fetch("SELECT value FROM outbox WHERE key = $1", office.company_id.encode())
    assert told
    assert not any("deeds" in json.dumps(json.loads(row["value"])) for row in told)


async def test_customers_items_and_bulk_invoices_keep_theirs(service: Service) -> None:
    office = Office(service, await service.sign_up())
    customer, item = await office.customer(), await office.item()
    await office.web.patch(f"/customers/{customer}", json={"email": "ann@lee.example"})
    await office.web.patch(f"/items/{item}", json={"unit_price": "5.00"})
    assert [(d.what, d.about) for d in await deeds(office, "customer", customer)] == [
        ("created", ()),
        ("edited", ("email",)),
    ]
    assert [(d.what, d.about) for d in await deeds(office, "item", item)] == [
        ("created", ()),
        ("edited", ("unit_price",)),
    ]
    body = {"customer_id": customer, "lines": [{"item_id": item, "quantity": "1"}]}
    answer = await office.web.post("/invoices/bulk", json={"invoices": [body, body], "send": True})
    assert answer.status_code == 201, answer.text
    for invoice in answer.json()["data"]:
        done = await deeds(office, "invoice", invoice["id"])
        assert [one.what for one in done] == ["created", "sent"]


async def test_no_more_than_the_newest_are_kept(service: Service) -> None:
    office = Office(service, await service.sign_up())
    customer = await office.customer()
    async with service.parts.database.transaction() as tx:
        await tx.execute(
            "UPDATE customers c SET snapshot = jsonb_set(snapshot, '{deeds}', ("
            "  SELECT jsonb_agg(k.snapshot -> 'deeds' -> 0) FROM customers k,"
            "  generate_series(1, $1) WHERE k.id = c.id)) WHERE c.id = $2",
            store.KEPT,
            UUID(customer),
        )
    await office.web.patch(f"/customers/{customer}", json={"phone": "555"})
    done = await deeds(office, "customer", customer)
    assert (len(done), done[-1].what) == (store.KEPT, "edited")
