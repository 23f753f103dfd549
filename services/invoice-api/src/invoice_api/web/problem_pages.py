"""Refusals as pages: what couldn't be done, and the way back."""

from uuid import uuid4

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from invoice_api.http.problems import Problem, answer_problem
from invoice_api.web.dependencies import renderer_of
from invoice_api.web.pages import ProblemPage
from invoice_api.web.sessions import LogInFirstError, inside, outside


def is_page(path: str) -> bool:
    """Whether a person's browser asks: everything that isn't the API or for machines."""
    return not path.startswith(("/api/", "/internal/", "/livez", "/readyz", "/metrics"))


async def answer_log_in_first(_request: Request, error: Exception) -> Response:
    assert isinstance(error, LogInFirstError)
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
        back_url=inside(request.headers.get("referer", "/invoices").split("://", 1)[-1]),
    )
    return renderer_of(request).page("problem.html", page, problem.status)
