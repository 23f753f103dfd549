"""Sign-up, log-in, log-out, API keys."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from invoice_api.accounts import service
from invoice_api.accounts.authentication import (
    CSRF_HEADER,
    Reader,
    Writer,
    check_csrf,
    clear_session_cookie,
    set_session_cookie,
)
from invoice_api.accounts.schemas import (
    ApiKeyShown,
    ApiKeysShown,
    LogIn,
    NewApiKey,
    SessionShown,
    SignedUp,
    SignUp,
)
from invoice_api.accounts.service import Random
from invoice_api.http.answers import answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.dependencies import TheDatabase, TheIds, TheSettings
from invoice_api.http.problems import unauthorized

router = APIRouter(tags=["accounts"])


async def random_of(request: Request) -> Random:
    return cast("Random", request.app.state.random)


TheRandom = Annotated[Random, Depends(random_of)]


@router.post("/signup", status_code=201, response_model=SignedUp)
async def sign_up(
    body: Annotated[SignUp, Depends(JsonBody(SignUp))],
    database: TheDatabase,
    ids: TheIds,
    random: TheRandom,
    settings: TheSettings,
) -> Response:
    """A new company, its owner and an API key that is shown this once."""
    made = await service.sign_up(database, ids, random, body, open_to_all=settings.signup_open)
    return answer(201, made).response()


@router.post("/session", response_model=SessionShown)
async def log_in(
    body: Annotated[LogIn, Depends(JsonBody(LogIn))],
    database: TheDatabase,
    random: TheRandom,
    settings: TheSettings,
) -> Response:
    """Log in from a browser: sets the session's cookie, answers with its CSRF token."""
    session = await service.log_in(database, random, body)
    async with database.transaction() as tx:
        caller = await service.find_by_session(tx, session.token)
    if caller is None:
        raise unauthorized()
    response = answer(200, service.session_shown(caller)).response()
    set_session_cookie(response, settings, session)
    return response


@router.get("/session", response_model=SessionShown)
async def who_am_i(caller: Reader) -> Response:
    """Who is calling, in which company and role."""
    return answer(200, service.session_shown(caller)).response()


@router.delete("/session", status_code=204)
async def log_out(
    request: Request, caller: Reader, database: TheDatabase, settings: TheSettings
) -> Response:
    """End the browser's session."""
    check_csrf(caller, request.headers.get(CSRF_HEADER))
    token = request.cookies.get(settings.cookie)
    if caller.via == "session" and token:
        async with database.transaction() as tx:
            await service.log_out(tx, token)
    response = Response(status_code=204)
    clear_session_cookie(response, settings)
    return response


@router.get("/api-keys", response_model=ApiKeysShown)
async def list_api_keys(caller: Reader, database: TheDatabase) -> Response:
    """The company's keys, without what is secret in them."""
    async with database.transaction() as tx:
        return answer(200, await service.list_keys(tx, caller)).response()


@router.post("/api-keys", status_code=201, response_model=ApiKeyShown)
async def make_api_key(
    caller: Writer,
    body: Annotated[NewApiKey, Depends(JsonBody(NewApiKey))],
    database: TheDatabase,
    ids: TheIds,
    random: TheRandom,
) -> Response:
    """A new key that acts as you; shown this once."""
    async with database.transaction() as tx:
        return answer(201, await service.make_key(tx, ids, random, caller, body.name)).response()


@router.delete("/api-keys/{key_id}", status_code=204)
async def delete_api_key(caller: Writer, key_id: UUID, database: TheDatabase) -> Response:
    """The key stops working at once."""
    async with database.transaction() as tx:
        await service.delete_key(tx, caller, key_id)
    return Response(status_code=204)
