"""A batch of a file's invoices becomes ours, in one transaction with what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.ids import CustomerId, Ids, InvoiceId, MessageId
from contracts.invoicing import InvoiceSent, InvoiceSnapshot
from messaging import outbox
from messaging.clock import Clock
from messaging.database import Tx
from pydantic import ValidationError

from invoice_api.accounts.caller import Caller
from invoice_api.deeds.store import deed
from invoice_api.http import clock_store
from invoice_api.http.framework_problems import problem_of
from invoice_api.http.problems import FieldError
from invoice_api.imports.assembling import Assembled, WantedLine, below_zero
from invoice_api.imports.naming import Directory, NamedError, look_up
from invoice_api.imports.schemas import BecomeStatus
from invoice_api.imports.store import Ended
from invoice_api.invoices import service as invoices
from invoice_api.invoices import store as invoices_store
from invoice_api.invoices.drafting import Findings, draft
from invoice_api.invoices.schemas import NewInvoice, NewLine
from invoice_api.invoices.store import StoredInvoice

_OF_THE_SAME = "Another line of the same invoice is wrong, so none of it was imported."


@dataclass(frozen=True)
class Posting:
    """For whom, and what the invoices become."""

    caller: Caller
    clock: Clock
    ids: Ids
    status: BecomeStatus

    async def post(self, tx: Tx, batch: Sequence[tuple[int, Assembled]]) -> list[Ended]:
        """What became of each (ordinal, invoice), in order."""
        ended: dict[int, Ended] = {}
        good = [(ordinal, one) for ordinal, one in batch if not self._blamed(ordinal, one, ended)]
        now = await clock_store.now(tx)
        directory = await look_up(
            tx, self.caller.company.id, self.ids, now, (one for _, one in good)
        )
        wanted: dict[int, NewInvoice] = {}
        for ordinal, one in good:
            marks = len(directory.new_customers), len(directory.new_items)
            try:
                wanted[ordinal] = self._wanted(one, directory)
            except NamedError as error:
                directory.forget(*marks)
                ended[ordinal] = Ended(ordinal, "rejected", "not_understood", str(error))
            except ValidationError as error:
                directory.forget(*marks)
                ended[ordinal] = _refused(ordinal, one, list(problem_of(error).errors))
        drafts = await self._draft(tx, dict(good), wanted, directory, ended)
        there = await invoices_store.find_by_numbers(
            tx, self.caller.company.id, [one.number for one in drafts.values()]
        )
        for ordinal in [n for n, one in drafts.items() if one.number in there]:
            one = drafts.pop(ordinal)
            ended[ordinal] = _against(ordinal, one, there[one.number])
        await directory.save(tx, drafts.values(), deed(self.caller, "imported"))
        await self._keep(tx, drafts, directory, now, ended)
        return [ended[ordinal] for ordinal, _ in batch]

    def _blamed(self, ordinal: int, one: Assembled, ended: dict[int, Ended]) -> bool:
        """Whether it can't be imported by what the file alone says."""
        total = None
        if not one.wrong:
            total = below_zero(one, one.currency or self.caller.company.currency)
        if total is not None:
            why = (
                f"Its total is {total}: a cancellation or a credit. Credit notes aren't imported;"
                " void or change the invoice that it belongs to."
            )
            ended[ordinal] = Ended(ordinal, "rejected", "below_zero", why, total=total)
        elif one.wrong:
            line, first = next(iter(sorted(one.wrong.items())))
            code = "not_readable" if line else "not_complete"
            ended[ordinal] = Ended(
                ordinal,
                "rejected",
                code,
                first if not line else f"Line {line}: {first}",
                lines=_reasons(one),
            )
        return ordinal in ended

    def _wanted(self, one: Assembled, directory: Directory) -> NewInvoice:
        assert one.customer is not None, "an invoice without a customer was blamed"
        return NewInvoice(
            number=one.number,
            customer_id=directory.customer(one.customer),
            issue_date=one.issue_date,
            due_date=one.due_date,
            currency=one.currency,
            memo=one.memo,
            lines=tuple(self._line(line, directory) for line in one.lines),
        )

    def _line(self, line: WantedLine, directory: Directory) -> NewLine:
        item = None if line.item is None else directory.item(line.item, line.unit_price)
        return NewLine(
            item_id=item,
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount_percent=line.discount,
            tax_rate_id=directory.tax_rate(line.tax),
        )

    async def _draft(
        self,
        tx: Tx,
        good: dict[int, Assembled],
        wanted: dict[int, NewInvoice],
        directory: Directory,
        ended: dict[int, Ended],
    ) -> dict[int, InvoiceSnapshot]:
        lines = [line for one in wanted.values() for line in one.lines]
        people = [CustomerId(one.customer_id) for one in wanted.values()]
        _, facts = await invoices.names_and_facts(tx, self.caller, self.clock, people, lines)
        facts = replace(
            facts,
            customers=facts.customers | {one.id for one in directory.new_customers},
            items={**facts.items, **{one.id: one for one in directory.new_items}},
        )
        made: dict[int, InvoiceSnapshot] = {}
        for ordinal, one in wanted.items():
            findings = Findings()
            snapshot = draft(one, InvoiceId(self.ids.new()), facts, findings)
            if findings.wrong:
                ended[ordinal] = _refused(ordinal, good[ordinal], findings.wrong)
            else:
                made[ordinal] = snapshot
        return made

    async def _keep(
        self,
        tx: Tx,
        drafts: dict[int, InvoiceSnapshot],
        directory: Directory,
        now: datetime,
        ended: dict[int, Ended],
    ) -> None:
        if not drafts:
            return
        told = self.status == "sent"
        stored = {
            ordinal: StoredInvoice(
                self._as_wanted(one, now), directory.names[one.customer_id], told=told
            )
            for ordinal, one in drafts.items()
        }
        company = self.caller.company.id
        deeds = [deed(self.caller, "imported"), *([deed(self.caller, "sent")] if told else [])]
        kept = await invoices_store.insert_invoices(tx, company, list(stored.values()), deeds)
        late = [one.snapshot.number for one in stored.values() if one.snapshot.id not in kept]
        there = await invoices_store.find_by_numbers(tx, company, late) if late else {}
        for ordinal, one in stored.items():
            made = one.snapshot
            ended[ordinal] = (
                Ended(ordinal, "imported", invoice_id=made.id, total=made.total)
                if made.id in kept
                else _against(ordinal, made, there[made.number])
            )
        if told:
            await self._tell(tx, [s.snapshot for s in stored.values() if s.snapshot.id in kept])

    def _as_wanted(self, one: InvoiceSnapshot, now: datetime) -> InvoiceSnapshot:
        if self.status == "sent":
            sent = {"status": "sent", "sent_at": now, "sent_by": self.caller.user_id}
            return one.model_copy(update=sent)
        return one.model_copy(update={"status": self.status})

    async def _tell(self, tx: Tx, sent: Sequence[InvoiceSnapshot]) -> None:
        messages: list[InvoiceSent] = []
        for one in sent:
            assert one.sent_at is not None, "it was sent above"
            told = MessageId(self.ids.new())
            messages.append(
                InvoiceSent(
                    id=told,
                    occurred_at=one.sent_at,
                    company_id=self.caller.company.id,
                    correlation_id=told,
                    invoice=one,
                )
            )
        await outbox.put(tx, messages)


