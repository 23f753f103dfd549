"""Lists as CSV, for whoever asks with `Accept: text/csv`."""

import csv
import io
from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import Request, Response
from pydantic import BaseModel

from invoice_api.http.answers import answer

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def list_answer(request: Request, shown: BaseModel) -> Response:
    """A page of a list, as JSON or CSV. As CSV the next page's address is in `Link`."""
    if "text/csv" not in request.headers.get("accept", ""):
        return answer(200, shown).response()
    page = shown.model_dump(mode="json")
    rows = [_flat(row) for row in cast("list[dict[str, Any]]", page["data"])]
    headers = {"Content-Disposition": 'attachment; filename="list.csv"'}
    if page.get("next_cursor"):
        query = urlencode({**request.query_params, "cursor": page["next_cursor"]})
        headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return Response(_text(rows), media_type="text/csv; charset=utf-8", headers=headers)


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


def _text(rows: list[dict[str, str]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
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
