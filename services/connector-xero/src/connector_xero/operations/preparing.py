"""What must be known before a write: who has the name, code or number of a new record; how a linked
one is there now; and the codes of an invoice's items.

Xero keeps no version that a write could be held against: how it is there is read before. A PUT that
is refused doesn't say who is in the way: that is read after a refusal and before any second try,
and before the first one where Xero's own refusal isn't sure enough (see `Kind.asks_first`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields

from connector_kit.answers import NoAnswer, ReferenceGone, Refused, RemovedThere
from connector_kit.conflicts import altered_since_linked, both_changed, differing, mark_of_content
from connector_kit.exchange import Exchange
from connector_kit.naming import name_of
from connector_kit.numbers import Holder, first_free, number_taken, other_numbers
from connector_kit.provider import Context, Member, NotReady, Prepared, Ready
from contracts.causes import cause_of, record_name
from contracts.commands import RemoteRef, SyncInvoice
from contracts.ids import Entity, RemoteId
from contracts.sync import Subject

from connector_xero.bodies import NotRead
from connector_xero.operations.invoice import NUMBER_LIMIT, by_numbers, number_of
from connector_xero.operations.kinds import CodedMember, Kind, There, in_words, same_record
from connector_xero.operations.looking import ById, by_ids
from connector_xero.operations.marks import whose
from connector_xero.operations.refusals import gone_cause, void_refused


def prepare(
    members: Sequence[Member], context: Context, kinds: Mapping[Entity, Kind]
) -> Exchange[list[Prepared]]:
    """One `Prepared` per member, in their order."""
    organisation = context.organisation.id
    known: dict[Entity, ById] = {}
    takers: dict[Entity, list[There] | NotRead] = {}
    for entity, kind in kinds.items():
        these = [m for m in members if m.command.entity == entity]
        ids = [m.remote.id for m in these if m.remote is not None]
        known[entity] = yield from by_ids(organisation, kind, ids)
        asked = [m for m in these if _asked(m, kind)]
        takers[entity] = (yield from kind.taking(organisation, asked)) if asked else []
    items = yield from by_ids(organisation, kinds["item"], _items_of(members))
    free = yield from _free_numbers(members, takers["invoice"], context, kinds["invoice"])
    prepared: list[Prepared] = []
    for member in members:
        entity = member.command.entity
        coded = _coded(member, items)
        if isinstance(coded, NotReady):
            prepared.append(coded)
            continue
        who = takers[entity] if _asked(coded, kinds[entity]) else []
        if coded.remote is None:
            prepared.append(_created(coded, who, kinds[entity], free))
            continue
        known_as = _linked(coded, coded.remote, known[entity], kinds, context)
        taken = _in_the_way(coded, who, kinds[entity], free)
        prepared.append(taken if taken is not None and isinstance(known_as, Ready) else known_as)
    return prepared


def _asked(member: Member, kind: Kind) -> bool:
    if member.intent == "create":
        return member.look_first or kind.asks_first(member)
    return member.intent == "update" and member.look_first


def _items_of(members: Sequence[Member]) -> list[RemoteId]:
    commands = [m.command for m in members if isinstance(m.command, SyncInvoice)]
    found = (item.remote_id for command in commands for item in command.items.values())
    return list(dict.fromkeys(remote for remote in found if remote is not None))


def _coded(member: Member, items: ById) -> Member | NotReady:
    """The member with its items' codes. An item that is gone is named by our own id."""
    command = member.command
    if not isinstance(command, SyncInvoice):
        return member
    linked = {ours: each.remote_id for ours, each in command.items.items() if each.remote_id}
    gone = tuple(ours for ours, remote in linked.items() if remote in items.gone)
    if gone:
        record = record_name("invoice", command.invoice.number)
        cause = cause_of("record_deleted_there", record=record)
        return NotReady(command.record_id, ReferenceGone(gone, cause))
    if any(remote not in items.there for remote in linked.values()):
        return _not_known(member, items.why)
    codes = {ours: items.there[remote].number or "" for ours, remote in linked.items()}
    own = {each.name: getattr(member, each.name) for each in fields(Member)}
    return CodedMember(**own, codes=codes)


def _linked(
    member: Member,
    remote: RemoteRef,
    known: ById,
    kinds: Mapping[Entity, Kind],
    context: Context,
) -> Prepared:
    """A record that is updated or voided: as it is there now."""
    command = member.command
    there = known.there.get(remote.id)
    if remote.id in known.gone:
        cause = gone_cause(command, "deleted")
        return NotReady(command.record_id, RemovedThere("deleted", cause))
    if there is None:
        return _not_known(member, known.why)
    if there.merged_into is not None:
        return NotReady(command.record_id, _merged(member, there.merged_into))
    if there.removed is not None:
        cause = gone_cause(command, there.removed)
        return NotReady(command.record_id, RemovedThere(there.removed, cause))
    if member.intent == "void" and there.settled:
        return NotReady(command.record_id, void_refused(command))
    edited = _edited_there(member, remote, there)
    asks = edited or altered_since_linked(member, there.fields, there.version, there.held)
    question = _both_changed(member, there, edited, kinds, context) if asks else None
    if question is not None:
        return NotReady(command.record_id, question)
    return Ready(member.at(there.ref()))


def _merged(member: Member, survivor: RemoteId) -> Refused:
    """A merged contact takes nothing any more; who it was merged into does."""
    name = name_of(member.command)
    return Refused(
        cause_of(
            "customer_merged_there",
            subject=Subject(id=str(member.command.record_id), name=name),
            customer=name,
            remote_id=survivor,
        ),
        holder=survivor,
    )


