"""Refusals as pages: what couldn't be done, and the way back."""

from uuid import uuid4

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from invoice_api.http.problems import Problem, answer_problem
from invoice_api.web.dependencies import renderer_of
from invoice_api.web.keeping import page_before
from invoice_api.web.pages import Form, LogInPage, ProblemPage
from invoice_api.web.sessions import LogInFirstError, outside


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
    """A Problem as a page where a browser asked, else as problem details."""
    assert isinstance(problem, Problem)
    if not is_page(request.url.path):
        return await answer_problem(request, problem)
    page = ProblemPage(
        shell=outside(problem.title),
        heading=problem.title,
        sentence=problem.detail,
        request_id=uuid4().hex[:12],
        back_url=page_before(request) or "/invoices",
    )
    return renderer_of(request).page("problem.html", page, problem.status)
