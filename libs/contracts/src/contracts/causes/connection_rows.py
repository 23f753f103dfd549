"""Rows 45 to 60: the connection, the provider, and us."""

from contracts.causes.model import Cause, Choice, Fix, Link, When
from contracts.sync import SyncState

_RECONNECT = Fix("reconnect", "Reconnect {provider}")
_TRY_AGAIN = Fix("retry", "Try again")
_SEND_FIRST = "Send this one first"
_SUPPORT = Link("copy_for_support", "Copy for support")
_MORE = (
    ("invoices", "invoices"),
    ("customers", "{noun_customers}"),
    ("items", "items"),
    ("settings", "settings"),
)

CONNECTIONS = (
    Cause(
        number=45,
        code="connection_expired",
        who="reconnect",
        state=SyncState.HELD,
        held_by="connection",
        found="answer",
        titles=("Reconnect {provider}",),
        sentences=(
            "{provider} no longer accepts our sign-in to {org}. "
            "Nothing is lost: {count:record waits|records wait}.",
            "{provider} no longer accepts our sign-in to {org}. Nothing is lost.",
            "{provider} no longer accepts our sign-in. Nothing is lost.",
        ),
        subject="connection",
        released_by="reconnected to the same organisation",
        fixes=(_RECONNECT,),
    ),
    Cause(
        number=46,
        code="access_removed_there",
        who="reconnect",
        state=SyncState.HELD,
        held_by="connection",
        found="answer",
        titles=("Access was removed in {provider}",),
        sentences=(
            "Someone removed our access inside {provider} for {org}. "
            "{count:record waits|records wait}.",
            "Someone removed our access inside {provider} for {org}.",
            "Someone removed our access inside {provider}.",
        ),
        subject="connection",
        released_by="reconnected",
        fixes=(_RECONNECT,),
    ),
    Cause(
        number=47,
        code="permission_missing",
        who="reconnect",
        state=SyncState.HELD,
        held_by="connection",
        found="both",
        titles=("{provider} needs one more permission",),
        sentences=(
            "We weren't given permission for {what} in {org}.",
            "We weren't given permission for {what} in {provider}.",
            "We weren't given every permission we need in {provider}.",
        ),
        subject="connection",
        released_by="reconnected",
        fixes=(Fix("reconnect", "Reconnect and allow it"),),
        choices=(Choice("what", "what", _MORE),),
    ),
    Cause(
        number=48,
        code="connecting_user_lost_rights",
        who="reconnect",
        state=SyncState.HELD,
        held_by="connection",
        found="answer",
        titles=("An admin must reconnect",),
        sentences=(
            "{connected_by} connected {org} and no longer has the rights there.",
            "Whoever connected {org} no longer has the rights there.",
            "Whoever connected {provider} no longer has the rights there.",
        ),
        subject="connection",
        released_by="reconnected by an admin",
        fixes=(Fix("reconnect", "Reconnect"),),
        links=(Link("copy_link", "Send the link to an admin"),),
    ),
    Cause(
        number=49,
        code="disconnected_by_person",
        who="reconnect",
        state=SyncState.HELD,
        held_by="connection",
        found="preflight",
        titles=("{provider} is disconnected",),
        sentences=(
            "{person} disconnected {provider} on {date}. "
            "Nothing was deleted there; {count:record waits|records wait} here.",
            "{person} disconnected {provider} on {date}. Nothing was deleted there.",
            "{provider} was disconnected here. Nothing was deleted there.",
        ),
        subject="connection",
        released_by="the same organisation connected",
        fixes=(Fix("reconnect", "Connect again"),),
    ),
)

