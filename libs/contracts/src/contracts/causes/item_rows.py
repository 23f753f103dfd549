"""Rows 16 to 31: items and income accounts; tax, currency and amounts."""

from typing import get_args

from contracts.causes.model import Cause, Choice, Fix, Link, When
from contracts.ids import Provider
from contracts.providers import MADE_ACTIVE_AGAIN
from contracts.sync import SyncState

_ALL: tuple[Provider, ...] = get_args(Provider)
_OTHER_ACCOUNT = Fix("choose_account", "Use another account", ("account_id",))
_CHOOSE_TAX = Fix("choose_tax", "Choose tax", ("tax_code",))
_CHECK_AGAIN = Fix("check_again", "Check again")

ITEMS = (
    Cause(
        number=16,
        code="item_account_unmapped",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("Items need an income account",),
        sentences=(
            "{items:has|have} no income account for {provider}, "
            "so invoice {invoice} can't be posted.",
            "{items:has|have} no income account for {provider}.",
            "There is no income account for {provider} yet.",
        ),
        subject="connection",
        released_by="mapping saved",
        fixes=(Fix("choose_account", "Choose account", ("account_id",)),),
    ),
    Cause(
        number=17,
        code="account_gone",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Income account no longer there",),
        sentences=(
            'The income account "{account}" was {account_made_inactive} in {provider}. '
            "{count:item uses|items use} it.",
            'The income account "{account}" was {account_made_inactive} in {provider}.',
            "An income account was {account_made_inactive} in {provider}.",
        ),
        subject="account",
        released_by="remapped, or account active again at the next refresh",
        fixes=(_OTHER_ACCOUNT,),
    ),
    Cause(
        number=18,
        code="account_wrong_type",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Not an income account",),
        sentences=(
            '"{account}" can\'t be used on invoices in {provider}.',
            "An account that is mapped can't be used on invoices in {provider}.",
        ),
        subject="account",
        released_by="remapped",
        fixes=(_OTHER_ACCOUNT,),
    ),
    Cause(
        number=19,
        code="accounts_not_offered",
        who="info",
        state=SyncState.SYNCED,
        found="preflight",
        titles=("{provider} chooses the account",),
        sentences=(
            "{provider} doesn't let us choose an income account {where}; "
            "it books invoices to its own Sales account.",
            "{provider} doesn't let us choose an income account; "
            "it books invoices to its own Sales account.",
        ),
        subject="connection",
        released_by="nothing to release",
        links=(Link("explain", "What this means"),),
        choices=(Choice("where", "where", (("plan", "on this plan"),)),),
    ),
    Cause(
        number=20,
        code="line_without_item",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("A line has no item",),
        sentences=(
            'Line {line} of invoice {invoice} ("{description}") has no item, '
            "so we don't know its income account.",
            "Line {line} of invoice {invoice} has no item, so we don't know its income account.",
            "A line of this invoice has no item, so we don't know its income account.",
        ),
        subject="connection",
        released_by="line or setting saved",
        fixes=(
            Fix("choose_account", "Choose an account for lines without items", ("account_id",)),
        ),
        links=(Link("edit_invoice", "Choose item"),),
    ),
    Cause(
        number=21,
        code="item_name_taken",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Item already in {provider}",),
        sentences=(
            '{provider} already has an item called "{name}". Is it the same as {item}?',
            "{provider} already has an item with the name of {item}.",
            "{provider} already has an item with this name.",
        ),
        subject="item",
        released_by="choice saved",
        fixes=(
            Fix("link", "Same one: link", ("remote_id",), (("remote_id", "{remote_id}"),)),
            Fix(
                "add_as_new",
                'Different: add as "{name} (2)"',
                ("name",),
                (("name", "{name} (2)"),),
                plain="Different: add under another name",
            ),
        ),
    ),
    Cause(
        number=22,
        code="item_unusable_there",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="answer",
        titles=("{item} can't be invoiced there", "The item can't be invoiced there"),
        sentences=(
            "{item} is still {why} in {provider}: we looked at {checked}.",
            "{item} is {why} in {provider}.",
            "{provider} doesn't take {item} on invoices.",
            "{provider} doesn't take an item of this invoice.",
        ),
        subject="item",
        released_by="choice saved",
        fixes=(
            Fix(
                "reactivate",
                "Make active again",
                when=When("why", ("inactive",)),
                providers=tuple(one for one in _ALL if one in MADE_ACTIVE_AGAIN),
            ),
            Fix("link", "Link to another", ("remote_id",)),
            Fix("add_as_new", "Add as new", ("name",), (("name", "{item}"),)),
        ),
        choices=(
            Choice(
                "why",
                "why",
                (
                    ("inactive", "{item_inactive}"),
                    ("category", "a category"),
                    ("not_for_sale", "not for sale"),
                ),
            ),
        ),
    ),
)

