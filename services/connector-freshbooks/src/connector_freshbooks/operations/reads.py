"""Reads, and what they gave.

A `search` key that FreshBooks doesn't know is silently ignored and the whole list comes back; so
every list is read to its last page and each row compared here. By default lists leave out what is
deleted: it is asked for besides. https://www.freshbooks.com/api/parameters and
https://github.com/Good-Samaritan-Software-LLC/freshbooks-mcp (mcp-spec-discrepancies.md)
"""

from connector_kit.exchange import Exchange, Request, Response

from connector_freshbooks.bodies import NotRead, Unreadable, read_reasons, read_result
from connector_freshbooks.errors import Plain, classify, details_of, shut
from connector_freshbooks.provider import PAGES, PER_PAGE
from connector_freshbooks.wire import DELETED, Result

_HEADERS = (("accept", "application/json"),)


def get(path: str, *query: tuple[str, str]) -> Request:
    """A read at this path."""
    return Request(method="GET", path=path, query=query, headers=_HEADERS, meter="read")


def answered(response: Response) -> Result | NotRead:
    """What a read of the accounting API gave, or why it gave nothing."""
    refused = refusal_of(response)
    if refused is not None:
        return refused
    try:
        return read_result(response.body)
    except Unreadable:
        return NotRead(refused=False, details=details_of(response, None))


def refusal_of(response: Response) -> NotRead | None:
    """Why a read was refused, if it was."""
    reasons = read_reasons(response.body)
    if reasons is None and response.status not in (403, 404):
        return None
    verdict = classify(reasons or (), intent="update")
    return NotRead(
        refused=True,
        details=details_of(response, verdict.reason if reasons else None),
        # A read names one record by its address: what isn't found is that record.
        gone=verdict.meaning is Plain.REMOVED,
        shut=shut(reasons, response) if reasons else None,
    )


def everything(path: str, *query: tuple[str, str]) -> Exchange[list[Result] | NotRead]:
    """All pages of what this query gives, deleted records too; or why one couldn't be read."""
    kept = yield from _pages(path, *query)
    if isinstance(kept, NotRead):
        return kept
    deleted = yield from _pages(path, *query, ("search[vis_state]", str(DELETED)))
    return deleted if isinstance(deleted, NotRead) else [*kept, *deleted]


def _pages(path: str, *query: tuple[str, str]) -> Exchange[list[Result] | NotRead]:
    found: list[Result] = []
    for page in range(1, PAGES + 1):
        result = yield from page_of(path, page, *query)
        if isinstance(result, NotRead):
            return result
        found.append(result)
        if page >= (result.pages or 0):
            return found
    return NotRead(refused=False, details=details_of(None, None))


def page_of(path: str, page: int, *query: tuple[str, str]) -> Exchange[Result | NotRead]:
    """One page of a list; an answer that doesn't say how many pages there are is unreadable."""
    response = yield get(path, *query, ("page", str(page)), ("per_page", str(PER_PAGE)))
    result = answered(response)
    if isinstance(result, Result) and result.pages is None:
        return NotRead(refused=False, details=details_of(response, None))
    return result
