"""Items: found by Code, which is unique; names needn't be.

https://developer.xero.com/documentation/api/accounting/items
The code is the sku, else 26 characters of our id, which is a mark at the same time. An item with a
sku carries no mark: it is ours if it was changed last while we made it, and is as we sent it.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from connector_kit.answers import Refused
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember, ItemsRead, Member
from contracts.causes import cause_of
from contracts.commands import SyncItem
from contracts.connections import RemoteItem
from contracts.ids import RemoteId
from contracts.sync import Subject

from connector_xero import wire
from connector_xero.bodies import NotRead
from connector_xero.operations.kinds import There, Written, frozen_of, text_fields, version_of
from connector_xero.operations.marks import item_code, marked_item
from connector_xero.operations.names import name_problem, normal
from connector_xero.operations.queries import among, chunks, read
from connector_xero.wire import Answer, Element, RefusedElement, plain

NAME_LIMIT = 50
_CODE = re.compile(r'(?! )(?!.*  )[^\x00-\x1f\x7f<>"\\]{1,30}(?<! )')
_DESCRIPTION_LIMIT = 4000
_PRICE_DECIMALS = Decimal("0.0001")


class Items:
    """The item's `Kind`."""

    path = "Items"

    def refuse(self, member: Member, context: Context) -> Refused | None:
        command = _command(member)
        subject = Subject(id=str(command.record_id), name=command.item.name)
        problem = name_problem(_name(command), limit=NAME_LIMIT)
        if problem is not None:
            return Refused(
                cause_of(
                    "name_not_allowed",
                    subject=subject,
                    name=_name(command),
                    why=problem.why,
                    limit=NAME_LIMIT,
                    cleaned_name=problem.cleaned,
                )
            )
        if not command.income_account_id:
            return Refused(cause_of("item_account_unmapped", items=[command.item.name]))
        return None

    def write(self, member: Member, context: Context) -> Written:
        command = _command(member)
        item = command.item
        code, mark = _code(command)
        body = wire.Item(
            name=_name(command),
            description=(item.description or "").strip()[:_DESCRIPTION_LIMIT] or None,
            is_sold=True,
            sales_details=wire.SalesDetails(
                unit_price=item.unit_price.quantize(_PRICE_DECIMALS, rounding=ROUND_HALF_UP),
                account_code=command.income_account_code,
            ),
        )
        if member.remote is None:
            body = body.model_copy(update={"code": code, "is_purchased": False})
        else:
            # The code stays as it is there: changing it would break what others hang on it.
            there = member.remote.number
            body = body.model_copy(update={"item_id": member.remote.id, "code": there})
        frozen = frozen_of(
            member,
            natural_key=normal(code),
            mark=mark,
            version=item.version,
            fields=comparable(body),
            extra={
                "name": item.name,
                "name_there": _name(command),
                "code": code,
                "account_id": command.income_account_id or "",
                "notes": "sent_with_changes" if _cut(command) else "",
            },
        )
        return Written(body, frozen)

    def elements(self, answer: Answer) -> Sequence[Element]:
        return answer.items or ()

    def there(self, element: Element) -> There | None:
        return _there(element) if isinstance(element, wire.Item) else None

    def claims(self, element: Element | RefusedElement, member: FrozenMember) -> bool:
        if isinstance(element, wire.Item | RefusedElement):
            return normal(element.code or "") == member.natural_key
        return False

    def look_up_key(self, member: FrozenMember) -> str:
        return member.extra["code"]

    def by_look_up_keys(
        self, organisation: RemoteId, keys: Sequence[str]
    ) -> Exchange[list[There] | NotRead]:
        return (yield from _where(organisation, "Code", keys))

    def hidden(
        self, organisation: RemoteId, members: Sequence[FrozenMember]
    ) -> Exchange[list[There] | NotRead]:
        """None: what is asked for is our mark itself."""
        yield from ()
        return []

    def found(self, member: FrozenMember, there: There) -> bool:
        return there.key == member.natural_key

    def asks_first(self, member: Member) -> bool:
        """One with a sku: no capture shows that a code in use is refused. One of our id is ours."""
        return _code(_command(member))[1] is None

    def taking(
        self, organisation: RemoteId, members: Sequence[Member]
    ) -> Exchange[list[There] | NotRead]:
        codes = [_code(_command(member))[0] for member in members]
        return (yield from _where(organisation, "Code", codes))

    def in_the_way(self, member: Member, there: There) -> bool:
        return there.key == normal(_code(_command(member))[0])

    def by_ids(
        self, organisation: RemoteId, ids: Sequence[RemoteId]
    ) -> Exchange[list[There] | NotRead]:
        return (yield from _where(organisation, "ItemID", ids, guid=True))


