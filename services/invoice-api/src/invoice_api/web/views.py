"""What services show, turned into what pages show: words, money and times for a person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.ids import PROVIDER_LABELS, Provider
from contracts.sync import SyncState

from invoice_api.http.problems import Problem
from invoice_api.sync_status.schemas import BadgeShown, CauseShown
from invoice_api.web import formatters
from invoice_api.web.pages import BadgeView, CauseView, FieldError, FixView, Form, Tone

TONES: Mapping[SyncState, Tone] = {
    SyncState.NOT_ELIGIBLE: Tone("secondary", "circle-dashed"),
    SyncState.NOT_SYNCED: Tone("secondary", "circle-dashed"),
    SyncState.WAITING: Tone("azure", "hourglass"),
    SyncState.BLOCKED: Tone("red", "alert-triangle"),
    SyncState.HELD: Tone("yellow", "player-pause"),
    SyncState.QUEUED: Tone("azure", "clock"),
    SyncState.CHECKING: Tone("blue", "zoom-check"),
    SyncState.SYNCED: Tone("green", "circle-check"),
    SyncState.SYNCED_WITH_DIFFERENCE: Tone("orange", "equal-not"),
    SyncState.OUT_OF_DATE: Tone("yellow", "pencil"),
    SyncState.CHANGED_THERE: Tone("yellow", "pencil-exclamation"),
    SyncState.IGNORED: Tone("secondary", "eye-off"),
    SyncState.REMOVED_THERE: Tone("orange", "trash-x"),
    SyncState.VOIDED: Tone("secondary", "ban"),
}

_SHORT: Mapping[SyncState, str] = {
    SyncState.NOT_ELIGIBLE: "—",
    SyncState.WAITING: "Waiting",
    SyncState.HELD: "Paused",
    SyncState.QUEUED: "In line",
    SyncState.CHECKING: "Checking",
    SyncState.SYNCED: "Synced",
    SyncState.OUT_OF_DATE: "Changed",
    SyncState.CHANGED_THERE: "Changed there",
}
"""Labels for narrow lists where they differ from the page's."""


@dataclass(frozen=True)
class Eyes:
    """The zone and the moment a page is looked at."""

    zone: ZoneInfo
    now: datetime

    def moment(self, value: datetime) -> str:
        return formatters.moment(value, self.zone, self.now)


def badge_view(badge: BadgeShown, eyes: Eyes, *, can_write: bool) -> BadgeView:
    """The badge and its button, if it has one: exactly when the action is offered."""
    label = PROVIDER_LABELS[badge.provider]
    cause = None if badge.cause is None else cause_view(badge.cause)
    synced_at = None if badge.synced_at is None else eyes.moment(badge.synced_at)
    return BadgeView(
        provider=badge.provider,
        provider_label=label,
        state=badge.state.value,
        label=badge.label,
        short_label=_SHORT.get(badge.state, badge.label),
        tooltip=_tooltip(badge, label, synced_at),
        tone=TONES[badge.state],
        sync_label=_sync_label(badge, label) if can_write else None,
        actions=badge.actions,
        cause=cause,
        remote_url=badge.remote_url,
        remote_number=badge.remote_number,
        synced_at=synced_at,
    )


def badge_views(
    sync: Mapping[Provider, BadgeShown], eyes: Eyes, *, can_write: bool
) -> tuple[BadgeView, ...]:
    return tuple(badge_view(badge, eyes, can_write=can_write) for badge in sync.values())


def cause_view(cause: CauseShown) -> CauseView:
    details = cause.details
    named = (
        ("The provider wrote", details.provider_message),
        ("Its code", details.provider_code),
        ("Its trace id", details.trace_id),
        ("Our sync id", details.sync_id),
        ("Attempt", None if details.attempt is None else str(details.attempt)),
    )
    return CauseView(
        code=cause.code,
        title=cause.title,
        sentence=cause.sentence,
        fixes=tuple(
            FixView(f.action, f.label, tuple((n, f.values.get(n, "")) for n in f.fields))
            for f in cause.fixes
        ),
        also=tuple(other.sentence for other in cause.also),
        details=tuple((name, value) for name, value in named if value is not None),
    )


def form_of(values: Mapping[str, str], problem: Problem) -> Form:
    """What was typed, with what the service said is wrong beside the fields it names."""
    errors = tuple(FieldError(e.field, e.message) for e in problem.errors)
    return Form(dict(values), errors, None if errors else problem.detail)


def tabs_states(name: str) -> tuple[SyncState, ...]:
    """Which states a tab of the invoice list gathers; none of them for "all"."""
    return _TABS.get(name, ())


_TABS: Mapping[str, tuple[SyncState, ...]] = {
    "not_synced": (SyncState.NOT_SYNCED,),
    "progress": (
        SyncState.WAITING,
        SyncState.HELD,
        SyncState.QUEUED,
        SyncState.CHECKING,
        SyncState.OUT_OF_DATE,
    ),
    "attention": (
        SyncState.BLOCKED,
        SyncState.REMOVED_THERE,
        SyncState.SYNCED_WITH_DIFFERENCE,
        SyncState.CHANGED_THERE,
    ),
    "synced": (SyncState.SYNCED,),
}

TAB_LABELS = (
    ("all", "All"),
    ("draft", "Draft"),
    ("not_synced", "Not synced"),
    ("progress", "In progress"),
    ("attention", "Needs attention"),
    ("synced", "Synced"),
)


def first_words(values: Iterable[str | None]) -> tuple[str, ...]:
    """Facts of a row; an em dash where there is nothing."""
    return tuple(value or "—" for value in values)


def _sync_label(badge: BadgeShown, label: str) -> str | None:
    if "sync" in badge.actions:
        return f"Sync to {label}"
    return f"Update {label}" if "update" in badge.actions else None


def _tooltip(badge: BadgeShown, label: str, synced_at: str | None) -> str:
    if badge.cause is not None:
        return badge.cause.sentence
    if badge.state is SyncState.SYNCED:
        number = f" · number there {badge.remote_number}" if badge.remote_number else ""
        return f"{synced_at or 'Synced'}{number}"
    if badge.state is SyncState.NOT_SYNCED:
        return f"Not in {label} yet"
    return badge.label
