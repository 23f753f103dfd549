"""Where an invitation's link leads: choose a password and be in."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from invoice_api.accounts import people
from invoice_api.accounts.authentication import set_session_cookie
from invoice_api.accounts.people_schemas import AcceptInvitation
from invoice_api.accounts.routes import TheRandom
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheDatabase, TheSettings
from invoice_api.http.problems import Problem
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.pages import Form, JoinPage
from invoice_api.web.reading import as_json
from invoice_api.web.sessions import AForm, outside
from invoice_api.web.views import form_of

router = APIRouter(include_in_schema=False)

_TITLE = "Choose your password"


@router.get("/join/{token}")
async def show_join(token: str, database: TheDatabase, render: TheRenderer) -> Response:
    try:
        async with database.transaction() as tx:
            email = await people.find_invited(tx, token)
    except Problem as problem:
        return render.page("join.html", JoinPage(outside(_TITLE), Form(), token), problem.status)
    return render.page("join.html", JoinPage(outside(_TITLE), Form(), token, email))


@router.post("/join/{token}")
async def join(
    token: str,
    form: AForm,
    database: TheDatabase,
    random: TheRandom,
    settings: TheSettings,
    render: TheRenderer,
) -> Response:
    email = None
    try:
        async with database.transaction() as tx:
            email = await people.find_invited(tx, token)
        sent = as_json({"token": token, "password": form.get("password", "")})
        session = await people.accept(database, random, parse(AcceptInvitation, sent))
    except Problem as problem:
        page = JoinPage(outside(_TITLE), form_of({}, problem), token, email)
        return render.page("join.html", page, problem.status)
    response = RedirectResponse("/invoices", 303)
    set_session_cookie(response, settings, session)
    return response
