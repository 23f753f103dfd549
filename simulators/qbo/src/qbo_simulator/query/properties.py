"""Which properties a statement may filter and sort by, for each entity, and their types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qbo_simulator.entities.schema import ACCOUNT, CUSTOMER, INVOICE, ITEM

Type = Literal["id", "text", "number", "flag", "date", "moment", "ref", "email"]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as queries know it."""

    name: str
    filters: dict[str, Type]
    known: frozenset[str]
    """Properties it has but that can't be filtered by."""
    name_list: bool
    """Active=true unless said."""
    default_order: str
    descending: bool = False

    def property(self, asked: str) -> tuple[str, Type] | None:
        """The property's own spelling and type; any case is found."""
        wanted = asked.casefold()
        for name, kind in self.filters.items():
            if name.casefold() == wanted:
                return name, kind
        return None

    def knows(self, asked: str) -> bool:
        """Whether it has such a property at all."""
        wanted = asked.casefold().split(".")[0]
        return any(name.casefold() == wanted for name in self.known)


_META: dict[str, Type] = {
    "Id": "id",
    "MetaData.CreateTime": "moment",
    "MetaData.LastUpdatedTime": "moment",
}


def _typed(kind: Type, names: str) -> dict[str, Type]:
    return dict.fromkeys(names.split(), kind)


_NAMES: dict[str, Type] = {
    **_META,
    **_typed(
        "text",
        "DisplayName GivenName MiddleName FamilyName CompanyName PrintOnCheckName "
        "FullyQualifiedName Title Suffix",
    ),
    "PrimaryEmailAddr": "email",
    "Active": "flag",
    "Balance": "number",
}
_NAMED: dict[str, Type] = {**_META, **_typed("text", "Name Description"), "Active": "flag"}


def _entity(
    name: str,
    filters: dict[str, Type],
    known: frozenset[str] = frozenset(),
    *,
    name_list: bool = True,
    order: str = "Name",
    descending: bool = False,
) -> Entity:
    roots = frozenset(each.split(".")[0] for each in filters)
    return Entity(name, filters, known | roots, name_list, order, descending)


ENTITIES: dict[str, Entity] = {
    entity.name.casefold(): entity
    for entity in (
        _entity(
            "Customer",
            {**_NAMES, "BalanceWithJobs": "number", "Job": "flag", "Taxable": "flag"},
            frozenset(CUSTOMER.fields),
            order="FullyQualifiedName",
        ),
        _entity("Vendor", _NAMES, frozenset(CUSTOMER.fields), order="DisplayName"),
        _entity("Employee", _NAMES, frozenset(CUSTOMER.fields), order="DisplayName"),
        _entity(
            "Item",
            {
                **_NAMED,
                **_typed("text", "Type FullyQualifiedName Sku"),
                **_typed("flag", "Taxable SubItem"),
                **_typed("number", "UnitPrice PurchaseCost"),
                "ParentRef": "ref",
            },
            frozenset(ITEM.fields),
        ),
        _entity(
            "Account",
            {
                **_NAMED,
                **_typed(
                    "text",
                    "AccountType AccountSubType Classification FullyQualifiedName AcctNum",
                ),
                "SubAccount": "flag",
                "CurrentBalance": "number",
                "ParentRef": "ref",
            },
            frozenset(ACCOUNT.fields),
        ),
        _entity(
            "Invoice",
            {
                **_META,
                "DocNumber": "text",
                **_typed("date", "TxnDate DueDate"),
                **_typed("ref", "CustomerRef SalesTermRef ProjectRef"),
                **_typed("number", "Balance TotalAmt"),
            },
            frozenset(INVOICE.fields),
            name_list=False,
            order="MetaData.LastUpdatedTime",
            descending=True,
        ),
        _entity(
            "Payment",
            {**_META, "TxnDate": "date", "CustomerRef": "ref", "TotalAmt": "number"},
            frozenset(("Line", "LinkedTxn", "UnappliedAmt")),
            name_list=False,
            order="MetaData.LastUpdatedTime",
            descending=True,
        ),
        _entity("Term", _NAMED, frozenset(("Type", "DueDays"))),
        _entity("TaxCode", {**_NAMED, "Taxable": "flag"}, frozenset(("SalesTaxRateList",))),
        _entity("TaxRate", {**_NAMED, "RateValue": "number"}, frozenset(("AgencyRef",))),
        _entity("CompanyInfo", {"Id": "id"}, name_list=False, order="Id"),
        _entity("Preferences", {"Id": "id"}, name_list=False, order="Id"),
    )
}
