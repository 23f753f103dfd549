"""Lists as CSV, for whoever asks with `Accept: text/csv`."""

import csv
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from invoice_api.http.answers import answer
from invoice_api.http.paging import MAX_LIMIT, PageRequest, page_request

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


NextPage = Callable[[PageRequest], Awaitable[BaseModel]]
"""Reads the list's page from there on."""


async def list_or_all(request: Request, page: PageRequest, read: NextPage) -> Response:
    """A page of a list; as CSV, where no page was asked for, the whole list as it is read."""
    shown = await read(page)
    wants_page = {"limit", "cursor"} & request.query_params.keys()
    if not _wants_csv(request) or wants_page:
        return list_answer(request, shown)
    return StreamingResponse(
        _all(shown, page, read),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="list.csv"'},
    )


async def _all(first: BaseModel, page: PageRequest, read: NextPage) -> AsyncGenerator[str]:
    shown = first.model_dump(mode="json")
    rows = [_flat(row) for row in cast("list[dict[str, Any]]", shown["data"])]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    yield _text(rows, columns)
    while shown.get("next_cursor"):
        after = await page_request(MAX_LIMIT, str(shown["next_cursor"]))
        shown = (await read(after)).model_dump(mode="json")
        rows = [_flat(row) for row in cast("list[dict[str, Any]]", shown["data"])]
        yield _text(rows, columns, header=False)


def _wants_csv(request: Request) -> bool:
    return "text/csv" in request.headers.get("accept", "")


def list_answer(request: Request, shown: BaseModel) -> Response:
    """A page of a list, as JSON or CSV. As CSV the next page's address is in `Link`."""
    if not _wants_csv(request):
        return answer(200, shown).response()
    page = shown.model_dump(mode="json")
    rows = [_flat(row) for row in cast("list[dict[str, Any]]", page["data"])]
    headers = {"Content-Disposition": 'attachment; filename="list.csv"'}
    if page.get("next_cursor"):
        query = urlencode({**request.query_params, "cursor": page["next_cursor"]})
        headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return Response(_text(rows, columns), media_type="text/csv; charset=utf-8", headers=headers)


def _flat(row: dict[str, Any]) -> dict[str, str]:
    """One line: plain fields as they are, an address by its fields, a badge by what it says."""
    cells: dict[str, str] = {}
    for name, value in row.items():
        if name == "sync":
            for provider, badge in value.items():
                cells[f"sync_{provider}"] = badge["label"]
                cause = badge["cause"]
                cells[f"sync_{provider}_why"] = "" if cause is None else cause["sentence"]
        elif isinstance(value, dict):
            inner = cast("dict[str, Any]", value)
            cells.update({f"{name}_{key}": _plain(one) for key, one in inner.items()})
        elif not isinstance(value, list):
            cells[name] = _plain(value)
    return cells


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _text(rows: list[dict[str, str]], columns: list[str], *, header: bool = True) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    if header:
        writer.writerow(columns)
    writer.writerows(safe_cells(row.get(name, "") for name in columns) for row in rows)
    return out.getvalue()


def safe_cells(cells: Iterable[str]) -> list[str]:
    """What a spreadsheet would run as a formula is quoted, so that a name stays a name."""
    return [
        f"'{cell}" if cell.startswith(_FORMULA) and not _number(cell) else cell for cell in cells
    ]


def _number(cell: str) -> bool:
    return cell.removeprefix("-").replace(".", "", 1).isdigit()
