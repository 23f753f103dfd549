"""Rows 1 to 15: not on its way; customers and names."""

from typing import get_args

from contracts.causes.model import Cause, Choice, Fix, Link, When
from contracts.ids import Provider
from contracts.providers import SUPPLIERS_KEEP_NAMES
from contracts.sync import SyncState

_LINK = Fix("link", "Link to existing", ("remote_id",))
_LINK_ANOTHER = Fix("link", "Link to another", ("remote_id",))
_ALL: tuple[Provider, ...] = get_args(Provider)
_WITH_SUPPLIERS: tuple[Provider, ...] = tuple(one for one in _ALL if one in SUPPLIERS_KEEP_NAMES)
_CUSTOMERS_ONLY: tuple[Provider, ...] = tuple(one for one in _ALL if one not in _WITH_SUPPLIERS)
_NEW = Fix("add_as_new", "Add as new", ("name",), (("name", "{customer}"),))

NOT_ON_ITS_WAY = (
    Cause(
        number=1,
        code="invoice_draft",
        who="info",
        state=SyncState.NOT_ELIGIBLE,
        found="preflight",
        titles=("Still a draft",),
        sentences=(
            "Invoice {invoice} is a draft. Finalize it and it can go to {provider}.",
            "This invoice is a draft. Finalize it and it can go to {provider}.",
        ),
        subject="none",
        released_by="finalize or send",
        fixes=(Fix("finalize", "Finalize"),),
    ),
    Cause(
        number=2,
        code="not_synced_yet",
        who="info",
        state=SyncState.NOT_SYNCED,
        found="preflight",
        titles=("Not synced yet",),
        sentences=(
            "{record} isn't in {provider} yet. {why}",
            "{record} isn't in {provider} yet.",
            "This isn't in {provider} yet.",
        ),
        subject="none",
        released_by="a click, a send with Sync Invoices on, or Sync Now",
        fixes=(Fix("sync", "Sync to {provider}"),),
        choices=(
            Choice(
                "why",
                "why",
                (
                    ("goes_when_sent", "It goes when you send it."),
                    ("automatic_off", "Automatic sync is off."),
                ),
            ),
        ),
    ),
    Cause(
        number=3,
        code="before_start_date",
        who="info",
        state=SyncState.NOT_ELIGIBLE,
        found="preflight",
        titles=("Before your start date",),
        sentences=(
            "Invoice {invoice} is dated {date}. You asked us to start with {start_date}.",
            "This invoice is dated before the day you asked us to start with.",
        ),
        subject="start_date",
        released_by="an earlier start date",
        fixes=(
            Fix(
                "change_start_date",
                "Change start date",
                ("start_date",),
                (("start_date", "{start_date}"),),
            ),
        ),
    ),
)

