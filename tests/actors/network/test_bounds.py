"""What a server may make us do for nothing: the same in both lanes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trio
from trio.testing import MockClock
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection
from wsproto.events import Request as WsRequest

from actors.edges.background import open_background
from actors.network.bounds import MOST_CONTROLS, MOST_FRAGMENTS, MOST_HEAD_BYTES
from actors.network.network import MemoryNetwork
from actors.network.websocket import (
    MOST_REFUSAL_BYTES,
    REFUSAL_S,
    Disconnected,
    HandshakeRefused,
    Transport,
    WebSocket,
    open_websocket,
)

LANES = (Transport.FAST, Transport.BASE)
MAX_BYTES = 1 << 20
WITHIN_S = 10.0
"""Much more than anything here takes."""

Serve = Callable[[trio.abc.Stream], Awaitable[None]]


@pytest.fixture(params=LANES, ids=str)
def lane(request: pytest.FixtureRequest) -> Transport:
    transport: Transport = request.param
    return transport


@asynccontextmanager
async def connected(lane: Transport, serve: Serve) -> AsyncIterator[WebSocket]:
    """A connection to a server that runs `serve` on the bare stream, once it has accepted."""

    async def handle(stream: trio.abc.Stream) -> None:
        server = WSConnection(ConnectionType.SERVER)
        while not any(isinstance(event, WsRequest) for event in server.events()):
            server.receive_data(bytes(await stream.receive_some()))
        await stream.send_all(server.send(AcceptConnection()))
        await serve(stream)

    async with opened(lane, handle) as socket:
        yield socket


@asynccontextmanager
async def opened(lane: Transport, handle: Serve) -> AsyncIterator[WebSocket]:
    async def until_it_breaks(stream: trio.abc.Stream) -> None:
        with suppress(trio.BrokenResourceError):
            await handle(stream)

    with trio.fail_after(WITHIN_S):
        async with open_background("the test is over") as nursery:
            network = MemoryNetwork(nursery)
            network.listen("venue", until_it_breaks)
            async with open_websocket(
                network, "ws://venue/", transport=lane, max_bytes=MAX_BYTES
            ) as socket:
                yield socket


def frame(opcode: int, payload: bytes = b"", *, is_last: bool = True) -> bytes:
    """A short frame as a server sends it."""
    assert len(payload) < 126
    return bytes([opcode | (0x80 if is_last else 0), len(payload)]) + payload


CONTINUATION, TEXT, PING, PONG = 0, 1, 9, 10


@pytest.mark.parametrize("head", [b"503 Busy", b"429 Slow\r\nRetry-After: 7"])
async def test_a_refusal_whose_body_never_ends_is_one(lane: Transport, head: bytes) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 " + head + b"\r\n\r\n")
        while True:
            await stream.send_all(b"x" * 65_536)
            await trio.lowlevel.checkpoint()

    with pytest.raises(HandshakeRefused) as caught:
        async with opened(lane, handle):
            pass
    told = caught.value
    assert (told.status, told.headers.get("retry-after")) in ((503, None), (429, "7"))
    assert set(told.body) == set(b"x")
    assert len(told.body) <= MOST_REFUSAL_BYTES


@pytest.mark.parametrize("sent", [b"slow", b""])
async def test_a_refusal_whose_body_does_not_come_waits_for_it_no_longer_than_a_moment(
    lane: Transport, sent: bytes, autojump_clock: MockClock
) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 418 No\r\nContent-Length: 99\r\n\r\n" + sent)
        await trio.sleep_forever()

    with pytest.raises(HandshakeRefused) as caught:
        async with opened(lane, handle):
            pass
    assert (caught.value.status, caught.value.body) == (418, sent)
    assert trio.current_time() == REFUSAL_S


@pytest.mark.parametrize(
    "refusal",
    [
        b"HTTP/1.1 418 No\r\nContent-Length: 9\r\n\r\nslow down",
        b"HTTP/1.1 418 No\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nslow \r\n4\r\ndown\r\n0\r\n\r\n",
        b"HTTP/1.1 418 No\r\nConnection: close\r\n\r\nslow down",
    ],
)
@pytest.mark.parametrize("step", [1, 1_000])
async def test_a_refusal_is_told_with_its_words(
    lane: Transport, refusal: bytes, step: int, autojump_clock: MockClock
) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        for start in range(0, len(refusal), step):
            await stream.send_all(refusal[start : start + step])
            await trio.sleep(0.001)
        await stream.aclose()

    with pytest.raises(HandshakeRefused) as caught:
        async with opened(lane, handle):
            pass
    assert (caught.value.status, caught.value.body) == (418, b"slow down")


async def test_a_head_that_never_ends_is_a_failed_handshake(lane: Transport) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 101 Yes\r\n")
        for number in range(MOST_HEAD_BYTES):
            await stream.send_all(b"x-%d: y\r\n" % number)
        await trio.sleep_forever()

    with pytest.raises(Disconnected, match="handshake failed"):
        async with opened(lane, handle):
            pass


@pytest.mark.parametrize("opcode", [PING, PONG])
async def test_a_flood_of_pings_ends_the_connection(lane: Transport, opcode: int) -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        while True:
            await stream.send_all(frame(opcode) * 10_000)
            await trio.lowlevel.checkpoint()

    with pytest.raises(Disconnected, match=f"more than {MOST_CONTROLS} pings"):
        async with connected(lane, serve) as socket:
            await socket.receive()


@pytest.mark.parametrize("payload", [b"", b"x"])
async def test_a_message_of_crumbs_ends_the_connection(lane: Transport, payload: bytes) -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        await stream.send_all(frame(TEXT, payload, is_last=False))
        while True:
            await stream.send_all(frame(CONTINUATION, payload, is_last=False) * 10_000)
            await trio.lowlevel.checkpoint()

    with pytest.raises(Disconnected, match=f"in more than {MOST_FRAGMENTS} parts"):
        async with connected(lane, serve) as socket:
            await socket.receive()


async def test_what_servers_do_is_within_the_bounds(lane: Transport) -> None:
    """A message in many parts with pings between them, again and again."""

    async def serve(stream: trio.abc.Stream) -> None:
        for _ in range(3):
            await stream.send_all(frame(TEXT, b"a", is_last=False))
            for number in range(MOST_FRAGMENTS - 2):
                await stream.send_all(frame(CONTINUATION, b"b", is_last=False))
                if number % 50 == 0:
                    await stream.send_all(frame(PING, b"?"))
            await stream.send_all(frame(CONTINUATION, b"c"))
        await trio.sleep_forever()

    async with connected(lane, serve) as socket:
        heard: list[object] = []
        while len(heard) < 3:
            heard += await socket.receive()
    assert heard == 3 * ["a" + "b" * (MOST_FRAGMENTS - 2) + "c"]


async def test_pings_and_messages_after_our_goodbye_are_no_failure(lane: Transport) -> None:
    said_goodbye = trio.Event()

    async def serve(stream: trio.abc.Stream) -> None:
        while data := await stream.receive_some():
            if data[0] & 0x0F == 8:
                said_goodbye.set()
                await stream.send_all(frame(PING, b"late") + frame(TEXT, b"late"))
        await stream.aclose()

    async with connected(lane, serve):
        pass
    assert said_goodbye.is_set()


async def test_nothing_is_sent_after_the_venues_goodbye(lane: Transport) -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        await stream.send_all(frame(8, b"\x03\xe8bye"))
        await trio.sleep_forever()

    async with connected(lane, serve) as socket:
        with pytest.raises(Disconnected, match="bye"):
            await socket.receive()
        with pytest.raises(Disconnected):
            await socket.send("too late")
