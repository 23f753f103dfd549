"""What services show, turned into what pages show: words, money and times for a person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.ids import PROVIDER_LABELS, Provider
from contracts.providers import APP_PAGES, STATUS_PAGES
from contracts.sync import SyncState

from invoice_api.http.problems import Problem
from invoice_api.sync_status.schemas import BadgeShown, CauseShown, LinkButtonShown
from invoice_api.web import formatters
from invoice_api.web.field_words import words_of
from invoice_api.web.pages import (
    BadgeView,
    CauseView,
    FieldError,
    FixView,
    Form,
    LinkView,
    Tone,
)

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

    def second(self, value: datetime) -> str:
        """With its second, as a history shows it."""
        there = value.astimezone(self.zone)
        return f"{formatters.moment(value, self.zone, self.now)}:{there:%S}"


def badge_view(
    badge: BadgeShown,
    eyes: Eyes,
    *,
    can_write: bool,
    record: tuple[str, str] | None = None,
    currency: str | None = None,
) -> BadgeView:
    """The badge and its button, if it has one: exactly when the action is offered.

    `record` (its kind and id) makes the cause's links lead somewhere.
    """
    label = PROVIDER_LABELS[badge.provider]
    cause = (
        None
        if badge.cause is None
        else cause_view(badge.cause, badge.provider, record, badge.remote_url)
    )
    synced_at = None if badge.synced_at is None else eyes.moment(badge.synced_at)
    there = badge.total_there
    dated = None if badge.date_there is None else formatters.day(badge.date_there)
    return BadgeView(
        provider=badge.provider,
        provider_label=label,
        state=badge.state.value,
        label=badge.label,
        short_label=_SHORT.get(badge.state, badge.label),
        tooltip=_tooltip(badge, label, synced_at, dated),
        tone=TONES[badge.state],
        sync_label=_sync_label(badge, label) if can_write else None,
        actions=badge.actions,
        cause=cause,
        remote_url=badge.remote_url,
        remote_number=badge.remote_number,
        synced_at=synced_at,
        total_there=formatters.money(there, currency) if there and currency else None,
        version_there=badge.version_there,
        date_there=dated,
        buttons=_buttons(badge, cause) if can_write else (),
        menu=_menu(badge) if can_write else (),
    )


def badge_views(
    sync: Mapping[Provider, BadgeShown],
    eyes: Eyes,
    *,
    can_write: bool,
    record: tuple[str, str] | None = None,
    currency: str | None = None,
) -> tuple[BadgeView, ...]:
    return tuple(
        badge_view(badge, eyes, can_write=can_write, record=record, currency=currency)
        for badge in sync.values()
    )


def cause_view(
    cause: CauseShown,
    provider: Provider,
    record: tuple[str, str] | None = None,
    remote_url: str | None = None,
) -> CauseView:
    details = cause.details
    named = (
        (f"{PROVIDER_LABELS[provider]} wrote", details.provider_message),
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
        links=tuple(
            link
            for button in cause.links
            if (link := _link(button, cause, provider, record)) is not None
        ),
        open_url=remote_url or APP_PAGES[provider],
    )


def _link(
    button: LinkButtonShown,
    cause: CauseShown,
    provider: Provider,
    record: tuple[str, str] | None,
) -> LinkView | None:
    """Where a button leads that posts nothing; None for what the page does another way."""
    match button.target:
        case "status_page":
            return LinkView(button.label, STATUS_PAGES[provider], outside=True)
        case "open_record":
            _, _, subject = cause.group.partition(".")
            return LinkView(button.label, f"/records/{subject}") if subject else None
        case "edit_invoice" | "undo_change" if record is not None and record[0] == "invoice":
            return LinkView(button.label, f"/invoices/{record[1]}/edit")
        case "see_both" if record is not None:
            return LinkView(button.label, f"/{record[0]}s/{record[1]}#timeline")
        case _:
            return None


_ACTION_LABELS: Mapping[str, str] = {
    "retry": "Try again",
    "create_again": "Create again",
    "accept_difference": "Accept",
    "keep_ours": "Keep ours",
    "leave_theirs": "Leave theirs",
    "send_first": "Send this one first",
}
"""Actions of a badge that get a button even where the cause has no fix for them."""


def _buttons(badge: BadgeShown, cause: CauseView | None) -> tuple[tuple[str, str], ...]:
    offered = frozenset[str]() if cause is None else {fix.action for fix in cause.fixes}
    return tuple(
        (action, _ACTION_LABELS[action])
        for action in badge.actions
        if action in _ACTION_LABELS and action not in offered
    )


def _menu(badge: BadgeShown) -> tuple[tuple[str, str], ...]:
    if badge.state is SyncState.SYNCED:
        return (("retry", f"Sync again to {PROVIDER_LABELS[badge.provider]}"),)
    return ()


def form_of(values: Mapping[str, str], problem: Problem) -> Form:
    """What was typed, with what the service said is wrong beside the fields it names."""
    errors = tuple(
        FieldError(e.field, words_of(e, typed_in(values, e.field))) for e in problem.errors
    )
    return Form(dict(values), errors, None if errors else problem.detail)


def typed_in(values: Mapping[str, str], field: str) -> str:
    return values.get(field, "").strip()


def told_of(problem: Problem) -> str:
    """What a refusal says where there is no form to say it in."""
    return "; ".join(words_of(error) for error in problem.errors) or problem.detail


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


def attention(counts: Mapping[str, int]) -> int:
    """How many of these records need a person."""
    return sum(counts.get(state.value, 0) for state in _TABS["attention"])


TAB_LABELS = (
    ("all", "All"),
    ("draft", "Draft"),
    ("not_synced", "Not synced"),
    ("progress", "In progress"),
    ("attention", "Needs attention"),
    ("synced", "Synced"),
)


_STATE_WORDS: Mapping[SyncState, str] = {
    SyncState.NOT_ELIGIBLE: "Not synced",
    SyncState.NOT_SYNCED: "Not synced",
    SyncState.WAITING: "Waiting",
    SyncState.BLOCKED: "Needs attention",
    SyncState.HELD: "Paused",
    SyncState.QUEUED: "Syncing…",
    SyncState.CHECKING: "Checking with {provider}",
    SyncState.SYNCED: "Synced to {provider}",
    SyncState.SYNCED_WITH_DIFFERENCE: "Synced, differs",
    SyncState.OUT_OF_DATE: "Changed since sync",
    SyncState.CHANGED_THERE: "Changed in {provider}",
    SyncState.IGNORED: "Ignored",
    SyncState.REMOVED_THERE: "Gone in {provider}",
    SyncState.VOIDED: "Voided",
}


def state_words(state: SyncState, label: str) -> str:
    """A state where there is no badge to say more."""
    return _STATE_WORDS[state].replace("{provider}", label)


def first_words(values: Iterable[str | None]) -> tuple[str, ...]:
    """Facts of a row; an em dash where there is nothing."""
    return tuple(value or "—" for value in values)


def _sync_label(badge: BadgeShown, label: str) -> str | None:
    if "sync" in badge.actions:
        return f"Sync to {label}"
    return f"Update {label}" if "update" in badge.actions else None


def _tooltip(badge: BadgeShown, label: str, synced_at: str | None, dated: str | None) -> str:
    if badge.cause is not None:
        return badge.cause.sentence
    if badge.state is SyncState.SYNCED:
        number = f" · number there {badge.remote_number}" if badge.remote_number else ""
        day = f" · dated {dated} there" if dated else ""
        return f"{synced_at or 'Synced'}{number}{day}"
    if badge.state is SyncState.NOT_SYNCED:
        return f"Not in {label} yet"
    return badge.label
