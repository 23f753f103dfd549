"""Requests for a person who waits: a connection that breaks once needn't send them back."""

from telemetry.logs import get_logger

from connector_kit.exchange import Request, Response
from connector_kit.transport import Delivery, NotSent, Transport

log = get_logger(__name__)


async def send(
    transport: Transport,
    request: Request,
    *,
    extra: tuple[tuple[str, str], ...] = (),
    answer_within: float,
    spent: list[Request] | None = None,
) -> Delivery:
    """Send it, and once more where the first can't have done anything: a read, or nothing sent.

    Each try is added to `spent`, for whoever charges what was sent.

    Never for what the ledger keeps: there a second try is the protocol's to decide.
    """
    tried: list[Request] = [] if spent is None else spent
    tried.append(request)
    delivery = await transport.send(request, extra=extra, answer_within=answer_within)
    if isinstance(delivery, Response):
        return delivery
    repeats = isinstance(delivery, NotSent) or request.method == "GET"
    log.warning(
        "the provider did not answer while a person waits",
        method=request.method,
        path=request.path,
        reason=delivery.reason,
        repeats=repeats,
    )
    if not repeats:
        return delivery
    tried.append(request)
    return await transport.send(request, extra=extra, answer_within=answer_within)
