"""Who calls: what the signed header says, or a refusal."""

from typing import Annotated, cast

from contracts.ids import PROVIDER_LABELS, CompanyId, Provider
from fastapi import Depends, Request
from messaging.clock import Clock
from messaging.database import Database
from messaging.internal import ANY_COMPANY, HEADER, Caller, NotSigned, verify

from sync_orchestrator.handlers.refusals import Refusal, not_found
from sync_orchestrator.handlers.work import Tools

_MAY_WRITE = frozenset({"owner", "office", "operator", "service"})


class Parts:
    """What requests are answered with; the composition root puts it on the application."""

    def __init__(self, database: Database, tools: Tools, key: bytes, clock: Clock) -> None:
        self.database = database
        self.tools = tools
        self.key = key
        self.clock = clock


def parts_of(request: Request) -> Parts:
    return cast("Parts", request.app.state.parts)


TheParts = Annotated[Parts, Depends(parts_of)]


def caller_of(request: Request, parts: TheParts) -> Caller:
    """Raises the 401 of a request without a good header."""
    try:
        return verify(parts.key, request.headers.get(HEADER), parts.clock.now())
    except NotSigned as error:
        raise Refusal(401, "not_signed", "Not signed", str(error)) from None


TheCaller = Annotated[Caller, Depends(caller_of)]


def company_of(caller: TheCaller) -> CompanyId:
    """The one company the request is for. Raises a 404 for a header that names none."""
    if caller.company == ANY_COMPANY:
        raise not_found("company")
    return caller.company


def writer_of(caller: TheCaller, company: Annotated[CompanyId, Depends(company_of)]) -> Caller:
    """Raises the 403 of a role that only reads."""
    if caller.role not in _MAY_WRITE:
        raise Refusal(403, "not_allowed", "Not allowed", "Your role lets you look, not change.")
    return caller


def service_of(caller: TheCaller) -> Caller:
    """Raises the 403 of whoever isn't a service asking for all companies."""
    if caller.company != ANY_COMPANY or caller.role != "service":
        raise Refusal(403, "not_allowed", "Not allowed", "Only services read feeds.")
    return caller


TheCompany = Annotated[CompanyId, Depends(company_of)]
Writer = Annotated[Caller, Depends(writer_of)]
Service = Annotated[Caller, Depends(service_of)]


def provider_of(provider: str) -> Provider:
    """The provider in a path or query. Raises a 404 for any other word."""
    known: dict[str, Provider] = {name: name for name in PROVIDER_LABELS}
    if provider not in known:
        raise not_found("provider")
    return known[provider]


TheProvider = Annotated[Provider, Depends(provider_of)]


def version_of(request: Request) -> int | None:
    """The version an `If-Match` names; None without one, or with `*`.

    Raises a 412 for an ETag that was never ours.
    """
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    text = given.strip().removeprefix("W/").strip('"')
    if not text.isdigit():
        raise Refusal(412, "changed_meanwhile", "Unknown version", "That ETag isn't ours.")
    return int(text)


IfMatch = Annotated[int | None, Depends(version_of)]


def etag(version: int) -> dict[str, str]:
    return {"ETag": f'"{version}"'}
