"""Parts of the interface that aren't built yet: they say so instead of answering wrongly."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from sync_orchestrator.handlers.refusals import not_yet
from sync_orchestrator.http.callers import TheCompany, TheProvider

router = APIRouter()

_NOT_BUILT = (
    ("GET", "/tax-mapping", "Matching tax rates"),
    ("PUT", "/tax-mapping", "Matching tax rates"),
)


def _add(method: str, path: str, what: str) -> None:
    async def answer(company: TheCompany, provider: TheProvider) -> JSONResponse:
        raise not_yet(what)

    router.add_api_route(
        "/integrations/{provider}" + path, answer, methods=[method], name=f"{method} {path}"
    )


for _method, _path, _what in _NOT_BUILT:
    _add(_method, _path, _what)
