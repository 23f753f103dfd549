"""Reading: a response into the answer of its one member."""

from collections.abc import Mapping

from connector_kit.answers import (
    Accepted,
    Answered,
    MemberAnswer,
    NoAnswer,
    NotExecuted,
    RequestAnswer,
    Shut,
    Stale,
)
from connector_kit.exchange import Response
from connector_kit.provider import FrozenMember, FrozenRequest
from contracts.ids import Entity

from connector_freshbooks.bodies import Unreadable, read_reasons, read_result
from connector_freshbooks.errors import details_of
from connector_freshbooks.operations.kinds import ACCOUNT, Kind, There
from connector_freshbooks.operations.refusals import mistake, refusal
from connector_freshbooks.operations.writing import restores


def read(request: FrozenRequest, response: Response, kinds: Mapping[Entity, Kind]) -> RequestAnswer:
    """What the response says of the member; asked after `errors.whole` said it was answered."""
    assert len(request.members) == 1, "one record a request"
    member = request.members[0]
    details = details_of(response, None)
    reasons = read_reasons(response.body)
    if reasons is not None:
        answer = refusal(member, reasons, response)
        if isinstance(answer, NotExecuted) and isinstance(answer.why, Shut):
            return answer
        return Answered((answer,))
    if response.status in (403, 404):
        return Answered((mistake(member, details),))
    if response.status != 200:
        return NoAnswer(details)
    try:
        there = kinds[request.entity].read(read_result(response.body))
    except Unreadable:
        there = None
    if there is None or not _is_about(member, there):
        return NoAnswer(details)
    return Answered((_answer(member, there, response),))


def _answer(member: FrozenMember, there: There, response: Response) -> MemberAnswer:
    details = details_of(response, None)
    totals = there.totals(member.extra.get("currency"))
    if member.intent == "void":
        if not there.deleted:
            return mistake(member, details)
        return Accepted(remote=there.ref(), totals=totals, voided=True)
    if there.deleted:
        # Somebody deleted it meanwhile, or a restore was dropped: read it again.
        return NotExecuted(Stale(details))
    if restores(member):
        # Restored, and nothing else: its fields go next.
        return NotExecuted(Stale(details))
    wanted = member.fields.get(ACCOUNT)
    if wanted is not None and there.fields.get(ACCOUNT) != wanted:
        if member.intent == "create":
            # Made, as yet without its account: looked up, and it goes again as an update.
            return NoAnswer(details)
        return Accepted(remote=there.ref(), notes=("accounts_not_offered",))
    return Accepted(remote=there.ref(), totals=totals, notes=notes_of(member))


def _is_about(member: FrozenMember, there: There) -> bool:
    """Whether the record answered is the member's own: by its id or, newly made, by our mark.

    Where no mark is sent it is known by its name or number.
    """
    if member.remote is not None:
        return member.remote.id == there.id
    if member.mark is not None:
        return there.whose(member) == "ours"
    return there.key == member.natural_key


def notes_of(member: FrozenMember) -> tuple[str, ...]:
    """Codes of `info` causes about how it was written."""
    note = member.extra.get("notes")
    return (note,) if note else ()
