"""Sign-up, log-in, log-out."""

from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from messaging.database import Database

from invoice_api.accounts import service
from invoice_api.accounts.authentication import (
    clear_session_cookie,
    find_caller,
    set_session_cookie,
)
from invoice_api.accounts.routes import TheRandom
from invoice_api.accounts.schemas import LogIn, SignUp
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheDatabase, TheIds, TheSettings
from invoice_api.http.problems import Problem
from invoice_api.settings import Settings
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.keeping import unpacked
from invoice_api.web.pages import Form, LogInPage, ResumePage, SignUpPage
from invoice_api.web.reading import as_json
from invoice_api.web.sessions import AForm, AWrite, inside, outside
from invoice_api.web.views import form_of

router = APIRouter(include_in_schema=False)

ZONES = tuple(sorted(zone for zone in available_timezones() if "/" in zone))
CURRENCIES = ("USD", "CAD", "GBP", "EUR", "AUD", "NZD")
_SIGN_UP_FIELDS = ("company_name", "email", "password", "time_zone", "currency")


@router.get("/")
async def home() -> Response:
    return RedirectResponse("/invoices", 303)


@router.get("/signup")
async def show_sign_up(render: TheRenderer, settings: TheSettings) -> Response:
    page = SignUpPage(
        outside("Create your company"), Form(), ZONES, CURRENCIES, settings.signup_open
    )
    return render.page("signup.html", page)


@router.post("/signup")
async def sign_up(
    form: AForm,
    database: TheDatabase,
    ids: TheIds,
    random: TheRandom,
    settings: TheSettings,
    render: TheRenderer,
) -> Response:
    """A new company; whoever made it is logged in and starts at the invoices."""
    try:
        wanted = parse(SignUp, as_json({name: form.get(name, "") for name in _SIGN_UP_FIELDS}))
        await service.sign_up(database, ids, random, wanted, open_to_all=settings.signup_open)
        session = await service.log_in(
            database, random, LogIn(email=wanted.email, password=wanted.password)
        )
    except Problem as problem:
        shell = outside("Create your company")
        page = SignUpPage(shell, form_of(form, problem), ZONES, CURRENCIES, settings.signup_open)
        return render.page("signup.html", page, problem.status)
    response = RedirectResponse("/invoices", 303)
    set_session_cookie(response, settings, session)
    return response


@router.get("/login")
async def show_log_in(
    request: Request,
    database: TheDatabase,
    settings: TheSettings,
    render: TheRenderer,
    back: Annotated[str, Query(alias="next")] = "/invoices",
) -> Response:
    if await find_caller(request, database, settings) is not None:
        return RedirectResponse(inside(back), 303)
    return render.page("login.html", LogInPage(outside("Log in"), Form(), inside(back)))


@router.post("/login")
async def log_in(
    form: AForm,
    database: TheDatabase,
    random: TheRandom,
    settings: TheSettings,
    render: TheRenderer,
) -> Response:
    back = inside(form.get("next", "/invoices"))
    kept = unpacked(form.get("kept"))
    try:
        wanted = parse(
            LogIn, as_json({"email": form.get("email", ""), "password": form.get("password", "")})
        )
        session = await service.log_in(database, random, wanted)
    except Problem as problem:
        packed = "" if kept is None else kept.packed()
        page = LogInPage(outside("Log in"), form_of(form, problem), back, packed)
        return render.page("login.html", page, problem.status)
    response: Response = RedirectResponse(back, 303)
    if kept is not None:
        shell = outside("What you typed is kept")
        response = render.page(
            "resume.html",
            ResumePage(shell, session.csrf_token, kept.page, kept.path, kept.pairs),
        )
    set_session_cookie(response, settings, session)
    return response


@router.post("/logout")
async def log_out(
    request: Request,
    one: AWrite,
    database: TheDatabase,
    settings: TheSettings,
) -> Response:
    del one  # its token was checked
    await _forget(request, database, settings)
    response = RedirectResponse("/login", 303)
    clear_session_cookie(response, settings)
    return response


async def _forget(request: Request, database: Database, settings: Settings) -> None:
    token = request.cookies.get(settings.cookie)
    if token:
        async with database.transaction() as tx:
            await service.log_out(tx, token)
