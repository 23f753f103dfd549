"""What one row of the cause catalogue holds.

A cause is why a record isn't where it should be at a provider. The rows are data: a provider answer
we learn about is a new row, never a new sentence in a page.
"""

from dataclasses import dataclass
from typing import Literal

from contracts.ids import Provider
from contracts.sync import SyncState

Who = Literal["fix_record", "reconnect", "provider_unavailable", "defect", "info"]
"""Who must act: someone in the office, someone with rights at the provider, nobody (we go on
trying), us, nobody (it only explains)."""

Found = Literal["preflight", "answer", "both"]
"""Found from our own data and cached lists, in a provider's answer, or in either."""

HeldBy = Literal["connection", "quota", "provider"]

SubjectKind = Literal[
    "none",
    "connection",
    "provider",
    "record",
    "prerequisite",
    "customer",
    "customer_and_currency",
    "item",
    "account",
    "account_and_tax",
    "tax_rate",
    "tax_there",
    "currency",
    "invoice",
    "lock_date",
    "start_date",
    "refusal",
    "provider_code",
    "state",
]
"""What failures of one cause are grouped by; see `group_of`. `none` is never listed as a problem,
`prerequisite` counts inside the group of the record it waits for."""

Action = Literal[
    "sync",
    "update",
    "retry",
    "ignore",
    "stop_ignoring",
    "finalize",
    "reconnect",
    "open_there",
    "create_again",
    "void_here",
    "accept_difference",
    "show_difference",
    "add_rounding_line",
    "send_our_tax",
    "keep_ours",
    "leave_theirs",
    "choose_account",
    "choose_tax",
    "save_email",
    "add_without_email",
    "send_customer",
    "turn_on_sync_customers",
    "link",
    "add_as_new",
    "add_in_currency",
    "reactivate",
    "use_name",
    "use_number",
    "save_due_date",
    "post_on_first_open_day",
    "change_start_date",
    "check_again",
    "send_first",
]
"""What a badge's `actions` and a fix's `action` may hold; each can be posted."""

LinkTarget = Literal[
    "open_record",
    "edit_invoice",
    "undo_change",
    "see_both",
    "explain",
    "status_page",
    "copy_link",
    "copy_for_support",
]
"""Buttons that post nothing: the page opens or copies something."""

CauseCode = Literal[
    "invoice_draft",
    "not_synced_yet",
    "before_start_date",
    "waiting_for_record",
    "prerequisite_blocked",
    "prerequisite_ignored",
    "customer_not_in_books",
    "customer_email_missing",
    "customer_email_invalid",
    "name_not_allowed",
    "customer_name_taken",
    "customer_lookalikes",
    "customer_inactive_there",
    "customer_merged_there",
    "record_deleted_there",
    "item_account_unmapped",
    "account_gone",
    "account_wrong_type",
    "accounts_not_offered",
    "line_without_item",
    "item_name_taken",
    "item_unusable_there",
    "tax_rate_unmapped",
    "tax_code_gone",
    "tax_not_allowed_for_account",
    "sales_tax_not_set_up",
    "currency_not_enabled",
    "customer_currency_differs",
    "invoice_total_negative",
    "rounding_difference",
    "tax_recalculated_there",
    "invoice_number_taken",
    "invoice_number_not_allowed",
    "period_closed",
    "due_date_invalid",
    "too_many_lines",
    "sent_with_changes",
    "edited_here_after_sync",
    "edited_there",
    "changed_on_both_sides",
    "locked_by_payment",
    "void_refused",
    "invoice_gone_there",
    "paid_here_open_there",
    "connection_expired",
    "access_removed_there",
    "permission_missing",
    "connecting_user_lost_rights",
    "disconnected_by_person",
    "provider_down",
    "paced_by_provider",
    "daily_limit_reached",
    "plan_limit_reached",
    "subscription_ended",
    "outcome_unknown",
    "record_busy_there",
    "refused_unknown",
    "our_mistake",
    "app_problem",
    "taking_too_long",
]


@dataclass(frozen=True)
class When:
    """That this param has one of these values."""

    param: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Fix:
    """A button that mends the cause on the spot.

    `fields` are what its request takes; `prefill` holds templates for their first values.
    `plain` is its label where a param of `label` is missing. It is offered only `when`, and never
    where `unless`.
    """

    action: Action
    label: str
    fields: tuple[str, ...] = ()
    prefill: tuple[tuple[str, str], ...] = ()
    plain: str | None = None
    when: When | None = None
    unless: When | None = None
    providers: tuple[Provider, ...] = ("qbo", "xero", "freshbooks")


@dataclass(frozen=True)
class Link:
    """A button that leads somewhere and posts nothing."""

    target: LinkTarget
    label: str
    plain: str | None = None


@dataclass(frozen=True)
class Choice:
    """A slot whose words depend on the value of one param: `options` by that value."""

    slot: str
    param: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cause:
    """One row of the catalogue.

    `titles` and `sentences` go from the most telling to the plainest: the first whose params are
    all there is shown, and the last needs none but the provider's name and nouns. `state` is None
    where the record stays in the state it was in. `list_title` stands over all groups of this
    cause where the list of problems shows them as one row. Words in braces are slots; see
    `contracts.causes.words`.
    """

    number: int
    code: CauseCode
    who: Who
    state: SyncState | None
    found: Found
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    subject: SubjectKind
    released_by: str
    fixes: tuple[Fix, ...] = ()
    links: tuple[Link, ...] = ()
    choices: tuple[Choice, ...] = ()
    held_by: HeldBy | None = None
    list_title: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether a record with this cause can't go to the provider yet."""
        return self.state in _STOPPED


_STOPPED = frozenset(
    {SyncState.NOT_ELIGIBLE, SyncState.WAITING, SyncState.BLOCKED, SyncState.HELD},
)
