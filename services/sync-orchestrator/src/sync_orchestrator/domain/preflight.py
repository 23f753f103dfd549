"""What stands in a record's way, from our own data alone: no provider is asked.

One function serves the badge, the preflight page and the decision to send, so they can't disagree.
"""

from dataclasses import dataclass

from contracts.causes import cause_of, in_order, record_name
from contracts.ids import no_item_id
from contracts.invoicing import CustomerSnapshot, InvoiceLine, InvoiceSnapshot
from contracts.money import Money
from contracts.providers import INACTIVE_KEEP_NAMES, UNIQUE_NAMES
from contracts.sync import CauseInstance, Subject, SyncState, Totals, WaitingOn

from sync_orchestrator.domain.connection import MappedAccount
from sync_orchestrator.domain.content import rounding_of
from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.likeness import Lookalike
from sync_orchestrator.domain.no_item import NAME, needs_account
from sync_orchestrator.domain.posting import first_open_day, post_on
from sync_orchestrator.domain.situation import Need, Situation
from sync_orchestrator.domain.taxing import equalising, is_taxed, predicted, small, wanted


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason why a record can't go yet.

    `waiting_on` is the record whose change may clear it. `is_own` is mended on the record itself or
    in a mapping: nothing else is sent for a record that can't go anyway.
    """

    cause: CauseInstance
    waiting_on: WaitingOn | None = None
    is_own: bool = False

    @property
    def only_waits(self) -> bool:
        """Nobody needs to do anything."""
        return self.cause.code == "waiting_for_record"


def obstacles(job: Job, situation: Situation) -> tuple[Obstacle, ...]:
    """All of them: what a person must mend, in the catalogue's order, then what only waits."""
    record = situation.record
    match record:
        case InvoiceSnapshot():
            found = [
                *_of_the_invoice(job, record, situation),
                *_of_its_needs(job, record, situation),
            ]
        case CustomerSnapshot():
            found = _of_the_customer(job, record, situation, situation.lookalikes)
        case _:
            found = _of_the_item(record.name, str(record.id), situation)
    if len(found) < 2:
        return tuple(found)
    ranks = {id(c): n for n, c in enumerate(in_order(o.cause for o in found))}
    return tuple(sorted(found, key=lambda o: (o.only_waits, ranks[id(o.cause)])))


def problems(job: Job, situation: Situation) -> tuple[CauseInstance, ...]:
    """What a person must mend before this record can go, the connection's cause among it."""
    found = [o.cause for o in obstacles(job, situation) if not o.only_waits]
    if situation.connection.cause is not None and not situation.connection.is_open:
        found.append(situation.connection.cause)
    return tuple(found)


def may_bring_its_customer(job: Job, situation: Situation) -> bool:
    """Whether an invoice takes its customer along: the switch is on, or a person asked for it."""
    asked_by_person = job.origin is not None and job.origin.by in ("person", "run", "fix")
    return situation.connection.settings.sync_customers or asked_by_person


def _of_the_customer(
    job: Job,
    customer: CustomerSnapshot,
    situation: Situation,
    lookalikes: tuple[Lookalike, ...],
) -> list[Obstacle]:
    """What stands in the way of adding a customer; nothing of one that is there or was."""
    if job.link is not None:
        return []
    found: list[Obstacle] = []
    subject = Subject(id=str(customer.id), name=customer.name)
    had_one = job.gone_link is not None
    if not (job.without_email or had_one or (customer.email or "").strip()):
        missing = cause_of("customer_email_missing", subject=subject, customer=customer.name)
        found.append(Obstacle(missing))
    if job.none_of_those or had_one or job.remade:
        return found
    if _list_is_awaited(situation):
        found.append(Obstacle(cause_of("waiting_for_record", list="remote_customers")))
    question = looks_like(job, customer, subject, lookalikes)
    return found if question is None else [*found, Obstacle(question)]


def _list_is_awaited(situation: Situation) -> bool:
    """The customers there aren't known yet, and it isn't long since it was connected."""
    connection = situation.connection
    lately = situation.now - connection.opened_at < situation.ages.list_awaited
    return connection.customers_as_of is None and lately


