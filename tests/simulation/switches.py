"""What no source says for certain: the switches of the simulators, by lot.

A seed that draws them plays a story at providers that behave otherwise than they do by default, in
everything that can matter while records are sent. Whatever they turn out to do, nothing may be lost
or doubled. Each value that isn't drawn here is named by a test elsewhere: `DRAWN` is what
`tests/architecture` counts.
"""

import random
from collections.abc import Mapping

from contracts.ids import Provider as ProviderName

Values = tuple[object, ...]
_EITHER: Values = (False, True)
_LAGS: Values = (0, 3, 9)
"""Seconds; connectors reckon with ten."""

DRAWN: Mapping[ProviderName, Mapping[str, Values]] = {
    "qbo": {
        "invalid_grant_body": ("described", "bare"),
        "reauthorize_invalidates": _EITHER,
        "requestid_replays_faults": _EITHER,
        "requestid_other_payload": ("replay", "refuse"),
        "requestid_retention_seconds": (None, 60),
        "unknown_properties": ("refuse", "ignore"),
        "batch_order": ("given", "reversed", "shuffled"),
        "duplicate_name_detail": ("text", "id", "null"),
        "deleted_suffix_repeat": ("numbered", "same"),
        "reactivate_strips_suffix": _EITHER,
        "edit_inactive": ("refuse", "allow"),
        "inactive_reference": ("2500", "610"),
        "projection": ("ignore", "apply"),
        "sku_in_star": _EITHER,
        "query_lag_seconds": _LAGS,
    },
    "xero": {
        "idempotency_envelope": ("message", "elements"),
        "idempotency_marker": ("", "X-Idempotent-Replayed"),
        "summarized_partial_save": (True, False),
        "batch_order": ("given", "reversed"),
        "unknown_id": ("not_found", "element"),
        "modified_since_empty": ("list", "304"),
        "modified_since_boundary": ("inclusive", "exclusive"),
        "over_length": ("refuse", "truncate"),
        "post_matching_name": ("update", "refuse"),
        "unarchive_by_api": ("refuse", "allow"),
        "archived_number": ("taken", "free"),
        "merge_rule": ("merge", "replace"),
        "noop_moves_updated": _EITHER,
        "name_spaces": ("refuse", "trim"),
        "total_mismatch": ("refuse", "ignore"),
    },
    "freshbooks": {
        "old_access_dies_on_refresh": _EITHER,
        "second_consent_kills_first": _EITHER,
        "unauthenticated_body": ("unauthenticated", "errno1003", "invalid_token"),
        "error_form": ("list", "object", "rpc"),
        "error_status_200": _EITHER,
        "conflicts": ("record", "account", "never"),
        "organization_default": ("blank", "name", "name_or_email"),
        "duplicate_item_name": ("422-1029", "409-1029", "409-409", "422-1004", "accept"),
        "item_name_case": ("insensitive", "sensitive"),
        "create_date": ("required", "today"),
        "unknown_customer": ("404-1012", "422-1012"),
        "deleted_customer": ("422-1011", "404-1011", "404-1012", "accept"),
        "duplicate_number": ("422-1029", "409-1029", "409-409", "422-1004"),
        "number_case": ("sensitive", "insensitive"),
        "action_on_create": ("ignored", "honoured"),
        "put_without_lines": ("keep", "clear"),
        "put_keeps_lineids": _EITHER,
        "unit_cost_rounding": ("keep", "cents"),
        "list_lag_seconds": _LAGS,
        "refresh_reuses_created_at": _EITHER,
    },
}


def draw(provider: ProviderName, seed: int, organisation: str) -> dict[str, object]:
    """Of each switch another value than the default in half of the organisations.

    By a lot of its own: a story draws the same numbers with them and without.
    """
    lot = random.Random(f"switches {seed} {organisation}")
    found: dict[str, object] = {}
    for name, values in DRAWN[provider].items():
        if lot.random() < 0.5:
            found[name] = lot.choice(values[1:])
    return found
