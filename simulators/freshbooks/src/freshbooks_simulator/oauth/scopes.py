"""Which scopes there are, and what a consent carries.

https://www.freshbooks.com/api/scopes: `user:<object>:<read|write>`; profile, notifications and
reports can only be read. uploads and account are offered by the developer portal only.
"""

from __future__ import annotations

from freshbooks_simulator.wire import words

PROFILE = "user:profile:read"
_OBJECTS = words(
    "bill_payments bill_vendors billable_items bills business clients credit_notes estimates "
    "expenses invoices journal_entries notifications online_payments other_income payments "
    "profile projects reports retainers taxes teams time_entries uploads account"
)
_READ_ONLY = words("profile notifications reports")
ALL = frozenset(f"user:{each}:read" for each in _OBJECTS) | frozenset(
    f"user:{each}:write" for each in _OBJECTS - _READ_ONLY
)


def granted(asked: str, enabled: tuple[str, ...]) -> str | None:
    """What a consent to `asked` carries; None where one scope of it is unknown or not enabled.

    Asking for none asks for all that are enabled; the profile is always there.
    """
    offered = frozenset(enabled) | {PROFILE} if enabled else ALL
    wanted = asked.split() or sorted(offered)
    if not offered.issuperset(wanted):
        return None
    return " ".join(dict.fromkeys([PROFILE, *wanted]))
