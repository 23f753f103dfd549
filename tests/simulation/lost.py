"""What a restored database has forgotten, and what the checker therefore allows, and nothing more.

After a restore nothing older than the backup stands twice, no number is given a second time, and
whoever heard what was told before the restore sees at rest what everybody else sees.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from contracts.ids import CompanyId, Provider, RecordId
from contracts.invoicing import InvoiceSnapshot, ItemSnapshot
from contracts.sync import SyncDelayed, SyncFailed, SyncState, SyncStateChanged, SyncSucceeded
from invoice_api.sync_status.fold import Folded, fold, said
from messaging.recovering import AHEAD
from sync_orchestrator.domain.records import entity_of
from sync_orchestrator.handlers.refusals import Refusal

from simulation.office import Badge, Snapshot, subject_of

if TYPE_CHECKING:
    from simulation.company import Company
    from simulation.there import There

Heard = SyncStateChanged | SyncSucceeded | SyncFailed | SyncDelayed
_MARKED: frozenset[Provider] = frozenset({"qbo", "xero"})
"""Where invoices bear a mark of ours."""
_PRESSED = 3
"""One press of Sync says what is gone there, one of Create again makes it, one to be sure."""


@dataclass
class Lost:
    """What was between the backup and the restore."""

    backed_up: datetime
    sent: frozenset[UUID]
    """Invoices that were linked since the backup and weren't by it, whenever they were made."""
    records: frozenset[UUID]
    """Made since the backup: they stand in the books there and not here."""
    edited: frozenset[UUID]
    """Older, and edited since, or made again there: the next Sync writes what is here now."""
    renamed: frozenset[UUID]
    """Older customers with another name since: one that was first sent by it isn't found by the
    name it has here, and may stand there twice."""
    voided: frozenset[UUID]
    """Older invoices that were voided since: they may be void there and not here."""
    connected: frozenset[tuple[CompanyId, str]]
    """Companies, and organisations that they had been connected to by then."""
    numbers: Mapping[CompanyId, range]
    """Those that each company gave since the backup."""
    heard: Mapping[CompanyId, tuple[Heard, ...]]
    """What was told until the restore: somebody's browser may still know it."""
    pressed: dict[CompanyId, int] = field(default_factory=dict[CompanyId, int])
    """How often a company's people looked after what is `edited`."""

    # --- what people do about it

    async def look_after(self, company: "Company") -> None:
        """They press Sync on what was edited since the backup, or Create again where it is gone."""
        ring = company.ring
        states = await ring.sights.states("invoice", company.connection)
        for one in await company.office.snapshots():
            if not isinstance(one, InvoiceSnapshot):
                await self._answer_name(company, one)
            if await self._keep_ours(company, one) or one.id not in self.edited:
                continue
            gone = states.get(RecordId(one.id)) == SyncState.REMOVED_THERE.value
            action = "create_again" if gone else "sync"
            ring.scheduler.story.append(f"click {action} on {str(one.id)[-4:]} after the restore")
            try:
                await company.click(action, one, {})
            except Refusal as refusal:
                ring.scheduler.story.append(f"  refused: {refusal}")
        self.pressed[company.id] = self.pressed.get(company.id, 0) + 1
        company.unattended = self.pressed[company.id] < _PRESSED

    async def _keep_ours(self, company: "Company", one: Snapshot) -> bool:
        """What was edited there since, as nobody here remembers, and here again: ours stays."""
        state = company.office.badge(company.connection, entity_of(one), one.id)
        if state is None or state.cause is None or state.cause.code != "changed_on_both_sides":
            return False
        company.ring.scheduler.story.append(f"click keep_ours on {str(one.id)[-4:]}")
        try:
            await company.click("keep_ours", one, {})
        except Refusal as refusal:
            company.ring.scheduler.story.append(f"  refused: {refusal}")
        return True

    async def _answer_name(self, company: "Company", one: Snapshot) -> None:
        """A person says that who has its name there is the same: an item, which has no mark of
        ours, and a customer that was made a second time, as it had another name then."""
        entity = "item" if isinstance(one, ItemSnapshot) else "customer"
        state = company.office.badge(company.connection, entity, one.id)
        if state is None or state.cause is None or state.cause.code != f"{entity}_name_taken":
            return
        params = state.cause.params
        there = params.get("holder_remote_id") or params.get("remote_id")
        if there is None:
            # Known once the customers there are listed anew, and it is tried again.
            await company.list_customers()
            await company.click("retry", one, {})
            return
        company.ring.scheduler.story.append(f"click link on {str(one.id)[-4:]}")
        try:
            await company.click("link", one, {"remote_id": there})
        except Refusal as refusal:
            company.ring.scheduler.story.append(f"  refused: {refusal}")
        else:
            if not isinstance(one, ItemSnapshot):
                company.told_apart[one.id] = company.told_apart.get(one.id, 0) + 1

    # --- what the checker makes of it

    def is_not_known_again(self, snapshot: Snapshot, provider: Provider) -> bool:
        """Whether what went since the backup may be another by now, so that it isn't found.

        A customer is looked for by its name of now. So is an invoice by its number, and where it
        bears no mark of ours it must be equal, too.
        """
        after = snapshot.version >= AHEAD
        if isinstance(snapshot, InvoiceSnapshot):
            return provider not in _MARKED and (after or snapshot.id in self.edited)
        return after or snapshot.id in self.renamed

    def explains(self, ours: str, owner: "Company | None", there: "There") -> bool:
        """Whether a document there with our mark may be of the time that is forgotten."""
        if owner is None:
            return UUID(ours) in self.records
        return (owner.id, there.id) in self.connected

    def count_voids(self, organisations: Iterable["There"]) -> None:
        """What was voided there by us, of which nothing is known here, counts as removed there."""
        for there in organisations:
            for ours, records in there.marked("invoice").items():
                if UUID(ours) in self.voided:
                    there.removed |= {record.id for record in records if not record.live}

    def problems(self, company: "Company", saved: Iterable[Snapshot]) -> list[str]:
        """Beside what must hold in every story."""
        again = [
            f"number {one.number} was given before the restore"
            for one in saved
            if isinstance(one, InvoiceSnapshot) and int(one.number) in self.numbers[company.id]
        ]
        return again + self._browser(company)

    def _browser(self, company: "Company") -> list[str]:
        """Who heard all there ever was sees what invoice-api says."""
        office, wrong = company.office, list[str]()
        before: dict[Badge, Folded] = {}
        for message in self.heard[company.id]:
            key = subject_of(message)
            known = before.get(key)
            before[key] = said(message) if known is None else fold(known, said(message))
        for key, badge in office.badges.items():
            if key in before:
                shown = fold(before[key], badge).shown()
                if (shown.state, shown.remote) != (badge.shown().state, badge.shown().remote):
                    wrong.append(
                        f"a browser of before the restore shows {shown.state} of"
                        f" {str(key[2])[-4:]}, invoice-api {badge.shown().state}"
                    )
        return wrong
