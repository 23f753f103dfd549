"""Looking: what is there now, by natural key or by id, and what must be known before a write.

A look-up that fails says nothing, least of all that something is gone. That a record is gone is
said only at its own address (fault 610), or by a row that people there made inactive or void.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from connector_kit.answers import (
    Candidate,
    Refused,
    Removed,
    RemovedThere,
    Seen,
    Sighting,
    Unreadable,
)
from connector_kit.conflicts import altered_since_linked, both_changed, differing, mark_of_content
from connector_kit.exchange import Exchange
from connector_kit.numbers import Holder, first_free, number_taken, other_numbers
from connector_kit.provider import Context, FrozenMember, Member, NotReady, Prepared, Ready
from contracts.commands import ReadRemote, RemoteRef, SyncInvoice
from contracts.ids import Entity

from connector_qbo.bodies import NotRead
from connector_qbo.operations import merging
from connector_qbo.operations.finding import ById, by_ids, by_keys, not_known
from connector_qbo.operations.invoice import NUMBER_LIMIT, number_of
from connector_qbo.operations.kinds import Kind, There, in_words
from connector_qbo.operations.marks import marks_in, of_record, whose
from connector_qbo.operations.names import normal
from connector_qbo.operations.refusals import gone_cause
from connector_qbo.operations.statements import among, chunks, rows
from connector_qbo.operations.writing import frozen
from connector_qbo.provider import invoice_page

_CUSTOMER, _DATED = "CustomerRef", "TxnDate"
_COUNTER = re.compile(r"[0-9]{1,18}")


def look_up(
    members: Sequence[FrozenMember], context: Context, kinds: Mapping[Entity, Kind]
) -> Exchange[list[Sighting]]:
    """One sighting per member: creates by their frozen key, the others by their id."""
    kind = kinds[members[0].entity]
    realm = context.organisation.id
    creates = [m for m in members if m.remote is None]
    found = yield from by_keys(realm, kind, [key for m in creates for key in kind.keys(m)])
    hidden = yield from _under_other_numbers(realm, kind, creates, found)
    known = yield from by_ids(realm, kind, [m.remote.id for m in members if m.remote is not None])
    return [
        _create_sighting(member, found, hidden)
        if member.remote is None
        else _update_sighting(member, member.remote, known)
        for member in members
    ]


def _under_other_numbers(
    realm: str, kind: Kind, creates: Sequence[FrozenMember], found: list[There] | NotRead
) -> Exchange[list[There] | NotRead]:
    """Invoices with our marks whose numbers people there changed before we looked.

    They are looked for by customer and date, among which our marks tell them; by date alone where
    the customer too may be another. Customers and items have no such second way: their names alone
    tell who they are.
    """
    if kind.entity != "invoice" or isinstance(found, NotRead):
        return []
    unseen = [m for m in creates if not _is_among(m, [x for x in found if x.key == m.natural_key])]
    there: list[There] = []
    for asked in _by_customer_and_date(unseen):
        pages = yield from rows(realm, kind.table, *asked, *kind.conditions)
        if isinstance(pages, NotRead):
            return pages
        listed = [one for page in pages for one in kind.list(page)]
        there += [one for one in listed if any(_is_among(m, [one]) for m in unseen)]
    return there


def _by_customer_and_date(creates: Sequence[FrozenMember]) -> Iterator[tuple[str, ...]]:
    known = [m for m in creates if not m.forgotten]
    customers = [m.fields[_CUSTOMER] for m in known if m.fields.get(_CUSTOMER)]
    dates = [m.fields[_DATED] for m in known if m.fields.get(_DATED)]
    for part in chunks(customers):
        yield among(_CUSTOMER, part), among(_DATED, dict.fromkeys(dates))
    # A void has the date beside its fields.
    dates = [m.fields.get(_DATED) or m.extra["date"] for m in creates if m.forgotten]
    for part in chunks(dates):
        yield (among(_DATED, part),)


def _is_among(member: FrozenMember, there: Sequence[There]) -> bool:
    return any(whose(one.note, member.record_id, member.generation) == "ours" for one in there)


def read_remote(
    members: Sequence[tuple[ReadRemote, RemoteRef]],
    context: Context,
    kinds: Mapping[Entity, Kind],
) -> Exchange[list[Sighting]]:
    """How each record is there now."""
    realm = context.organisation.id
    known: dict[Entity, ById] = {}
    for entity in kinds:
        ids = [remote.id for command, remote in members if command.entity == entity]
        known[entity] = yield from by_ids(realm, kinds[entity], ids)
    return [_remote_sighting(command, remote, known, context) for command, remote in members]


def prepare(
    members: Sequence[Member], context: Context, kinds: Mapping[Entity, Kind]
) -> Exchange[list[Prepared]]:
    """Versions that a command didn't carry, and who has the numbers that invoices are to get."""
    realm = context.organisation.id
    known: dict[Entity, ById] = {}
    for entity, kind in kinds.items():
        ids = [
            m.remote.id
            for m in members
            if m.command.entity == entity and m.remote is not None and m.remote.version is None
        ]
        known[entity] = yield from by_ids(realm, kind, ids)
    merged = yield from merging.survivors(members, known["customer"], realm, kinds["invoice"])
    left = yield from merging.left_behind(members, known["invoice"], realm, kinds["customer"])
    numbers = [
        number_of(m.command)
        for m in members
        if isinstance(m.command, SyncInvoice) and _gets_a_number(m, m.command)
    ]
    holders = yield from by_keys(realm, kinds["invoice"], numbers)
    free = yield from _free_numbers(members, holders, context, kinds["invoice"])
    return [
        merging.instead(member, merged, left)
        or _prepared(member, known[member.command.entity], holders, free, kinds, context)
        for member in members
    ]


