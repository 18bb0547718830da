"""A sandbox as a server: what HTTP and WebSocket clients of any make may do on one connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from actors.sandbox.http import BODY_BYTES
from actors.sandbox.server import SandboxServer
from exchanges.sandbox.request import SandboxReply, SandboxRequest
from tests.actors.sandbox.sandboxes import sandboxes
from tests.actors.sandbox.strangers import Stranger

VENUE = "okx"
TIME = "/rest/api/v5/public/time"
SOCKET = "/public/ws/v5/public"
BOOK = '{"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"}]}'


@asynccontextmanager
async def strangers(count: int = 1) -> AsyncIterator[tuple[SandboxServer, list[Stranger]]]:
    """A sandbox, and connections to it."""
    async with sandboxes(VENUE) as (network, servers, _):
        streams = [await network.connect(f"{VENUE}.sandbox", 80) for _ in range(count)]
        with trio.fail_after(60):
            yield servers[VENUE], [Stranger(stream) for stream in streams]


class Heard:
    """A venue that notes what it is asked."""

    def __init__(self, server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: list[SandboxRequest] = []
        monkeypatch.setattr(server.venue, "answer", self._answer)

    def _answer(self, request: SandboxRequest) -> SandboxReply:
        self.requests.append(request)
        return SandboxReply(body=f"{len(self.requests)}".encode())


async def until(stranger: Stranger, marks: bytes) -> bytes:
    """What arrives, up to where it ends like this."""
    data = b""
    while not data.endswith(marks):
        part = bytes(await stranger.stream.receive_some(65_536))
        assert part, data
        data += part
    return data


async def test_method_headers_and_body_reach_the_venue(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers() as (server, [stranger]):
        heard = Heard(server, monkeypatch)
        headers = {"OK-ACCESS-KEY": "key", "X-Twice": "1"}
        await stranger.ask("/rest/api/v5/trade/order?a=1", "POST", headers, b'{"sz":"1"}')
        await stranger.ask("/rest/api/v5/trade/order", "DELETE")
        first, second = heard.requests
        assert (first.method, first.path, first.body) == (
            "POST",
            "/api/v5/trade/order",
            b'{"sz":"1"}',
        )
        assert (first.endpoint, first.query) == ("rest", {"a": "1"})
        assert (first.headers["ok-access-key"], first.headers["x-twice"]) == ("key", "1")
        assert (second.method, second.body) == ("DELETE", b"")


async def test_chunked_body_arrives_whole(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers() as (server, [stranger]):
        heard = Heard(server, monkeypatch)
        head = b"POST /rest/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
        for part in (head, b"3\r\nabc\r\n", b"2\r\nde\r\n", b"0\r\n\r\n"):
            await stranger.stream.send_all(part)
            await trio.sleep(0.1)
        await until(stranger, b"\r\n\r\n1")
        assert heard.requests[0].body == b"abcde"


async def test_repeated_headers_are_one(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers() as (server, [stranger]):
        heard = Heard(server, monkeypatch)
        await stranger.stream.send_all(
            b"GET /rest/x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
        )
        await until(stranger, b"\r\n\r\n1")
        assert heard.requests[0].headers == {"host": "a", "x-a": "1, 2"}


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:80/rest/v2/candles/trade:1m:tBTCUSD/hist?limit=1",
        "/rest/v2/candles/trade%3A1m%3AtBTCUSD/hist?limit=1",
        "/rest/v2/candles/trade:1m:tBTCUSD/hist?limit=%31",
    ],
)
async def test_a_path_is_one_however_it_is_written(
    target: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers() as (server, [stranger]):
        heard = Heard(server, monkeypatch)
        await stranger.ask(target)
        (request,) = heard.requests
        assert request.path == "/v2/candles/trade:1m:tBTCUSD/hist"
        assert (request.endpoint, request.query) == ("rest", {"limit": "1"})


async def test_pipelined_requests_are_answered_in_order(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers() as (server, [stranger]):
        heard = Heard(server, monkeypatch)
        paths = [b"/a", b"/b", b"/c"]
        requests = [b"GET /rest%b HTTP/1.1\r\nhost: a\r\n\r\n" % path for path in paths]
        await stranger.stream.send_all(b"".join(requests))
        data = await until(stranger, b"\r\n\r\n3")
        assert data.count(b"HTTP/1.1 200") == 3
        assert [request.path for request in heard.requests] == ["/a", "/b", "/c"]


async def test_head_is_a_get_without_the_body(autojump_clock: MockClock) -> None:
    async with strangers() as (server, [stranger]):
        status, whole = await stranger.ask(TIME)
        assert await stranger.ask(TIME, "HEAD") == (200, b"")
        assert (await stranger.ask(TIME))[0] == status == 200
        assert b'"ts"' in whole
        assert server.failures == 0


async def test_who_asks_whether_to_go_on_is_told_to(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers() as (server, [stranger]):
        heard = Heard(server, monkeypatch)
        head = (
            b"POST /rest/x HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        )
        await stranger.stream.send_all(head)
        assert (await until(stranger, b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        await stranger.stream.send_all(b"ab")
        assert (await until(stranger, b"\r\n\r\n1")).startswith(b"HTTP/1.1 200")
        assert heard.requests[0].body == b"ab"


async def test_a_body_has_a_bound(autojump_clock: MockClock) -> None:
    async with strangers(2) as (server, [stranger, other]):
        length = BODY_BYTES + 1
        head = f"POST {TIME} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n"
        await stranger.stream.send_all(head.encode() + bytes(length))
        assert (await until(stranger, b"\r\n\r\n")).startswith(b"HTTP/1.1 413")
        assert (await other.ask(TIME))[0] == 200
        assert server.failures == 0


@pytest.mark.parametrize(
    "data",
    [
        b"POST /rest/x HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf",
        b"GET /rest/x HT",
        b"\x00" * 1_000_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS client
        b"GET http://[::/ HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET * HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET //x HTTP/1.1\r\nhost: a\r\n\r\n",
        b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
        b"GET /public HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\r\n",
        b"GET /public HTTP/1.0\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"GET /public HTTP/1.1\r\nhost: \xe4\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"GET /rest/x HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
        b"",
    ],
    ids=lambda data: str(data[:24]),
)
async def test_a_broken_connection_harms_nobody(data: bytes, autojump_clock: MockClock) -> None:
    async with strangers(2) as (server, [stranger, other]):
        await stranger.stream.send_all(data)
        await trio.sleep(1)
        await stranger.stream.aclose()
        await trio.sleep(2)
        assert (await other.ask(TIME))[0] == 200
        assert server.failures == 0


@pytest.mark.parametrize(
    ("version", "status"), [(b"sec-websocket-version: 8\r\n", 426), (b"", 400)]
)
async def test_a_handshake_that_lacks_something_is_refused(
    version: bytes, status: int, autojump_clock: MockClock
) -> None:
    async with strangers() as (server, [stranger]):
        head = b"GET %b HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        await stranger.stream.send_all(head % SOCKET.encode() + version + b"\r\n")
        assert (await until(stranger, b"\r\n\r\n")).startswith(b"HTTP/1.1 %d" % status)
        assert server.failures == 0


async def test_a_socket_opens_on_a_connection_that_has_served_requests(
    autojump_clock: MockClock,
) -> None:
    async with strangers() as (server, [stranger]):
        assert (await stranger.ask(TIME))[0] == 200
        assert await stranger.open_socket("/nowhere") == 404
        assert (await stranger.ask(TIME))[0] == 200
        assert await stranger.open_socket(SOCKET) == 101
        await stranger.send("ping")
        assert await stranger.receive() == "pong"
        await stranger.send(BOOK)
        answers = [await stranger.receive() for _ in range(2)]
        assert ['"subscribe"' in str(answers[0]), '"snapshot"' in str(answers[1])] == [True, True]
        assert server.failures == 0


async def test_a_message_that_comes_with_the_handshake_is_heard(
    autojump_clock: MockClock,
) -> None:
    async with strangers() as (_, [stranger]):
        key = b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n"
        head = b"GET %b HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        masked_ping = b"\x81\x84\x00\x00\x00\x00ping"
        await stranger.stream.send_all(head % SOCKET.encode() + key + b"\r\n" + masked_ping)
        await until(stranger, b"pong")


async def test_a_message_in_parts_is_one_and_one_without_end_ends_its_client(
    autojump_clock: MockClock,
) -> None:
    async with strangers(2) as (server, [stranger, endless]):
        assert await stranger.open_socket(SOCKET) == 101
        for part in (b"\x01\x82\x00\x00\x00\x00pi", b"\x80\x82\x00\x00\x00\x00ng"):
            await stranger.stream.send_all(part)
            await trio.sleep(0.1)
        assert await stranger.receive() == "pong"
        assert await endless.open_socket(SOCKET) == 101
        await endless.stream.send_all(b"\x01\xff\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00")
        await endless.stream.send_all(bytes(5 << 20))
        assert await endless.receive() is None
        assert endless.closed == (1009, "message too big")
        assert server.failures == 0


async def test_an_error_of_ours_ends_its_client_alone(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers(3) as (server, [unlucky, late, other]):
        for stranger in (unlucky, late, other):
            assert await stranger.open_socket(SOCKET) == 101
            await stranger.send(BOOK)
            assert await stranger.receive()

        def fail(*_: object) -> None:
            raise AssertionError("a mistake of ours")

        first, second, _ = server.venue.sessions
        monkeypatch.setattr(first, "receive", fail)
        monkeypatch.setattr(second, "tell", fail)
        for stranger in (unlucky, late, other):
            await stranger.send("ping")
        await trio.sleep(1)
        assert server.failures == 2
        (left,) = server.venue.sessions
        assert left not in (first, second)


async def test_an_answer_that_fails_is_an_error_reply(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strangers() as (server, [stranger]):

        def fail(request: SandboxRequest) -> SandboxReply:
            raise AssertionError("a mistake of ours")

        with monkeypatch.context() as patch:
            patch.setattr(server.venue, "answer", fail)
            assert (await stranger.ask(TIME))[0] == 500
        assert (await stranger.ask(TIME))[0] == 200
        assert server.failures == 1


async def test_a_venue_that_closes_a_socket_says_why(autojump_clock: MockClock) -> None:
    async with strangers() as (server, [stranger]):
        assert await stranger.open_socket(SOCKET) == 101
        await stranger.send("ping")
        assert await stranger.receive() == "pong"
        (session,) = server.venue.sessions
        session.send("last words")
        session.close(4004, "no data received")
        assert await stranger.receive() == "last words"
        assert await stranger.receive() is None
        assert stranger.closed == (4004, "no data received")
        await trio.sleep(2)
        assert not server.venue.sessions
        assert server.failures == 0
