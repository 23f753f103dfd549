"""What people decide about one record, and what follows."""

from dataclasses import replace
from datetime import date
from typing import Literal, assert_never

from contracts.causes import cause_of, state_of
from contracts.commands import Origin, RemoteRef
from contracts.invoicing import InvoiceSnapshot
from contracts.providers import MADE_ACTIVE_AGAIN
from contracts.sync import CauseInstance, SyncState, Totals

from sync_orchestrator.domain.content import content_of, in_the_books, is_up_to_date, rounding_in
from sync_orchestrator.domain.course import Course
from sync_orchestrator.domain.events import (
    DatedThere,
    EmailWaived,
    IgnoreBegan,
    IgnoreEnded,
    LeftAsItIs,
    Linked,
    MadeAnew,
    Named,
    NotLeftAsItIs,
    OurTaxChosen,
    OutOfDate,
    RoundingLearned,
    ToldApart,
    Unlinked,
)
from sync_orchestrator.domain.facts import (
    AddWithoutEmail,
    CreateAgain,
    DifferenceAccepted,
    DifferenceShown,
    IgnoreAsked,
    KeepOurs,
    LinkedByPerson,
    MakeActive,
    NameThere,
    NoneOfThose,
    PostOnFirstOpenDay,
    RoundingWanted,
    SendAgain,
    SendOurTax,
    StopIgnoring,
    UnlinkedByPerson,
)
from sync_orchestrator.domain.job import Ignored
from sync_orchestrator.domain.posting import first_open_day
from sync_orchestrator.domain.preflight import difference_between, difference_of
from sync_orchestrator.domain.records import plain_name
from sync_orchestrator.domain.taxing import equalising

Choice = (
    LinkedByPerson
    | UnlinkedByPerson
    | NoneOfThose
    | IgnoreAsked
    | StopIgnoring
    | CreateAgain
    | AddWithoutEmail
    | NameThere
    | MakeActive
    | DifferenceAccepted
    | DifferenceShown
    | KeepOurs
    | RoundingWanted
    | PostOnFirstOpenDay
    | SendOurTax
    | SendAgain
)

BY_EVENT = Origin(by="event")


def chosen(course: Course, fact: Choice) -> Literal["being_sent", "not_possible_now"] | None:
    """Tell what follows from a person's choice; why it isn't granted, if it isn't.

    What would change which remote record this is, or whether it should be there, waits until the
    outcome of a command that is out has come: "being sent".
    """
    job = course.job
    if job.outstanding is not None and not isinstance(fact, AddWithoutEmail | StopIgnoring):
        return "being_sent"
    match fact:
        case LinkedByPerson():
            _link(course, fact)
        case UnlinkedByPerson():
            if job.link is not None:
                course.tell(Unlinked(job.link, fact.origin))
        case NoneOfThose():
            course.tell(ToldApart(fact.origin))
            course.request("there", fact.origin, "person", again=True)
            course.derive(again=True)
        case IgnoreAsked():
            if job.state is SyncState.IGNORED:
                return None
            course.tell(IgnoreBegan(fact.by, fact.why))
        case StopIgnoring():
            _stop_ignoring(course, fact)
        case CreateAgain():
            if job.state is not SyncState.REMOVED_THERE:
                return "not_possible_now"
            if job.gone_link is not None and job.provider not in MADE_ACTIVE_AGAIN:
                course.tell(MadeAnew())
            course.request("there", fact.origin, "person", again=True)
            course.derive(again=True)
        case AddWithoutEmail():
            if job.entity != "customer":
                return "not_possible_now"
            course.tell(EmailWaived(fact.origin))
            course.derive()
        case NameThere():
            course.tell(Named(fact.name, fact.origin, fact.anew))
            course.request("there", fact.origin, "person", again=True)
            course.derive(again=True)
        case MakeActive():
            if job.entity == "invoice":
                return "not_possible_now"
            if fact.remote is not None:
                _link(course, LinkedByPerson(fact.remote, fact.origin))
            course.request("there", fact.origin, "person", again=True)
            course.derive(again=True)
        case DifferenceAccepted():
            return _leave(course, fact.origin)
        case DifferenceShown():
            return _show_difference(course, fact)
        case KeepOurs():
            if job.state is not SyncState.CHANGED_THERE:
                return "not_possible_now"
            course.request("there", fact.origin, "person", again=True)
            course.derive(again=True)
        case SendOurTax():
            takes = course.situation.connection.facts.taxes.takes_our_tax
            if job.state is not SyncState.SYNCED_WITH_DIFFERENCE or not takes:
                return "not_possible_now"
            course.tell(OurTaxChosen(fact.origin))
            course.request("there", fact.origin, "person", again=True)
            course.derive(again=True)
        case SendAgain():
            if job.state is not SyncState.SYNCED_WITH_DIFFERENCE:
                return "not_possible_now"
            course.request("there", fact.origin, "person", again=True)
            course.derive(again=True)
        case RoundingWanted():
            return _add_rounding(course, fact)
        case PostOnFirstOpenDay():
            return _post_on_first_open_day(course, fact)
        case _:
            assert_never(fact)
    return None


