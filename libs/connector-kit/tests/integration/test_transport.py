"""One request, once; and what is known when there is no answer."""

import asyncio
from datetime import timedelta

from connector_kit.exchange import Request, Response
from connector_kit.transport import HttpTransport, Lost, NotSent, http_client

from .bench import AheadClock
from .there import provider_there


async def test_the_clock_is_compared_after_connecting_and_before_the_first_byte() -> None:
    """The connection is open when the window ends: still not one byte is written."""
    written: list[bytes] = []
    clock = AheadClock()
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        written.append(await reader.read())
        writer.close()
        closed.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = http_client(1)
    transport = HttpTransport(client, {"api": f"http://127.0.0.1:{port}"}, clock)
    deadline = clock.elapsed() + 5
    clock.ahead = timedelta(seconds=5)
    delivery = await transport.send(
        Request("POST", "/x", body=b"{}"), answer_within=5, deadline=deadline
    )
    assert isinstance(delivery, NotSent)
    assert delivery.too_late
    await client.aclose()
    await asyncio.wait_for(closed.wait(), 5)
    server.close()
    assert written == [b""]


async def test_within_the_window_it_is_sent_with_the_frozen_bytes() -> None:
    async with provider_there() as there:
        clock = AheadClock()
        client = http_client(2)
        transport = HttpTransport(client, {"api": there.url}, clock)
        delivery = await transport.send(
            Request("GET", "/find", query=(("entity", "a b"), ("key", "ü&"))),
            extra=(("authorization", f"Bearer {there.access}"),),
            answer_within=5,
            deadline=clock.elapsed() + 5,
        )
        assert isinstance(delivery, Response)
        assert (delivery.status, delivery.body) == (200, b'{"found": []}')
        await client.aclose()


async def test_an_unreachable_host_means_nothing_was_sent() -> None:
    client = http_client(1)
    transport = HttpTransport(client, {"api": "http://127.0.0.1:9"}, AheadClock())
    delivery = await transport.send(Request("GET", "/"), answer_within=2)
    assert isinstance(delivery, NotSent)
    assert not delivery.too_late
    await client.aclose()


async def test_a_connection_cut_after_the_request_is_lost_and_not_repeated() -> None:
    async with provider_there() as there:
        client = http_client(2)
        transport = HttpTransport(client, {"api": there.url}, AheadClock())
        there.fail("/find", "lose_answer", "lose_request")
        for _ in range(2):
            delivery = await transport.send(
                Request("GET", "/find", query=(("entity", "x"),)), answer_within=5
            )
            assert isinstance(delivery, Lost)
        assert len(there.seen) == 2
        await client.aclose()


async def test_an_answer_that_takes_too_long_is_lost() -> None:
    async with provider_there() as there:
        client = http_client(2)
        transport = HttpTransport(client, {"api": there.url}, AheadClock())
        there.fail("/find", "late_answer")
        delivery = await transport.send(
            Request("GET", "/find", query=(("entity", "x"),)), answer_within=0.2
        )
        assert isinstance(delivery, Lost)
        await client.aclose()
