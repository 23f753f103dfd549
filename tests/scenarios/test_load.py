"""Backlogs, outages and workers that are taken over: others go on, and nothing goes twice."""

import asyncio
import os
import signal
import statistics
import time
from pathlib import Path

from office import WITHIN, Json, Office, connected_office
from provider_side import (
    fault,
    hits,
    invoices_by_state,
    mend,
    sent_many,
    with_first_synced,
    writes,
)
from testkit import Stack, eventually

LONG = 4 * WITHIN
_BACKLOG = 400


async def badge_seconds(oak: Office, customer: Json, item: Json) -> float:
    """How long one invoice takes from being sent to its green badge."""
    invoice = await oak.invoice(customer, [item])
    began = time.monotonic()
    await oak.send(invoice)
    await oak.badge_when("invoice", invoice, "synced", within=LONG)
    return time.monotonic() - began


async def test_s58_another_company_s_backlog_holds_up_nobody(stack: Stack) -> None:
    async with connected_office(stack, "Elm") as elm, connected_office(stack, "Fir") as fir:
        theirs, ours = await with_first_synced(elm), await with_first_synced(fir)
        slow = await fault(elm, "delay", path="/batch", delay_ms=20_000)
        await sent_many(elm, *theirs, _BACKLOG)

        async def in_line() -> None:
            assert (await invoices_by_state(elm)).get("queued") == _BACKLOG

        await eventually(in_line, within=LONG)
        # The backlog's first requests are with the provider, which takes its time; the rest waits.
        meanwhile = [await badge_seconds(fir, *ours) for _ in range(3)]
        waiting = (await invoices_by_state(elm)).get("queued", 0)
        await mend(elm, slow)
        assert waiting > 0, "the backlog was gone before it could hold up anybody"

        async def drained() -> None:
            assert await invoices_by_state(elm) == {"synced": _BACKLOG + 1}

        await eventually(drained, within=2 * LONG, every=0.5)
        idle = [await badge_seconds(fir, *ours) for _ in range(3)]
        assert statistics.median(meanwhile) <= 2 * statistics.median(idle) + 1.0, (meanwhile, idle)
        assert await fir.numbers() == [str(number) for number in range(1001, 1008)]


async def test_s60_a_provider_that_was_down_is_told_of_once_and_all_drains_once(
    quick: Stack,
) -> None:
    async with connected_office(quick) as oak:
        ann, item = await with_first_synced(oak)
        down = await fault(oak, "status", path="", status=503)
        invoices = await sent_many(oak, ann, item, 40)

        async def said() -> None:
            states = await invoices_by_state(oak)
            assert states.pop("synced") == 1
            assert set(states) <= {"held", "queued", "checking"}, states
            assert states.get("held", 0) + states.get("checking", 0) > 0, states

        await eventually(said, within=LONG)
        # Down for a while: asked by probes only, and not one invoice becomes a person's problem.
        struck = await hits(oak, down)
        await asyncio.sleep(6)
        assert await hits(oak, down) - struck < 40
        await said()
        assert (await oak.integration())["status"] == "connected"
        causes = (await oak.web.get("/integrations/qbo/causes")).json()["data"]
        assert len(causes) <= 1, causes

        await mend(oak, down)

        async def drained() -> None:
            assert await invoices_by_state(oak) == {"synced": 41}

        await eventually(drained, within=2 * LONG)
        assert await oak.numbers() == [str(number) for number in range(1001, 1042)]
        for invoice in invoices[:3]:
            lines = await oak.web.get(
                f"/invoices/{invoice['id']}/timeline", params={"provider": "qbo"}
            )
            kinds = [line["kind"] for line in lines.json()["data"]]
            assert "refused" not in kinds, kinds


async def test_s73_a_lease_that_expires_while_the_provider_works_sends_nothing_twice(
    quick: Stack,
) -> None:
    async with connected_office(quick) as oak:
        ann, item = await with_first_synced(oak)
        await quick.start("connector-qbo", 2)
        first, second = quick.pids("connector-qbo")
        try:
            # Only the second works, until the provider has done 30 and its answer is on the way.
            os.kill(first, signal.SIGSTOP)
            slow = await fault(oak, "delay", path="/batch", delay_ms=2_000, when="after", times=1)
            before = len(await writes(oak))
            await sent_many(oak, ann, item, 30)

            async def done_there() -> None:
                assert len(await oak.numbers()) == 31

            await eventually(done_there, within=2 * LONG, every=0.02)
            os.kill(second, signal.SIGSTOP)
            os.kill(first, signal.SIGCONT)
            assert set(await invoices_by_state(oak)) - {"synced"}

            async def taken_over() -> None:
                assert await invoices_by_state(oak) == {"synced": 31}

            await eventually(taken_over, within=2 * LONG)
            sent = [row for row in (await writes(oak))[before:] if row["path"].endswith("/batch")]
            assert sum(int(row["records"]) for row in sent) == 30, sent
            assert await hits(oak, slow) == 1
        finally:
            for pid in (first, second):
                os.kill(pid, signal.SIGCONT)
        log = "connector-qbo#2"

        def late() -> None:
            assert "an answer came after its request was closed" in quick.log(log)

        await eventually(late, within=LONG)
        await taken_over()
        assert await oak.numbers() == [str(number) for number in range(1001, 1032)]
        await quick.start("connector-qbo", 1)


async def test_s61_a_stopped_connector_holds_up_no_other_and_drains_when_it_is_back(
    stack: Stack,
) -> None:
    async with (
        connected_office(stack, "Elm", "xero") as elm,
        connected_office(stack, "Fir") as fir,
        connected_office(stack, "Yew", "freshbooks") as yew,
    ):
        theirs, ours, others = [await with_first_synced(each) for each in (elm, fir, yew)]
        await stack.halt("connector-xero")
        try:
            late = [await elm.invoice(theirs[0], [theirs[1]]) for _ in range(3)]
            for invoice in late:
                await elm.send(invoice)
            for each, (customer, item) in ((fir, ours), (yew, others)):
                invoice = await each.invoice(customer, [item])
                await each.send(invoice)
                await each.badge_when("invoice", invoice, "synced", within=LONG)
            for invoice in late:
                assert (await elm.badge("invoice", invoice))["state"] == "queued"
            assert len(await elm.numbers()) == 1
        finally:
            await stack.start("connector-xero")
        for invoice in late:
            await elm.badge_when("invoice", invoice, "synced", within=LONG)
        assert len(set(await elm.numbers())) == len(await elm.numbers()) == 4


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def test_s62_two_replicas_share_the_work_and_keep_the_limits_together(quick: Stack) -> None:
    async with connected_office(quick, "Elm") as elm, connected_office(quick, "Fir") as fir:
        pairs = [await with_first_synced(each) for each in (elm, fir)]
        await quick.start("connector-qbo", 2)
        try:
            pids = quick.pids("connector-qbo")
            before = [cpu_seconds(pid) for pid in pids]
            for each, (customer, item) in zip((elm, fir), pairs, strict=True):
                await sent_many(each, customer, item, 450)

            async def drained() -> None:
                for each in (elm, fir):
                    assert await invoices_by_state(each) == {"synced": 451}

            await eventually(drained, within=2 * LONG, every=0.5)
            worked = [cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
        finally:
            await quick.start("connector-qbo", 1)
        assert min(worked) > 0.2 * sum(worked), f"one did nearly all of it: {worked}"
        for each in (elm, fir):
            assert await each.numbers() == [str(number) for number in range(1001, 1452)]
            assert [row for row in await each.requests() if row["status"] == 429] == []
