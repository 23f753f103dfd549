"""What the API takes and shows of items."""

from decimal import Decimal
from typing import Annotated, Any

from contracts.ids import ItemId, Provider
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from invoice_api.http.fields import DecimalText, LongText, Name, Sent, ShortText
from invoice_api.sync_status.schemas import BadgeShown, LinkShown

AccountId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
IncomeAccounts = dict[Provider, AccountId | None]
"""An income account per provider; null takes it away."""


class NewItem(Sent):
    name: Name
    sku: ShortText | None = None
    description: LongText | None = None
    unit_price: DecimalText = Decimal("0.00")
    income_accounts: IncomeAccounts = Field(default_factory=IncomeAccounts)


class ItemChanges(Sent):
    """Just the fields that change; null clears one that may be empty."""

    name: Name = ""
    sku: ShortText | None = None
    description: LongText | None = None
    unit_price: DecimalText = Decimal(0)
    income_accounts: IncomeAccounts = Field(default_factory=IncomeAccounts)

    def given(self) -> dict[str, Any]:
        """What changes in the item itself; its accounts are kept elsewhere."""
        return self.model_dump(exclude_unset=True, exclude={"income_accounts"})


class ItemShown(BaseModel):
    id: ItemId
    version: int
    name: str
    sku: str | None
    description: str | None
    unit_price: DecimalText
    income_accounts: dict[Provider, str]
    created_at: AwareDatetime
    links: tuple[LinkShown, ...]
    sync: dict[Provider, BadgeShown]


class ItemsShown(BaseModel):
    data: tuple[ItemShown, ...]
    next_cursor: str | None
