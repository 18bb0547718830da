"""Tests of `actors.network.pool`: bodies and connections, through a gateway that has a pool."""

import gzip

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.edges.clock import TrioClock
from actors.network import pool
from actors.network.network import MemoryNetwork, SocketNetwork
from actors.venue.gateway import CONCURRENT, Gateway
from exchanges.errors import OutcomeUnknown
from tests.actors.network.scripted import (
    BINANCE,
    ORDER,
    PING,
    Always,
    ScriptedServer,
    after,
    gateway_to,
    reply,
    script,
)

TIME = BINANCE.rest.server_time()


async def test_a_good_answer_is_read_at_the_first_attempt(autojump_clock: MockClock) -> None:
    async with gateway_to(script(reply(body=b'{"serverTime":1790000000123}'))) as (gateway, server):
        assert await gateway.call(TIME) == 1_790_000_000_123_000_000
        assert server.asked == [(0.0, "/spot/api/v3/time")]
        assert gateway.sent == 1


async def test_a_gzipped_answer_is_inflated(autojump_clock: MockClock) -> None:
    body = gzip.compress(b'{"serverTime":1790000000123}')
    answer = script(reply(body=body, Content_Encoding="gzip"))
    async with gateway_to(answer) as (gateway, _):
        assert await gateway.call(TIME) == 1_790_000_000_123_000_000


async def test_the_tap_hears_url_and_body_of_every_reply(autojump_clock: MockClock) -> None:
    heard: list[tuple[str, bytes]] = []
    answer = script(reply(503, b"busy"), reply(body=gzip.compress(b"{}"), Content_Encoding="gzip"))
    async with gateway_to(answer, tap=lambda url, body: heard.append((url, body))) as (gateway, _):
        await gateway.call(PING)
    url = "http://venue/spot/api/v3/ping"
    assert heard == [(url, b"busy"), (url, b"{}")]


@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_a_body_above_the_limit_is_not_read_on(
    encoding: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MAX_BODY_BYTES", 1_000)
    zip_body = gzip.compress if encoding else bytes
    sizes = (1_000, 1_001, 100_000)
    bodies = [b"{}" + b" " * (size - 2) for size in sizes]
    answers = [reply(body=zip_body(body), Content_Encoding=encoding) for body in bodies]
    async with gateway_to(script(*answers)) as (gateway, _):
        await gateway.call(PING)
        for _ in sizes[1:]:
            with pytest.raises(OutcomeUnknown, match="more than 0 MiB from http://venue"):
                await gateway.call(ORDER)


async def test_one_connection_serves_one_call_after_another(autojump_clock: MockClock) -> None:
    async with gateway_to(script()) as (gateway, server):
        for _ in range(3):
            await gateway.call(PING)
        assert server.connections == 1


async def test_a_cancelled_call_leaves_the_gateway_usable(autojump_clock: MockClock) -> None:
    async with gateway_to(after(5.0, reply())) as (gateway, server):
        for _ in range(2 * CONCURRENT):
            with trio.move_on_after(1.0):
                await gateway.call(PING)
        await gateway.call(PING)
        assert server.asked_s[-1] == 2 * CONCURRENT


async def test_the_end_closes_the_connections_and_a_new_start_opens_others(
    autojump_clock: MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        network, server = MemoryNetwork(nursery), ScriptedServer(script())
        network.listen("venue", server.serve)
        urls = {"spot_rest": "http://venue"}
        gateway = Gateway(BINANCE, urls, network, TrioClock(0), Always())
        for run in (1, 2):
            async with trio.open_nursery() as inner:
                await inner.start(gateway.run)
                await gateway.call(PING)
                inner.cancel_scope.cancel()
            await wait_all_tasks_blocked()
            assert (server.connections, server.closed) == (run, run)


@pytest.mark.loopback
async def test_a_connection_that_the_venue_closed_meanwhile_is_not_used() -> None:
    """Whether a socket was closed can be told without reading; a memory stream cannot tell."""
    closed = trio.Event()
    order = msgspec.structs.replace(ORDER, body=b"")  # comes in one piece

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some(65536)
            await stream.send_all(reply())
        closed.set()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        port = listeners[0].socket.getsockname()[1]
        urls = {"spot_rest": f"http://127.0.0.1:{port}"}
        gateway = Gateway(BINANCE, urls, SocketNetwork(), TrioClock(0), Always())
        await nursery.start(gateway.run)
        for _ in range(3):
            await gateway.call(order)
            await closed.wait()
            closed = trio.Event()
        assert gateway.sent == 3
        nursery.cancel_scope.cancel()