def looks_like(
    job: Job, customer: CustomerSnapshot, subject: Subject, lookalikes: tuple[Lookalike, ...]
) -> CauseInstance | None:
    """The question which of those there it is, if any. Inactive ones count if they keep names."""
    found = [one for one in lookalikes if one.active or job.provider in INACTIVE_KEEP_NAMES]
    if not found:
        return None
    if len(found) == 1 and found[0].same_name and job.provider in UNIQUE_NAMES:
        one = found[0]
        return cause_of(
            "customer_name_taken",
            subject=subject,
            name=one.name,
            customer=customer.name,
            remote_id=one.remote_id,
            kind="customer" if one.active else "inactive_customer",
        )
    alone = found[0] if len(found) == 1 else None
    return cause_of(
        "customer_lookalikes",
        subject=subject,
        customer=customer.name,
        count=len(found),
        name=None if alone is None else alone.name,
        remote_id=None if alone is None else alone.remote_id,
    )


def _of_the_item(name: str, item_id: str, situation: Situation) -> list[Obstacle]:
    account = situation.account
    if not situation.connection.facts.offers_accounts:
        return []
    if account is None and item_id == str(no_item_id(situation.connection.id)):
        return [Obstacle(cause_of("line_without_item"), is_own=True)]
    if account is None:
        unmapped = cause_of("item_account_unmapped", items=[name], item_ids=[item_id])
        return [Obstacle(unmapped, is_own=True)]
    return [] if account.usable else [_account_gone(account, name)]


def _account_gone(account: MappedAccount, item: str) -> Obstacle:
    subject = Subject(id=account.id, name=account.name or account.id)
    cause = cause_of("account_gone", subject=subject, account=account.name, item=item)
    return Obstacle(cause, is_own=True)


def _of_the_invoice(job: Job, invoice: InvoiceSnapshot, situation: Situation) -> list[Obstacle]:
    facts = situation.connection.facts
    org = situation.connection.organisation.name
    found: list[CauseInstance] = []
    without = next((line for line in invoice.lines if line.item_id is None), None)
    unchosen = situation.connection.no_item_account is None
    if without is not None and unchosen and needs_account(situation.connection, invoice):
        found.append(_line_without_item(invoice, without))
    found += _taxes(invoice, situation)
    if facts.home_currency not in (None, invoice.currency) and not facts.multi_currency:
        found.append(
            cause_of(
                "currency_not_enabled",
                subject=Subject(id=invoice.currency, name=invoice.currency),
                currency=invoice.currency,
                org=org,
            )
        )
    found += _customer_currency(invoice, situation)
    if invoice.total < 0:
        total = Money(amount=invoice.total, currency=invoice.currency)
        found.append(cause_of("invoice_total_negative", invoice=invoice.number, total=total))
    found += _due_date(invoice, situation)
    found += _too_many_lines(invoice, situation)
    closed = facts.books_closed_up_to
    if closed is not None and (post_on(job, situation) or invoice.issue_date) <= closed:
        found.append(
            cause_of(
                "period_closed",
                subject=Subject(id=closed.isoformat(), name=org),
                invoice=invoice.number,
                date=invoice.issue_date,
                month=invoice.issue_date,
                lock_date=closed,
                first_open_day=first_open_day(situation),
                org=org,
            )
        )
    return [Obstacle(cause, is_own=True) for cause in found]


def _line_without_item(invoice: InvoiceSnapshot, line: InvoiceLine) -> CauseInstance:
    return cause_of(
        "line_without_item",
        invoice=invoice.number,
        line=line.position,
        description=line.description or None,
    )


def _taxes(invoice: InvoiceSnapshot, situation: Situation) -> list[CauseInstance]:
    """A tax that isn't matched is never left out by silence."""
    rules = situation.connection.facts.taxes
    if not rules.set_up and is_taxed(invoice):
        org = situation.connection.organisation.name
        return [cause_of("sales_tax_not_set_up", invoice=invoice.number, org=org)]
    found: list[CauseInstance] = []
    for tax in wanted(invoice, rules):
        there = situation.taxes.get(tax.rate)
        if there is None:
            subject = Subject(id=tax.rate, name=tax.name)
            found.append(cause_of("tax_rate_unmapped", subject=subject, invoice=invoice.number))
        elif not (there.known and there.active):
            subject = Subject(id=there.id, name=there.name or tax.name)
            found.append(cause_of("tax_code_gone", subject=subject, invoice=invoice.number))
    return found


