"""What becomes of a record where no source says what the provider does, on either side of a switch.

All on the wire: requests to the simulator and back, without the kit.
"""

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

from connector_kit.answers import (
    Accepted,
    Answered,
    MemberAnswer,
    NoAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    RemovedThere,
    RequestAnswer,
    Shut,
)
from connector_kit.auth import GrantDead, Tokens
from connector_kit.provider import FrozenRequest, Member, NotReady, Ready
from contracts.commands import SyncInvoice
from contracts.ids import RequestId

from connector_conformance.books import Books, made
from connector_conformance.commands import IDS
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import CLIENT, Speaker


async def became(on: Speaker, member: Member) -> str:
    """What one record comes to: `accepted`, the code of the cause that it is refused for, `shut:`
    with the code of what holds the connection, `reference_gone`, `removed`, `unknown` where it is
    looked up, or `again`."""
    operations = on.wire.provider.operations
    (prepared,) = await on.run(operations.prepare([member], on.context))
    if isinstance(prepared, NotReady):
        return word_of(prepared.answer)
    assert isinstance(prepared, Ready), prepared
    request_id = RequestId(IDS.new())
    packed = operations.pack([prepared.member], on.context, request_id)
    if packed.refused:
        ((_, refused),) = packed.refused
        return word_of(refused)
    assert packed.request is not None
    response = await on.send(packed.request)
    whole = operations.whole(response)
    if whole is not None:
        return word_of(whole)
    request = FrozenRequest(request_id, packed.frozen[0].entity, packed.frozen)
    return word_of(operations.read(request, response))


def word_of(answer: MemberAnswer | RequestAnswer) -> str:
    """See `became`."""
    match answer:
        case Answered(members=(only,)):
            return word_of(only)
        case Accepted():
            return "accepted"
        case Refused():
            return answer.cause.code
        case NotExecuted(why=Shut() as shut):
            return f"shut:{shut.cause.code}"
        case NotExecuted():
            return "again"
        case ReferenceGone():
            return "reference_gone"
        case RemovedThere():
            return "removed"
        case NoAnswer():
            return "unknown"
        case _:
            raise AssertionError(answer)


def priced(there: Books, number: str, price: str) -> SyncInvoice:
    """Another invoice of one line at that price."""
    line = (there.ours[1], there.item.id, "1", price)
    return there.on.company.invoice(number, (there.ours[0], there.customer.id), [line])


async def whole_life(there: Books, simulator: Simulator, name: str) -> None:
    """An invoice is made, changed and voided: it stands there once, with the total that we know."""
    command = priced(there, "1001", "128.19")
    remote = await made(there.on, Member(command, None))
    total = await _only_total(simulator, name)
    assert total == Decimal("128.19")
    edited = there.on.company.invoice(
        "1001",
        (there.ours[0], there.customer.id),
        [(there.ours[1], there.item.id, "3", "100.10")],
        record=command.record_id,
        step=2,
    )
    again = await made(there.on, Member(edited, remote))
    assert again.id == remote.id
    assert await _only_total(simulator, name) == Decimal("300.30")
    newest = again.model_copy(update={"version": None})
    void = there.on.company.void(edited, newest, step=3)
    assert await became(there.on, Member(void, newest)) == "accepted"


async def _only_total(simulator: Simulator, name: str) -> Decimal:
    (only,) = (await simulator.books(name))["invoices"]
    assert only["number"] == "1001"
    return Decimal(str(only["total"]))


async def lives_after_reuse(on: Speaker) -> bool:
    """Whether the newest refresh token still works once the one before was tried again, which is
    dead."""
    auth = on.wire.provider.auth
    request = auth.refresh(CLIENT, on.tokens.refresh)
    first, second = [auth.read_tokens(await on.wire.send(request)) for _ in range(2)]
    assert isinstance(first, Tokens)
    assert isinstance(second, GrantDead)
    newest = auth.read_tokens(await on.wire.send(auth.refresh(CLIENT, first.refresh)))
    assert isinstance(newest, Tokens | GrantDead)
    return isinstance(newest, Tokens)


async def agreed(
    simulator: Simulator, address: str, name: str, *, without: str = ""
) -> dict[str, str]:
    """What the callback brings once a person has agreed to what `address` asks, `without` one
    scope; nothing where there was no way back."""
    asked = dict(parse_qsl(urlsplit(address).query))
    asked["scope"] = " ".join(scope for scope in asked["scope"].split() if scope != without)
    chosen = {"username": f"{name} owner", "organisation": name, "decision": "approve"}
    back = await simulator.http.post(address.partition("?")[0], data={**asked, **chosen})
    return dict(parse_qsl(urlsplit(str(back.headers.get("location", ""))).query))
