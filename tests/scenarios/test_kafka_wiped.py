"""Topics are for speed, feeds are for correctness: what Kafka loses, the sweeps bring back."""

from messaging.kafka_topics import admin, create_topics
from office import WITHIN, connected_office
from provider_side import held_back, invoices_by_state, sent_many, with_first_synced
from testkit import Stack, eventually

LONG = 3 * WITHIN


async def test_s83_with_kafkas_data_wiped_all_is_right_again_and_goes_on(quick: Stack) -> None:
    bootstrap = quick.endpoints["kafka"]
    async with connected_office(quick) as oak:
        ann, item = await with_first_synced(oak)
        before = await oak.accounts()
        # What the connector and the orchestrator said of ten invoices is lost with the data.
        async with held_back(oak, "sync_orchestrator", "sync.state_changed.v1") as told:
            await sent_many(oak, ann, item, 10)

            async def all_there() -> None:
                assert len(await oak.numbers()) == 11

            await eventually(all_there, within=LONG)
            kept = await told.fetchval(
                "select tablename from pg_tables"
                " where schemaname = 'sync_orchestrator' and tablename like 'held\\_%'"
            )
            async with admin(bootstrap) as client:
                topics = [name for name in await client.list_topics() if not name.startswith("__")]
                assert "sync.outcomes.v1" in topics
                await client.delete_topics(topics)

                async def gone() -> None:
                    left = [n for n in await client.list_topics() if not n.startswith("__")]
                    assert left == []

                await eventually(gone, within=WITHIN)
            await create_topics(bootstrap)
            await told.execute(f"truncate sync_orchestrator.{kept}")

        async def right() -> None:
            assert await invoices_by_state(oak) == {"synced": 11}

        await eventually(right, within=LONG)
        assert (await oak.integration())["status"] == "connected"
        assert await oak.accounts() == before

        await sent_many(oak, ann, item, 10)

        async def goes_on() -> None:
            assert await invoices_by_state(oak) == {"synced": 21}

        await eventually(goes_on, within=LONG)
        assert await oak.numbers() == [str(number) for number in range(1001, 1022)]