AMOUNTS = (
    Cause(
        number=23,
        code="tax_rate_unmapped",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("Tax rate isn't matched",),
        sentences=(
            'The tax rate "{tax}" isn\'t matched to a tax in {provider}.',
            "A tax rate isn't matched to a tax in {provider}.",
        ),
        subject="tax_rate",
        released_by="tax mapping saved",
        fixes=(_CHOOSE_TAX,),
    ),
    Cause(
        number=24,
        code="tax_code_gone",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Tax no longer usable",),
        sentences=(
            'The tax "{tax_there}" can\'t be used on sales in {provider} any more.',
            "A tax can't be used on sales in {provider} any more.",
        ),
        subject="tax_there",
        released_by="remapped",
        fixes=(_CHOOSE_TAX,),
    ),
    Cause(
        number=25,
        code="tax_not_allowed_for_account",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="answer",
        titles=("Tax and account don't go together",),
        sentences=(
            'In {provider}, "{tax_there}" can\'t be used with the account "{account}".',
            "In {provider}, a tax can't be used with the account it is on.",
        ),
        subject="account_and_tax",
        released_by="either mapping saved",
        fixes=(
            Fix("choose_account", "Choose another account", ("account_id",)),
            Fix("choose_tax", "Choose another tax", ("tax_code",)),
        ),
    ),
    Cause(
        number=26,
        code="sales_tax_not_set_up",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Sales tax is off in {provider}",),
        sentences=(
            "Invoice {invoice} has tax, but sales tax isn't set up in {org}.",
            "Invoice {invoice} has tax, but sales tax isn't set up in {provider}.",
            "This invoice has tax, but sales tax isn't set up in {provider}.",
        ),
        subject="connection",
        released_by="preferences read again",
        fixes=(Fix("open_there", "Open tax settings in {provider}"), _CHECK_AGAIN),
    ),
    Cause(
        number=27,
        code="currency_not_enabled",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("{currency} isn't switched on", "A currency isn't switched on"),
        sentences=(
            "{org} doesn't take invoices in {currency}.",
            "{provider} doesn't take invoices in {currency}.",
            "{provider} doesn't take invoices in this currency.",
        ),
        subject="currency",
        released_by="preferences read again",
        fixes=(Fix("open_there", "Open currency settings in {provider}"), _CHECK_AGAIN),
    ),
    Cause(
        number=28,
        code="customer_currency_differs",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=(
            "{customer} is in {currency_there}",
            "{customer} is in another currency",
            "The customer is in another currency",
        ),
        sentences=(
            "{provider} keeps {customer} in {currency_there}, and this invoice is in {currency}. "
            "{provider} can't change that.",
            "{provider} keeps {customer} in another currency than this invoice. "
            "{provider} can't change that.",
            "{provider} keeps the {noun_customer} in another currency than this invoice. "
            "{provider} can't change that.",
        ),
        subject="customer_and_currency",
        released_by="second link saved, or the invoice's currency changed",
        fixes=(
            Fix(
                "add_in_currency",
                'Add "{customer} ({currency})"',
                plain="Add the customer in this currency",
            ),
        ),
        links=(
            Link(
                "edit_invoice", "Choose a customer in {currency}", plain="Choose another customer"
            ),
        ),
    ),
    Cause(
        number=29,
        code="invoice_total_negative",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Total is below zero",),
        sentences=(
            "Invoice {invoice} comes to {total}. {provider} doesn't take invoices below zero.",
            "This invoice comes to less than zero. {provider} doesn't take invoices below zero.",
        ),
        subject="connection",
        released_by="edited or ignored",
        fixes=(Fix("ignore", "Ignore", ("why",), (("why", "entered as credit note"),)),),
        links=(Link("edit_invoice", "Edit invoice"),),
    ),
    Cause(
        number=30,
        code="rounding_difference",
        who="info",
        state=SyncState.SYNCED_WITH_DIFFERENCE,
        found="answer",
        titles=("Differs by {difference}", "Differs by a rounding"),
        sentences=(
            "{provider} rounds tax differently: {total_there} there, {total} here.",
            "{provider} rounds tax differently.",
        ),
        subject="connection",
        released_by="accepted, or updated with the line",
        fixes=(
            Fix("accept_difference", "Accept"),
            Fix("add_rounding_line", "Add a rounding line", ("account_id",)),
        ),
    ),
    Cause(
        number=31,
        code="tax_recalculated_there",
        who="fix_record",
        state=SyncState.SYNCED_WITH_DIFFERENCE,
        found="answer",
        titles=("{provider} changed the tax",),
        sentences=(
            "{provider} worked out {tax_amount_there} tax instead of {tax_amount_here}. "
            "The customer was asked for {total}.",
            "{provider} worked out the tax of this invoice differently.",
        ),
        subject="connection",
        released_by="update sent, or accepted by name",
        fixes=(
            Fix("send_our_tax", "Send our tax", when=When("our_tax_allowed", ("yes",))),
            Fix("accept_difference", "Keep theirs"),
            _CHOOSE_TAX,
        ),
    ),
)
