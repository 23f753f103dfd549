"""Items: found by Name, which is unique among items of one level. They carry no mark of ours.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item
Every item is a Service: it needs an income account and nothing else. Its type is never changed.
"""

from connector_kit.answers import Refused
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember, ItemsRead, Member
from contracts.causes import cause_of
from contracts.commands import SyncItem
from contracts.connections import RemoteItem
from contracts.ids import Entity, RemoteId
from contracts.sync import Subject

from connector_qbo.bodies import NotRead
from connector_qbo.operations.kinds import There, Written, text_fields
from connector_qbo.operations.names import name_problem, normal, when_deleted, without_deleted
from connector_qbo.operations.statements import ANY_ACTIVITY, Table, among, count_of, page_of
from connector_qbo.provider import QUERY_PAGE
from connector_qbo.wire import (
    Answer,
    BatchItem,
    Item,
    QueryResponse,
    Ref,
    plain,
)

NAME_LIMIT = 100
_SKU_LIMIT = 100
_DESCRIPTION_LIMIT = 4000


class Items:
    """The item's `Kind`."""

    entity: Entity = "item"
    table: Table = "Item"
    path = "item"
    key_field = "Name"
    conditions = (ANY_ACTIVITY,)

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
        remote = member.remote
        item = command.item
        body = Item(
            name=_name(command),
            sku=item.sku[:_SKU_LIMIT] if item.sku else None,
            description=item.description[:_DESCRIPTION_LIMIT] if item.description else None,
            unit_price=item.unit_price,
            income_account_ref=Ref(value=command.income_account_id or ""),
        )
        fields = comparable(body)
        if remote is None:
            body = body.model_copy(update={"type": "Service"})
            # Without a mark, equal fields are what makes a found item ours; and an answer may
            # leave Sku out (https://github.com/ej2/python-quickbooks asks for it by name).
            fields.pop("Sku", None)
        else:
            again = {"id": remote.id, "sync_token": remote.version, "sparse": True, "active": True}
            body = body.model_copy(update=again)
            fields["Active"] = "true"
        return Written(
            body,
            FrozenMember(
                entity="item",
                record_id=command.record_id,
                generation=command.generation,
                step=command.step,
                intent=member.intent,
                natural_key=normal(_name(command)),
                mark=None,
                remote=remote,
                record_version=item.version,
                fields=fields,
                used={},
                extra={
                    "name": item.name,
                    "name_there": _name(command),
                    "account_id": command.income_account_id or "",
                    "notes": "sent_with_changes" if _cut(command) else "",
                },
            ),
        )

    def read(self, answer: Answer | BatchItem) -> There | None:
        return _there(answer.item) if answer.item else None

    def list(self, page: QueryResponse) -> list[There]:
        return [there for row in page.item if (there := _there(row)) is not None]

    def keys(self, member: FrozenMember) -> tuple[str, ...]:
        name = member.extra["name_there"]
        return (name, when_deleted(name))


_SOLD = among("Type", ("Service", "NonInventory", "Inventory"))
"""Categories can't stand on a line, and bundles only with what is in them."""


def remote_items(realm: str, after: str | None) -> Exchange[ItemsRead | NotRead]:
    """A page of the active items that are sold; or why it couldn't be read.

    `after` as of customers. What has no income account is only bought.
    """
    position, _, counted = (after or "1").partition("/")
    if after is None:
        number = yield from count_of(realm, "Item", _SOLD)
        counted = "" if isinstance(number, NotRead) else str(number)
    read = yield from page_of(realm, "Item", _SOLD, position=int(position))
    if isinstance(read, NotRead):
        return read
    full = len(read.item) >= QUERY_PAGE
    return ItemsRead(
        tuple(_listed(row) for row in read.item if row.id and _is_sold(row)),
        after=f"{int(position) + QUERY_PAGE}/{counted}" if full else None,
        total=int(counted) if counted else None,
    )


def _is_sold(row: Item) -> bool:
    return row.active is not False and row.income_account_ref is not None


def _listed(row: Item) -> RemoteItem:
    account = row.income_account_ref
    return RemoteItem(
        id=RemoteId(row.id or ""),
        name=row.fully_qualified_name or row.name or "",
        sku=row.sku or None,
        unit_price=row.unit_price,
        income_account=None if account is None else account.name,
        income_account_id=None if account is None else account.value,
    )


def comparable(item: Item) -> dict[str, str]:
    """The values that tell whether an item there is as it was sent."""
    return text_fields(
        Name=item.name,
        Sku=item.sku,
        Description=item.description,
        UnitPrice=None if item.unit_price is None else plain(item.unit_price),
        IncomeAccountRef=item.income_account_ref and item.income_account_ref.value,
    )


def _command(member: Member) -> SyncItem:
    assert isinstance(member.command, SyncItem)
    return member.command


def _name(command: SyncItem) -> str:
    return (command.name_there or command.item.name).strip()


def _cut(command: SyncItem) -> bool:
    item = command.item
    return len(item.sku or "") > _SKU_LIMIT or len(item.description or "") > _DESCRIPTION_LIMIT


def _there(row: Item) -> There | None:
    """An item inside a category has no key: its name takes nothing from those beside it."""
    if row.id is None:
        return None
    inactive = row.active is False
    name = row.name or ""
    fields = comparable(row)
    fields["Active"] = "false" if inactive else "true"
    if inactive:
        name = fields["Name"] = without_deleted(name)
    nested = ":" in (row.fully_qualified_name or "")
    return There(
        id=RemoteId(row.id),
        version=row.sync_token,
        key="" if nested else normal(name),
        fields=fields,
        created_at=row.meta_data.create_time if row.meta_data else None,
        inactive=inactive,
        params=(("name", name),),
    )
