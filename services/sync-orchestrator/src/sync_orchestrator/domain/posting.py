"""Which day an invoice is dated at the provider, where the books are closed for its own."""

from datetime import date, timedelta

from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.situation import Situation


def first_open_day(situation: Situation) -> date | None:
    """The day after the one up to which the books are closed, as last read there."""
    closed = situation.connection.facts.books_closed_up_to
    return None if closed is None else closed + timedelta(days=1)


def post_on(job: Job, situation: Situation) -> date | None:
    """The day to date it there; None: its own.

    What a person chose holds for the date it was chosen for. The setting speaks for what isn't
    there yet: nothing that is in the books moves to another period by itself.
    """
    invoice = situation.invoice
    if invoice is None:
        return None
    own = invoice.issue_date
    chosen = job.post_on if job.post_on_for == own != job.post_on else None
    closed = situation.connection.facts.books_closed_up_to
    by_setting = situation.connection.settings.post_in_closed_period == "first_open_day"
    if by_setting and job.link is None and closed is not None and (chosen or own) <= closed:
        return first_open_day(situation)
    return chosen
