"""Looking: what is there now, by mark, number or code, or by id.

A look-up that fails says nothing, least of all that something is gone. That a record is gone is
said by its status, or by a 404 at its own address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector_kit.answers import Candidate, Seen, Sighting, Unreadable
from connector_kit.conflicts import differing
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember
from contracts.commands import ReadRemote, RemoteRef
from contracts.ids import Entity, RemoteId
from contracts.sync import ProviderDetails

from connector_xero.bodies import NotRead
from connector_xero.operations.kinds import Kind, There
from connector_xero.operations.marks import whose
from connector_xero.operations.queries import answered, get, one
from connector_xero.provider import invoice_page


@dataclass(frozen=True)
class ById:
    """What was found: rows, and ids whose address says that they are gone. The rest is unknown,
    and `why` says why."""

    there: Mapping[str, There] = field(default_factory=dict[str, There])
    gone: frozenset[str] = frozenset()
    why: NotRead = field(default=NotRead(refused=False, details=ProviderDetails()))


def look_up(
    members: Sequence[FrozenMember], context: Context, kinds: Mapping[Entity, Kind]
) -> Exchange[list[Sighting]]:
    """One sighting per member: creates by their mark or key, the others by their id."""
    kind = kinds[members[0].entity]
    organisation = context.organisation.id
    keys = [kind.look_up_key(m) for m in members if m.remote is None]
    found = yield from kind.by_look_up_keys(organisation, keys)
    hidden = yield from _under_other_keys(organisation, kind, members, found)
    ids = [m.remote.id for m in members if m.remote is not None]
    known = yield from by_ids(organisation, kind, ids)
    return [
        _created(member, kind, found, hidden)
        if member.remote is None
        else _updated(member, member.remote, known)
        for member in members
    ]


def read_remote(
    members: Sequence[tuple[ReadRemote, RemoteRef]],
    context: Context,
    kinds: Mapping[Entity, Kind],
) -> Exchange[list[Sighting]]:
    """How each record is there now."""
    known: dict[Entity, ById] = {}
    for entity, kind in kinds.items():
        ids = [remote.id for command, remote in members if command.entity == entity]
        known[entity] = yield from by_ids(context.organisation.id, kind, ids)
    return [_remote(command, remote, known, context) for command, remote in members]


def by_ids(organisation: RemoteId, kind: Kind, ids: Sequence[RemoteId]) -> Exchange[ById]:
    """The records with these ids. Those a list leaves out are asked for one by one."""
    listed = yield from kind.by_ids(organisation, ids)
    if isinstance(listed, NotRead):
        return ById(why=listed)
    there: dict[str, There] = {found.id: found for found in listed}
    gone: set[str] = set()
    why = ById().why
    for missing in dict.fromkeys(each for each in ids if each not in there):
        response = yield get(organisation, one(kind.path, missing))
        if response.status == 404:
            gone.add(missing)
            continue
        answer = answered(response)
        if isinstance(answer, NotRead):
            why = answer
            continue
        found = [kind.there(each) for each in kind.elements(answer)]
        there.update((each.id, each) for each in found if each is not None)
    return ById(there, frozenset(gone), why)


def _under_other_keys(
    organisation: RemoteId,
    kind: Kind,
    members: Sequence[FrozenMember],
    found: list[There] | NotRead,
) -> Exchange[list[There] | NotRead]:
    """Where a create isn't under its own key: what else may bear its mark."""
    if isinstance(found, NotRead):
        return []
    unseen = [m for m in members if m.remote is None and not any(_is_ours(m, x) for x in found)]
    return (yield from kind.hidden(organisation, unseen)) if unseen else []


def _is_ours(member: FrozenMember, there: There) -> bool:
    return whose(there.marked, member.record_id, member.generation) == "ours"


def _created(
    member: FrozenMember,
    kind: Kind,
    found: list[There] | NotRead,
    hidden: list[There] | NotRead,
) -> Sighting:
    if isinstance(found, NotRead):
        return Unreadable(found.details)
    same = {there.id: there for there in found if kind.found(member, there)}
    if not any(_is_ours(member, there) for there in same.values()):
        if isinstance(hidden, NotRead):
            return Unreadable(hidden.details)
        same |= {there.id: there for there in hidden if _is_ours(member, there)}
    return Seen(tuple(_candidate(member, there) for there in same.values()))


def _updated(member: FrozenMember, remote: RemoteRef, known: ById) -> Sighting:
    if remote.id in known.gone:
        return Seen((Candidate(remote=remote, mark="none", removed="deleted"),))
    there = known.there.get(remote.id)
    if there is None:
        return Unreadable(known.why.details)
    return Seen((_candidate(member, there, remote.version),))


def _candidate(member: FrozenMember, there: There, sent: str | None = None) -> Candidate:
    note = member.extra.get("notes")
    return Candidate(
        remote=there.ref(member.extra.get("url", "")),
        mark=whose(there.marked, member.record_id, member.generation),
        differing=differing(member, there.fields),
        created_at=there.created_at,
        removed=there.removed,
        moved_on=_later(there.version, sent),
        totals=there.totals(member.extra.get("currency")),
        notes=(note,) if note else (),
        params=there.params,
    )


def _remote(
    command: ReadRemote, remote: RemoteRef, known: Mapping[Entity, ById], context: Context
) -> Sighting:
    by_id = known[command.entity]
    if remote.id in by_id.gone:
        return Seen((Candidate(remote=remote, mark="none", removed="deleted"),))
    there = by_id.there.get(remote.id)
    if there is None:
        return Unreadable(by_id.why.details)
    page = invoice_page(context.environment, context.base_urls)
    return Seen(
        (
            Candidate(
                remote=there.ref(page if command.entity == "invoice" else ""),
                mark=whose(there.marked, command.record_id, command.generation),
                created_at=there.created_at,
                removed=there.removed,
                moved_on=_later(there.version, remote.version),
                totals=there.totals(context.facts.home_currency),
                params=there.params,
            ),
        )
    )


def _later(there: str | None, sent: str | None) -> bool:
    """Whether a version is a later one: moments in one form, so text compares as time does."""
    return there is not None and sent is not None and there > sent
