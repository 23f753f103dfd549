"""Paths of the interface that aren't built yet: they say so, to those who may ask."""

from fastapi import APIRouter, Response

from invoice_api.accounts.authentication import Reader
from invoice_api.http.problems import not_built

router = APIRouter(tags=["not built yet"], include_in_schema=False)

_PATHS: tuple[tuple[str, str, str], ...] = (
    ("GET", "/ops/{rest:path}", "Operating"),
    ("POST", "/ops/{rest:path}", "Operating"),
)


def _add(method: str, path: str, what: str) -> None:
    async def refuse(caller: Reader) -> Response:
        raise not_built(what)

    router.add_api_route(path, refuse, methods=[method], name=f"{method} {path}")


for _row in _PATHS:
    _add(*_row)
