"""Reading: a response into one answer per member.

A batch answers with 200 whatever became of its members, in any order; a member it leaves out, or
whose answer can't be read, has no answer and is looked up, and its neighbours are not touched.
"""

from collections.abc import Mapping

from connector_kit.answers import Accepted, Answered, MemberAnswer, NoAnswer, RequestAnswer
from connector_kit.exchange import Response
from connector_kit.provider import FrozenMember, FrozenRequest
from contracts.ids import Entity

from connector_qbo.bodies import Unreadable, read_answer, read_fault
from connector_qbo.errors import details_of
from connector_qbo.operations import marks
from connector_qbo.operations.kinds import Kind, There
from connector_qbo.operations.refusals import mistake, refusal
from connector_qbo.wire import Answer, BatchItem


def read(request: FrozenRequest, response: Response, kinds: Mapping[Entity, Kind]) -> RequestAnswer:
    """What the response says of each member; asked after `errors.whole` said it was answered."""
    details = details_of(response, None)
    fault = read_fault(response.body)
    if fault is not None:
        return Answered(tuple(refusal(m, fault, response) for m in request.members))
    if response.status == 404:
        return Answered(tuple(mistake(m, details) for m in request.members))
    if response.status != 200:
        return NoAnswer(details)
    try:
        answer = read_answer(response.body)
    except Unreadable:
        return NoAnswer(details)
    kind = kinds[request.entity]
    if len(request.members) == 1:
        return Answered((_member(request.members[0], kind, answer, response),))
    items = {item.b_id: item for item in answer.batch_item_response or ()}
    return Answered(
        tuple(
            _member(member, kind, items.get(str(position)), response)
            for position, member in enumerate(request.members, start=1)
        )
    )


def accepted(member: FrozenMember, there: There) -> Accepted:
    """The record is there as asked."""
    note = member.extra.get("notes")
    return Accepted(
        remote=there.ref(member.extra.get("url", "")),
        totals=there.totals(member.extra.get("currency")),
        notes=(note,) if note else (),
        voided=member.intent == "void",
    )


def _member(
    member: FrozenMember, kind: Kind, answer: Answer | BatchItem | None, response: Response
) -> MemberAnswer:
    if answer is None:
        return NoAnswer(details_of(response, None))
    if answer.fault is not None:
        return refusal(member, answer.fault, response)
    there = kind.read(answer)
    if there is None or not _is_about(member, there):
        return NoAnswer(details_of(response, None))
    if member.intent == "void" and there.removed != "voided":
        # A void that was taken for a plain update: said as it is, never as success.
        return mistake(member, details_of(response, None))
    return accepted(member, there)


def _is_about(member: FrozenMember, there: There) -> bool:
    """Whether the record answered is the member's own: by its id or, newly made, by our mark.

    One that carries no note (items, and what a company's settings drop) is known by its key.
    """
    if member.remote is not None:
        return member.remote.id == there.id
    whose = marks.whose(there.note, member.record_id, member.generation)
    return whose == "ours" or (whose == "none" and there.key == member.natural_key)
