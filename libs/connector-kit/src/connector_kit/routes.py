"""HTTP of a connector: the consent of a person's browser, and the calls of invoice-api."""

import hmac
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from contracts.causes.connect_time import CONNECT_MESSAGES
from contracts.ids import ConnectionId
from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from messaging.clock import Clock
from messaging.internal import Caller, NotSigned, read_ticket, verify
from pydantic import BaseModel

from connector_kit.connecting import Connecting
from connector_kit.consent_results import (
    Connected,
    ConnectResult,
    Forged,
    NotConnected,
    ToChoose,
)
from connector_kit.consents_store import GOOD_FOR
from connector_kit.offers import form_token
from connector_kit.pages import STYLE_SOURCE, choice_page, not_valid_page
from connector_kit.provider import Provider

_POLICY = f"default-src 'none'; style-src {STYLE_SOURCE}; frame-ancestors 'none'"
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": _POLICY,
}


def consent_router(
    connecting: Connecting,
    provider: Provider,
    *,
    internal_key: bytes,
    public_url: str,
    web_url: str,
    clock: Clock,
) -> APIRouter:
    """`GET /connect` and `GET /callback`, and `/choose` where a consent reaches several.

    All answer a person's browser: they end on the provider's settings page of the web, with
    `?connect=<code>` where nothing was connected.
    """
    router = APIRouter()
    settings = f"{web_url.rstrip('/')}/integrations/{provider.name}/settings"
    parts = urlsplit(public_url)
    cookie_name = f"tallybridge_connect_{parts.port or (443 if parts.scheme == 'https' else 80)}"
    path = f"{parts.path.rstrip('/')}/callback"
    base = public_url.rstrip("/")
    choice_cookie = cookie_name.replace("_connect_", "_choose_")
    choice_path = f"{parts.path.rstrip('/')}/choose"
    web = urlsplit(web_url)
    # A form's answer leads on to the web: browsers hold redirects to `form-action` too.
    may_post = {
        "content-security-policy": f"{_POLICY}; form-action 'self' {web.scheme}://{web.netloc}"
    }

    def to_settings(code: str | None = None, names: Mapping[str, str] | None = None) -> Response:
        query = "" if code is None else f"?{urlencode({'connect': code, **(names or {})})}"
        return RedirectResponse(f"{settings}{query}", 303, headers=_HEADERS)

    @router.get("/connect", include_in_schema=False)
    async def connect(ticket: str = "") -> Response:
        try:
            read = read_ticket(internal_key, ticket, clock.now(), provider=provider.name)
        except NotSigned:
            return to_settings("connect_link_expired")
        begun = await connecting.begin(read)
        if begun is None:
            return to_settings("connect_link_expired")
        answer = RedirectResponse(begun.url, 303, headers=_HEADERS)
        answer.set_cookie(
            cookie_name,
            begun.cookie,
            max_age=int(GOOD_FOR.total_seconds()),
            path=path,
            secure=parts.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    @router.get("/callback", include_in_schema=False)
    async def callback(request: Request) -> Response:
        given = dict(request.query_params)
        result = await connecting.finish(given, request.cookies.get(cookie_name))
        match result:
            case Forged():
                return HTMLResponse(not_valid_page(provider.label, settings), 400, headers=_HEADERS)
            case NotConnected(code, names):
                answer = to_settings(code, names)
            case ToChoose(secret):
                answer = RedirectResponse(f"{base}/choose", 303, headers=_HEADERS)
                answer.set_cookie(
                    choice_cookie,
                    secret,
                    max_age=int(GOOD_FOR.total_seconds()),
                    path=choice_path,
                    secure=parts.scheme == "https",
                    httponly=True,
                    samesite="lax",
                )
            case Connected():
                answer = to_settings()
        answer.delete_cookie(cookie_name, path=path)
        return answer

    @router.get("/choose", include_in_schema=False)
    async def choice(request: Request) -> Response:
        secret = request.cookies.get(choice_cookie)
        offer = await connecting.offered(secret)
        if offer is None or secret is None:
            return HTMLResponse(not_valid_page(provider.label, settings), 400, headers=_HEADERS)
        page = choice_page(
            provider.label,
            CONNECT_MESSAGES["choose_organisation"].sentences[0],
            [one.organisation for one in offer.offered],
            form_token=form_token(secret),
            back=settings,
        )
        return HTMLResponse(page, headers={**_HEADERS, **may_post})

    @router.post("/choose", include_in_schema=False)
    async def choose(request: Request) -> Response:
        secret = request.cookies.get(choice_cookie, "")
        form = await request.form()
        given, organisation = form.get("token"), form.get("organisation")
        meant = isinstance(given, str) and hmac.compare_digest(
            given.encode(), form_token(secret).encode()
        )
        result: ConnectResult = Forged()
        if meant and isinstance(organisation, str):
            result = await connecting.choose(secret, organisation)
        match result:
            case Connected():
                answer = to_settings()
            case NotConnected(code, names):
                answer = to_settings(code, names)
            case Forged() | ToChoose():
                return HTMLResponse(not_valid_page(provider.label, settings), 400, headers=_HEADERS)
        answer.delete_cookie(choice_cookie, path=choice_path)
        return answer

    return router


class DisconnectBody(BaseModel):
    connection_id: UUID
    user_name: str = ""


class PauseBody(BaseModel):
    connection_id: UUID | None = None


def internal_router(connecting: Connecting, *, internal_key: bytes, clock: Clock) -> APIRouter:
    """Calls of invoice-api and of operators, under `/internal/v1`, signed."""
    router = APIRouter(prefix="/internal/v1")

    def caller_of(header: str | None) -> Caller:
        try:
            return verify(internal_key, header, clock.now())
        except NotSigned as error:
            raise HTTPException(401, str(error)) from error

    @router.post("/disconnect")
    async def disconnect(
        body: DisconnectBody, x_internal: Annotated[str | None, Header()] = None
    ) -> dict[str, str]:
        caller = caller_of(x_internal)
        closed = await connecting.disconnect(
            caller.company, ConnectionId(body.connection_id), caller.user, body.user_name
        )
        if closed is None:
            raise HTTPException(404, "connection_id: this company has no such connection")
        return {"connection_id": str(closed.id), "status": closed.status}

    async def set_paused(body: PauseBody, header: str | None, paused: bool) -> dict[str, bool]:
        if caller_of(header).company != "*":
            raise HTTPException(403, "only an operator (company *) may pause or resume")
        named = None if body.connection_id is None else ConnectionId(body.connection_id)
        if not await connecting.pause(named, paused):
            raise HTTPException(404, "connection_id: there is no such connection")
        return {"paused": paused}

    @router.post("/pause")
    async def pause(
        body: PauseBody, x_internal: Annotated[str | None, Header()] = None
    ) -> dict[str, bool]:
        return await set_paused(body, x_internal, True)

    @router.post("/resume")
    async def resume(
        body: PauseBody, x_internal: Annotated[str | None, Header()] = None
    ) -> dict[str, bool]:
        return await set_paused(body, x_internal, False)

    return router
