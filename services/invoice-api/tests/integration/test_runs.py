"""Runs under one address: ours, the orchestrator's as last told, and what the stream says."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.causes import cause_of
from contracts.commands import Origin
from contracts.ids import CompanyId, MessageId
from contracts.sync import RunChanged, RunCounts, RunGroup, RunProgress
from invoice_api.runs import store
from invoice_api.runs.projector import on_progress

Service = Any
Json = dict[str, Any]


@pytest.fixture
async def company(service: Service) -> Json:
    return await service.sign_up()


def progress(service: Service, version: int = 1, **fields: Any) -> RunProgress:
    return RunProgress.model_validate(
        {
            "id": uuid4(),
            "kind": "sync_now",
            "version": version,
            "state": "running",
            "provider": "qbo",
            "started_by": Origin(by="person", name="Joe Oak"),
            "started_at": service.parts.clock.now(),
            "total": 4,
            "done": 1,
            "failed": 1,
            "kinds": {"invoices": RunCounts(total=4, done=1, failed=1)},
            **fields,
        }
    )


async def tell(service: Service, company: Json, *runs: RunProgress) -> None:
    messages = [
        RunChanged(
            id=MessageId(uuid4()),
            occurred_at=service.parts.clock.now(),
            company_id=CompanyId(UUID(company["company_id"])),
            correlation_id=uuid4(),
            run=run,
        )
        for run in runs
    ]
    async with service.parts.database.transaction() as tx:
        await on_progress(tx, messages)


async def test_a_run_is_shown_as_last_told_while_the_orchestrator_is_away(
    service: Service, company: Json
) -> None:
    group = RunGroup(
        group="item_account_unmapped",
        cause=cause_of("item_account_unmapped", items=["Call-out"]),
        count=1,
    )
    run = progress(service, version=2, groups=(group,))
    older = run.model_copy(update={"version": 1, "done": 0})
    await tell(service, company, run, older)
    await tell(service, company, older)
    async with service.client(company["api_key"]) as web:
        shown = (await web.get(f"/runs/{run.id}")).json()
        listed = (await web.get("/runs")).json()["data"]
    assert (shown["state"], shown["done"], shown["failed"], shown["left"]) == ("running", 1, 1, 2)
    assert shown["started_by"] == {"by": "person", "name": "Joe Oak"}
    assert shown["can_cancel"] is True
    assert "Call-out" in shown["groups"][0]["sentence"]
    assert [row["id"] for row in listed] == [str(run.id)]


async def test_a_run_of_ours_is_cancelled_here(service: Service, company: Json) -> None:
    owner = CompanyId(UUID(company["company_id"]))
    run = progress(service, kind="import_invoices", provider=None, about="june.csv")
    async with service.parts.database.transaction() as tx:
        await store.save_runs(tx, "invoice-api", [(owner, run)])
    async with service.client(company["api_key"]) as web:
        answer = await web.post(f"/runs/{run.id}/cancel")
    assert (answer.status_code, answer.json()["run"]["about"]) == (202, "june.csv")
    async with service.parts.database.transaction() as tx:
        kept = await store.find_run(tx, owner, run.id)
    assert kept is not None
    assert kept.cancel_asked


async def test_another_companys_run_is_none(service: Service, company: Json) -> None:
    run = progress(service)
    await tell(service, company, run.model_copy(update={"finished_at": run.started_at}))
    async with await service.company() as other:
        assert (await other.get("/runs")).json()["data"] == []
        assert (await other.get(f"/runs/{run.id}")).status_code == 404
        assert (await other.post(f"/runs/{run.id}/cancel")).status_code == 404