def _reasons(one: Assembled) -> dict[int, str]:
    reasons = dict(one.wrong)
    if 0 not in reasons:
        for line in one.lines:
            reasons.setdefault(line.line, _OF_THE_SAME)
    return reasons


def _refused(ordinal: int, one: Assembled, errors: Sequence[FieldError]) -> Ended:
    """What drafting found, said of the file's lines."""
    for error in errors:
        parts = error.field.split(".")
        if parts[0] == "lines" and len(parts) > 2 and parts[1].isdigit():
            line = one.lines[int(parts[1])].line
            one.blame(line, f"{parts[2].replace('_', ' ').capitalize()}: {error.message}.")
        else:
            one.blame(0, f"{error.field.replace('_', ' ').capitalize()}: {error.message}.")
    first_line, first = next(iter(sorted(one.wrong.items())))
    why = first if not first_line else f"Line {first_line}: {first}"
    return Ended(ordinal, "rejected", "not_possible", why, lines=_reasons(one))


def _against(ordinal: int, one: InvoiceSnapshot, there: InvoiceSnapshot) -> Ended:
    """The number is taken: by the same invoice, or by another one."""
    if _content(one) == _content(there):
        why = "It is here already, with the same content."
        return Ended(ordinal, "skipped", "same_content", why, there.id, one.total)
    why = (
        f"You have another invoice {one.number}, of {there.issue_date} for {there.total}; the"
        f" file's is of {one.issue_date} for {one.total}."
    )
    return Ended(ordinal, "rejected", "number_taken", why, total=one.total)


def _content(one: InvoiceSnapshot) -> tuple[object, ...]:
    return (
        one.customer_id,
        one.issue_date,
        one.currency,
        one.total,
        tuple(
            (line.item_id, line.description, line.quantity, line.unit_price, line.amount)
            for line in one.lines
        ),
    )
