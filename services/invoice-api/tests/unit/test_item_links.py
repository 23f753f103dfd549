"""Which of an invoice's items its cause is about."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from contracts.ids import ItemId
from contracts.invoicing import ItemSnapshot
from contracts.sync import SyncState
from invoice_api.sync_status.schemas import BadgeShown, CauseShown
from invoice_api.web.item_link_pages import items_in_question

ONE, OTHER, CUSTOMER = (str(UUID(int=n)) for n in range(1, 4))


def item(known: str) -> ItemSnapshot:
    return ItemSnapshot(
        id=ItemId(UUID(known)),
        version=1,
        name="Call-out",
        unit_price=Decimal(1),
        created_at=datetime(2026, 6, 15, tzinfo=UTC),
    )


def badge(group: str | None) -> BadgeShown:
    cause = (
        None
        if group is None
        else CauseShown(
            code=group.partition(".")[0],
            group=group,
            who="fix_record",
            title="",
            sentence="",
            fixes=(),
        )
    )
    return BadgeShown(state=SyncState.BLOCKED, label="", provider="qbo", cause=cause)


@pytest.mark.parametrize(
    ("group", "found"),
    [
        (f"item_unusable_there.{ONE}", [ONE]),
        (f"item_unusable_there.{CUSTOMER}", [ONE, OTHER]),
        ("item_unusable_there", [ONE, OTHER]),
        (f"prerequisite_ignored.{OTHER}", [OTHER]),
        (f"prerequisite_ignored.{CUSTOMER}", []),
        (f"customer_not_in_books.{CUSTOMER}", []),
        ("of_a_later_release", []),
        (None, []),
    ],
)
def test_a_cause_leads_to_the_item_it_is_about(group: str | None, found: list[str]) -> None:
    items = items_in_question(badge(group), (item(ONE), item(OTHER)))
    assert [str(one.id) for one in items] == found
