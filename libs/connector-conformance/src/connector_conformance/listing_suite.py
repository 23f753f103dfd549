"""Lists that a person chooses from: whole, and nothing in them that can't be chosen."""

from decimal import Decimal

from contracts.connections import RemoteItem, RemoteItemsListed

from connector_conformance.running import Running
from connector_conformance.shop import connected, listed
from connector_conformance.simulator import Simulator


class ListingConformance:
    async def test_items_are_listed_over_several_pages_without_those_that_are_gone(
        self, connector: Running, simulator: Simulator
    ) -> None:
        """More than any provider gives in one page, or the kit puts into one message."""
        company = await connected(connector, simulator, "Many items")
        sown = await simulator.seed(
            "Many items",
            items=[
                {"name": f"Part {n:04}", "sku": f"P-{n}", "unit_price": f"{n}.50"}
                for n in range(1, 1_011)
            ],
        )
        gone = str(sown["items"][0]["id"])
        await simulator.delete("Many items", "item", gone)
        pages = await listed(connector, company.list_items(), RemoteItemsListed)
        assert [page.page for page in pages] == list(range(len(pages)))
        assert [page.more for page in pages] == [True] * (len(pages) - 1) + [False]
        found: list[RemoteItem] = [item for page in pages for item in page.items]
        assert sorted(item.name for item in found) == [f"Part {n:04}" for n in range(2, 1_011)]
        assert gone not in {item.id for item in found}
        one = next(item for item in found if item.name == "Part 0042")
        assert (one.id, one.unit_price) == (sown["items"][41]["id"], Decimal("42.5"))
