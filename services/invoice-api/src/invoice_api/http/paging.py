"""Lists page by cursor: newest first, a cursor says after which record to go on."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query

from invoice_api.http.problems import invalid_field

MAX_LIMIT = 200

T = TypeVar("T")


@dataclass(frozen=True)
class PageRequest:
    """`before`: only records older than this one; `after`: newer ones, the nearest first."""

    limit: int = 50
    before: UUID | None = None
    after: UUID | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    data: tuple[T, ...]
    next_cursor: str | None


async def page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50, cursor: str | None = None
) -> PageRequest:
    """The dependency behind every list. Raises 422 for a cursor that isn't one of ours."""
    return PageRequest(limit, None if cursor is None else _id_of(cursor))


def page_of(found: Sequence[T], wanted: PageRequest, ids: Sequence[UUID]) -> Page[T]:
    """A page from one record more than asked for; `ids` are the records' own, in order."""
    if len(found) <= wanted.limit:
        return Page(tuple(found), None)
    return Page(tuple(found[: wanted.limit]), _cursor_of(ids[wanted.limit - 1]))


def _cursor_of(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def _id_of(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise invalid_field("cursor", "isn't a `next_cursor` of this list") from None


Paging = Annotated[PageRequest, Depends(page_request)]
