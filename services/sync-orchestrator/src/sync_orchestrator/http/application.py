"""The FastAPI application of the internal interface."""

from fastapi import FastAPI

from sync_orchestrator.http import (
    feed_routes,
    groups_routes,
    integrations_routes,
    mapping_routes,
    match_routes,
    measuring,
    problems,
    records_routes,
    remote_customers_routes,
    remote_items_routes,
    runs_routes,
    tax_routes,
)
from sync_orchestrator.http.callers import Parts

PREFIX = "/internal/v1"


def make_application(parts: Parts) -> FastAPI:
    """Answers under /internal/v1. Every request needs a signed header; every error is a problem."""
    app = FastAPI(title="sync-orchestrator", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    problems.install(app)
    measuring.install(app)
    for routes in (
        integrations_routes,
        mapping_routes,
        tax_routes,
        records_routes,
        remote_customers_routes,
        remote_items_routes,
        feed_routes,
        runs_routes,
        groups_routes,
        match_routes,
    ):
        app.include_router(routes.router, prefix=PREFIX)
    app.include_router(records_routes.all_records, prefix=PREFIX)
    return app
