"""What must be known before a write.

FreshBooks compares no version and takes a field for a record that is deleted, so a record is read
before it is updated: one edited there is never written over unasked, a deleted customer or item is
restored first, a deleted invoice is told. Before an item is created, who has its name is asked,
deleted ones too, as they keep it: that FreshBooks refuses a taken name is one integrator's word. A
taken invoice number it refuses itself; who has it is asked after that, and before any second try.
"""

from collections.abc import Mapping, Sequence

from connector_kit.answers import NoAnswer, NotExecuted, Refused, RemovedThere
from connector_kit.conflicts import altered_since_linked, both_changed, differing, mark_of_content
from connector_kit.exchange import Exchange
from connector_kit.naming import name_of
from connector_kit.numbers import Holder, number_taken, other_numbers
from connector_kit.provider import Context, Member, NotReady, Prepared, Ready
from contracts.causes import cause_of, record_name
from contracts.commands import RemoteRef, SyncInvoice, SyncItem, VoidInvoice
from contracts.ids import Entity
from contracts.sync import Subject

from connector_freshbooks.bodies import NotRead
from connector_freshbooks.operations.invoice import number_of, number_search
from connector_freshbooks.operations.kinds import ACCOUNT, RESTORE, Kind, There, in_words
from connector_freshbooks.operations.looking import by_id, by_search
from connector_freshbooks.operations.marks import of_record
from connector_freshbooks.operations.names import normal
from connector_freshbooks.operations.refusals import gone_cause
from connector_freshbooks.provider import NUMBER_LIMIT


def prepare(
    members: Sequence[Member], context: Context, kinds: Mapping[Entity, Kind]
) -> Exchange[list[Prepared]]:
    """One `Prepared` per member, in their order."""
    prepared: list[Prepared] = []
    items: list[There] | NotRead | None = None
    for member in members:
        kind = kinds[member.command.entity]
        if member.remote is not None:
            found = yield from by_id(kind, context, member.remote.id)
            known = _known(member, member.remote, found, kind, context)
            if isinstance(known, Ready) and member.look_first and member.intent == "update":
                known = yield from _if_free(member, known, kind, context)
            prepared.append(known)
        elif kind.refuse(member, context) is not None:
            prepared.append(Ready(member))
        elif isinstance(member.command, SyncInvoice) and member.look_first:
            prepared.append((yield from _by_number(member, member.command, kind, context)))
        elif isinstance(member.command, SyncItem):
            if items is None:
                # No filter finds a name: all are read, once for all members.
                items = yield from by_search(kind, context, ())
            prepared.append(_named(member, member.command, items))
        else:
            prepared.append(Ready(member))
    return prepared


def _by_number(
    member: Member, command: SyncInvoice, kind: Kind, context: Context
) -> Exchange[Prepared]:
    found = yield from by_search(kind, context, number_search(number_of(command)))
    holders = found if isinstance(found, NotRead) else _others(member, found)
    free = yield from _free_number(command, holders, kind, context)
    return _numbered(member, command, holders, free)


def _if_free(member: Member, known: Ready, kind: Kind, context: Context) -> Exchange[Prepared]:
    """A record that is there gets its new number or name unless another one has it."""
    taken: Prepared = known
    if isinstance(member.command, SyncInvoice):
        taken = yield from _by_number(member, member.command, kind, context)
    elif isinstance(member.command, SyncItem):
        found = yield from by_search(kind, context, ())
        items = found if isinstance(found, NotRead) else _others(member, found)
        taken = _named(member, member.command, items)
    return known if isinstance(taken, Ready) else taken


def _others(member: Member, found: list[There]) -> list[There]:
    """All but the record itself."""
    itself = None if member.remote is None else member.remote.id
    return [there for there in found if there.id != itself]


def _known(
    member: Member, remote: RemoteRef, found: There | NotRead, kind: Kind, context: Context
) -> Prepared:
    command = member.command
    if isinstance(found, NotRead):
        if found.gone:
            return NotReady(command.record_id, RemovedThere("deleted", gone_cause(command)))
        return _not_known(member, found)
    if isinstance(command, VoidInvoice):
        return _voidable(member, command, found)
    if found.deleted:
        if command.entity == "invoice":
            return NotReady(command.record_id, RemovedThere("deleted", gone_cause(command)))
        return Ready(_restored(member, found))
    edited = _edited_there(member, remote, found)
    altered = altered_since_linked(member, found.fields, found.version, found.held)
    asks = edited or altered
    question = _both_changed(member, found, edited, kind, context) if asks else None
    if question is not None:
        return NotReady(command.record_id, question)
    return Ready(member.at(found.ref()))


