"""`/notices`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from invoice_api.accounts.authentication import CSRF_HEADER, Reader, check_csrf
from invoice_api.http.answers import answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.dependencies import TheDatabase
from invoice_api.notices import service
from invoice_api.notices.service import NoticeChoice, NoticesRead, NoticesShown

router = APIRouter(tags=["notices"])


@router.get("/notices", response_model=NoticesShown)
async def list_notices(caller: Reader, database: TheDatabase) -> Response:
    """What someone should know, open ones first; `unread` counts what you haven't read."""
    async with database.transaction() as tx:
        return answer(200, await service.list_notices(tx, caller)).response()


@router.post("/notices/read", response_model=NoticesShown)
async def mark_read(
    request: Request,
    caller: Reader,
    body: Annotated[NoticesRead, Depends(JsonBody(NoticesRead, or_nothing=True))],
    database: TheDatabase,
) -> Response:
    """You have read these (all, where none is named). Others' marks are their own."""
    check_csrf(caller, request.headers.get(CSRF_HEADER))
    async with database.transaction() as tx:
        return answer(200, await service.mark_read(tx, caller, body.ids)).response()


@router.get("/notices/settings", response_model=NoticeChoice)
async def get_choice(caller: Reader, database: TheDatabase) -> Response:
    """How often we write to you."""
    async with database.transaction() as tx:
        return answer(200, await service.choice(tx, caller)).response()


@router.put("/notices/settings", response_model=NoticeChoice)
async def put_choice(
    request: Request,
    caller: Reader,
    body: Annotated[NoticeChoice, Depends(JsonBody(NoticeChoice))],
    database: TheDatabase,
) -> Response:
    """Your own choice: `none`, `at_once`, `daily` or `weekly`."""
    check_csrf(caller, request.headers.get(CSRF_HEADER))
    async with database.transaction() as tx:
        return answer(200, await service.choose(tx, caller, body)).response()
