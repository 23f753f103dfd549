"""The composition root of everything that answers HTTP."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import httpx
from contracts.ids import Ids
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from messaging.clock import Clock
from messaging.database import Database
from messaging.internal import InternalClient
from pydantic import BaseModel
from telemetry.logs import get_logger

from invoice_api.accounts import people_routes as people
from invoice_api.accounts import routes as accounts
from invoice_api.customer_imports import routes as customer_imports
from invoice_api.customers import routes as customers
from invoice_api.feed import routes as feed
from invoice_api.http.bodies import BodyLimit, JsonBody, describe_bodies
from invoice_api.http.docs_page import docs_page
from invoice_api.http.framework_problems import install
from invoice_api.http.measuring import API, Measured
from invoice_api.http.problem_schema import describe_problems
from invoice_api.imports import routes as imports
from invoice_api.integrations import group_routes, match_routes, not_built_routes, record_routes
from invoice_api.integrations import routes as integrations
from invoice_api.invoices import routes as invoices
from invoice_api.items import routes as items
from invoice_api.live import routes as live
from invoice_api.live.hub import Hub
from invoice_api.notices import routes as notices
from invoice_api.peers.connectors import Connectors
from invoice_api.peers.orchestrator import Orchestrator
from invoice_api.runs import routes as runs
from invoice_api.settings import Settings
from invoice_api.tax_rates import routes as tax_rates
from invoice_api.web import routes as pages
from invoice_api.web.problem_pages import answer_any_problem, answer_log_in_first
from invoice_api.web.rendering import Assets, Renderer
from invoice_api.web.security import SecurityHeaders
from invoice_api.web.sessions import LogInFirstError

_ROOMS = (
    accounts.router,
    people.router,
    customers.router,
    customer_imports.router,
    items.router,
    tax_rates.router,
    invoices.router,
    imports.router,
    integrations.router,
    record_routes.router,
    group_routes.router,
    match_routes.router,
    runs.router,
    notices.router,
    live.router,
    not_built_routes.router,
)
_LOG = get_logger(__name__)


@dataclass(frozen=True)
class Parts:
    """What the service is given: everything that isn't decided by its own code."""

    settings: Settings
    database: Database
    clock: Clock
    ids: Ids
    http: httpx.AsyncClient
    random: Callable[[int], bytes] = os.urandom


def make_app(parts: Parts, hub: Hub | None = None) -> FastAPI:
    """The API, and the pages where they are installed. `hub` must be run by the caller."""
    app = FastAPI(
        title="Tallybridge",
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    settings = parts.settings
    app.state.settings = settings
    app.state.database = parts.database
    app.state.clock = parts.clock
    app.state.ids = parts.ids
    app.state.random = parts.random
    app.state.hub = hub or Hub(parts.database, parts.clock)
    app.state.orchestrator = Orchestrator(
        InternalClient(settings.orchestrator_url, settings.key, parts.clock, parts.http)
    )
    app.state.connectors = Connectors(
        settings.connector_urls, settings.key, parts.clock, parts.ids, parts.http
    )
    install(app, answer_any_problem)
    app.add_middleware(BodyLimit)
    for room in _ROOMS:
        app.include_router(room, prefix=API)
    app.include_router(feed.router)
    _mount_pages(app, settings)
    app.add_middleware(Measured)
    _describe(app)
    return app


def _mount_pages(app: FastAPI, settings: Settings) -> None:
    assets = Assets(settings.assets_dir)
    missing = assets.missing()
    if missing:
        _LOG.warning("pages_without_assets", missing=missing, folder=str(settings.assets_dir))
    app.state.assets = assets
    app.state.renderer = Renderer(assets)
    app.add_exception_handler(LogInFirstError, answer_log_in_first)
    app.include_router(pages.router)
    app.add_middleware(SecurityHeaders)


def _describe(app: FastAPI) -> None:
    """The OpenAPI document with the bodies that `JsonBody` reads."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                routes=app.routes,
                description="Companies, customers, items, invoices, and their sync to the books.",
            )
            describe_bodies(document, _bodies())
            describe_problems(document)
            app.openapi_schema = document
        return app.openapi_schema

    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(openapi(), f"{API}/openapi.json"))

    app.openapi = openapi
    app.add_api_route("/api/docs", docs, include_in_schema=False)


def _bodies() -> dict[tuple[str, str], type[BaseModel]]:
    found: dict[tuple[str, str], type[BaseModel]] = {}
    for route in (route for room in _ROOMS for route in room.routes):
        if not isinstance(route, APIRoute):
            continue
        for dependency in route.dependant.dependencies:
            if isinstance(dependency.call, JsonBody):
                body = cast("JsonBody[BaseModel]", dependency.call)
                for method in route.methods or ():
                    found[(API + route.path, method.lower())] = body.model
    return found