def remote_items(organisation: RemoteId) -> Exchange[ItemsRead | NotRead]:
    """All items that are sold, in one answer: the list isn't paged, and items have no archive."""
    answer = yield from read(organisation, "Items", ())
    if isinstance(answer, NotRead):
        return answer
    rows = [row for row in answer.items or () if row.is_sold is not False]
    listed = [_listed(row) for row in rows if row.item_id not in (None, wire.ZERO_ID)]
    return ItemsRead(tuple(listed), total=len(listed))


def _listed(row: wire.Item) -> RemoteItem:
    sales = row.sales_details or wire.SalesDetails()
    return RemoteItem(
        id=RemoteId(row.item_id or ""),
        name=row.name or row.code or "",
        sku=row.code,
        unit_price=sales.unit_price,
        income_account_code=sales.account_code or None,
    )


def comparable(item: wire.Item) -> dict[str, str]:
    """The values that tell whether an item there is as it was sent."""
    sales = item.sales_details or wire.SalesDetails()
    return text_fields(
        Code=item.code,
        Name=item.name,
        Description=item.description,
        UnitPrice=None if sales.unit_price is None else plain(sales.unit_price),
        AccountCode=sales.account_code,
    )


_PARTS = 2
"""Requests for items by a filter; where it takes more, one for the whole list, which isn't paged
(https://developer.xero.com/documentation/api/accounting/items), spares the minute."""


def _where(
    organisation: RemoteId, field: str, values: Sequence[str], *, guid: bool = False
) -> Exchange[list[There] | NotRead]:
    parts = list(chunks(values, around=len(field) + 40))
    if len(parts) > _PARTS:
        return (yield from _among_all(organisation, values, guid=guid))
    found: list[There] = []
    for part in parts:
        answer = yield from read(organisation, "Items", (("where", among(field, part, guid=guid)),))
        if isinstance(answer, NotRead):
            return answer
        found.extend(_rows(answer))
    return found


def _among_all(
    organisation: RemoteId, values: Sequence[str], *, guid: bool
) -> Exchange[list[There] | NotRead]:
    answer = yield from read(organisation, "Items", ())
    if isinstance(answer, NotRead):
        return answer
    wanted = {normal(value) for value in values}
    return [there for there in _rows(answer) if (normal(there.id) if guid else there.key) in wanted]


def _rows(answer: wire.Answer) -> list[There]:
    rows = (_there(row) for row in answer.items or ())
    return [there for there in rows if there is not None]


def _there(row: wire.Item) -> There | None:
    if row.item_id in (None, wire.ZERO_ID):
        return None
    return There(
        id=RemoteId(row.item_id or ""),
        version=version_of(row.updated_date_utc),
        key=normal(row.code or ""),
        fields=comparable(row),
        marked=marked_item(row.code),
        created_at=row.updated_date_utc,
        number=row.code,
        params=(("name", row.name or row.code or ""),),
    )


def _command(member: Member) -> SyncItem:
    assert isinstance(member.command, SyncItem)
    return member.command


def _name(command: SyncItem) -> str:
    return (command.name_there or command.item.name).strip()


def _code(command: SyncItem) -> tuple[str, str | None]:
    """The code, and the mark that it is where it is made of our id.

    "Different: add as …" gives another name, and Xero asks for another code.
    """
    sku = (command.item.sku or "").strip()
    if _CODE.fullmatch(sku) and command.name_there is None:
        return sku, None
    code = item_code(command.record_id, command.generation)
    return code, code


def _cut(command: SyncItem) -> bool:
    item = command.item
    sku = (item.sku or "").strip()
    return bool(sku and _code(command)[0] != sku) or (
        len(item.description or "") > _DESCRIPTION_LIMIT
    )
