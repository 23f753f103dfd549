"""A form that was sent after its session had ended: kept through the log-in, then given back.

The browser carries it, in the log-in's own form: nothing is stored of whoever isn't logged in.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from fastapi import Request

from invoice_api.web.reading import form_data

_LONGEST = 500_000
_NEVER_KEPT = frozenset({"csrf", "password"})
_NOT_TYPED = frozenset({"provider", "action", "back", "do"})
"""Fields that a mere button sends: whoever pressed it is shown the page and presses it again."""


@dataclass(frozen=True)
class Kept:
    """Where a form stood, where it was sent, and what was in it."""

    page: str
    path: str
    pairs: tuple[tuple[str, str], ...]

    def packed(self) -> str:
        return json.dumps([self.page, self.path, self.pairs])


def page_before(request: Request) -> str | None:
    """The page of ours that sent this request; None where the browser doesn't say."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.url.netloc or not parts.path.startswith("/"):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


async def kept_form(request: Request) -> Kept | None:
    """The form to give back after the log-in, if a page of ours sent one with anything typed.

    Without the browser's word that it came from here nothing is kept: another site could have
    someone log in and send what it had filled in. A chosen file can't be kept.
    """
    ours = request.headers.get("origin") == f"{request.url.scheme}://{request.url.netloc}"
    kind = request.headers.get("content-type", "").partition(";")[0]
    page = page_before(request)
    if request.method != "POST" or not ours or kind != "application/x-www-form-urlencoded":
        return None
    if page is None or "hx-request" in request.headers:
        return None
    form = await form_data(request)
    pairs = tuple(
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in _NEVER_KEPT
    )
    kept = Kept(page, request.url.path, pairs)
    typed = any(name not in _NOT_TYPED for name, _ in pairs)
    return kept if typed and len(kept.packed()) <= _LONGEST else None


def unpacked(packed: str | None) -> Kept | None:
    """What the log-in's form carried; None for whatever isn't in our own form."""
    if not packed or len(packed) > _LONGEST:
        return None
    try:
        page, path, pairs = cast("Sequence[object]", json.loads(packed))
        named = [
            (str(name), str(value)) for name, value in cast("Sequence[Sequence[object]]", pairs)
        ]
    except (ValueError, TypeError):
        return None
    if not isinstance(page, str) or not isinstance(path, str):
        return None
    return Kept(page, path, tuple(named)) if _local(page) and _local(path) else None


def _local(address: str) -> bool:
    parts = urlsplit(address)
    fine = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    return fine and not address.startswith("//") and "\\" not in address
