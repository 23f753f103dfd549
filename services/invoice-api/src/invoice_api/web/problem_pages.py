"""Refusals as pages: what couldn't be done, and the way back."""

from uuid import uuid4

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from messaging.database import DATABASE_AWAY

from invoice_api.accounts.authentication import find_caller
from invoice_api.http.problems import Problem, answer_problem
from invoice_api.web.dependencies import renderer_of
from invoice_api.web.keeping import page_before
from invoice_api.web.pages import Form, LogInPage, ProblemPage, Shell
from invoice_api.web.sessions import LogInFirstError, Visit, outside
from invoice_api.web.views import Eyes


def is_page(path: str) -> bool:
    """Whether a person's browser asks: everything that isn't the API or for machines."""
    return not path.startswith(("/api/", "/internal/", "/livez", "/readyz", "/metrics"))


async def answer_log_in_first(request: Request, error: Exception) -> Response:
    """To the log-in and back; a form that was sent meanwhile goes with it."""
    assert isinstance(error, LogInFirstError)
    if error.kept is not None:
        page = LogInPage(outside("Log in"), Form(), error.back, error.kept.packed())
        return renderer_of(request).page("login.html", page)
    return RedirectResponse(error.location, 303)


async def answer_any_problem(request: Request, problem: Exception) -> Response:
    """A Problem as a page where a browser asked, with the menu for whoever is logged in; else as
    problem details."""
    assert isinstance(problem, Problem)
    if not is_page(request.url.path):
        return await answer_problem(request, problem)
    page = ProblemPage(
        shell=await _around(request, problem),
        heading=problem.title,
        sentence=_sentence(request, problem),
        request_id=uuid4().hex[:12],
        back_url=page_before(request) or "/invoices",
    )
    response = renderer_of(request).page("problem.html", page, problem.status)
    response.headers.update(problem.headers)
    return response


def _sentence(request: Request, problem: Problem) -> str:
    """Of what the framework refuses, a page's address is all that a person can have got wrong."""
    if problem.code == "method_not_allowed":
        return "This address only takes a form. Go back to the page that has its button."
    if problem.code == "invalid" and request.method == "GET":
        return "Something in this page's address can't be read. Go back and choose it there."
    return problem.detail


async def _around(request: Request, problem: Problem) -> Shell:
    """The menu, if somebody is logged in and the database isn't what failed."""
    if problem.status >= 500:
        return outside(problem.title)
    state = request.app.state
    try:
        caller = await find_caller(request, state.database, state.settings)
        if caller is None:
            return outside(problem.title)
        one = Visit(caller, Eyes(caller.company.zone, state.clock.now()), request.url.path)
        async with state.database.transaction() as tx:
            return await one.shell(tx, problem.title, "")
    except DATABASE_AWAY:
        return outside(problem.title)
