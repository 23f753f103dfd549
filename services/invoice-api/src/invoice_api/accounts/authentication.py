"""From a request to its caller: an API key, or the browser's session with its CSRF token."""

import hmac
from typing import Annotated

from fastapi import Depends, Request, Response
from messaging.database import Database

from invoice_api.accounts import service
from invoice_api.accounts.caller import Caller
from invoice_api.accounts.service import OpenedSession
from invoice_api.accounts.store import SESSION_LIFE
from invoice_api.http.dependencies import TheDatabase, TheSettings
from invoice_api.http.problems import Problem, not_allowed, unauthorized
from invoice_api.settings import Settings

CSRF_HEADER = "X-CSRF-Token"


async def find_caller(request: Request, database: Database, settings: Settings) -> Caller | None:
    """Who is calling; None where the request has neither a key nor a session that is good."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not key:
            return None
        async with database.transaction() as tx:
            return await service.find_by_key(tx, key.strip())
    token = request.cookies.get(settings.cookie)
    if not token:
        return None
    async with database.transaction() as tx:
        return await service.find_by_session(tx, token)


def check_csrf(caller: Caller, offered: str | None) -> None:
    """A session's write must carry its CSRF token; a key's needs none. Raises 403."""
    if caller.via == "key":
        return
    if not hmac.compare_digest(caller.csrf_token or "-", offered or ""):
        raise Problem(
            403,
            "csrf",
            "Please load the page again",
            f"This write came without its session's token. Send it as {CSRF_HEADER}.",
        )


def check_may_act(caller: Caller) -> None:
    """Raises 403 for a viewer."""
    if not caller.may_act:
        raise not_allowed("You can look at everything and change nothing. Ask an owner for more.")


async def reader(request: Request, database: TheDatabase, settings: TheSettings) -> Caller:
    """Whoever is logged in. Raises 401."""
    caller = await find_caller(request, database, settings)
    if caller is None:
        raise unauthorized()
    return caller


async def writer(request: Request, caller: Annotated[Caller, Depends(reader)]) -> Caller:
    """Someone who may change things. Raises 401 and 403."""
    check_csrf(caller, request.headers.get(CSRF_HEADER))
    check_may_act(caller)
    return caller


async def owner(caller: Annotated[Caller, Depends(writer)]) -> Caller:
    """Someone who may decide who else comes in. Raises 401 and 403."""
    if not caller.owns:
        raise not_allowed("Only an owner of the company can do this.")
    return caller


Reader = Annotated[Caller, Depends(reader)]
Writer = Annotated[Caller, Depends(writer)]
Owner = Annotated[Caller, Depends(owner)]


def set_session_cookie(response: Response, settings: Settings, session: OpenedSession) -> None:
    response.set_cookie(
        settings.cookie,
        session.token,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.secure,
        path="/",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        settings.cookie, httponly=True, samesite="lax", secure=settings.secure, path="/"
    )