def _customer_currency(invoice: InvoiceSnapshot, situation: Situation) -> list[CauseInstance]:
    customer = situation.customer
    keeps = situation.connection.facts.keeps_customer_currency
    if customer is None or not keeps:
        return []
    kept = _kept_in(customer)
    if kept in (None, invoice.currency):
        return []
    return [
        cause_of(
            "customer_currency_differs",
            subject=Subject(id=str(customer.record_id), name=customer.name),
            customer=customer.name,
            currency=invoice.currency,
            currency_there=kept,
            invoice=invoice.number,
        )
    ]


def _kept_in(customer: Need) -> str | None:
    """The currency that the customer has there, or will have: it can't be changed afterwards."""
    if customer.link is not None:
        return customer.link.currency
    return customer.record.currency if isinstance(customer.record, CustomerSnapshot) else None


def _due_date(invoice: InvoiceSnapshot, situation: Situation) -> list[CauseInstance]:
    subject = Subject(id=str(invoice.id), name=invoice.number)
    needs, due = situation.connection.facts.due_date, invoice.due_date
    if needs == "required" and due is None:
        missing = cause_of(
            "due_date_invalid", subject=subject, invoice=invoice.number, why="missing"
        )
        return [missing]
    if needs == "not_before" and due is not None and due < invoice.issue_date:
        early = cause_of("due_date_invalid", subject=subject, invoice=invoice.number, due_date=due)
        return [early]
    return []


def _too_many_lines(invoice: InvoiceSnapshot, situation: Situation) -> list[CauseInstance]:
    facts, lines = situation.connection.facts, len(invoice.lines)
    limit, scope = facts.max_lines, None
    if is_taxed(invoice) and facts.max_taxed_lines is not None:
        limit, scope = facts.max_taxed_lines, "taxed"
    if limit is None or lines <= limit:
        return []
    many = cause_of("too_many_lines", invoice=invoice.number, lines=lines, limit=limit, scope=scope)
    return [many]


def notes(situation: Situation) -> tuple[CauseInstance, ...]:
    """What will be different there, though it can go: a total that is rounded otherwise, an account
    that the provider chooses."""
    invoice, connection = situation.invoice, situation.connection
    found: list[CauseInstance] = []
    if not connection.facts.offers_accounts:
        found.append(cause_of("accounts_not_offered"))
    if invoice is None:
        return tuple(found)
    expected = predicted(invoice, situation.taxes, connection.facts.taxes)
    if expected is None or expected.total == invoice.total:
        return in_order(found)
    rules, difference = connection.facts.taxes, invoice.total - expected.total
    equalised = (
        connection.settings.rounding_account_id is not None
        and small(invoice, difference, situation.taxes, rules)
        and equalising(invoice, expected.total, rules) == difference
    )
    if not equalised:
        found.append(difference_of(invoice, expected, situation))
    return in_order(found)


def difference_between(
    invoice: InvoiceSnapshot, there: Totals, situation: Situation
) -> CauseInstance | None:
    """Why the provider's totals aren't ours; None where they are, or only cents of tax differ."""
    rules, tax = situation.connection.facts.taxes, there.tax - invoice.tax
    if there.total == invoice.total and small(invoice, tax, situation.taxes, rules):
        return None
    return difference_of(invoice, there, situation)


def difference_of(invoice: InvoiceSnapshot, there: Totals, situation: Situation) -> CauseInstance:
    """Why the provider's totals aren't ours."""
    rules, difference = situation.connection.facts.taxes, abs(there.total - invoice.total)
    total = Money(amount=invoice.total, currency=invoice.currency)
    total_there = Money(amount=there.total, currency=there.currency)
    if difference and small(invoice, difference, situation.taxes, rules):
        return cause_of(
            "rounding_difference",
            difference=Money(amount=difference, currency=invoice.currency),
            total=total,
            total_there=total_there,
        )
    return cause_of(
        "tax_recalculated_there",
        tax_amount_here=Money(amount=invoice.tax, currency=invoice.currency),
        tax_amount_there=Money(amount=there.tax, currency=there.currency),
        total=total,
        total_there=total_there,
        our_tax_allowed="yes" if rules.takes_our_tax else None,
    )


