"""Groups of one cause that a form mends together: a field for each, and one button. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.causes import CAUSES
from contracts.ids import Entity

from invoice_api.web.office_views import ListedFix, ListedRow, ProblemGroup


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
    """What was typed into such a form and couldn't all be saved: with what is wrong, by record."""

    code: str
    values: Mapping[str, str]
    days: str
    wrong: Mapping[str, str]
    wrong_days: str = ""


def listed_of(
    code: str, groups: Sequence[ProblemGroup], tried: ListTried | None
) -> ListedFix | None:
    """The form of several groups of this cause; None where they are mended one by one.

    Groups with no record of the right kind among those they name have no row.
    """
    kind = KINDS.get(code)
    if kind is None or len(groups) < 2:
        return None
    mine = tried if tried is not None and tried.code == code else ListTried(code, {}, "", {})
    rows = [_row(group, kind, mine) for group in groups]
    return ListedFix(
        code=code,
        title=CAUSES[code].list_title or "",
        field=kind.field,
        label=kind.label,
        rows=tuple(row for row in rows if row is not None)[:AT_MOST],
        count=len(groups),
        by_days=kind.field == "due_date",
        days=mine.days,
        wrong_days=mine.wrong_days,
    )


def _row(group: ProblemGroup, kind: Kind, tried: ListTried) -> ListedRow | None:
    record = next((one for one in group.records if one.url.startswith(f"/{kind.entity}s/")), None)
    if record is None:
        return None
    facts = [record.amount or group.amount or "", "" if group.count == 1 else group.what]
    return ListedRow(
        id=record.id,
        name=record.name,
        url=record.url,
        facts=", ".join(fact for fact in facts if fact),
        value=tried.values.get(record.id, ""),
        wrong=tried.wrong.get(record.id, ""),
    )