def changed_here(course: Course, *, on_its_way: bool = False) -> CauseInstance:
    """Why the badge says "Changed since sync"."""
    invoice = course.situation.invoice
    return cause_of(
        "edited_here_after_sync",
        invoice=None if invoice is None else invoice.number,
        record=course.name,
        why="on_its_way" if on_its_way else "automatic_off",
    )


def learn_rounding(course: Course, invoice: InvoiceSnapshot, totals: Totals) -> None:
    """Remember what a rounding line must add, by the totals that the provider answered."""
    more = equalising(invoice, totals.total, course.situation.connection.facts.taxes)
    amount = rounding_in(course.job.synced_mark) + more
    course.tell(RoundingLearned(amount, in_the_books(invoice)))


def _add_rounding(course: Course, fact: RoundingWanted) -> Literal["not_possible_now"] | None:
    job, invoice = course.job, course.situation.invoice
    account = course.situation.connection.settings.rounding_account_id
    if job.state is not SyncState.SYNCED_WITH_DIFFERENCE or account is None:
        return "not_possible_now"
    if invoice is None or job.totals is None or job.synced_version is None:
        return "not_possible_now"
    if difference_of(invoice, job.totals, course.situation).code != "rounding_difference":
        return "not_possible_now"
    if not equalising(invoice, job.totals.total, course.situation.connection.facts.taxes):
        return "not_possible_now"
    learn_rounding(course, invoice, job.totals)
    course.request("there", fact.origin, "person", again=True)
    course.derive(again=True)
    return None


def _post_on_first_open_day(
    course: Course, fact: PostOnFirstOpenDay
) -> Literal["not_possible_now"] | None:
    invoice, day = course.situation.invoice, first_open_day(course.situation) or _told_day(course)
    if invoice is None or day is None or invoice.issue_date >= day:
        return "not_possible_now"
    course.tell(DatedThere(day, invoice.issue_date, fact.origin))
    course.request("there", fact.origin, "person", again=True)
    course.derive(again=True)
    return None


def _told_day(course: Course) -> date | None:
    """The first open day as the refusal said it, where the settings there aren't read again yet."""
    cause = course.job.cause
    told = None if cause is None else cause.params.get("first_open_day")
    try:
        return None if told is None else date.fromisoformat(told)
    except ValueError:
        return None


