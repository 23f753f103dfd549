"""The database comes back as it was an hour ago; the provider's books are as they are."""

import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from office import WITHIN, Office, connected_office, office
from provider_side import change, with_first_synced
from testkit import Stack, running_stack

LONG = 4 * WITHIN
SETTINGS = {"*": {"SWEEP_SECONDS": "2"}, "connector-qbo": {"QUIET_MARGIN_SECONDS": "0.5"}}
SCALE = 0.02
PARTS = "invoice-api,sync-orchestrator,connector-qbo,simulator-qbo"


@asynccontextmanager
async def at_work_again(stack: Stack, before: Office) -> AsyncGenerator[Office]:
    """The same company on the stack that was started again."""
    async with office(stack) as one:
        one.organisation, one.signed_up = before.organisation, before.signed_up
        one.web.headers["Authorization"] = before.web.headers["Authorization"]
        yield one


def recover(state: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-P", "-m", "local_stack", "recover", "--state", str(state)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.early
@pytest.mark.timeout(600)  # three stacks, one after the other
async def test_s85_restored_to_an_hour_ago_nothing_is_doubled_and_numbers_are_new(
    server_folder: Path,
) -> None:
    state, backup = server_folder / "restored", server_folder / "an-hour-ago"
    with running_stack(state, only=PARTS, settings=SETTINGS, time_scale=SCALE) as stack:
        async with connected_office(stack) as oak:
            ann, item = await with_first_synced(oak)
            await oak.settings(sync_customers=False, sync_invoices=False)
            bo = await oak.customer("Bo Lind", "bo@lind.example")
            waiting = [await oak.invoice(who, [item]) for who in (ann, ann, bo, ann)]
            for invoice in waiting:
                await oak.send(invoice)
            assert await oak.numbers() == ["1001"]
    shutil.copytree(state / "postgres", backup)

    # The hour that will be lost: all four are sent, one is edited there too, a fifth is made.
    with running_stack(state, only=PARTS, settings=SETTINGS, time_scale=SCALE) as stack:
        async with at_work_again(stack, oak) as oak:
            for invoice in waiting:
                assert (await oak.sync("invoice", invoice)).status_code == 202
            for invoice in waiting:
                await oak.badge_when("invoice", invoice, "synced", within=LONG)
            [line] = waiting[0]["lines"]
            fields = {"item_id": line["item_id"], "description": "visit", "quantity": "1"}
            await change(oak, waiting[0], lines=[{**fields, "unit_price": "77.00"}])
            assert (await oak.sync("invoice", waiting[0])).status_code == 202
            lost = await oak.invoice(ann, [item])
            await oak.send(lost)
            assert (await oak.sync("invoice", lost)).status_code == 202
            await oak.badge_when("invoice", lost, "synced", within=LONG)
            await oak.badge_when("invoice", waiting[0], "synced", within=LONG)
            assert await oak.numbers() == ["1001", "1002", "1003", "1004", "1005", "1006"]
            there = {row["number"]: row["id"] for row in (await oak.held())["invoices"]}

    shutil.rmtree(state / "postgres")
    shutil.copytree(backup, state / "postgres")
    recover(state)

    with running_stack(state, only=PARTS, settings=SETTINGS, time_scale=SCALE) as stack:
        async with at_work_again(stack, oak) as oak:
            assert (await oak.integration())["status"] == "connected"
            badge = await oak.badge("invoice", waiting[1])
            assert badge["state"] == "not_synced", badge
            *synced, voided = waiting
            # Nobody here knows that it has gone.
            answer = await oak.web.post(f"/invoices/{voided['id']}/void")
            assert answer.status_code == 200, answer.text
            for invoice in synced:
                assert (await oak.sync("invoice", invoice)).status_code == 202
            for invoice in synced:
                badge = await oak.badge_when("invoice", invoice, "synced", within=LONG)
                assert badge["remote_id"] == there[invoice["number"]]
            badge = await oak.badge_when("invoice", voided, "voided", within=LONG)
            assert badge["remote_id"] == there[voided["number"]]
            new = await oak.invoice(ann, [item])
            assert new["number"] not in there
            await oak.send(new)
            assert (await oak.sync("invoice", new)).status_code == 202
            await oak.badge_when("invoice", new, "synced", within=LONG)
            held = await oak.held()
            assert sorted(row["number"] for row in held["invoices"]) == sorted(
                [*there, new["number"]]
            )
            assert len(held["customers"]) == 2
            assert len(held["items"]) == 1
            status = {row["number"]: row["status"] for row in held["invoices"]}
            assert [n for n in status if status[n] == "void"] == [voided["number"]]
            totals = {row["number"]: row["total"] for row in held["invoices"]}
            assert totals["1002"] == waiting[0]["total"], "our restored content stands there again"
