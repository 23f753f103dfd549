"""How a connection is, in words: since when and by whom, when something last arrived, why not."""

from contracts.causes import Reader, render
from contracts.ids import Provider
from contracts.sync import CauseInstance

from invoice_api.sync_status.connections_store import Health
from invoice_api.web import formatters
from invoice_api.web.views import Eyes


def since_words(health: Health | None, status: str, eyes: Eyes) -> str | None:
    """`Since 3 May 2026, by Joe`."""
    if health is None or status != "connected":
        return None
    day = formatters.day(health.opened_at.astimezone(eyes.zone).date())
    return f"Since {day}, by {health.opened_by}" if health.opened_by else f"Since {day}"


def last_sync_words(health: Health | None, eyes: Eyes) -> str | None:
    """When a record last arrived there."""
    if health is None or health.last_synced_at is None:
        return None
    return eyes.moment(health.last_synced_at)


def why_words(
    provider: Provider, cause: CauseInstance | None, status: str, eyes: Eyes
) -> str | None:
    """Why the sign-in doesn't hold any more."""
    if cause is None or status != "reconnect":
        return None
    day = eyes.now.astimezone(eyes.zone).date()
    return render(cause, provider, reader=Reader(eyes.zone, day)).sentence
