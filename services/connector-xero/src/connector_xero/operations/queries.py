"""Reads, and what they gave: lists by filter, by id, single records, whole pages.

https://developer.xero.com/documentation/api/accounting/requests-and-responses
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from urllib.parse import quote

from connector_kit.exchange import Exchange, Request, Response
from contracts.ids import RemoteId

from connector_xero.bodies import NotRead, Unreadable, details_of, read_answer
from connector_xero.provider import API, PAGE
from connector_xero.wire import Answer

_PRICED = frozenset({"Invoices", "Items"})
_MAX_CHARACTERS = 4_000
"""Of an encoded value in an address: how long one may be isn't said, 8,000 is usual in all."""


def headers(organisation: RemoteId) -> tuple[tuple[str, str], ...]:
    """Whose books it is about, and JSON: answers are XML otherwise."""
    return (("xero-tenant-id", organisation), ("accept", "application/json"))


def get(organisation: RemoteId, path: str, query: Sequence[tuple[str, str]] = ()) -> Request:
    """A read; `path` as in `Invoices`. Prices come with four decimals where they may."""
    return Request(
        method="GET",
        path=f"{API}/{path}",
        query=(*query, *decimals(path)),
        headers=headers(organisation),
        meter="read",
    )


def decimals(path: str) -> tuple[tuple[str, str], ...]:
    """Prices of items and invoices aren't rounded to two places; nothing else takes this."""
    return (("unitdp", "4"),) if path.split("/")[0] in _PRICED else ()


def one(kind: str, key: str) -> str:
    """The path of one record, by its id or its number."""
    return f"{kind}/{quote(key, safe='')}"


def answered(response: Response) -> Answer | NotRead:
    """What a read gave, or why it gave nothing."""
    if response.status != 200:
        return NotRead(refused=response.status in (400, 404), details=details_of(response))
    try:
        return read_answer(response.body)
    except Unreadable:
        return NotRead(refused=False, details=details_of(response))


def read(
    organisation: RemoteId, path: str, query: Sequence[tuple[str, str]] = ()
) -> Exchange[Answer | NotRead]:
    """One answer, or why there is none."""
    response = yield get(organisation, path, query)
    return answered(response)


def pages(
    organisation: RemoteId, path: str, query: Sequence[tuple[str, str]] = ()
) -> Exchange[list[Answer] | NotRead]:
    """All pages, or why one of them couldn't be read. Contacts and invoices only.

    Without `page` an invoice has no lines, and nothing says how many pages there are.
    """
    found: list[Answer] = []
    for page in count(1):
        one_page = yield from page_of(organisation, path, query, page=page)
        if isinstance(one_page, NotRead):
            return one_page
        found.append(one_page.answer)
        if not one_page.more:
            return found
    raise AssertionError("pages never end")


@dataclass(frozen=True)
class Page:
    """One page; `more` follow."""

    answer: Answer
    more: bool


def page_of(
    organisation: RemoteId,
    path: str,
    query: Sequence[tuple[str, str]] = (),
    *,
    page: int,
    changed_since: datetime | None = None,
) -> Exchange[Page | NotRead]:
    """One page of contacts or invoices.

    `changed_since` (UTC) goes as `If-Modified-Since`, to the second; a 304 is an empty page.
    """
    request = get(organisation, path, (*query, ("page", str(page)), ("pageSize", str(PAGE))))
    if changed_since is not None:
        since = ("if-modified-since", changed_since.strftime("%Y-%m-%dT%H:%M:%S"))
        request = replace(request, headers=(*request.headers, since))
    response = yield request
    if response.status == 304:
        return Page(Answer(), False)
    answer = answered(response)
    if isinstance(answer, NotRead):
        return answer
    length = len(answer.contacts or ()) + len(answer.invoices or ())
    last = answer.pagination.page_count if answer.pagination else None
    more = length > 0 and (page < last if last is not None else length >= PAGE)
    return Page(answer, more)


def askable(value: str) -> bool:
    """Whether the value can stand in a filter: no escape for a quotation mark is documented."""
    return not set(value) & {'"', "\\"}


def among(field: str, values: Iterable[str], *, guid: bool = False) -> str:
    """The filter that the field is one of the values, each `askable`."""
    shown = (f'guid("{value}")' if guid else f'"{value}"' for value in values)
    return " OR ".join(f"{field}=={each}" for each in shown)


def chunks(values: Iterable[str], *, around: int = 0) -> Iterator[list[str]]:
    """The values without repeats, in parts that fit an address with `around` more for each."""
    part: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        size = len(quote(value, safe="")) + around
        if part and length + size > _MAX_CHARACTERS:
            yield part
            part, length = [], 0
        part.append(value)
        length += size
    if part:
        yield part
