"""A total there that isn't ours: who said that it may stay so."""

from dataclasses import replace

from invoice_api.web.invoice_pages import differing
from invoice_api.web.pages import BadgeView

from .page_pieces import badge


def there(state: str, version: int | None) -> BadgeView:
    return replace(badge(state), total_there="$1.00", version_there=version)


def test_a_green_badge_of_the_invoice_as_it_is_was_accepted() -> None:
    [accepted] = differing([there("synced", 3)], "$2.00", 3)
    assert accepted.accepted
    assert differing([there("synced", 2)], "$2.00", 3) == ()
    assert differing([there("synced", 3)], "$1.00", 3) == ()
    [open_still] = differing([there("synced_with_difference", 2)], "$2.00", 3)
    assert not open_still.accepted
