"""What is in the mark of an invoice, and what moves it."""

import json
from typing import Any

from connector_qbo.operations.holding import held_by
from connector_qbo.wire import Invoice
from contracts.holding import changes


def mark(*, item: str = "3", account: str = "81", discount: str = "86") -> str:
    lines: list[dict[str, Any]] = [
        {
            "DetailType": "SalesItemLineDetail",
            "Amount": 80.0,
            "SalesItemLineDetail": {
                "ItemRef": {"value": item},
                "ItemAccountRef": {"value": account},
                "Qty": 2,
                "UnitPrice": 40.0,
            },
        },
        {
            "DetailType": "DiscountLineDetail",
            "Amount": 5.0,
            "DiscountLineDetail": {"DiscountAccountRef": {"value": discount}},
        },
        {"DetailType": "SubTotalLineDetail", "Amount": 80.0},
    ]
    return held_by(Invoice.model_validate({"Id": "155", "SyncToken": "0", "Line": lines}))


def fields(before: str, now: str) -> list[str]:
    return [one.field for one in changes(before, now)]


def test_the_item_of_a_line_and_its_account_are_told_apart() -> None:
    assert fields(mark(), mark()) == []
    assert fields(mark(), mark(item="4")) == ["products"]
    assert fields(mark(), mark(item="4", account="82")) == ["products", "item_accounts"]


def test_a_mark_from_before_items_and_accounts_were_told_apart_is_not_compared_with_them() -> None:
    held = json.loads(mark())
    old = {name: held[name] for name in held if name not in {"products", "discount_accounts"}}
    assert fields(json.dumps({**old, "accounts": "0a1b2c3d4e5f6071"}), mark(item="4")) == []


def test_a_discount_names_its_account_itself() -> None:
    assert fields(mark(), mark(discount="87")) == ["discount_accounts"]
