"""Finding records there: by name or number, by id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector_kit.answers import NoAnswer, Refused
from connector_kit.exchange import Exchange, Response
from connector_kit.naming import name_of
from connector_kit.provider import NotReady, WriteCommand
from contracts.causes import cause_of, record_name
from contracts.ids import RemoteId
from contracts.sync import ProviderDetails

from connector_qbo.bodies import NotRead, read_fault
from connector_qbo.errors import Plain, classify
from connector_qbo.operations.kinds import Kind, There
from connector_qbo.operations.statements import among, answered, chunks, get, rows


@dataclass(frozen=True)
class ById:
    """What was found: rows, and ids whose address says that they are gone. The rest is unknown,
    and `why` says why."""

    there: Mapping[str, There] = field(default_factory=dict[str, There])
    gone: frozenset[str] = frozenset()
    why: NotRead = field(default=NotRead(refused=False, details=ProviderDetails()))


def by_keys(realm: str, kind: Kind, keys: Sequence[str]) -> Exchange[list[There] | NotRead]:
    """All records under these names or numbers, or why that couldn't be read."""
    found: list[There] = []
    for part in chunks(keys):
        pages = yield from rows(realm, kind.table, among(kind.key_field, part), *kind.conditions)
        if isinstance(pages, NotRead):
            return pages
        found.extend(there for page in pages for there in kind.list(page))
    return found


def by_ids(realm: str, kind: Kind, ids: Sequence[RemoteId]) -> Exchange[ById]:
    """The records with these ids. Those a query leaves out are asked for one by one."""
    there: dict[str, There] = {}
    gone: set[str] = set()
    for part in chunks(ids):
        pages = yield from rows(realm, kind.table, among("Id", part), *kind.conditions)
        if isinstance(pages, NotRead):
            return ById(there, frozenset(gone), why=pages)
        there.update((found.id, found) for page in pages for found in kind.list(page))
        for missing in [remote for remote in part if remote not in there]:
            response = yield get(realm, f"{kind.path}/{missing}")
            one = _read_one(kind, response)
            if isinstance(one, There):
                there[missing] = one
            elif one == "gone":
                gone.add(missing)
    return ById(there, frozenset(gone))


def _read_one(kind: Kind, response: Response) -> There | str | None:
    answer = answered(response)
    if not isinstance(answer, NotRead):
        return kind.read(answer)
    fault = read_fault(response.body)
    if fault is None:
        return None
    # A read has no references: what isn't found is the record itself.
    verdict = classify(fault, entity=kind.entity, intent="void")
    return "gone" if verdict.meaning is Plain.REMOVED else None


def not_known(command: WriteCommand, why: NotRead) -> NotReady:
    """What must be known first isn't: our mistake if the question was refused, else once more."""
    if not why.refused:
        return NotReady(command.record_id, NoAnswer(why.details))
    record = record_name(command.entity, name_of(command))
    cause = cause_of("our_mistake", details=why.details, record=record)
    return NotReady(command.record_id, Refused(cause))
