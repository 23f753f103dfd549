"""Recent Syncs: what can be looked for, and the whole list as a file."""

import csv
import io

from invoice_api.http.problems import Problem
from invoice_api.integrations.schemas import SyncRowShown, SyncRowsShown
from invoice_api.web.recent_pages import file_of, reasons

SENT = SyncRowShown(
    id="01a22674-8402-7971-9ae7-3d234c05aa29",
    entity="invoice",
    record_id=None,
    record_name="=1001",
    state="synced",
    cause=None,
    started_by=None,
    started_at=None,
    finished_at=None,
    attempts=1,
    run_id=None,
)


async def lines(first: SyncRowsShown, *then: SyncRowsShown | Problem) -> list[list[str]]:
    waiting = list(then)

    async def part(cursor: str | None) -> SyncRowsShown:
        assert cursor is not None
        following = waiting.pop(0)
        if isinstance(following, Problem):
            raise following
        return following

    told = [text async for text in file_of(first, part, lambda row: [str(row.record_name)])]
    return list(csv.reader(io.StringIO("".join(told))))


async def test_the_file_has_every_part_of_the_list() -> None:
    parts = [SyncRowsShown(data=(SENT,) * 200, next_cursor=str(n)) for n in range(14)]
    told = await lines(parts[0], *parts[1:], SyncRowsShown(data=(SENT,), next_cursor=None))
    assert len(told) == 1 + 14 * 200 + 1
    assert told[1] == ["'=1001"], "nothing that a spreadsheet would run"


async def test_a_file_that_could_not_be_ended_says_so() -> None:
    first = SyncRowsShown(data=(SENT,), next_cursor="1")
    told = await lines(first, Problem(503, "away", "Away", "Try again in a moment."))
    assert told[-1][1] == "Older syncs are missing here. Try again in a moment."


def test_every_reason_has_words_and_none_names_a_record() -> None:
    found = reasons("xero")
    assert ("item_account_unmapped", "Items need an income account") in found
    assert not [title for _, title in found if "{" in title or not title]
    assert [title.lower() for _, title in found] == sorted(title.lower() for _, title in found)
