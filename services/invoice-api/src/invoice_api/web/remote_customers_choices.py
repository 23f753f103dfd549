"""The review's form: what was chosen on it since it was shown. Pure.

A page says what it was shown with: only what differs is a choice, so that two people at it don't
undo each other, and a customer nobody touched stays as the review proposes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.ids import Provider
from contracts.invoicing import CustomerKind

from invoice_api.customer_imports.schemas import SelectionTold
from invoice_api.web.remote_customers_views import (
    Becoming,
    KeptRow,
    ReviewRow,
    SelectionView,
    ThereTold,
)
from invoice_api.web.sessions import Typed

KINDS: dict[str, CustomerKind] = {"business": "business", "homeowner": "homeowner"}
NEW = "new"


@dataclass(frozen=True)
class Change:
    """What was chosen for one customer; None where nothing was. `link` is as its list has it."""

    remote_id: str
    kind: CustomerKind | None = None
    link: str | None = None
    picked: bool | None = None

    def body(self) -> dict[str, object]:
        said: dict[str, object] = {"remote_id": self.remote_id}
        if self.kind is not None:
            said["kind"] = self.kind
        if self.link is not None:
            said["link_to"] = None if self.link in {"", NEW} else self.link
            said["as_new"] = self.link == NEW
        if self.picked is not None:
            said["picked"] = self.picked
        return said


def changes_of(typed: Typed) -> list[Change]:
    """What differs from how the page was shown. Whom one has chosen for is ticked by that."""
    ticked, before = set(typed.all("pick")), set(typed.all("waspick"))
    found: list[Change] = []
    for remote in dict.fromkeys(typed.all("row")):
        kind = KINDS.get(typed.one(f"kind.{remote}"))
        link = _link_of(typed, remote)
        changed = Change(
            remote_id=remote,
            kind=None if kind == typed.one(f"was.{remote}") else kind,
            link=None if link == typed.one(f"waslink.{remote}") else link,
            picked=None if (remote in ticked) == (remote in before) else remote in ticked,
        )
        if changed.picked is None and changed.link:
            changed = Change(remote, changed.kind, changed.link, picked=True)
        if changed != Change(remote):
            found.append(changed)
    return found


def as_kept(typed: Typed, changes: Sequence[Change]) -> tuple[KeptRow, ...]:
    """How the page stands once these are kept."""
    ticked = set(typed.all("pick")) | {one.remote_id for one in changes if one.picked}
    return tuple(
        KeptRow(
            remote_id=remote,
            kind=KINDS.get(typed.one(f"kind.{remote}")) or typed.one(f"was.{remote}"),
            link=_link_of(typed, remote),
            ticked=remote in ticked,
        )
        for remote in dict.fromkeys(typed.all("row"))
    )


def _link_of(typed: Typed, remote: str) -> str | None:
    """None of one that nobody is asked about."""
    return next(iter(typed.all(f"link.{remote}")), None)


def row_of(there: ThereTold) -> ReviewRow:
    """One customer there as the review shows it."""
    linked = there.linked_to
    chosen = there.chosen_link or (None if there.match is None else there.match.customer_id)
    chosen = NEW if there.chosen_new else chosen
    becomes = tuple(
        Becoming(
            ours.customer_id,
            f"Link: {ours.name or 'a customer'}" + (f" ({ours.why})" if ours.why else ""),
            chosen=ours.customer_id == chosen,
        )
        for ours in there.candidates
    )
    if becomes:
        undecided = Becoming(
            "", f"{len(becomes)} possible: choose" if len(becomes) > 1 else "Choose", not chosen
        )
        new = Becoming(NEW, "New customer", chosen=chosen == NEW)
        becomes = (undecided, *becomes, new)
    return ReviewRow(
        remote_id=there.remote_id,
        name=there.name,
        email=there.email or "",
        kind=there.kind,
        reason=there.reason or "",
        linked=None if linked is None else (linked.name or "a customer"),
        linked_url="" if linked is None else f"/customers/{linked.customer_id}",
        becomes=becomes,
        ticked=linked is None and (there.selected or there.picked is True),
        inactive=not there.active,
    )


def kept_of(rows: Sequence[ReviewRow]) -> tuple[KeptRow, ...]:
    """How a page is shown: those that can be chosen for."""
    return tuple(
        KeptRow(
            remote_id=row.remote_id,
            kind=row.kind,
            link=next((one.value for one in row.becomes if one.chosen), "")
            if row.becomes
            else None,
            ticked=row.ticked,
        )
        for row in rows
        if row.linked is None
    )


def selection_of(told: SelectionTold, provider: Provider) -> SelectionView:
    """The selection in words: "4,698 selected: 4,612 new, 86 links"."""
    parts = [
        f"{count:,} {word}"
        for count, word in (
            (told.new, "new"),
            (told.links, "link" if told.links == 1 else "links"),
        )
        if count
    ]
    asks = ""
    if told.asks:
        asks = f"{told.asks:,} ticked could be yours already: choose"
    return SelectionView(
        sentence=f"{told.all:,} selected: {', '.join(parts)}" if parts else "None selected",
        asks=asks,
        asks_url=f"/integrations/{provider}/import?show=look_alike",
    )
