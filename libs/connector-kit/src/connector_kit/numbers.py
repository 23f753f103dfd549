"""An invoice number that another invoice there has: is it the same invoice, which number is free.

Pure, and the same for everyone: who asks the provider says what it found.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from contracts.causes import cause_of
from contracts.commands import SyncInvoice
from contracts.ids import RemoteId
from contracts.sync import Subject

from connector_kit.answers import Refused

_ENDINGS = ("-A", "-B", "-C")


@dataclass(frozen=True)
class Holder:
    """The invoice there that has the number. What isn't known is None, and equals nothing.

    `params` are what the cause's sentence says of it (customer_there, total_there).
    """

    remote: RemoteId
    customer: str | None
    dated: date | str | None
    total: Decimal | None
    currency: str | None
    removed: bool = False
    params: tuple[tuple[str, str], ...] = ()
    held: str | None = None
    """The mark of what it holds, for whoever links it (see `contracts.holding`)."""

    def is_same(self, command: SyncInvoice) -> bool:
        """Whether it is this very invoice: of the same customer, date and total."""
        invoice = command.invoice
        return (
            not self.removed
            and self.customer == command.customer_remote_id
            and str(self.dated) in {str(command.date_there), str(invoice.issue_date)}
            and self.total == invoice.total
            and self.currency in (None, invoice.currency)
        )


def other_numbers(number: str, limit: int) -> tuple[str, ...]:
    """Numbers to offer instead, the first that is free there; cut at the front if too long: the
    end is what counts up."""
    return tuple(f"{number[-(limit - len(end)) :].strip()}{end}" for end in _ENDINGS)


def first_free(numbers: tuple[str, ...], taken: Collection[str] | None) -> str | None:
    """The first number that nobody has; None where that isn't known (`taken` is None) or none is.

    Numbers are compared without their case, as the strictest provider does.
    """
    if taken is None:
        return None
    held = {number.casefold() for number in taken}
    return next((number for number in numbers if number.casefold() not in held), None)


def number_taken(
    command: SyncInvoice, holder: Holder, free: str | None, *, linked: bool = False
) -> Refused:
    """The question whose the number is. "Same invoice: link" is offered only if all of it fits, and
    not to one that is `linked` already: that would leave its own behind."""
    same = holder.is_same(command) and not linked
    cause = cause_of(
        "invoice_number_taken",
        subject=Subject(id=str(command.record_id), name=command.invoice.number),
        invoice=command.number_there or command.invoice.number,
        remote_id=holder.remote,
        same="yes" if same else None,
        held=holder.held if same else None,
        suggested_number=free,
    )
    params = {**cause.params, **dict(holder.params)}
    return Refused(cause.model_copy(update={"params": params}), holder=holder.remote)