def _link(course: Course, fact: LinkedByPerson) -> None:
    job = course.job
    same = job.link is not None and job.link.id == fact.remote.id
    if same and job.state is SyncState.SYNCED:
        return
    named = fact.named
    if named is not None:
        named = "" if named == plain_name(course.situation.record) else named
        job = replace(job, named_there=named or None)
    totals = _compared(course, fact.remote)
    remote = fact.remote
    if totals is not None and job.cause is not None:
        # By it the connector knows whether somebody alters it there before we first write it.
        remote = remote.model_copy(update={"held": job.cause.params.get("held")})
    course.tell(
        Linked(
            remote,
            course.situation.record.version,
            content_of(job, course.situation).mark,
            relinked=not same,
            origin=fact.origin,
            totals=totals,
            account=fact.account,
            named=named,
        )
    )


def _compared(course: Course, remote: RemoteRef) -> Totals | None:
    """What the invoice comes to there, where the connector found it to be the same as ours."""
    invoice, cause = course.situation.invoice, course.job.cause
    if invoice is None or cause is None or cause.code != "invoice_number_taken":
        return None
    if cause.params.get("remote_id") != remote.id or cause.params.get("same") != "yes":
        return None
    return Totals(total=invoice.total, tax=invoice.tax, currency=invoice.currency)


def _stop_ignoring(course: Course, fact: StopIgnoring) -> None:
    job = course.job
    if job.ignored is None:
        return
    shown = None if job.link is None else _unaccepted(course, job.ignored)
    if job.link is None and (job.ignored.group or "").startswith("invoice_gone_there"):
        # It was removed there, and stays so until somebody says otherwise.
        gone = cause_of("invoice_gone_there", invoice=plain_name(course.situation.record))
        course.tell(IgnoreEnded(SyncState.REMOVED_THERE, fact.origin, gone))
        return
    if job.link is None:
        course.tell(IgnoreEnded(SyncState.NOT_SYNCED, fact.origin))
    elif shown is not None:
        course.tell(IgnoreEnded(state_of(shown.code) or SyncState.SYNCED, fact.origin, shown))
        return
    else:
        course.tell(IgnoreEnded(SyncState.SYNCED, fact.origin))
        if not is_up_to_date(course.job, course.situation):
            course.tell(OutOfDate(changed_here(course)))
    if job.want is not None:
        course.request(job.want, fact.origin, "person", again=True)
        course.derive(again=True)


def _unaccepted(course: Course, ignored: Ignored) -> CauseInstance | None:
    """The difference that it was ignored with: ignoring accepts none."""
    job, invoice = course.job, course.situation.invoice
    if ignored.group is None or invoice is None or job.totals is None:
        return None
    code = ignored.group.partition(".")[0]
    if code in ("edited_there", "changed_on_both_sides"):
        return cause_of(code, invoice=invoice.number)
    if code not in _DIFFERENCES or invoice.version != job.synced_version:
        return None
    return difference_between(invoice, job.totals, course.situation)


_DIFFERENCES = ("rounding_difference", "tax_recalculated_there")


def _leave(course: Course, origin: Origin) -> Literal["not_possible_now"] | None:
    job = course.job
    if job.state is SyncState.SYNCED:
        return None
    if job.link is None or job.state not in {
        SyncState.SYNCED_WITH_DIFFERENCE,
        SyncState.CHANGED_THERE,
        SyncState.BLOCKED,
    }:
        return "not_possible_now"
    course.tell(LeftAsItIs(origin, job.cause))
    return None


def _show_difference(course: Course, fact: DifferenceShown) -> Literal["not_possible_now"] | None:
    job, invoice = course.job, course.situation.invoice
    if job.state is SyncState.SYNCED_WITH_DIFFERENCE:
        return None
    if job.state is SyncState.SYNCED and fact.was is not None:
        state = state_of(fact.was.code) or SyncState.BLOCKED
        course.tell(NotLeftAsItIs(fact.was, fact.origin, state))
        return None
    if job.state is not SyncState.SYNCED or invoice is None or job.totals is None:
        return "not_possible_now"
    if invoice.version != job.synced_version:
        return "not_possible_now"
    difference = difference_between(invoice, job.totals, course.situation)
    if difference is None:
        return "not_possible_now"
    course.tell(NotLeftAsItIs(difference, fact.origin))
    return None