PROVIDERS = (
    Cause(
        number=50,
        code="provider_down",
        who="provider_unavailable",
        state=SyncState.HELD,
        held_by="provider",
        found="answer",
        titles=("{provider} isn't answering",),
        sentences=(
            "{provider} has had problems since {time}. "
            "We try again at {next_time}; nothing is lost.",
            "{provider} has problems. We try again at {next_time}; nothing is lost.",
            "{provider} has problems. We go on trying; nothing is lost.",
        ),
        subject="connection",
        released_by="by itself",
        links=(Link("status_page", "{provider} status"),),
    ),
    Cause(
        number=51,
        code="paced_by_provider",
        who="info",
        state=SyncState.QUEUED,
        found="both",
        titles=("In line for {provider}",),
        sentences=(
            "{provider} takes only so many a minute. "
            "{count:is|are} in line; this one goes about {time}.",
            "{provider} takes only so many a minute. This one goes about {time}.",
            "{provider} takes only so many a minute. This one goes by itself.",
        ),
        subject="connection",
        released_by="by itself",
        fixes=(Fix("send_first", _SEND_FIRST),),
    ),
    Cause(
        number=52,
        code="daily_limit_reached",
        who="provider_unavailable",
        state=SyncState.HELD,
        held_by="quota",
        found="both",
        titles=("{provider}'s daily limit is used up",),
        sentences=(
            "{org} has used {provider}'s daily limit. "
            "We continue at {time}; {count:record waits|records wait}.",
            "{org} has used {provider}'s daily limit. We continue at {time}.",
            "{provider}'s daily limit is used up. We continue at {time}.",
            "{provider}'s daily limit is used up. We continue by ourselves.",
        ),
        subject="connection",
        released_by="by itself at the time named",
        fixes=(Fix("send_first", _SEND_FIRST, when=When("kept_for_people", ("yes",))),),
    ),
    Cause(
        number=53,
        code="plan_limit_reached",
        who="fix_record",
        state=SyncState.HELD,
        held_by="quota",
        found="answer",
        titles=("{provider} plan is full",),
        sentences=(
            "{org}'s {provider} plan doesn't allow more {what}.",
            "The {provider} plan doesn't allow more {what}.",
            "The {provider} plan doesn't allow more.",
        ),
        subject="connection",
        released_by="Try again, or the daily check",
        fixes=(Fix("open_there", "Open {provider} plans"), _TRY_AGAIN),
        choices=(Choice("what", "what", _MORE),),
    ),
    Cause(
        number=54,
        code="subscription_ended",
        who="fix_record",
        state=SyncState.HELD,
        held_by="connection",
        found="answer",
        titles=("{provider} subscription has ended",),
        sentences=(
            "{org}'s {provider} subscription has ended or was not paid, so it takes nothing new.",
            "The {provider} subscription has ended or was not paid, so it takes nothing new.",
        ),
        subject="connection",
        released_by="Try again, or the daily check",
        fixes=(Fix("open_there", "Open {provider} billing"), _TRY_AGAIN),
    ),
    Cause(
        number=55,
        code="outcome_unknown",
        who="info",
        state=SyncState.CHECKING,
        found="answer",
        titles=("Checking with {provider}",),
        sentences=(
            "{provider} didn't confirm invoice {invoice}. "
            "We're looking it up, so that it isn't posted twice.",
            "{provider} didn't confirm {record}. "
            "We're looking it up, so that it isn't posted twice.",
            "{provider} didn't confirm this. We're looking it up, so that it isn't posted twice.",
        ),
        subject="connection",
        released_by="found: synced; not there: sent again",
    ),
    Cause(
        number=56,
        code="record_busy_there",
        who="info",
        state=SyncState.QUEUED,
        found="answer",
        titles=("Being edited in {provider}",),
        sentences=(
            "Someone is working on {record} in {provider} right now. We try again in a moment.",
            "Someone is working on this in {provider} right now. We try again in a moment.",
        ),
        subject="none",
        released_by="by itself, 3 times, then changed_on_both_sides or taking_too_long",
    ),
)

OURS = (
    Cause(
        number=57,
        code="refused_unknown",
        who="defect",
        state=SyncState.BLOCKED,
        found="answer",
        titles=("{provider} said no",),
        sentences=(
            "{provider} refused {record}, and we don't know this reason yet. "
            'We have been told. {provider} wrote: "{message}"',
            "{provider} refused {record}, and we don't know this reason yet. We have been told.",
            "{provider} refused this, and we don't know the reason yet. We have been told.",
        ),
        subject="refusal",
        released_by="new release, or Try again",
        fixes=(_TRY_AGAIN,),
        links=(_SUPPORT,),
    ),
    Cause(
        number=58,
        code="our_mistake",
        who="defect",
        state=SyncState.BLOCKED,
        found="answer",
        titles=("Our mistake",),
        sentences=(
            "We sent {record} in a form {provider} doesn't take. "
            "It's ours to fix, we have been told, and it goes by itself after that.",
            "We sent this in a form {provider} doesn't take. "
            "It's ours to fix, we have been told, and it goes by itself after that.",
        ),
        subject="provider_code",
        released_by="a new release drives the group again",
        links=(_SUPPORT,),
    ),
    Cause(
        number=59,
        code="app_problem",
        who="defect",
        state=SyncState.HELD,
        held_by="connection",
        found="answer",
        titles=("Our {provider} link is down",),
        sentences=(
            "Our own registration with {provider} has a problem. "
            "It isn't you and you needn't reconnect; {count:record waits|records wait}.",
            "Our own registration with {provider} has a problem. "
            "It isn't you and you needn't reconnect; nothing is lost.",
        ),
        subject="provider",
        released_by="by itself after our fix",
    ),
    Cause(
        number=60,
        code="taking_too_long",
        who="defect",
        state=None,
        found="preflight",
        titles=("Taking longer than it should",),
        sentences=(
            "{record} has been {doing} since {time}. We have been told.",
            "{record} takes longer than it should. We have been told.",
            "This takes longer than it should. We have been told.",
        ),
        subject="state",
        released_by="any progress",
        fixes=(_TRY_AGAIN,),
        links=(_SUPPORT,),
        choices=(
            Choice(
                "doing",
                "doing",
                (
                    ("waiting", "waiting"),
                    ("held", "waiting"),
                    ("queued", "in line"),
                    ("out_of_date", "in line"),
                    ("checking", "being checked"),
                ),
            ),
        ),
    ),
)
