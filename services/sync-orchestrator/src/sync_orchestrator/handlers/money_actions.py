"""Buttons about money: which tax a rate is there, our tax total, a line that makes totals equal."""

from contracts.invoicing import InvoiceSnapshot

from sync_orchestrator.domain.connection import PROVIDER_CHOOSES
from sync_orchestrator.domain.facts import RoundingWanted, SendAgain, SendOurTax
from sync_orchestrator.domain.taxing import WantedTax, all_taxes, wanted
from sync_orchestrator.handlers.action_fields import Fields, text, text_if_any
from sync_orchestrator.handlers.people import Desk
from sync_orchestrator.handlers.refusals import FieldProblem, invalid, not_possible_now
from sync_orchestrator.handlers.settings import Changes, apply_changes
from sync_orchestrator.handlers.tax_mapping import check_taxes, save_taxes
from sync_orchestrator.store.tax_store import TaxRow


async def choose_tax(desk: Desk, fields: Fields) -> None:
    """Match the tax rate that this record's cause is about; `tax_rate_id` says which of several."""
    code = text(fields, "tax_code")
    await check_taxes(desk.work.tx, desk.connection, [("tax_code", code)])
    rows = [
        TaxRow(tax.rate, tax.name, tax.percent, code)
        for tax in _in_question(desk, text_if_any(fields, "tax_rate_id"))
    ]
    await save_taxes(desk.work, desk.connection, rows, desk.wish.user)
    job = desk.job
    if job is not None and job.cause is not None and job.cause.code == "tax_recalculated_there":
        # It is there already, with the tax as it was matched before.
        desk.apply(desk.key, SendAgain(desk.wish.origin))


async def send_our_tax(desk: Desk, fields: Fields) -> None:
    """Ours instead of what the provider works out, for this invoice from now on."""
    desk.apply(desk.key, SendOurTax(desk.wish.origin))


async def add_rounding_line(desk: Desk, fields: Fields) -> None:
    """A line that makes the total ours. Its account is chosen once and stays for later invoices."""
    account = text_if_any(fields, "account_id")
    if not desk.connection.facts.offers_accounts:
        account = PROVIDER_CHOOSES
    if account is None and desk.connection.settings.rounding_account_id is None:
        raise invalid(FieldProblem("account_id", "is required: choose the account for roundings"))
    before = desk.connection.rounding_account
    if account is None and before is not None and not before.usable:
        gone = "is required: the account for roundings can't be used any more, choose another one"
        raise invalid(FieldProblem("account_id", gone))
    if account is not None:
        chosen: Changes = {"rounding_account_id": account}
        await apply_changes(desk.work, desk.connection, chosen, desk.wish.user)
    desk.apply(desk.key, RoundingWanted(desk.wish.origin))


def _in_question(desk: Desk, only: str | None) -> list[WantedTax]:
    """The taxes of this invoice that a choice is about. Raises the 422 that asks which."""
    situation = desk.work.books.situation(desk.key)
    if situation is None or not isinstance(situation.record, InvoiceSnapshot):
        raise not_possible_now()
    invoice, cause = situation.record, None if desk.job is None else desk.job.cause
    rules = situation.connection.facts.taxes
    taxes = list(wanted(invoice, rules) or all_taxes(invoice))
    if only is not None:
        taxes = [tax for tax in taxes if tax.rate == only]
    elif cause is not None and cause.subject is not None and cause.code == "tax_rate_unmapped":
        taxes = [tax for tax in taxes if tax.rate == cause.subject.id]
    elif cause is not None and cause.subject is not None and cause.code == "tax_code_gone":
        gone = [
            tax
            for tax in taxes
            if (there := situation.taxes.get(tax.rate)) and there.id == cause.subject.id
        ]
        taxes = gone or taxes
    elif len(taxes) > 1:
        raise invalid(FieldProblem("tax_rate_id", "is required: the invoice has several tax rates"))
    if not taxes:
        raise not_possible_now()
    return taxes
