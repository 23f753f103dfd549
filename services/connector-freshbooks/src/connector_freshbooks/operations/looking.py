"""Looking: what is there now, by natural key or mark or by id. A look-up that fails says nothing.

Updates carry no version that FreshBooks would compare, so a later version there never proves that
ours wasn't executed: an unanswered update is judged by its fields once it can't come any more.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from connector_kit.answers import Candidate, Removed, Seen, Sighting, Unreadable
from connector_kit.conflicts import differing
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember
from contracts.commands import ReadRemote, RemoteRef
from contracts.ids import Entity, RemoteId
from contracts.sync import Totals

from connector_freshbooks.bodies import NotRead
from connector_freshbooks.errors import details_of
from connector_freshbooks.operations.kinds import Kind, There
from connector_freshbooks.operations.marks import whose
from connector_freshbooks.operations.reading import notes_of
from connector_freshbooks.operations.reads import answered, everything, get, page_of
from connector_freshbooks.provider import PER_PAGE

Found: TypeAlias = There | NotRead


def look_up(
    members: Sequence[FrozenMember], context: Context, kinds: Mapping[Entity, Kind]
) -> Exchange[list[Sighting]]:
    """One sighting per member: creates by their number, name or mark, the others by their id."""
    kind = kinds[members[0].entity]
    seen: list[Sighting] = []
    for member in members:
        if member.remote is None:
            seen.append((yield from _create(member, kind, context)))
        else:
            found = yield from by_id(kind, context, member.remote.id)
            seen.append(_update_sighting(member, member.remote, found))
    return seen


def read_remote(
    members: Sequence[tuple[ReadRemote, RemoteRef]],
    context: Context,
    kinds: Mapping[Entity, Kind],
) -> Exchange[list[Sighting]]:
    """How each record is there now: invoices by lists, what those leave out one by one."""
    invoices = [remote.id for command, remote in members if command.entity == "invoice"]
    listed = yield from _listed(kinds["invoice"], context, invoices)
    seen: list[Sighting] = []
    for command, remote in members:
        found: Found | None = listed.get(remote.id) if command.entity == "invoice" else None
        if found is None:
            found = yield from by_id(kinds[command.entity], context, remote.id)
        seen.append(_remote_sighting(command, remote, found))
    return seen


def _listed(
    kind: Kind, context: Context, ids: Sequence[RemoteId]
) -> Exchange[Mapping[RemoteId, There]]:
    """Those of these invoices that lists show, whole. Deleted ones stand in none.

    A list whose filter isn't heeded holds others too: then no more of them are asked for.
    """
    path = f"/accounting/account/{context.organisation.id}/{kind.path}"
    found: dict[RemoteId, There] = {}
    wanted = list(dict.fromkeys(ids))
    for at in range(0, len(wanted), PER_PAGE):
        part = wanted[at : at + PER_PAGE]
        if len(part) == 1:
            break
        asked = tuple(("search[invoiceids][]", each) for each in part)
        page = yield from page_of(path, 1, *kind.query, *asked)
        if isinstance(page, NotRead):
            break
        rows = kind.list(page)
        ours = set(part)
        found |= {there.id: there for there in rows if there.id in ours and _is_whole(there)}
        if any(there.id not in ours for there in rows):
            break
    return found


def _is_whole(there: There) -> bool:
    """Whether its lines are said, too."""
    return "lines" in there.fields


def by_id(kind: Kind, context: Context, remote: RemoteId) -> Exchange[Found]:
    """The record with this id, deleted or not; or why it couldn't be read."""
    path = f"/accounting/account/{context.organisation.id}/{kind.path}/{remote}"
    response = yield get(path, *kind.query)
    result = answered(response)
    if isinstance(result, NotRead):
        return result
    there = kind.read(result)
    if there is None or there.id != remote:
        return NotRead(refused=False, details=details_of(response, None))
    return there


def by_search(
    kind: Kind, context: Context, search: tuple[tuple[str, str], ...]
) -> Exchange[list[There] | NotRead]:
    """The records that a search leaves, or all: who asks compares."""
    path = f"/accounting/account/{context.organisation.id}/{kind.path}"
    pages = yield from everything(path, *kind.query, *search)
    if isinstance(pages, NotRead):
        return pages
    # Pages shift while others write: a record can stand on two of them.
    return list({there.id: there for page in pages for there in kind.list(page)}.values())


def _create(member: FrozenMember, kind: Kind, context: Context) -> Exchange[Sighting]:
    found = yield from by_search(kind, context, kind.search(member))
    if isinstance(found, NotRead):
        return Unreadable(found.details)
    return Seen(tuple(_candidate(member, there) for there in found if _could_be(member, there)))


def _could_be(member: FrozenMember, there: There) -> bool:
    if there.whose(member) == "ours":
        return True
    return member.entity != "customer" and there.key == member.natural_key


def _candidate(member: FrozenMember, there: There) -> Candidate:
    """A deleted one counts as removed, except where deleting it is what we asked for."""
    removed: Removed | None = "deleted" if there.deleted else None
    if removed and member.intent == "void":
        removed = "voided"
    totals = there.totals(member.extra.get("currency"))
    differs = differing(member, there.fields)
    if member.intent == "void" and member.remote is None and not _comes_to(member, totals):
        differs = (*differs, "amount")
    return Candidate(
        remote=there.ref(),
        mark=there.whose(member) if member.mark is not None else "none",
        differing=differs,
        created_at=there.created_at,
        removed=removed,
        totals=totals,
        notes=notes_of(member),
        params=there.params,
    )


def _comes_to(member: FrozenMember, totals: Totals | None) -> bool:
    """Whether it comes to what the invoice does here: a void doesn't know its lines."""
    return totals is not None and totals.total == Decimal(member.extra["amount"])


def _update_sighting(member: FrozenMember, remote: RemoteRef, found: Found) -> Sighting:
    """A deleted customer or item counts as differing, not as removed: it is restored and goes
    again."""
    if isinstance(found, NotRead):
        return _gone(remote) if found.gone else Unreadable(found.details)
    candidate = _candidate(member, found)
    if found.deleted and member.entity != "invoice":
        differs = (*candidate.differing, "vis_state")
        candidate = Candidate(remote=candidate.remote, mark=candidate.mark, differing=differs)
    return Seen((candidate,))


def _remote_sighting(command: ReadRemote, remote: RemoteRef, found: Found) -> Sighting:
    if isinstance(found, NotRead):
        return _gone(remote) if found.gone else Unreadable(found.details)
    return Seen(
        (
            Candidate(
                remote=found.ref(),
                mark=whose(found.marked, command.record_id, command.generation),
                created_at=found.created_at,
                removed="deleted" if found.deleted else None,
                moved_on=None not in (found.version, remote.version)
                and found.version != remote.version,
                totals=found.totals(None),
                params=found.params,
            ),
        )
    )


def _gone(remote: RemoteRef) -> Seen:
    return Seen((Candidate(remote=remote, mark="none", removed="deleted"),))
