"""A whole group of problems at once: fixed, tried again, ignored, or ignored no longer.

Each is a run, whose first batch goes in the transaction of the click; so a group that is fixed
shows how far it is until its last record is final, and who did it is kept with every record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from contracts.causes import CAUSES, SHOWN_AS_PROBLEMS
from contracts.commands import Origin
from contracts.ids import CompanyId, Entity, Provider, RecordId
from contracts.sync import CauseInstance, RunProgress
from messaging.database import Tx

from sync_orchestrator.handlers import running
from sync_orchestrator.handlers.actions import ACTIONS
from sync_orchestrator.handlers.group_actions import VERBS
from sync_orchestrator.handlers.group_fixes import GROUP_FIXES
from sync_orchestrator.handlers.places import current_of, read_current
from sync_orchestrator.handlers.refusals import (
    FieldProblem,
    because_of,
    invalid,
    not_found,
)
from sync_orchestrator.handlers.work import Tools, begin
from sync_orchestrator.store import groups_store, records_store, runs_store
from sync_orchestrator.store.groups_store import Stopped
from sync_orchestrator.store.runs_store import Run

Verb = Literal["fix", "retry", "ignore", "unignore"]
Fields = Mapping[str, object]

SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWish:
    """Who asks what of which group; `records` where it is for some of it only.

    `mended` are records whose fix was made elsewhere and that were asked for already: the run is
    that fix's, and only follows them to their end.
    """

    company: CompanyId
    provider: Provider
    group: str
    verb: Verb
    action: str | None = None
    fields: Fields
    records: Sequence[UUID] | None = None
    mended: Sequence[tuple[Entity, RecordId]] = ()
    user: UUID | None = None
    user_name: str | None = None

    @property
    def origin(self) -> Origin:
        return Origin(by="person", name=self.user_name, user_id=self.user)


async def act(tx: Tx, tools: Tools, wish: GroupWish) -> RunProgress:
    """Do it; the run as it stands after its first batch.

    Raises:
        Refusal: 404 no such group (any more); 409 never connected or disconnected; 422 a field, or
            an action that is no fix of this problem.
    """
    work = await begin(tx, [wish.company], tools)
    connection = current_of(work, wish.company, wish.provider)
    if connection.status == "closed" and connection.cause is not None and wish.verb != "ignore":
        raise because_of(connection.cause, wish.provider)
    cause = await groups_store.cause_of_group(tx, connection.id, wish.group)
    action = _action(wish, cause)
    once = GROUP_FIXES.get(action)
    run = Run(
        id=tools.ids.new(),
        company_id=wish.company,
        connection_id=connection.id,
        provider=wish.provider,
        kind="fix" if wish.mended else wish.verb,
        about=wish.group,
        kinds=(),
        action=None if once is not None else {"action": action, "fields": dict(wish.fields)},
        started_by=wish.origin,
        started_at=work.books.now,
        not_included={},
    )
    await runs_store.start(tx, run)
    if wish.mended:
        taken = await _follow(tx, run, wish)
    elif wish.verb == "unignore":
        taken = await groups_store.take_ignored(tx, run, wish.group, wish.records)
    else:
        taken = await groups_store.take(tx, run, wish.group, SHOWN_AS_PROBLEMS, wish.records)
    if taken == 0:
        raise not_found("problem")
    if once is not None:
        assert cause is not None, "an action of a group was checked against its cause"
        await once(work, connection, cause, wish.fields, wish.user, wish.records)
        await work.save()
    await running.begin_at_once(tx, tools, run)
    return await running.show(tx, wish.company, run.id)


async def _follow(tx: Tx, run: Run, wish: GroupWish) -> int:
    """Put the mended records of the company into the run; how many."""
    known = await records_store.load(tx, wish.mended)
    own: list[tuple[Entity, RecordId]] = [
        (one.entity, one.id) for one in known if one.company_id == wish.company
    ]
    await runs_store.add(tx, run.id, own, run.started_at)
    return len(own)


async def stopped_by_group(
    tx: Tx, company: CompanyId, provider: Provider, group: str, records: Sequence[UUID] | None
) -> tuple[int, Stopped]:
    """How many records ignoring the group would ignore, and the invoices that it would stop.

    Raises:
        Refusal: 409 never connected.
    """
    connection = await read_current(tx, company, provider)
    ignored = await groups_store.members(tx, connection.id, group, SHOWN_AS_PROBLEMS, records)
    needed = [record for entity, record in ignored if entity != "invoice"]
    stops = await groups_store.stopped_by(tx, company, connection.id, needed, SHOWN)
    return len(ignored), stops


def _action(wish: GroupWish, cause: CauseInstance | None) -> str:
    if wish.verb != "fix":
        return VERBS[wish.verb]
    action = wish.action
    if not action:
        raise invalid(FieldProblem("action", "is required: the fix to make"))
    if cause is None:
        raise not_found("problem")
    offered = CAUSES[cause.code].fixes if cause.code in CAUSES else ()
    if all(fix.action != action for fix in offered):
        raise invalid(FieldProblem("action", "isn't a fix of this problem"))
    if action not in ACTIONS:
        raise invalid(FieldProblem("action", "is made on each record, not on the group"))
    return action
