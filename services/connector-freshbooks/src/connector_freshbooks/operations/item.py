"""Items: known by our mark in `sku`, found by name, which deleted items hold too.

https://www.freshbooks.com/api/items. No filter finds a name, so all items are read before one is
created. The income account is a field that no FreshBooks page shows: `account_uuid`, taken by PUT
only, by one integrator (https://github.com/MMC-CONVERT2505/Excel-to-Freshbooks). It is sent only
where the setting says so, after the create, and an answer that doesn't show it is said to be so.
"""

from connector_kit.answers import Refused
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember, ItemsRead, Member
from contracts.causes import cause_of
from contracts.commands import SyncItem
from contracts.connections import RemoteItem
from contracts.ids import Entity, RemoteId
from contracts.sync import Subject

from connector_freshbooks.bodies import NotRead
from connector_freshbooks.operations.kinds import ACCOUNT, There, Written, text_fields, version_of
from connector_freshbooks.operations.marks import mark_of
from connector_freshbooks.operations.names import cleaned, name_problem, normal
from connector_freshbooks.operations.reads import page_of
from connector_freshbooks.provider import ITEM_NAME_LIMIT
from connector_freshbooks.wire import DELETED, Item, Result, plain

PATH = "items/items"


class Items:
    """The item's `Kind`. `accounts`: whether items are given their income account."""

    entity: Entity = "item"
    name = "item"
    path = PATH
    query: tuple[tuple[str, str], ...] = ()

    def __init__(self, *, accounts: bool) -> None:
        self._accounts = accounts

    def refuse(self, member: Member, context: Context) -> Refused | None:
        command = _command(member)
        name = _name(command)
        why = name_problem(name, limit=ITEM_NAME_LIMIT)
        if why is None:
            return None
        return Refused(
            cause_of(
                "name_not_allowed",
                subject=Subject(id=str(command.record_id), name=command.item.name),
                name=name,
                why=why,
                limit=ITEM_NAME_LIMIT,
                cleaned_name=cleaned(name, ITEM_NAME_LIMIT),
            )
        )

    def write(self, member: Member, context: Context) -> Written:
        command = _command(member)
        item = command.item
        price: dict[str, object] = {"amount": plain(item.unit_price)}
        if context.facts.home_currency:
            price["code"] = context.facts.home_currency
        fields: dict[str, object] = {"name": _name(command), "unit_cost": price}
        if item.description:
            fields["description"] = item.description
        compared = text_fields(
            name=_name(command),
            description=item.description or None,
            unit_cost=plain(item.unit_price),
        )
        mark = mark_of(command.record_id, command.generation)
        account = command.income_account_id if self._wanted(context) else None
        if account:
            compared[ACCOUNT] = account
        if member.remote is None:
            fields["sku"] = mark
        elif account:
            fields[ACCOUNT] = account
        return Written(
            fields,
            FrozenMember(
                entity="item",
                record_id=command.record_id,
                generation=command.generation,
                step=command.step,
                intent=member.intent,
                natural_key=normal(_name(command)),
                mark=mark,
                remote=member.remote,
                record_version=item.version,
                fields=compared,
                used={},
                extra={
                    "name": item.name,
                    "name_there": _name(command),
                    "account_id": account or "",
                },
            ),
        )

    def _wanted(self, context: Context) -> bool:
        return self._accounts and context.facts.offers_accounts

    def read(self, result: Result) -> There | None:
        return _there(result.item) if result.item else None

    def list(self, page: Result) -> list[There]:
        return [_there(row) for row in page.items or ()]

    def search(self, member: FrozenMember) -> tuple[tuple[str, str], ...]:
        return ()


_PAGES_AT_ONCE = 5


def remote_items(account: str, after: str | None) -> Exchange[ItemsRead | NotRead]:
    """Some pages of the items there; or why one couldn't be read. `after` is the next page.

    The list leaves out what is deleted, and has what is archived, which still can be invoiced.
    """
    # Pages shift while others write: an item can stand on two of them.
    found: dict[RemoteId, RemoteItem] = {}
    first, total = int(after or "1"), None
    for page in range(first, first + _PAGES_AT_ONCE):
        read = yield from page_of(f"/accounting/account/{account}/{PATH}", page)
        if isinstance(read, NotRead):
            return read
        rows = [row for row in read.items or () if row.vis_state != DELETED]
        found |= {RemoteId(row.id): _listed(row) for row in rows}
        total = read.total
        if page >= (read.pages or 0):
            return ItemsRead(tuple(found.values()), total=total)
    return ItemsRead(tuple(found.values()), str(first + _PAGES_AT_ONCE), total)


def _listed(row: Item) -> RemoteItem:
    """Without `sku`: no page there shows it, and on items of ours it is our mark."""
    return RemoteItem(
        id=RemoteId(row.id),
        name=row.name or "",
        unit_price=row.unit_cost.number if row.unit_cost else None,
        income_account_id=row.account_uuid or row.income_account_id,
    )


def _command(member: Member) -> SyncItem:
    assert isinstance(member.command, SyncItem)
    return member.command


def _name(command: SyncItem) -> str:
    return (command.name_there or command.item.name).strip()


def _there(row: Item) -> There:
    price = row.unit_cost.number if row.unit_cost else None
    fields = text_fields(
        name=row.name,
        description=row.description,
        unit_cost=None if price is None else plain(price),
        account_uuid=row.account_uuid or row.income_account_id,
    )
    return There(
        id=RemoteId(row.id),
        version=version_of(row.updated, fields),
        key=normal(row.name or ""),
        fields=fields,
        deleted=row.vis_state == DELETED,
        marked=row.sku,
        params=(("name", row.name or ""),),
    )
