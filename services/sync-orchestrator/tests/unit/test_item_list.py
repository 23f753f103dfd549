"""When the items there are asked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from contracts.ids import LoadId
from sync_orchestrator.domain.item_list import (
    FRESH_FOR,
    GIVEN_UP_AFTER,
    STUCK_AFTER,
    ItemList,
    what_to_ask,
)

NOW = datetime(2026, 6, 15, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def known(
    *, running: bool, asked: timedelta, moved: timedelta, read: timedelta | None = None
) -> ItemList:
    """Asked for, moved and read so long ago."""
    return ItemList(
        load_id=LoadId(UUID(int=1)),
        running=running,
        loaded=0,
        total=None,
        asked_at=NOW - asked,
        moved_at=NOW - moved,
        as_of=None if read is None else NOW - read,
    )


@pytest.mark.parametrize(
    ("the_list", "ask", "refreshed"),
    [
        (None, "anew", "anew"),
        (known(running=False, asked=SECOND, moved=SECOND, read=5 * SECOND), "nothing", "nothing"),
        (known(running=False, asked=SECOND, moved=SECOND, read=60 * SECOND), "nothing", "anew"),
        (known(running=False, asked=FRESH_FOR, moved=FRESH_FOR, read=FRESH_FOR), "anew", "anew"),
        (known(running=True, asked=SECOND, moved=SECOND), "nothing", "nothing"),
        (known(running=True, asked=STUCK_AFTER, moved=SECOND), "nothing", "nothing"),
        (
            known(running=True, asked=STUCK_AFTER + SECOND, moved=STUCK_AFTER + SECOND),
            "again",
            "again",
        ),
        (known(running=True, asked=SECOND, moved=STUCK_AFTER + SECOND), "nothing", "nothing"),
        (known(running=True, asked=SECOND, moved=GIVEN_UP_AFTER + SECOND), "anew", "anew"),
    ],
)
def test_the_items_there_are_asked_for_when_their_list_is_old_or_stuck(
    the_list: ItemList | None, ask: str, refreshed: str
) -> None:
    assert what_to_ask(the_list, NOW) == ask
    assert what_to_ask(the_list, NOW, refresh=True) == refreshed
