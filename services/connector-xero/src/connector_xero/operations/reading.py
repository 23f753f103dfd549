"""Reading: a response into one answer per member.

Elements are told apart by what we sent to know them by (ContactNumber, Code, InvoiceNumber), not by
their place: that they come in order is likely and nowhere promised. One that is left out or can't
be read has no answer and is looked up, and its neighbours are not touched.
"""

from collections.abc import Mapping, Sequence

from connector_kit.answers import Accepted, Answered, MemberAnswer, NoAnswer, RequestAnswer
from connector_kit.exchange import Response
from connector_kit.provider import FrozenMember, FrozenRequest
from contracts.ids import Entity

from connector_xero.bodies import Unreadable, details_of, read_answer
from connector_xero.errors import OUR_NUMBERS
from connector_xero.operations.kinds import Kind, There
from connector_xero.operations.refusals import mistake, refusal, removed
from connector_xero.wire import Answer, Contact, Element


def read(request: FrozenRequest, response: Response, kinds: Mapping[Entity, Kind]) -> RequestAnswer:
    """What the response says of each member; asked after `errors.whole` said it was answered."""
    details = details_of(response)
    members = request.members
    if response.status == 404:
        # Whatever is updated has its own address; a create's address is always there.
        return Answered(
            tuple(
                mistake(m, details) if m.intent == "create" else removed(m, "deleted", details)
                for m in members
            )
        )
    try:
        answer = read_answer(response.body)
    except Unreadable:
        return NoAnswer(details)
    kind = kinds[request.entity]
    if response.status == 200:
        elements = kind.elements(answer)
        return Answered(tuple(_member(m, kind, elements, response, members) for m in members))
    if response.status == 400:
        return Answered(tuple(_summarised(m, kind, answer, response, members) for m in members))
    return NoAnswer(details)


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
    member: FrozenMember,
    kind: Kind,
    elements: Sequence[Element],
    response: Response,
    members: Sequence[FrozenMember],
) -> MemberAnswer:
    element = _element(member, kind, elements, members)
    if element is None:
        return NoAnswer(details_of(response))
    if element.failed():
        return refusal(member, element.messages(), response)
    there = kind.there(element)
    if there is None or (member.remote is not None and member.remote.id != there.id):
        return NoAnswer(details_of(response))
    if member.remote is None and not kind.claims(element, member) and not _is_unnamed(element):
        # Newly made and not what was sent, whatever its id says: looked up.
        return NoAnswer(details_of(response))
    if member.intent == "void" and there.removed != "voided":
        return mistake(member, details_of(response))
    return accepted(member, there)


def _is_unnamed(element: Element) -> bool:
    """A contact that is answered without the number we gave it says nothing of whose it is."""
    return isinstance(element, Contact) and element.contact_number is None


def _element(
    member: FrozenMember,
    kind: Kind,
    elements: Sequence[Element],
    members: Sequence[FrozenMember],
) -> Element | None:
    if len(members) == 1 and len(elements) == 1:
        return elements[0]
    claimed = [each for each in elements if kind.claims(each, member)]
    return claimed[0] if len(claimed) == 1 else None


def _summarised(
    member: FrozenMember,
    kind: Kind,
    answer: Answer,
    response: Response,
    members: Sequence[FrozenMember],
) -> MemberAnswer:
    """A request refused as a whole. Which of its good elements were saved all the same isn't said
    (https://stackoverflow.com/questions/52706101), so those it doesn't name are looked up."""
    if answer.elements is None:
        if answer.error_number in OUR_NUMBERS:
            return mistake(member, details_of(response))
        message = answer.message
        if message is None:
            return NoAnswer(details_of(response))
        return refusal(member, [message], response)
    elements = answer.elements
    if len(members) == 1 and len(elements) == 1:
        return refusal(member, elements[0].messages(), response)
    claimed = [each for each in elements if kind.claims(each, member)]
    if len(claimed) != 1:
        return NoAnswer(details_of(response))
    return refusal(member, claimed[0].messages(), response)
