"""The books as a page: see, change and delete what was posted. Works without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from freshbooks_simulator.books import CLIENT, INVOICE, ITEM, Organisation
from freshbooks_simulator.control import bookkeeper, neutral
from freshbooks_simulator.control.bookkeeper import Changes, NotPossibleError
from freshbooks_simulator.control.routes import organisation_of, paid, record_of
from freshbooks_simulator.refusals import LedgerRefusedError, RefusedError
from freshbooks_simulator.templating import render
from freshbooks_simulator.world import World


def install(app: FastAPI, world: World) -> None:
    """Add the pages."""

    @app.get("/_sim", include_in_schema=False)
    async def without_slash() -> Response:
        return RedirectResponse("/_sim/", 307)

    @app.get("/_sim/", include_in_schema=False)
    async def index() -> Response:
        return HTMLResponse(_organisations(world.organisations.values()))

    @app.get("/_sim/books.html", include_in_schema=False)
    async def books(organisation: str, problem: str = "") -> Response:
        found = organisation_of(world, organisation)
        page = render("books.html", books=neutral.books(found), problem=problem)
        return HTMLResponse(page)

    @app.post("/_sim/books.html", include_in_schema=False)
    async def act(request: Request) -> Response:
        fields = {
            name: value for name, value in (await request.form()).items() if isinstance(value, str)
        }
        found = organisation_of(world, fields.get("organisation", ""))
        record = record_of(found, fields.get("kind", ""), fields.get("id", ""))
        now, problem = world.clock.now(), ""
        try:
            match fields.get("action"):
                case "save":
                    bookkeeper.change(found, record, _changes(record.kind, fields), now)
                case "deactivate":
                    bookkeeper.change(found, record, Changes(active=False), now)
                case "activate":
                    bookkeeper.change(found, record, Changes(active=True), now)
                case "delete":
                    bookkeeper.delete(found, record, now)
                case "pay":
                    paid(found, record, None, world)
                case other:
                    problem = f"There is no action {other}."
        except (RefusedError, LedgerRefusedError, NotPossibleError, InvalidOperation) as error:
            problem = str(error) or "That isn't an amount."
        back = urlencode({"organisation": found.name, "problem": problem})
        return RedirectResponse(f"/_sim/books.html?{back}", 303)


def _organisations(listed: Iterable[Organisation]) -> bytes:
    rows = [
        {
            "name": each.name,
            "id": each.account_id,
            "customers": sum(1 for _ in each.all(CLIENT)),
            "items": sum(1 for _ in each.all(ITEM)),
            "invoices": sum(1 for _ in each.all(INVOICE)),
        }
        for each in listed
    ]
    return render("organisations.html", organisations=rows)


def _changes(kind: str, fields: dict[str, str]) -> Changes:
    if kind == INVOICE:
        total = fields.get("total", "").strip()
        return Changes(
            number=fields.get("number") or None,
            memo=fields.get("memo"),
            total=Decimal(total) if total else None,
        )
    return Changes(
        name=fields.get("name") or None,
        email=fields.get("email") or None,
        code=fields.get("code") or None,
        sku=fields.get("sku") or None,
    )
