"""Rows 32 to 44: the invoice itself."""

from contracts.causes.model import Cause, Choice, Fix, Link, When
from contracts.sync import SyncState

_IGNORE = Fix("ignore", "Ignore")
_OPEN_THERE = Fix("open_there", "Open in {provider}")
_KEEP_OURS = Fix("keep_ours", "Keep ours")
_CHANGE_NUMBER = Link("edit_invoice", "Change the number here")
_GONE = (("deleted", "deleted"), ("voided", "voided"))

INVOICES = (
    Cause(
        number=32,
        code="invoice_number_taken",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Invoice number already used",),
        sentences=(
            "{provider} already has invoice {invoice}, for {customer_there}, {total_there}.",
            "{provider} already has invoice {invoice}.",
            "{provider} already has an invoice with this number.",
        ),
        subject="invoice",
        released_by="choice saved",
        fixes=(
            Fix(
                "link",
                "Same invoice: link",
                ("remote_id",),
                (("remote_id", "{remote_id}"),),
                when=When("same", ("yes",)),
            ),
            Fix(
                "use_number",
                "Use {suggested_number} there",
                ("number",),
                (("number", "{suggested_number}"),),
                plain="Use another number there",
            ),
        ),
        links=(_CHANGE_NUMBER,),
        list_title="Invoice numbers already used",
    ),
    Cause(
        number=33,
        code="invoice_number_not_allowed",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("Invoice number too long",),
        sentences=(
            "{provider} takes invoice numbers of up to {limit:character|characters}; "
            "{invoice} has {length}.",
            "Invoice number {invoice} is longer than {provider} takes.",
            "This invoice's number is longer than {provider} takes.",
        ),
        subject="connection",
        released_by="choice saved",
        fixes=(
            Fix(
                "use_number",
                "Use {short_number} there",
                ("number",),
                (("number", "{short_number}"),),
                plain="Use another number there",
            ),
        ),
        links=(_CHANGE_NUMBER,),
    ),
    Cause(
        number=34,
        code="period_closed",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("The books are closed for {month}", "The books are closed for this date"),
        sentences=(
            "{org} is closed up to {lock_date}, and invoice {invoice} is dated {date}.",
            "The books in {provider} are closed up to {lock_date}, "
            "and invoice {invoice} is dated {date}.",
            "The books in {provider} are closed for this invoice's date.",
        ),
        subject="lock_date",
        released_by="choice saved, or lock date moved",
        fixes=(
            Fix("check_again", "Reopened: check again"),
            Fix(
                "post_on_first_open_day",
                "Post on {first_open_day}",
                plain="Post on the first open day",
            ),
            _IGNORE,
        ),
    ),
    Cause(
        number=35,
        code="due_date_invalid",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Check the due date",),
        sentences=(
            "Invoice {invoice} is due {due_date}, which is before its date.",
            "Invoice {invoice} has no due date{missing}.",
            "{provider} doesn't take the due date of invoice {invoice}.",
            "{provider} doesn't take the due date of this invoice.",
        ),
        subject="invoice",
        released_by="due date saved",
        fixes=(
            Fix("save_due_date", "Save due date", ("due_date",), (("due_date", "{due_date}"),)),
        ),
        choices=(Choice("missing", "why", (("missing", ""),)),),
        list_title="Due dates missing or wrong",
    ),
    Cause(
        number=36,
        code="too_many_lines",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("Too many lines for {provider}",),
        sentences=(
            "Invoice {invoice} has {lines:line|lines}; {provider} takes up to {limit} {scope}.",
            "Invoice {invoice} has {lines:line|lines}; {provider} takes up to {limit}.",
            "This invoice has more lines than {provider} takes.",
        ),
        subject="connection",
        released_by="edited or ignored",
        fixes=(_IGNORE,),
        links=(Link("edit_invoice", "Edit invoice"),),
        choices=(Choice("scope", "scope", (("taxed", "on taxed invoices"),)),),
    ),
    Cause(
        number=37,
        code="sent_with_changes",
        who="info",
        state=SyncState.SYNCED,
        found="preflight",
        titles=("Sent with small changes",),
        sentences=(
            "{what} in {provider}.",
            "Something is written a little differently in {provider}.",
        ),
        subject="none",
        released_by="nothing to release",
        links=(Link("see_both", "See both"),),
        choices=(
            Choice(
                "what",
                "what",
                (
                    (
                        "description_cut",
                        "The description of line {line} was cut to {limit:character|characters}",
                    ),
                    ("memo_cut", "The memo was cut to {limit:character|characters}"),
                    ("discount_in_price", "The {discount} % discount is shown in the price"),
                ),
            ),
        ),
    ),
    Cause(
        number=38,
        code="edited_here_after_sync",
        who="info",
        state=SyncState.OUT_OF_DATE,
        found="preflight",
        titles=("Changed since sync",),
        sentences=(
            "Invoice {invoice} was changed here after it went to {provider}. {why}",
            "Invoice {invoice} was changed here after it went to {provider}.",
            "{record} was changed here after it went to {provider}. {why}",
            "{record} was changed here after it went to {provider}.",
            "This was changed here after it went to {provider}.",
        ),
        subject="none",
        released_by="update sent",
        fixes=(Fix("update", "Update {provider}", when=When("why", ("automatic_off",))),),
        choices=(
            Choice(
                "why",
                "why",
                (
                    ("on_its_way", "The change is on its way."),
                    ("automatic_off", "Automatic sync is off."),
                ),
            ),
        ),
    ),
    Cause(
        number=39,
        code="edited_there",
        who="fix_record",
        state=SyncState.CHANGED_THERE,
        found="answer",
        titles=("Changed in {provider}",),
        sentences=(
            "{person} changed invoice {invoice} in {provider}: {fields}.",
            "Someone changed invoice {invoice} in {provider}: {fields}.",
            "Someone changed invoice {invoice} in {provider}.",
            "Someone changed {record} in {provider}: {fields}.",
            "Someone changed {record} in {provider}.",
            "Someone changed this in {provider}.",
        ),
        subject="invoice",
        released_by="choice saved; never overwritten unasked",
        fixes=(_KEEP_OURS, Fix("leave_theirs", "Leave it different")),
        links=(Link("see_both", "See both"),),
    ),
    Cause(
        number=40,
        code="changed_on_both_sides",
        who="fix_record",
        state=SyncState.CHANGED_THERE,
        found="answer",
        titles=("Changed here and in {provider}",),
        sentences=(
            "Invoice {invoice} was changed in both places: {fields_here} / {fields_there}.",
            "Invoice {invoice} was changed in both places.",
            "{record} was changed in both places.",
            "This was changed in both places.",
        ),
        subject="invoice",
        released_by="choice saved",
        fixes=(_KEEP_OURS, Fix("leave_theirs", "Leave theirs")),
        links=(Link("see_both", "See both"),),
    ),
    Cause(
        number=41,
        code="locked_by_payment",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="answer",
        titles=("Already paid in {provider}",),
        sentences=(
            "A payment is recorded on invoice {invoice} in {provider}, "
            "so its amounts can't be changed.",
            "A payment is recorded on this invoice in {provider}, so its amounts can't be changed.",
        ),
        subject="invoice",
        released_by="choice saved, or payment removed there",
        fixes=(
            Fix("open_there", "Make a credit note there"),
            Fix("leave_theirs", "Leave it different"),
        ),
        links=(Link("undo_change", "Undo my change"),),
    ),
    Cause(
        number=42,
        code="void_refused",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="answer",
        titles=("Can't be voided in {provider}",),
        sentences=(
            "Invoice {invoice} is void here but still open in {provider}: "
            "a payment is recorded on it.",
            "This invoice is void here but still open in {provider}: a payment is recorded on it.",
        ),
        subject="invoice",
        released_by="Try again, or a change seen there",
        fixes=(_OPEN_THERE, Fix("retry", "Try again"), _IGNORE),
    ),
    Cause(
        number=43,
        code="invoice_gone_there",
        who="fix_record",
        state=SyncState.REMOVED_THERE,
        found="answer",
        titles=("{gone} in {provider}", "Removed in {provider}"),
        sentences=(
            "Invoice {invoice} was {how} in {provider} on {date}. "
            "We don't put it back by ourselves.",
            "Invoice {invoice} was {how} in {provider}. We don't put it back by ourselves.",
            "This invoice was removed in {provider}. We don't put it back by ourselves.",
        ),
        subject="invoice",
        released_by="choice saved",
        fixes=(
            Fix("create_again", "Create again"),
            Fix("void_here", "Void it here too"),
            Fix("leave_theirs", "Leave it"),
        ),
        choices=(
            Choice("how", "how", _GONE),
            Choice("gone", "how", (("deleted", "Deleted"), ("voided", "Voided"))),
        ),
    ),
    Cause(
        number=44,
        code="paid_here_open_there",
        who="info",
        state=SyncState.SYNCED,
        found="preflight",
        titles=("Paid here, open in {provider}",),
        sentences=(
            "Invoice {invoice} is marked paid here. Payments aren't synced: "
            "record it in {provider} too.",
            "This invoice is marked paid here. Payments aren't synced: "
            "record it in {provider} too.",
        ),
        subject="connection",
        released_by="nothing to release",
        fixes=(_OPEN_THERE,),
    ),
)
