"""How long a job may stay as it is before it is looked at again (DESIGN: "Ages")."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.sync import SyncState

from sync_orchestrator.domain.job import Job

RETRIED_DAILY = frozenset(
    {
        "account_gone",
        "account_wrong_type",
        "currency_not_enabled",
        "customer_inactive_there",
        "item_unusable_there",
        "locked_by_payment",
        "period_closed",
        "permission_missing",
        "plan_limit_reached",
        "sales_tax_not_set_up",
        "subscription_ended",
        "tax_code_gone",
        "void_refused",
    }
)
"""Causes that somebody mends at the provider, where we don't see it: tried again each day."""


@dataclass(frozen=True, slots=True)
class Ages:
    """See DESIGN §4; a test may shorten them."""

    overdue: timedelta = timedelta(minutes=15)
    derive_again: timedelta = timedelta(minutes=10)
    waited_too_long: timedelta = timedelta(minutes=20)
    held_past_its_time: timedelta = timedelta(minutes=10)
    tried_again: timedelta = timedelta(days=1)
    made_again_within: timedelta = timedelta(minutes=10)
    made_again_at_most: int = 3
    list_awaited: timedelta = timedelta(minutes=15)


def review_at(job: Job, ages: Ages) -> datetime | None:
    """When this job must be looked at again although nothing happened; None: never."""
    since = job.state_since
    if since is None:
        return None
    if job.outstanding is not None:
        return _answer_due(job, ages)
    match job.state:
        case SyncState.WAITING:
            return max(since, job.asked_at or since) + ages.derive_again
        case SyncState.BLOCKED | SyncState.HELD:
            daily = job.refused and job.cause is not None and job.cause.code in RETRIED_DAILY
            return (job.asked_at or since) + ages.tried_again if daily else None
        case _:
            return None


def next_review(job: Job, ages: Ages, now: datetime) -> datetime | None:
    """As `review_at`, for a job that is looked at now: never again before a while has passed."""
    due = review_at(job, ages)
    return None if due is None else max(due, now + ages.derive_again) if due <= now else due


def _answer_due(job: Job, ages: Ages) -> datetime | None:
    asked = job.asked_at
    if asked is None or job.held_by == "connection":
        return None
    expected = asked if job.until is None else max(asked, job.until)
    if job.state is SyncState.HELD:
        return expected + max(ages.held_past_its_time, ages.overdue)
    return expected + ages.overdue


def is_overdue(job: Job, ages: Ages, now: datetime) -> bool:
    """Whether the outcome of the command that is out should have come by now."""
    due = _answer_due(job, ages)
    return job.outstanding is not None and due is not None and due <= now


def is_tried_again(job: Job, ages: Ages, now: datetime) -> bool:
    """Whether the day is over after which a refusal is tried again."""
    due = review_at(job, ages)
    return job.outstanding is None and job.refused and due is not None and due <= now


def went_lately(job: Job, ages: Ages, now: datetime) -> int:
    """How often the record has gone there lately."""
    at = job.remade_at
    return job.remade if at is not None and now - at < ages.made_again_within else 0


def keeps_going(job: Job, ages: Ages, now: datetime) -> bool:
    """Whether making it again by itself has been tried often enough: a person must say now.

    More than once, because a provider may say only that one of several records has gone.
    """
    return went_lately(job, ages, now) > ages.made_again_at_most


def waited_too_long(job: Job, ages: Ages, now: datetime) -> bool:
    return (
        job.state is SyncState.WAITING
        and job.cause is not None
        and job.cause.code == "waiting_for_record"
        and job.state_since is not None
        and now - job.state_since >= ages.waited_too_long
    )
