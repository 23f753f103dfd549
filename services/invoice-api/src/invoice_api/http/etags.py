"""ETags are versions in quotes; `If-Match` names the one a writer has read."""

from fastapi import Request

from invoice_api.http.problems import changed_meanwhile


def etag(version: int) -> str:
    return f'"{version}"'


def check_if_match(request: Request, version: int, what: str) -> None:
    """Raises a 412 Problem when the request's `If-Match` names other versions only."""
    wanted = request.headers.get("if-match")
    if not matches(wanted, version):
        raise changed_meanwhile(what)


def matches(if_match: str | None, version: int) -> bool:
    """Whether a write that carries this `If-Match` may go ahead; without one it may."""
    if if_match is None or if_match.strip() == "*":
        return True
    offered = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    return etag(version) in offered
