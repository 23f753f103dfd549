"""`/internal/v1/feed/records`, for services that hold the internal key."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from messaging.internal import ANY_COMPANY, HEADER, NotSigned, verify

from invoice_api.feed import service
from invoice_api.http.dependencies import TheClock, TheDatabase, TheSettings
from invoice_api.http.problems import Problem, invalid_field, not_allowed

router = APIRouter(prefix="/internal/v1", include_in_schema=False)


@router.get("/feed/records")
async def records(
    request: Request,
    database: TheDatabase,
    clock: TheClock,
    settings: TheSettings,
    after: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Response:
    """Customers, items and every invoice that others have heard of, in order of change."""
    try:
        caller = verify(settings.key, request.headers.get(HEADER), clock.now())
    except NotSigned as error:
        raise Problem(401, "not_signed", "Not signed", str(error)) from None
    if caller.company != ANY_COMPANY or caller.role != "service":
        raise not_allowed("Only services read feeds.")
    try:
        async with database.transaction() as tx:
            page = await service.page(tx, after, limit)
    except ValueError as error:
        raise invalid_field("after", str(error)) from None
    return Response(page.model_dump_json(), media_type="application/json")
