"""`decide`: what follows when something happens to a job. Pure; see `facts` and `events`.

Outcomes are decided in `outcomes`, what people say in `choices`.
"""

from dataclasses import dataclass
from typing import Literal, assert_never

from contracts.causes import cause_of
from contracts.sync import CauseInstance, SyncState

from sync_orchestrator.domain import choices, outcomes
from sync_orchestrator.domain.ages import is_overdue, keeps_going
from sync_orchestrator.domain.content import content_of, is_up_to_date
from sync_orchestrator.domain.course import Course
from sync_orchestrator.domain.events import (
    Event,
    Linked,
    NotEligible,
    OutOfDate,
    Reissued,
    Replaced,
    TookTooLong,
    Unchanged,
    VoidedUnsent,
)
from sync_orchestrator.domain.facts import (
    AddWithoutEmail,
    Answered,
    Asked,
    CameFromThere,
    CreateAgain,
    DifferenceAccepted,
    DifferenceShown,
    Edited,
    Fact,
    IgnoreAsked,
    KeepOurs,
    LinkedByPerson,
    MakeActive,
    NameThere,
    NoneOfThose,
    PostOnFirstOpenDay,
    RemoteGone,
    Reviewed,
    RoundingWanted,
    SeenThere,
    SendAgain,
    SendOurTax,
    StopIgnoring,
    UnlinkedByPerson,
)
from sync_orchestrator.domain.job import SYNCED, UNKNOWN_MARK, Job
from sync_orchestrator.domain.preflight import difference_between
from sync_orchestrator.domain.records import is_void
from sync_orchestrator.domain.seeing import seen_there
from sync_orchestrator.domain.situation import Situation

Refusal = Literal["being_sent", "not_possible_now"]

AS_IMPORTED = 1
"""The version of a customer that says what its import read."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows. `job` is the job after `events`.

    `refusal` says why a person's wish was not granted; then there are no events. `gone` are records
    this one relied on (local id as text, remote id) that aren't at the provider any more.
    """

    job: Job
    events: tuple[Event, ...]
    refusal: Refusal | None = None
    gone: tuple[tuple[str, str | None], ...] = ()


def decide(job: Job, fact: Fact, situation: Situation) -> Decision:
    """What follows from `fact` for this job in this `situation`. Never raises, changes nothing."""
    course = Course(job, situation)
    refusal: Refusal | None = None
    gone: tuple[tuple[str, str | None], ...] = ()
    match fact:
        case Asked():
            _asked(course, fact)
        case Edited():
            _edited(course, fact)
        case Reviewed():
            _reviewed(course)
        case Answered():
            gone = outcomes.answered(course, fact)
        case RemoteGone():
            _remote_gone(course, fact)
        case SeenThere():
            seen_there(course, fact)
        case CameFromThere():
            _came_from_there(course, fact)
        case (
            LinkedByPerson()
            | UnlinkedByPerson()
            | NoneOfThose()
            | IgnoreAsked()
            | StopIgnoring()
            | CreateAgain()
            | AddWithoutEmail()
            | NameThere()
            | MakeActive()
            | DifferenceAccepted()
            | DifferenceShown()
            | KeepOurs()
            | RoundingWanted()
            | PostOnFirstOpenDay()
            | SendOurTax()
            | SendAgain()
        ):
            refusal = choices.chosen(course, fact)
        case _:
            assert_never(fact)
    if refusal is not None:
        return Decision(job, (), refusal)
    return Decision(course.job, tuple(course.events), None, gone)


def _asked(course: Course, fact: Asked) -> None:
    job, situation = course.job, course.situation
    if job.ignored is not None:
        return
    if is_void(situation.record):
        _void(course, fact)
        return
    doubted = job.restored and fact.priority == "person"
    if job.outstanding is not None:
        moved = doubted or content_of(job, situation).mark != job.sent_mark
        if job.want == "there" and moved:
            version = situation.record.version
            course.tell(Replaced("there", version, fact.origin, fact.priority))
        # What is held is tried again as often as a person says so: it may have been mended there.
        resumed = fact.again and job.state is SyncState.HELD and situation.connection.is_open
        if resumed or (fact.priority == "person" and job.priority == "automatic"):
            goes_first = "person" in (fact.priority, job.priority)
            priority = "person" if goes_first else "automatic"
            course.tell(Reissued(priority, resumed=resumed, dirty=_differs(course)))
        return
    if job.state is SyncState.CHANGED_THERE:
        return
    if job.state is SyncState.REMOVED_THERE:
        if job.entity == "invoice":
            return
        if situation.connection.settings.gone_there == "ask" and not fact.again:
            course.request("there", fact.origin, fact.priority)
            course.ask_about_what_has_gone()
            return
    if is_up_to_date(job, situation) and job.state in SYNCED and not doubted:
        return
    if course.awaits_a_choice() and not fact.again:
        return
    course.request("there", fact.origin, fact.priority, again=fact.again, currency=fact.currency)
    course.derive(again=fact.again)