def _restored(member: Member, found: There) -> Member:
    return member.at(found.ref().model_copy(update={"version": RESTORE}))


def _voidable(member: Member, command: VoidInvoice, found: There) -> Prepared:
    """One with a payment stays: deleted, it would take the payment out of the reports too."""
    if found.paid == 0 or found.deleted:
        return Ready(member.at(found.ref()))
    cause = cause_of(
        "void_refused",
        subject=Subject(id=str(command.record_id), name=command.invoice.number),
        invoice=command.invoice.number,
    )
    return NotReady(command.record_id, Refused(cause))


def _not_known(member: Member, why: NotRead) -> NotReady:
    """What must be known first isn't: our mistake if the question was refused, else once more."""
    record_id = member.command.record_id
    if why.shut is not None:
        return NotReady(record_id, NotExecuted(why.shut))
    if not why.refused:
        return NotReady(record_id, NoAnswer(why.details))
    record = record_name(member.command.entity, name_of(member.command))
    return NotReady(record_id, Refused(cause_of("our_mistake", details=why.details, record=record)))


def _edited_there(member: Member, remote: RemoteRef, there: There) -> tuple[str, ...]:
    """What somebody changed there since we last wrote it; nothing if we never did, or if this very
    version was seen by whoever chose to write over it. An account that isn't shown isn't one that
    was changed."""
    if member.last is None or remote.version == there.version:
        return ()
    return tuple(
        name
        for name in differing(member.last, there.fields)
        if name != ACCOUNT or there.fields.get(name)
    )


def _both_changed(
    member: Member, there: There, edited: tuple[str, ...], kind: Kind, context: Context
) -> Refused | None:
    writable = kind.refuse(member, context) is None
    ours = kind.write(member, context).frozen if writable else None
    return both_changed(member, ours, edited, there.fields, in_words, seen=there.version)


def _free_number(
    command: SyncInvoice, holders: list[There] | NotRead, kind: Kind, context: Context
) -> Exchange[str | None]:
    """A number that is free there, where somebody's invoice has this one's; as far as known."""
    if isinstance(holders, NotRead) or not _with_number(number_of(command), holders):
        return None
    for number in other_numbers(number_of(command), NUMBER_LIMIT):
        found = yield from by_search(kind, context, number_search(number))
        if isinstance(found, NotRead):
            return None
        if not _with_number(number, found):
            return number
    return None


def _with_number(number: str, found: Sequence[There]) -> list[There]:
    """Those with this number, deleted ones last: a list may hold others that begin with it."""
    key = normal(number)
    return sorted((there for there in found if there.key == key), key=lambda t: t.deleted)


def _numbered(
    member: Member, command: SyncInvoice, holders: list[There] | NotRead, free: str | None
) -> Prepared:
    """Whether the number is free. A deleted invoice keeps its own, even one of this record's."""
    if isinstance(holders, NotRead):
        return _not_known(member, holders)
    same = _with_number(number_of(command), holders)
    if not same:
        return Ready(member)
    holder = Holder(
        remote=same[0].id,
        customer=same[0].fields.get("customerid"),
        dated=same[0].fields.get("create_date"),
        total=same[0].total,
        currency=same[0].currency,
        removed=same[0].deleted,
        params=same[0].params,
        held=same[0].held or mark_of_content(same[0].fields),
    )
    taken = number_taken(command, holder, free, linked=member.remote is not None)
    return NotReady(command.record_id, taken)


def _named(member: Member, command: SyncItem, items: list[There] | NotRead) -> Prepared:
    """Whether the name is free. One with our own mark is this very item: updated, and restored
    first if it was deleted; it is never made twice."""
    if isinstance(items, NotRead):
        return _not_known(member, items)
    own = [there for there in items if of_record(there.marked, command.record_id)]
    if own:
        mine = sorted(own, key=lambda there: (there.deleted, there.id))[0]
        return Ready(_restored(member, mine) if mine.deleted else member.at(mine.ref()))
    name = (command.name_there or command.item.name).strip()
    same = sorted((t for t in items if t.key == normal(name)), key=lambda there: there.deleted)
    if not same:
        return Ready(member)
    cause = cause_of(
        "item_name_taken",
        subject=Subject(id=str(command.record_id), name=command.item.name),
        name=name,
        item=command.item.name,
        remote_id=same[0].id,
    )
    return NotReady(command.record_id, Refused(cause, holder=same[0].id))
