"""The pages' own stream: a record's badges as HTML, the moment they change."""

from collections.abc import Sequence
from urllib.parse import urlencode

MAX_WATCHED = 200


def live_url(kind: str, ids: Sequence[str]) -> str:
    """The stream of these records' badges."""
    return f"/live?{urlencode([(kind, one) for one in ids[:MAX_WATCHED]])}"