def _edited(course: Course, fact: Edited) -> None:
    job, situation = course.job, course.situation
    if is_void(situation.record):
        _void(course)
        return
    if job.ignored is not None:
        return
    version = situation.record.version
    if job.outstanding is not None:
        if fact.automatic and version > (job.wanted_version or 0):
            course.tell(Replaced("there", version))
        return
    if job.want == "there":
        by_itself = job.origin is not None and job.origin.by in ("event", "sweep")
        if by_itself and job.link is None and _is_before_start(situation):
            course.tell(NotEligible(before_start_date(situation)))
            return
        course.request("there")
        course.derive()
        return
    if job.link is None or job.state not in {*SYNCED, SyncState.OUT_OF_DATE}:
        return
    if is_up_to_date(job, situation):
        if job.state is SyncState.OUT_OF_DATE and not _totals_differ(course):
            # What was changed here was taken back.
            course.tell(Unchanged())
        return
    if fact.automatic:
        course.request("there", choices.BY_EVENT)
        course.derive()
    elif job.state is not SyncState.OUT_OF_DATE:
        course.tell(OutOfDate(choices.changed_here(course)))


def _came_from_there(course: Course, fact: CameFromThere) -> None:
    """Linked to what it was made of, unless that link was taken away or lost before."""
    job, situation = course.job, course.situation
    if job.link is not None or job.outstanding is not None or job.generation > 1:
        return
    if situation.record.version == AS_IMPORTED:
        mark = content_of(job, situation).mark
        course.tell(Linked(fact.remote, AS_IMPORTED, mark, relinked=False))
        return
    # It was edited before this was heard of: what is there is what the import read.
    course.tell(Linked(fact.remote, AS_IMPORTED, UNKNOWN_MARK, relinked=False))
    _edited(course, Edited(automatic=fact.automatic))


def _totals_differ(course: Course) -> bool:
    invoice, totals = course.situation.invoice, course.job.totals
    if invoice is None or totals is None:
        return False
    return difference_between(invoice, totals, course.situation) is not None


def _void(course: Course, asked: Asked | None = None) -> None:
    """Void here: nothing may be created any more, and what is there is voided.

    What the provider refused goes again only if somebody tries again.
    """
    job = course.job
    if job.state is SyncState.VOIDED:
        return
    if job.outstanding is not None:
        if job.outstanding_want != "void" and job.want != "void":
            course.tell(Replaced("void", course.situation.record.version))
        return
    if job.link is None and not course.may_have_gone:
        course.tell(VoidedUnsent())
        return
    if asked is None:
        course.request("void", choices.BY_EVENT if job.ignored is None else None)
        course.derive()
        return
    course.request("void", asked.origin, asked.priority, again=asked.again)
    course.derive(again=asked.again)


def _reviewed(course: Course) -> None:
    job, situation = course.job, course.situation
    if job.outstanding is None:
        course.review()
        return
    if not situation.connection.is_open:
        # What the provider may be executing right now keeps "checking": its answer still comes.
        if job.state is not SyncState.CHECKING:
            course.hold_back()
        return
    if job.held_by == "connection":
        course.tell(Reissued(job.priority, resumed=True, dirty=_differs(course)))
        return
    if is_overdue(job, situation.ages, situation.now):
        told = job.cause is not None and job.cause.code == "taking_too_long"
        if job.state is SyncState.CHECKING and not told:
            course.tell(TookTooLong(course.too_long()))
        course.tell(Reissued(job.priority, dirty=_differs(course)))


def _differs(course: Course) -> bool:
    """Whether a command built now says something else than the one that is out."""
    job = course.job
    if job.outstanding_want == "void":
        return False
    return content_of(job, course.situation).mark != job.sent_mark


def _remote_gone(course: Course, fact: RemoteGone) -> None:
    job, situation = course.job, course.situation
    if job.link is None or job.outstanding is not None:
        return
    if fact.used is not None and fact.used != job.link.id:
        return
    name = course.name
    course.remove(cause_of("record_deleted_there", record=name))
    if keeps_going(course.job, situation.ages, situation.now):
        course.ask_about_what_has_gone()


def _is_before_start(situation: Situation) -> bool:
    invoice = situation.invoice
    return invoice is not None and invoice.issue_date < situation.connection.settings.start_date


def before_start_date(situation: Situation) -> CauseInstance:
    invoice = situation.invoice
    start = situation.connection.settings.start_date
    return cause_of(
        "before_start_date",
        invoice=None if invoice is None else invoice.number,
        date=None if invoice is None else invoice.issue_date,
        start_date=start,
    )
