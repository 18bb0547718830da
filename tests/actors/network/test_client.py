"""Tests of `actors.network.client` and its transport, mostly through a gateway that has one."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import httpx2
import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.edges.clock import TrioClock
from actors.edges.version import version
from actors.network import client as client_module
from actors.network.client import fetch, open_client
from actors.network.network import MemoryNetwork, SocketNetwork
from actors.network.transport import NetworkTransport
from actors.venue.budget import Budget
from actors.venue.gateway import CONCURRENT, Gateway
from exchanges.errors import OutcomeUnknown
from tests.actors.network.scripted import (
    BINANCE,
    ORDER,
    PING,
    Always,
    Answer,
    ScriptedServer,
    after,
    gateway_to,
    reply,
    script,
)

TIME = BINANCE.rest.server_time()


@asynccontextmanager
async def client_to(
    answer: Answer, connections: int = 2
) -> AsyncIterator[tuple[httpx2.AsyncClient, ScriptedServer]]:
    """A client, and the server behind it."""
    async with trio.open_nursery() as nursery:
        network, server = MemoryNetwork(nursery), ScriptedServer(answer)
        network.listen("venue", server.serve)
        async with open_client(network, connections) as client:
            yield client, server
        nursery.cancel_scope.cancel()


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


@pytest.mark.parametrize(
    "url", [f"http://{64 * 'é'}.x/time", "http://a b/time", "http://venue/tïme", "http://[::1/time"]
)
async def test_an_address_that_is_none_is_an_error_of_the_network(
    url: str, autojump_clock: MockClock
) -> None:
    async with client_to(script(reply())) as (client, _):
        with pytest.raises(OSError, match=r"."):
            await fetch(client, "GET", url)


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
    monkeypatch.setattr(client_module, "MAX_BODY_BYTES", 1_000)
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
        gateway = Gateway(BINANCE, urls, network, TrioClock(0), Always(), Budget(BINANCE))
        for run in (1, 2):
            async with trio.open_nursery() as inner:
                await inner.start(gateway.run)
                await gateway.call(PING)
                inner.cancel_scope.cancel()
            await wait_all_tasks_blocked()
            assert (server.connections, server.closed) == (run, run)


@pytest.mark.parametrize("seed", range(5))
async def test_requests_cancelled_at_random_leave_the_connections_able_to_serve(
    seed: int, autojump_clock: MockClock
) -> None:
    chance = Random(seed)

    async def answer(target: str) -> bytes:
        await trio.sleep(chance.choice([0.0, chance.uniform(0.0, 2.0)]))
        return reply(body=b"x" * 100_000)

    async def ask_and_leave(client: httpx2.AsyncClient) -> None:
        await trio.sleep(chance.uniform(0.0, 2.0))
        with trio.move_on_after(chance.choice([0.0, chance.uniform(0.0, 2.0)])):
            await fetch(client, "GET", "http://venue/slow")

    async with client_to(answer, connections=5) as (client, server):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(ask_and_leave, client)
        with trio.fail_after(30):
            for _ in range(5):
                assert (await fetch(client, "GET", "http://venue/plain")).status == 200
        assert 5 <= len(server.asked) <= 25


# What is sent.

ODD_TARGETS = [
    "/api/v3/order?symbol=BTC%2FUSDT&text=t-%7E%20%2B+%25&side=",
    "/api//v3/./order/../order",
    "/a%2Fb/%c3%A4?q=%2f&q=%2F&~'!()*;:@,$=&",
    "/path?",
    "/?a=b?c=d&&",
    '/order?json={"a":[1,"|"]}^`',
    "",
]


@pytest.mark.parametrize("target", ODD_TARGETS)
async def test_what_was_signed_is_what_is_sent(target: str, autojump_clock: MockClock) -> None:
    body = b'{"px": "1.10",\t"text":"\xc3\xa4%20&+"}\r\n\x00'
    async with client_to(script()) as (client, server):
        await fetch(client, "POST", f"http://venue{target}", (), body)
        assert server.asked == [(0.0, target or "/")]
        assert server.bodies == [body]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_request_without_a_body_says_so(method: str, autojump_clock: MockClock) -> None:
    async with client_to(script()) as (client, server):
        await fetch(client, method, "http://venue/auth")
        (headers,) = server.headers
        assert headers["content-length"] == "0"
        assert headers["user-agent"] == f"arbitrio/{version()}"
        assert "gzip" in headers["accept-encoding"]


async def test_headers_of_the_request_are_sent(autojump_clock: MockClock) -> None:
    async with client_to(script()) as (client, server):
        own = [("x-key", "k"), ("content-type", "application/json"), ("user-agent", "mine")]
        await fetch(client, "POST", "http://venue/order", own, b"{}")
        (headers,) = server.headers
        assert set(own) <= set(headers.items())


async def test_a_redirect_is_an_answer_and_no_cookie_is_kept(autojump_clock: MockClock) -> None:
    answer = reply(302, location="http://venue/elsewhere", set_cookie="id=1; Path=/")
    async with client_to(script(answer)) as (client, server):
        assert (await fetch(client, "GET", "http://venue/")).status == 302
        await fetch(client, "GET", "http://venue/")
        assert [target for _, target in server.asked] == ["/", "/"]
        assert all("cookie" not in headers for headers in server.headers)


async def test_the_environment_names_no_proxy_and_no_password(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine venue login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    async with client_to(script()) as (client, server):
        await fetch(client, "GET", "http://venue/")
        assert "authorization" not in server.headers[0]


async def test_any_client_of_the_library_works_on_the_network(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        network, server = MemoryNetwork(nursery), ScriptedServer(script(reply(body=b"[1]")))
        network.listen("venue", server.serve)
        async with httpx2.AsyncClient(transport=NetworkTransport(network)) as client:
            assert (await client.get("https://venue/list?a=b c")).json() == [1]
            with pytest.raises(httpx2.ConnectError, match="nobody listens on nowhere:443"):
                await client.get("https://nowhere/")
        assert server.asked == [(0.0, "/list?a=b%20c")]
        nursery.cancel_scope.cancel()


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
        gateway = Gateway(BINANCE, urls, SocketNetwork(), TrioClock(0), Always(), Budget(BINANCE))
        await nursery.start(gateway.run)
        for _ in range(3):
            await gateway.call(order)
            await closed.wait()
            closed = trio.Event()
        assert gateway.sent == 3
        nursery.cancel_scope.cancel()