CUSTOMERS = (
    Cause(
        number=4,
        code="waiting_for_record",
        who="info",
        state=SyncState.WAITING,
        found="preflight",
        titles=("Waiting for {record}", "Waiting for {list}", "Waiting"),
        sentences=(
            "{record} goes to {provider} first. Invoice {invoice} follows by itself.",
            "{record} goes to {provider} first. This follows by itself.",
            "We're still loading {list}.",
            "Something else goes to {provider} first. This follows by itself.",
        ),
        subject="record",
        released_by="that record's success, or the list loaded",
        links=(Link("open_record", "Open {record}", plain="Open it"),),
        choices=(
            Choice(
                "list",
                "loading",
                (
                    ("accounts", "your list of accounts"),
                    ("tax_rates", "your list of taxes"),
                    ("remote_customers", "your list of customers"),
                ),
            ),
        ),
    ),
    Cause(
        number=5,
        code="prerequisite_blocked",
        who="fix_record",
        state=SyncState.WAITING,
        found="preflight",
        titles=("{record} needs attention first", "Something else needs attention first"),
        sentences=(
            "Invoice {invoice} waits for {record}: {because}",
            "This waits for {record}: {because}",
            "This waits for a record that needs attention first.",
        ),
        subject="prerequisite",
        released_by="that record's success",
    ),
    Cause(
        number=6,
        code="prerequisite_ignored",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("{record} is being ignored", "A record it needs is being ignored"),
        sentences=(
            "Invoice {invoice} needs {record}, which {person} told us to ignore in {provider}.",
            "Invoice {invoice} needs {record}, which we were told to ignore in {provider}.",
            "This invoice needs a record that we were told to ignore in {provider}.",
        ),
        subject="record",
        released_by="no longer ignored, or linked",
        fixes=(Fix("stop_ignoring", "Stop ignoring {record}", plain="Stop ignoring it"), _LINK),
    ),
    Cause(
        number=7,
        code="customer_not_in_books",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("{customer} isn't in {provider}", "The customer isn't in {provider}"),
        sentences=(
            "Sync Customers is off, so we didn't add {customer} to {provider}. "
            "{count:invoice waits|invoices wait}.",
            "Sync Customers is off, so we didn't add {customer} to {provider}.",
            "Sync Customers is off, so we didn't add the customer to {provider}.",
        ),
        subject="customer",
        released_by="customer sent or linked, or Sync Customers switched on",
        fixes=(
            Fix("send_customer", "Send {customer}", plain="Send the customer"),
            _LINK,
            Fix("turn_on_sync_customers", "Turn on Sync Customers"),
        ),
    ),
    Cause(
        number=8,
        code="customer_email_missing",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("{customer} has no e-mail", "The customer has no e-mail"),
        sentences=(
            "{customer} needs an e-mail address before we add them to {provider}.",
            "The customer needs an e-mail address before we add them to {provider}.",
        ),
        subject="customer",
        released_by="e-mail saved, or exception given",
        fixes=(
            Fix("save_email", "Save e-mail", ("email",)),
            Fix("add_without_email", "Add without an e-mail"),
        ),
        list_title="Customers without an e-mail",
    ),
    Cause(
        number=9,
        code="customer_email_invalid",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Check {customer}'s e-mail", "Check the customer's e-mail"),
        sentences=(
            '{provider} doesn\'t accept "{email}" as an e-mail address for {customer}.',
            "{provider} doesn't accept the e-mail address of {customer}.",
            "{provider} doesn't accept the customer's e-mail address.",
        ),
        subject="customer",
        released_by="e-mail changed",
        fixes=(Fix("save_email", "Save e-mail", ("email",), (("email", "{email}"),)),),
    ),
    Cause(
        number=10,
        code="name_not_allowed",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Name not accepted by {provider}",),
        sentences=(
            '{provider} can\'t use the name "{name}": {why}.',
            '{provider} can\'t use the name "{name}".',
            "{provider} can't use a name as it is here.",
        ),
        subject="record",
        released_by="a name for there saved, or the name changed",
        fixes=(
            Fix(
                "use_name",
                'Use "{cleaned_name}" there',
                ("name",),
                (("name", "{cleaned_name}"),),
                plain="Use another name there",
            ),
        ),
        choices=(
            Choice(
                "why",
                "why",
                (
                    ("colon", "a colon isn't allowed"),
                    ("line_break", "tabs and line breaks aren't allowed"),
                    ("angle_brackets", "< and > aren't allowed"),
                    ("double_spaces", "double spaces aren't allowed"),
                    ("too_long", "it is longer than {limit:character|characters}"),
                    ("empty", "it is empty"),
                ),
            ),
        ),
    ),
    Cause(
        number=11,
        code="customer_name_taken",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="both",
        titles=("Name already used in {provider}",),
        sentences=(
            '{provider} already has {kind} called "{name}". Is it the same as {customer}?',
            '{provider} already uses the name "{name}". Is it the same as {customer}?',
            "{provider} already uses the name of {customer}.",
            "{provider} already uses the customer's name.",
        ),
        subject="customer",
        released_by="choice saved",
        fixes=(
            Fix(
                "link",
                "Same one: link",
                ("remote_id",),
                (("remote_id", "{remote_id}"),),
                when=When("kind", ("customer",)),
                providers=_WITH_SUPPLIERS,
            ),
            Fix(
                "link",
                "Same one: link",
                ("remote_id",),
                (("remote_id", "{remote_id}"),),
                unless=When("kind", ("inactive_customer",)),
                providers=_CUSTOMERS_ONLY,
            ),
            Fix(
                "reactivate",
                "Make active and link",
                ("remote_id",),
                (("remote_id", "{remote_id}"),),
                when=When("kind", ("inactive_customer",)),
            ),
            Fix(
                "add_as_new",
                'Different: add as "{name} (2)"',
                ("name",),
                (("name", "{name} (2)"),),
                plain="Different: add under another name",
            ),
        ),
        choices=(
            Choice(
                "kind",
                "kind",
                (
                    ("customer", "{a_noun_customer}"),
                    ("supplier", "a supplier"),
                    ("employee", "an employee"),
                    ("inactive_customer", "{an_inactive_customer}"),
                    ("other", "a supplier, an employee or another {noun_customer}"),
                ),
            ),
        ),
    ),
    Cause(
        number=12,
        code="customer_lookalikes",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="preflight",
        titles=("Which {customer} is it?", "Which customer is it?"),
        sentences=(
            '{provider} has "{name}", who could be {customer}. We didn\'t guess.',
            "{provider} has {count} {noun_customers} who could be {customer}. We didn't guess.",
            "{provider} has several {noun_customers} who could be {customer}. We didn't guess.",
            "{provider} has several {noun_customers} who could be this one. We didn't guess.",
        ),
        subject="customer",
        released_by="choice saved",
        fixes=(
            Fix("link", "Choose", ("remote_id",), (("remote_id", "{remote_id}"),)),
            Fix("add_as_new", "None: add new", ("name",), (("name", "{customer}"),)),
        ),
    ),
    Cause(
        number=13,
        code="customer_inactive_there",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="answer",
        titles=(
            "{customer} is {inactive} in {provider}",
            "The customer is {inactive} in {provider}",
        ),
        sentences=(
            "{customer} is still {inactive} in {provider}: we looked at {checked}. "
            "It takes no new invoices for them.",
            "{customer} was {made_inactive} in {provider}, so it takes no new invoices for them.",
            "The {noun_customer} was {made_inactive} in {provider}, "
            "so it takes no new invoices for them.",
        ),
        subject="customer",
        released_by="active again, relinked or new",
        fixes=(
            Fix("reactivate", "Make active again", providers=("qbo", "freshbooks")),
            Fix("open_there", "Make active again in {provider}", providers=("xero",)),
            Fix("check_again", "Check again", providers=("xero",)),
            _LINK_ANOTHER,
            _NEW,
        ),
    ),
    Cause(
        number=14,
        code="customer_merged_there",
        who="fix_record",
        state=SyncState.BLOCKED,
        found="answer",
        titles=("{customer} was merged in {provider}", "The customer was merged in {provider}"),
        sentences=(
            "In {provider}, {customer} was merged into {survivor}.",
            "In {provider}, {customer} was merged into another {noun_customer}.",
            "In {provider}, the {noun_customer} was merged into another one.",
        ),
        subject="customer",
        released_by="relinked",
        fixes=(
            Fix(
                "link",
                "Use {survivor} from now on",
                ("remote_id",),
                (("remote_id", "{remote_id}"),),
                plain="Link to another",
            ),
        ),
    ),
    Cause(
        number=15,
        code="record_deleted_there",
        who="info",
        state=SyncState.QUEUED,
        found="answer",
        titles=("Being added to {provider} again",),
        sentences=(
            "{record} was deleted in {provider}. This invoice needs it, so we're adding it again.",
            "A record was deleted in {provider}. This invoice needs it, so we're adding it again.",
        ),
        subject="none",
        released_by="by itself",
        fixes=(_LINK_ANOTHER,),
    ),
)