def _free_numbers(
    members: Sequence[Member], holders: list[There] | NotRead, context: Context, kind: Kind
) -> Exchange[Mapping[str, str]]:
    """For each number that somebody else's invoice has, one that is free there, as far as known."""
    instead = {
        number_of(member.command): other_numbers(number_of(member.command), NUMBER_LIMIT)
        for member in members
        if isinstance(member.command, SyncInvoice)
        and _in_the_way(member, member.command, holders) is not None
    }
    if not instead:
        return {}
    asked = [number for numbers in instead.values() for number in numbers]
    found = yield from by_keys(context.organisation.id, kind, asked)
    taken = None if isinstance(found, NotRead) else {there.number or "" for there in found}
    free = {number: first_free(numbers, taken) for number, numbers in instead.items()}
    return {number: one for number, one in free.items() if one is not None}


def _prepared(
    member: Member,
    known: ById,
    holders: list[There] | NotRead,
    free: Mapping[str, str],
    kinds: Mapping[Entity, Kind],
    context: Context,
) -> Prepared:
    remote = member.remote
    if remote is not None:
        versioned: Prepared = Ready(member)
        if remote.version is None:
            versioned = _versioned(member, remote, known, kinds, context)
        if isinstance(versioned, Ready) and isinstance(member.command, SyncInvoice):
            return _renumbered(member, member.command, holders, free) or versioned
        return versioned
    if isinstance(member.command, SyncInvoice):
        return _numbered(member, member.command, holders, free)
    return Ready(member)


def _versioned(
    member: Member,
    remote: RemoteRef,
    known: ById,
    kinds: Mapping[Entity, Kind],
    context: Context,
) -> Prepared:
    record = member.command.record_id
    there = known.there.get(remote.id)
    removed: Removed | None = "deleted" if remote.id in known.gone else None
    if there is not None:
        removed = there.removed
    if removed is not None:
        cause = gone_cause(member.command, removed)
        return NotReady(record, RemovedThere(removed, cause))
    if there is None:
        return not_known(member.command, known.why)
    edited = _edited_there(member, there)
    asks = edited or altered_since_linked(member, there.content, there.version, there.held)
    question = _both_changed(member, there, edited, kinds, context) if asks else None
    if question is not None:
        return NotReady(record, question)
    return Ready(member.at(there.ref()))


def _edited_there(member: Member, there: There) -> tuple[str, ...]:
    """What somebody changed there since we last wrote it; nothing if we never did.

    A payment moves the version too, a record made inactive is made active again, and a merge moves
    an invoice to the customer that we would put it on now: none is a change of what we wrote. A
    void needs none of it to be as it was.
    """
    if member.last is None or member.intent == "void":
        return ()
    command = member.command
    moved = isinstance(command, SyncInvoice) and (
        there.fields.get("CustomerRef") == command.customer_remote_id
    )
    ours = {"Active", "CustomerRef"} if moved else {"Active"}
    return tuple(name for name in differing(member.last, there.fields) if name not in ours)


def _both_changed(
    member: Member,
    there: There,
    edited: tuple[str, ...],
    kinds: Mapping[Entity, Kind],
    context: Context,
) -> Refused | None:
    ours = frozen(member, context, kinds)
    return both_changed(member, ours, edited, there.fields, in_words, seen=there.version)


def _numbered(
    member: Member,
    command: SyncInvoice,
    holders: list[There] | NotRead,
    free: Mapping[str, str],
) -> Prepared:
    """Whether an invoice may be created under its number.

    One with our own mark was sent by an earlier request after all: it is updated, not doubled. One
    of an earlier generation of the same record is what this one replaces.
    """
    if isinstance(holders, NotRead):
        return not_known(member.command, holders)
    key = normal(number_of(command))
    same = [there for there in holders if there.key == key]
    for there in same:
        if whose(there.note, command.record_id, command.generation) == "ours":
            if there.removed is None:
                return Ready(member.at(there.ref()))
            cause = gone_cause(command, there.removed)
            removed = RemovedThere(there.removed, cause)
            return NotReady(command.record_id, removed, found=there.ref())
    holder = _holder_of(command, holders)
    if holder is None:
        return Ready(member)
    return _taken(member, command, holder, free)


def _renumbered(
    member: Member,
    command: SyncInvoice,
    holders: list[There] | NotRead,
    free: Mapping[str, str],
) -> NotReady | None:
    """Why an invoice that is there can't get its new number, if a stranger has that.

    One of our own has it only until it moves, too: where two swap, neither waits for the other.
    """
    if not _gets_a_number(member, command):
        return None
    if isinstance(holders, NotRead):
        return not_known(command, holders)
    holder = _in_the_way(member, command, holders)
    return None if holder is None else _taken(member, command, holder, free)


