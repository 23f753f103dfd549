"""Style and scripts: ours from this package, the others as npm installed them."""

from importlib.resources import as_file, files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from invoice_api.http.problems import not_found
from invoice_api.web.dependencies import assets_of

router = APIRouter(include_in_schema=False)

_OWN = {
    "app.css": "text/css",
    "pages.css": "text/css",
    "app.js": "text/javascript",
    "lists.js": "text/javascript",
    "live.js": "text/javascript",
    "forms.js": "text/javascript",
    "choosing.js": "text/javascript",
    "theme.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
_FOR_AN_HOUR = {"Cache-Control": "public, max-age=3600"}


@router.get("/static/{name}")
async def own(name: str) -> Response:
    kind = _OWN.get(name)
    if kind is None:
        raise not_found()
    with as_file(files("invoice_api.web") / "static" / name) as path:
        return FileResponse(Path(path), media_type=kind, headers={"Cache-Control": "no-cache"})


@router.get("/assets/{name}")
async def theirs(request: Request, name: str) -> Response:
    found = assets_of(request).file(name)
    if found is None:
        raise not_found("file: the pages' packages aren't installed (make venv)")
    return FileResponse(found[0], media_type=found[1], headers=_FOR_AN_HOUR)


@router.get("/favicon.ico")
async def no_icon() -> Response:
    return Response(status_code=204)