def _free_numbers(
    members: Sequence[Member], takers: list[There] | NotRead, context: Context, kind: Kind
) -> Exchange[Mapping[str, str]]:
    """For each number that somebody else's invoice has, one that is free there, as far as known."""
    if isinstance(takers, NotRead):
        return {}
    instead = {
        number_of(member.command): other_numbers(number_of(member.command), NUMBER_LIMIT)
        for member in members
        if isinstance(member.command, SyncInvoice)
        and _asked(member, kind)
        and _foreign(member, takers, kind)
    }
    if not instead:
        return {}
    asked = [number for numbers in instead.values() for number in numbers]
    found = yield from by_numbers(context.organisation.id, asked)
    taken = None if isinstance(found, NotRead) else {there.number or "" for there in found}
    free = {number: first_free(numbers, taken) for number, numbers in instead.items()}
    return {number: one for number, one in free.items() if one is not None}


def _created(
    member: Member, takers: list[There] | NotRead, kind: Kind, free: Mapping[str, str]
) -> Prepared:
    """Whether a record may be created under its name, code or number.

    One with our own mark was sent by an earlier request after all: it is updated, not doubled. A
    removed one of an earlier generation of the same record is what this one replaces, unless it was
    merged: then the survivor is who it is.
    """
    command = member.command
    if isinstance(takers, NotRead):
        return _not_known(member, takers)
    for there in takers:
        if whose(there.marked, command.record_id, command.generation) == "ours":
            if there.removed is None:
                return Ready(member.at(there.ref()))
            cause = gone_cause(command, there.removed)
            removed = RemovedThere(there.removed, cause)
            return NotReady(command.record_id, removed, found=there.ref())
    for there in takers:
        if there.merged_into is not None and same_record(there.marked, command.record_id):
            return NotReady(command.record_id, _merged(member, there.merged_into))
    foreign = _foreign(member, takers, kind)
    if not foreign:
        return Ready(member)
    return NotReady(command.record_id, _taken(member, foreign[0], free))


def _in_the_way(
    member: Member,
    takers: list[There] | NotRead,
    kind: Kind,
    free: Mapping[str, str],
) -> NotReady | None:
    """Who else has the name, code or number that a record which is there is to get."""
    if isinstance(takers, NotRead):
        return _not_known(member, takers)
    foreign = _foreign(member, takers, kind)
    if not foreign:
        return None
    return NotReady(member.command.record_id, _taken(member, foreign[0], free))


def _foreign(member: Member, takers: Sequence[There], kind: Kind) -> list[There]:
    """Who has what this record needs for itself. One that can be linked comes first."""
    record = member.command.record_id
    itself = None if member.remote is None else member.remote.id
    # Whether a removed invoice keeps its number is unconfirmed: after a refusal it does.
    first_try = not member.look_first
    found = [
        there
        for there in takers
        if there.id != itself
        and kind.in_the_way(member, there)
        and not (there.removed is not None and same_record(there.marked, record) and first_try)
    ]
    return sorted(found, key=lambda there: there.removed is not None)


def _taken(member: Member, holder: There, free: Mapping[str, str]) -> Refused:
    command = member.command
    if isinstance(command, SyncInvoice):
        found = Holder(
            remote=holder.id,
            customer=holder.fields.get("Contact"),
            dated=holder.fields.get("Date"),
            total=holder.total,
            currency=holder.currency,
            removed=holder.removed is not None,
            params=holder.params,
            held=holder.held or mark_of_content(holder.fields),
        )
        linked = member.remote is not None
        return number_taken(command, found, free.get(number_of(command)), linked=linked)
    name = name_of(command)
    subject = Subject(id=str(command.record_id), name=name)
    match command.entity:
        case "customer":
            cause = cause_of(
                "customer_name_taken", subject=subject, customer=name, remote_id=holder.id
            )
        case _:
            cause = cause_of("item_name_taken", subject=subject, item=name, remote_id=holder.id)
    params = {**cause.params, **dict(holder.params)}
    return Refused(cause.model_copy(update={"params": params}), holder=holder.id)


def _edited_there(member: Member, remote: RemoteRef, there: There) -> tuple[str, ...]:
    """What somebody changed there since we last wrote it; nothing if we never did.

    Nothing either where the version is the one that the command knows of: whoever chose "keep ours"
    has seen it. A payment moves the version too, and is no change of what we wrote.
    """
    if member.last is None or member.intent == "void" or remote.version == there.version:
        return ()
    return tuple(
        name
        for name in differing(member.last, there.fields)
        if not _follows_its_customer(member, there, name)
    )


def _follows_its_customer(member: Member, there: There, name: str) -> bool:
    """A merge moved it to the contact that we would put it on now."""
    command = member.command
    if not isinstance(command, SyncInvoice) or name != "Contact":
        return False
    return there.fields.get(name) == command.customer_remote_id


def _both_changed(
    member: Member,
    there: There,
    edited: tuple[str, ...],
    kinds: Mapping[Entity, Kind],
    context: Context,
) -> Refused | None:
    kind = kinds[member.command.entity]
    writable = kind.refuse(member, context) is None
    ours = kind.write(member, context).frozen if writable else None
    return both_changed(member, ours, edited, there.fields, in_words, seen=there.version)


def _not_known(member: Member, why: NotRead) -> NotReady:
    """What must be known first isn't: our mistake if the question was refused, else once more."""
    command = member.command
    if not why.refused:
        return NotReady(command.record_id, NoAnswer(why.details))
    record = record_name(command.entity, name_of(command))
    cause = cause_of("our_mistake", details=why.details, record=record)
    return NotReady(command.record_id, Refused(cause))