def _gets_a_number(member: Member, command: SyncInvoice) -> bool:
    """Whether it is created under it, or is known to have another one there."""
    if member.remote is None:
        return True
    last = member.last
    before = member.remote.number if last is None else last.extra.get("number")
    return before is not None and normal(before) != normal(number_of(command))


def _in_the_way(
    member: Member, command: SyncInvoice, holders: list[There] | NotRead
) -> There | None:
    """Whose invoice has the number that this one is to get."""
    holder = _holder_of(command, holders)
    if member.remote is None or holder is None or isinstance(holders, NotRead):
        return holder
    if not _gets_a_number(member, command):
        return None
    key, itself = normal(number_of(command)), member.remote.id
    others = (there for there in holders if there.key == key and there.id != itself)
    return next(
        (there for there in others if there.removed is None and not marks_in(there.note)), None
    )


def _taken(
    member: Member, command: SyncInvoice, holder: There, free: Mapping[str, str]
) -> NotReady:
    found = Holder(
        remote=holder.id,
        customer=holder.fields.get("CustomerRef"),
        dated=holder.fields.get("TxnDate"),
        total=holder.total,
        currency=holder.currency,
        params=holder.params,
        held=holder.held or mark_of_content(holder.content),
    )
    linked = member.remote is not None
    taken = number_taken(command, found, free.get(number_of(command)), linked=linked)
    return NotReady(command.record_id, taken)


def _holder_of(command: SyncInvoice, holders: list[There] | NotRead) -> There | None:
    """Somebody else's invoice that has this one's number, if any."""
    if isinstance(holders, NotRead):
        return None
    key = normal(number_of(command))
    return next(
        (
            there
            for there in holders
            if there.key == key
            and there.removed is None
            and not of_record(there.note, command.record_id)
        ),
        None,
    )


def _create_sighting(
    member: FrozenMember, found: list[There] | NotRead, hidden: list[There] | NotRead
) -> Sighting:
    if isinstance(found, NotRead):
        return Unreadable(found.details)
    same = [there for there in found if there.key == member.natural_key]
    if isinstance(hidden, NotRead):
        if not _is_among(member, same):
            return Unreadable(hidden.details)
        hidden = []
    same += [there for there in hidden if there not in same and _is_among(member, [there])]
    return Seen(
        tuple(
            Candidate(
                remote=there.ref(member.extra.get("url", "")),
                mark=whose(there.note, member.record_id, member.generation),
                differing=differing(member, there.fields),
                created_at=there.created_at,
                removed=there.removed or ("deleted" if there.inactive else None),
                totals=there.totals(member.extra.get("currency")),
                notes=_notes(member),
                params=there.params,
            )
            for there in same
        )
    )


def _update_sighting(member: FrozenMember, remote: RemoteRef, known: ById) -> Sighting:
    """An inactive customer or item counts as differing, not as removed: our update makes it active
    again, so it wasn't executed or has been undone, and goes again."""
    if remote.id in known.gone:
        return Seen((Candidate(remote=remote, mark="none", removed="deleted"),))
    there = known.there.get(remote.id)
    if there is None:
        return Unreadable(known.why.details)
    return Seen(
        (
            Candidate(
                remote=there.ref(member.extra.get("url", "")),
                mark=whose(there.note, member.record_id, member.generation),
                differing=differing(member, there.fields),
                created_at=there.created_at,
                removed=there.removed,
                moved_on=_later(there.version, remote.version),
                totals=there.totals(member.extra.get("currency")),
                notes=_notes(member),
                params=there.params,
            ),
        )
    )


def _remote_sighting(
    command: ReadRemote, remote: RemoteRef, known: Mapping[Entity, ById], context: Context
) -> Sighting:
    by_id = known[command.entity]
    if remote.id in by_id.gone:
        return Seen((Candidate(remote=remote, mark="none", removed="deleted"),))
    there = by_id.there.get(remote.id)
    if there is None:
        return Unreadable(by_id.why.details)
    page = invoice_page(context.environment, context.base_urls)
    url = page if command.entity == "invoice" else ""
    return Seen(
        (
            Candidate(
                remote=there.ref(url),
                mark=whose(there.note, command.record_id, command.generation),
                created_at=there.created_at,
                removed=there.removed or ("deleted" if there.inactive else None),
                moved_on=_later(there.version, remote.version),
                totals=there.totals(context.facts.home_currency),
                params=there.params,
            ),
        )
    )


def _later(there: str | None, sent: str | None) -> bool:
    """Whether a SyncToken is a later one: they are counters, as text."""
    counters = [_COUNTER.fullmatch(token or "") for token in (there, sent)]
    read = [int(found[0]) for found in counters if found is not None]
    return len(read) == len(counters) and read[0] > read[1]


def _notes(member: FrozenMember) -> tuple[str, ...]:
    note = member.extra.get("notes")
    return (note,) if note else ()
