"""Groups of one cause that a form mends together: a field for each, and one button. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.causes import CAUSES
from contracts.ids import Entity, Provider

from invoice_api.web import formatters
from invoice_api.web.office_views import KeptFix, ListedFix, ListedRow, ProblemGroup, Unsaved


@dataclass(frozen=True)
class Kind:
    """Which records are mended, by which fix and field; `of` stands between field and name."""

    entity: Entity
    action: str
    field: str
    label: str


KINDS: Mapping[str, Kind] = {
    "customer_email_missing": Kind("customer", "save_email", "email", "E-mail of"),
    "due_date_invalid": Kind("invoice", "save_due_date", "due_date", "Due date of"),
}

FIELD = "value."
"""Before the record's id, in the names of the form's fields."""

AT_MOST = 100


@dataclass(frozen=True)
class ListTried:
    """What was typed into such a form and couldn't all be saved: with what is wrong, by record.

    What was saved isn't among the `values` any more.
    """

    code: str
    values: Mapping[str, str]
    days: str
    wrong: Mapping[str, str]
    wrong_days: str = ""

    def kept(self, provider: Provider) -> KeptFix:
        """All of it, for where no form can be shown."""
        kind = KINDS[self.code]
        typed = [(kind.label.removesuffix(" of"), value) for value in self.values.values() if value]
        values = ((f"{FIELD}{record}", value) for record, value in self.values.items())
        return KeptFix(
            f"/integrations/{provider}/problems-listed/{self.code}",
            (*values, ("days", self.days)),
            (*typed, *((("Days", self.days),) if self.days else ())),
            next(iter(self.wrong.values()), self.wrong_days),
        )

    def without_a_row(self, rows: Collection[str]) -> tuple[Unsaved, ...]:
        """What couldn't be saved of records that have no row by now."""
        entity = KINDS[self.code].entity
        return tuple(
            Unsaved(f"/{entity}s/{record}", self.values.get(record, ""), said)
            for record, said in self.wrong.items()
            if record not in rows
        )


def listed_of(
    code: str, groups: Sequence[ProblemGroup], tried: ListTried | None
) -> ListedFix | None:
    """The form of several groups of this cause; None where they are mended one by one.

    Groups with no record of the right kind among those they name have no row. One that is left of
    several that were tried has its form still.
    """
    kind = KINDS.get(code)
    mine = tried if tried is not None and tried.code == code else None
    if kind is None or (len(groups) < 2 and mine is None):
        return None
    mine = mine or ListTried(code, {}, "", {})
    found = [_row(group, kind, mine) for group in groups]
    rows = [row for row in found if row is not None]
    if not rows:
        return None
    return ListedFix(
        code=code,
        title=CAUSES[code].list_title or "",
        field=kind.field,
        label=kind.label,
        rows=tuple(rows[:AT_MOST]),
        count=len(rows),
        by_days=kind.field == "due_date",
        days=mine.days,
        wrong_days=mine.wrong_days,
    )


def _row(group: ProblemGroup, kind: Kind, tried: ListTried) -> ListedRow | None:
    record = next((one for one in group.records if one.url.startswith(f"/{kind.entity}s/")), None)
    if record is None:
        return None
    facts = [
        record.amount or group.amount or "",
        "" if group.count == 1 else group.what,
        _as_it_is(group, kind),
    ]
    return ListedRow(
        id=record.id,
        name=record.name,
        url=record.url,
        facts=", ".join(fact for fact in facts if fact),
        value=tried.values.get(record.id, ""),
        wrong=tried.wrong.get(record.id, ""),
    )


def _as_it_is(group: ProblemGroup, kind: Kind) -> str:
    """The date that is wrong, where there is one."""
    known = [
        value
        for fix in group.cause.fixes
        if fix.action == kind.action
        for name, value in fix.fields
        if name == kind.field and value
    ]
    try:
        return f"due {formatters.day(date.fromisoformat(known[0]))} now" if known else ""
    except ValueError:
        return ""
