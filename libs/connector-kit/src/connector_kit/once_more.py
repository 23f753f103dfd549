"""Requests for a person who waits: what is over in a moment needn't send them back."""

from messaging.clock import Clock
from telemetry.logs import get_logger

from connector_kit.answers import NoAnswer, NotExecuted, Throttled
from connector_kit.exchange import Request, Response
from connector_kit.provider import Operations
from connector_kit.transport import Delivery, NotSent, Transport

log = get_logger(__name__)

PAUSES = (1.1, 2.2)
"""Seconds before a read over a limit is asked again. Ours: the shortest window of any provider is
one second, and nobody should look at a blank page for long."""


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


async def read(
    transport: Transport,
    operations: Operations,
    clock: Clock,
    request: Request,
    *,
    extra: tuple[tuple[str, str], ...],
    answer_within: float,
    spent: list[Request],
) -> Response | None:
    """The whole answer of a read outside the budget; None if there is none to be had now.

    Work of the same organisation may just have used up the provider's second: a limit that may be
    over after one of the `PAUSES` is waited for, one that says it takes longer is not.
    """
    for pause in (*PAUSES, None):
        delivery = await send(
            transport, request, extra=extra, answer_within=answer_within, spent=spent
        )
        if not isinstance(delivery, Response):
            return None
        said = operations.whole(delivery)
        if said is None:
            return delivery
        if pause is None or not _passes_within(said, pause):
            log.warning("not read", path=request.path, status=delivery.status)
            return None
        await clock.sleep(pause)
    return None


def _passes_within(said: NotExecuted | NoAnswer, pause: float) -> bool:
    if not isinstance(said, NotExecuted) or not isinstance(said.why, Throttled):
        return False
    return said.why.cause is None and (said.why.retry_after or 0.0) <= pause
