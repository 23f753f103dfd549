"""Statements of the query language, and the exchanges that run them.

https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
A statement goes as the body of `POST /query`, so that no address can become too long; that is what
python-quickbooks sends, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Literal

from connector_kit.exchange import Exchange, Request, Response

from connector_qbo.bodies import NotRead, Unreadable, read_answer, read_fault
from connector_qbo.errors import details_of
from connector_qbo.provider import MINOR_VERSION, QUERY_PAGE
from connector_qbo.wire import Answer, QueryResponse

Table = Literal["Customer", "Item", "Invoice", "Account", "TaxCode", "TaxRate"]

_MAX_VALUES = 1000
_MAX_CHARACTERS = 40_000
"""A statement's length isn't limited by any page we know; this keeps its body small."""


def quoted(value: str) -> str:
    r"""The value as a literal: `\` and `'` escaped by a backslash, so that nothing ends it early.

    https://github.com/ej2/python-quickbooks/issues/319 is what happens otherwise.
    """
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def among(field: str, values: Iterable[str]) -> str:
    """The condition that the field is one of the values."""
    return f"{field} IN ({', '.join(quoted(value) for value in values)})"


def chunks(values: Sequence[str]) -> Iterator[list[str]]:
    """The values without repeats, in parts that fit one statement."""
    part: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        if part and (len(part) == _MAX_VALUES or length + len(value) > _MAX_CHARACTERS):
            yield part
            part, length = [], 0
        part.append(value)
        length += len(value)
    if part:
        yield part


ANY_ACTIVITY = "Active IN (true, false)"
"""Name lists show only active rows unless both are asked for."""


def select(table: Table, *conditions: str, position: int) -> str:
    """The statement for one page. Rows are ordered by id: the default order moves under one's feet.

    An item's Sku isn't among `*` (python-quickbooks asks for it the same way).
    """
    columns = "*, Sku" if table == "Item" else "*"
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    page = f"STARTPOSITION {position} MAXRESULTS {QUERY_PAGE}"
    # Values get into a condition only through `quoted`.
    return f"SELECT {columns} FROM {table}{where} ORDERBY Id {page}"  # noqa: S608


def rows(realm: str, table: Table, *conditions: str) -> Exchange[list[QueryResponse] | NotRead]:
    """All pages of these rows, or why one of them couldn't be read."""
    pages: list[QueryResponse] = []
    for position in count(1, QUERY_PAGE):
        page = yield from page_of(realm, table, *conditions, position=position)
        if isinstance(page, NotRead):
            return page
        pages.append(page)
        if _length(page, table) < QUERY_PAGE:
            break
    return pages


def page_of(
    realm: str, table: Table, *conditions: str, position: int
) -> Exchange[QueryResponse | NotRead]:
    """The page of these rows that begins at `position`."""
    return (yield from _queried(realm, select(table, *conditions, position=position)))


def count_of(realm: str, table: Table, *conditions: str) -> Exchange[int | NotRead]:
    """How many rows there are."""
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    # Values get into a condition only through `quoted`.
    statement = f"SELECT COUNT(*) FROM {table}{where}"  # noqa: S608
    read = yield from _queried(realm, statement)
    if isinstance(read, NotRead):
        return read
    return read.total_count or 0


def _queried(realm: str, statement: str) -> Exchange[QueryResponse | NotRead]:
    response = yield query(realm, statement)
    answer = answered(response)
    if isinstance(answer, NotRead):
        return answer
    if answer.query_response is None:
        return NotRead(refused=False, details=details_of(response, None))
    return answer.query_response


def query(realm: str, statement: str) -> Request:
    return Request(
        method="POST",
        path=f"/v3/company/{realm}/query",
        query=(("minorversion", MINOR_VERSION),),
        headers=(("accept", "application/json"), ("content-type", "application/text")),
        body=statement.encode(),
        meter="read",
    )


def get(realm: str, path: str) -> Request:
    """A read of one object; `path` as in `invoice/155`."""
    return Request(
        method="GET",
        path=f"/v3/company/{realm}/{path}",
        query=(("minorversion", MINOR_VERSION),),
        headers=(("accept", "application/json"),),
        meter="read",
    )


def answered(response: Response) -> Answer | NotRead:
    """What a read gave, or why it gave nothing."""
    fault = read_fault(response.body)
    if fault is not None or response.status == 404:
        error = fault.error[0] if fault and fault.error else None
        return NotRead(refused=True, details=details_of(response, error))
    try:
        return read_answer(response.body)
    except Unreadable:
        return NotRead(refused=False, details=details_of(response, None))


def _length(page: QueryResponse, table: Table) -> int:
    match table:
        case "Customer":
            return len(page.customer)
        case "Item":
            return len(page.item)
        case "Invoice":
            return len(page.invoice)
        case "Account":
            return len(page.account)
        case "TaxCode":
            return len(page.tax_code)
        case "TaxRate":
            return len(page.tax_rate)
