"""Which remote customers and a customer of ours may be the same: by name and e-mail, normalised.

A likeness is only ever a question. What is kept beside records are the two keys made here.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from contracts.ids import RecordId, RemoteId

Reason = Literal["linked", "email_and_name", "email", "name"]

_AND = re.compile(r"\s*[&+]\s*")
_NO_WORD = re.compile(r"[^\w]+", re.UNICODE)
_NUMBERED = re.compile(r"\s*\(\d{1,2}\)\s*$")


def name_key(name: str | None) -> str | None:
    """A name without case, accents, punctuation and surplus spaces; None if nothing is left.

    "&" is "and"; a trailing "(2)", by which a provider's unique names are told apart, doesn't
    count.
    """
    if not name:
        return None
    text = unicodedata.normalize("NFKD", _NUMBERED.sub("", name))
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    # What no letter is in may still be a name: an emoji, a symbol.
    words = _NO_WORD.sub(" ", _AND.sub(" and ", text).replace("_", " ")).strip()
    return words or " ".join(text.split()) or None


def email_key(email: str | None) -> str | None:
    """An e-mail address without case and surrounding spaces; None if it isn't one."""
    text = (email or "").strip().casefold()
    return text if "@" in text.strip("@") else None


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A customer at the provider that may be a customer of ours.

    `linked_to` is the record of ours it is linked to already: then it is somebody else's.
    """

    remote_id: RemoteId
    name: str
    email: str | None
    active: bool
    same_name: bool
    same_email: bool
    linked_to: RecordId | None = None


def who_it_could_be(found: Iterable[Lookalike], me: RecordId) -> tuple[Lookalike, ...]:
    """Those that are nobody else's, the likeliest first: e-mail and name, e-mail, name."""
    free = [one for one in found if one.linked_to in (None, me)]
    return tuple(
        sorted(free, key=lambda o: (not o.same_email, not o.same_name, not o.active, o.remote_id))
    )