def _of_its_needs(job: Job, invoice: InvoiceSnapshot, situation: Situation) -> list[Obstacle]:
    found: list[Obstacle] = []
    customer = situation.customer
    if customer is not None and not situation.is_satisfied(customer):
        found.append(_unsatisfied(job, invoice, customer, situation))
    # Without an account for them, lines without an item are the invoice's own problem.
    made_here = no_item_id(situation.connection.id)
    unmapped = [
        need
        for need in situation.items
        if situation.account_missing(need.account) and need.record_id != made_here
    ]
    if unmapped:
        found.append(
            Obstacle(
                cause_of(
                    "item_account_unmapped",
                    items=[need.name for need in unmapped],
                    item_ids=[str(need.record_id) for need in unmapped],
                    invoice=invoice.number,
                ),
                is_own=True,
            )
        )
    gone: dict[str, tuple[MappedAccount, str]] = {}
    for need in situation.items:
        if situation.account_missing(need.account):
            continue
        if need.account is not None and not need.account.usable:
            gone.setdefault(need.account.id, (need.account, need.name))
        elif not situation.is_satisfied(need):
            found.append(_unsatisfied(job, invoice, need, situation))
    for_no_item = situation.connection.no_item_account
    if situation.no_item_id is not None and for_no_item is not None and not for_no_item.usable:
        gone.setdefault(for_no_item.id, (for_no_item, NAME))
    rounds_on = situation.connection.rounding_account
    if rounds_on is not None and not rounds_on.usable and rounding_of(job, situation):
        gone.setdefault(rounds_on.id, (rounds_on, "Rounding"))
    found += [_account_gone(account, item) for account, item in gone.values()]
    return found


def _unsatisfied(job: Job, invoice: InvoiceSnapshot, need: Need, situation: Situation) -> Obstacle:
    subject = Subject(id=str(need.record_id), name=need.name)
    name = record_name(need.entity, need.name)
    theirs = need.job
    if theirs is not None and theirs.ignored is not None:
        cause = cause_of(
            "prerequisite_ignored",
            subject=subject,
            record=name,
            person=theirs.ignored.by or None,
            invoice=invoice.number,
        )
        return Obstacle(cause, need.waiting_on)
    if theirs is not None and theirs.state is SyncState.BLOCKED and theirs.cause is not None:
        return _because(theirs.cause, subject, name, invoice, need)
    if theirs is None or (theirs.is_settled and theirs.state is not SyncState.BLOCKED):
        if need.entity == "customer" and not may_bring_its_customer(job, situation):
            cause = cause_of(
                "customer_not_in_books",
                subject=subject,
                customer=need.name,
                invoice=invoice.number,
            )
            return Obstacle(cause, need.waiting_on, is_own=True)
        if isinstance(need.record, CustomerSnapshot):
            blank = theirs or _blank(job, need)
            found = _of_the_customer(blank, need.record, situation, need.lookalikes)
            own = [obstacle for obstacle in found if not obstacle.only_waits]
            if own:
                return _because(own[0].cause, subject, name, invoice, need)
    cause = cause_of("waiting_for_record", subject=subject, record=name, invoice=invoice.number)
    return Obstacle(cause, need.waiting_on)


def _because(
    theirs: CauseInstance, subject: Subject, name: str, invoice: InvoiceSnapshot, need: Need
) -> Obstacle:
    cause = cause_of(
        "prerequisite_blocked",
        subject=subject,
        because=theirs,
        record=name,
        invoice=invoice.number,
    )
    return Obstacle(cause, need.waiting_on)


def _blank(job: Job, need: Need) -> Job:
    return Job(
        company_id=job.company_id,
        provider=job.provider,
        connection_id=job.connection_id,
        entity=need.entity,
        record_id=need.record_id,
    )
