"""Tests of `actors.websocket`: one set for both lanes, against a server nobody here wrote."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import trio
import trustme
from trio.testing import MockClock
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    WebSocketRequest,
    wrap_server_stream,
)
from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, TextMessage
from wsproto.events import Request as WsRequest

from actors.network.network import MemoryNetwork, SocketNetwork
from actors.network.websocket import (
    HANDSHAKE_S,
    Address,
    Disconnected,
    HandshakeRefused,
    Transport,
    WebSocket,
    choose_transport,
    open_websocket,
)
from exchanges.stream.wire import Frame

LANES = (Transport.FAST, Transport.BASE)
MAX_BYTES = 1_000

Serve = Callable[[WebSocketConnection], Awaitable[None]]


@pytest.fixture(params=LANES, ids=str)
def lane(request: pytest.FixtureRequest) -> Transport:
    transport: Transport = request.param
    return transport


@asynccontextmanager
async def connected(lane: Transport, serve: Serve) -> AsyncIterator[WebSocket]:
    """A connection to a server that accepts it and then runs `serve`."""

    async def handle(stream: trio.abc.Stream) -> None:
        with suppress(ConnectionClosed, trio.BrokenResourceError):
            async with trio.open_nursery() as nursery:
                request = await wrap_server_stream(nursery, stream)
                async with await request.accept() as connection:
                    await serve(connection)

    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        network.listen("venue", handle)
        async with open_websocket(
            network, "ws://venue/path?a=1", transport=lane, max_bytes=MAX_BYTES
        ) as socket:
            yield socket
        nursery.cancel_scope.cancel()


async def receive(socket: WebSocket, count: int) -> list[Frame]:
    frames: list[Frame] = []
    while len(frames) < count:
        frames += await socket.receive()
    return frames


async def test_text_is_str_and_binary_is_bytes(lane: Transport) -> None:
    async def serve(connection: WebSocketConnection) -> None:
        await connection.send_message("text ü")
        await connection.send_message(b"\x00\xff")
        await trio.sleep_forever()

    async with connected(lane, serve) as socket:
        assert await receive(socket, 2) == ["text ü", b"\x00\xff"]


async def test_what_is_sent_arrives(lane: Transport) -> None:
    heard: list[Any] = []

    async def serve(connection: WebSocketConnection) -> None:
        assert connection.path == "/path?a=1"
        for _ in range(2):
            heard.append(await connection.get_message())
        await connection.send_message("done")
        await trio.sleep_forever()

    async with connected(lane, serve) as socket:
        await socket.send("hello")
        await socket.send(b"\x01")
        assert await receive(socket, 1) == ["done"]
    assert heard == ["hello", b"\x01"]


async def test_a_ping_is_answered_by_whoever_receives(lane: Transport) -> None:
    async def serve(connection: WebSocketConnection) -> None:
        await connection.ping(b"payload")  # returns when the pong has come
        await connection.send_message("answered")
        await trio.sleep_forever()

    async with connected(lane, serve) as socket:
        assert await receive(socket, 1) == ["answered"]


async def test_a_close_tells_code_and_reason(lane: Transport) -> None:
    async def serve(connection: WebSocketConnection) -> None:
        await connection.send_message("last words")
        await connection.aclose(code=4004, reason="no data")

    async with connected(lane, serve) as socket:
        assert await receive(socket, 1) == ["last words"]
        with pytest.raises(Disconnected, match="no data") as caught:
            await socket.receive()
        assert caught.value.code == 4004
        with pytest.raises(Disconnected):
            await socket.send("too late")


async def test_a_broken_stream_is_a_disconnect(lane: Transport) -> None:
    async def serve(connection: WebSocketConnection) -> None:
        await connection.send_message("first")
        await trio.aclose_forcefully(connection._stream)

    async with connected(lane, serve) as socket:
        assert await receive(socket, 1) == ["first"]
        with pytest.raises(Disconnected):
            await socket.receive()


async def test_fault_12_an_oversized_message_ends_the_connection(lane: Transport) -> None:
    async def serve(connection: WebSocketConnection) -> None:
        await connection.send_message("x" * MAX_BYTES)
        await connection.send_message("x" * (MAX_BYTES + 1))
        await trio.sleep_forever()

    async with connected(lane, serve) as socket:
        assert await receive(socket, 1) == ["x" * MAX_BYTES]
        with pytest.raises(Disconnected):
            await socket.receive()


async def test_fragments_come_out_as_one_message(lane: Transport) -> None:
    async def serve(connection: WebSocketConnection) -> None:
        for part, is_last in (("one ", False), ("two ", False), ("three", True)):
            event = TextMessage(data=part, message_finished=is_last)
            await connection._send(event)
        await trio.sleep_forever()

    async with connected(lane, serve) as socket:
        assert await receive(socket, 1) == ["one two three"]


async def test_fault_5_a_refused_handshake_tells_when_to_come_back(lane: Transport) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        async with trio.open_nursery() as nursery:
            request: WebSocketRequest = await wrap_server_stream(nursery, stream)
            with suppress(ConnectionClosed):  # who is refused does not wait for the words
                await request.reject(429, extra_headers=[(b"Retry-After", b"7")], body=b"slow down")

    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        network.listen("venue", handle)
        with pytest.raises(HandshakeRefused) as caught:
            await open_and_close(network, "ws://venue/", lane)
        assert (caught.value.status, caught.value.headers["retry-after"]) == (429, "7")
        assert caught.value.body == b"slow down"


async def test_a_server_that_does_not_answer_is_given_up(
    lane: Transport, autojump_clock: MockClock
) -> None:
    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        network.listen("venue", say_nothing)
        with pytest.raises(trio.TooSlowError, match="venue:80 gave no answer to the handshake"):
            await open_and_close(network, "ws://venue/", lane)
        assert trio.current_time() == HANDSHAKE_S
        nursery.cancel_scope.cancel()


async def test_a_server_that_is_no_websocket_server_is_a_disconnect(lane: Transport) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"SSH-2.0-OpenSSH\r\n\r\n")
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        network.listen("venue", handle)
        with pytest.raises(Disconnected, match="handshake failed"):
            await open_and_close(network, "ws://venue/", lane)


async def test_a_host_that_nobody_serves_is_an_os_error(lane: Transport) -> None:
    async with trio.open_nursery() as nursery:
        with pytest.raises(OSError, match="nobody listens"):
            await open_and_close(MemoryNetwork(nursery), "ws://venue/", lane)


async def test_fault_10_a_message_that_trickles_in_is_put_together(lane: Transport) -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        server = trio_server()
        while True:
            server.receive_data(await stream.receive_some())
            if any(isinstance(event, WsRequest) for event in server.events()):
                break
        data = server.send(AcceptConnection()) + server.send(TextMessage(data="slow"))
        for byte in data:
            await stream.send_all(bytes([byte]))
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        network.listen("venue", handle)
        async with open_websocket(
            network, "ws://venue/", transport=lane, max_bytes=MAX_BYTES
        ) as socket:
            assert await receive(socket, 1) == ["slow"]
        nursery.cancel_scope.cancel()


async def test_the_fast_lane_hands_over_all_messages_of_one_read() -> None:
    async def handle(stream: trio.abc.Stream) -> None:
        server = trio_server()
        while True:
            server.receive_data(await stream.receive_some())
            if any(isinstance(event, WsRequest) for event in server.events()):
                break
        await stream.send_all(server.send(AcceptConnection()))
        data = b"".join(server.send(TextMessage(data=str(number))) for number in range(50))
        await stream.send_all(data)
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        network.listen("venue", handle)
        async with open_websocket(
            network, "ws://venue/", transport=Transport.FAST, max_bytes=MAX_BYTES
        ) as socket:
            assert await socket.receive() == [str(number) for number in range(50)]
        nursery.cancel_scope.cancel()


@pytest.mark.loopback
@pytest.mark.parametrize("trusted", [True, False])
async def test_fault_11_a_certificate_is_checked(lane: Transport, trusted: bool) -> None:
    authority = trustme.CA()
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_tls)
    client_tls = ssl.create_default_context()
    if trusted:
        authority.configure_trust(client_tls)

    async def handle(stream: trio.SSLStream[trio.SocketStream]) -> None:
        with suppress(ConnectionClosed, trio.BrokenResourceError):
            async with trio.open_nursery() as nursery:
                request = await wrap_server_stream(nursery, stream)
                async with await request.accept() as connection:
                    await connection.send_message("secured")
                    await connection.get_message()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_ssl_over_tcp_listeners(0, server_tls, host="127.0.0.1")
        listener = listeners[0].transport_listener
        assert isinstance(listener, trio.SocketListener)
        port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, handle, listeners)
        url, network = f"wss://127.0.0.1:{port}/", SocketNetwork(tls=client_tls)
        if trusted:
            async with open_websocket(network, url, transport=lane, max_bytes=MAX_BYTES) as socket:
                assert await receive(socket, 1) == ["secured"]
        else:
            with pytest.raises(OSError, match="certificate"):
                await open_and_close(network, url, lane)
        nursery.cancel_scope.cancel()


def test_the_automatic_choice_is_the_fast_lane_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert choose_transport(Transport.AUTO) is Transport.FAST
    monkeypatch.setattr("actors.network.websocket.find_spec", lambda name: None)
    assert choose_transport(Transport.AUTO) is Transport.BASE
    with pytest.raises(ValueError, match=r"arbitrio\[fast\]"):
        choose_transport(Transport.FAST)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("ws://host/a?b=c", Address(False, "host", 80, "/a?b=c")),
        ("wss://host", Address(True, "host", 443, "/")),
        ("wss://host:8443/ws/v5", Address(True, "host", 8443, "/ws/v5")),
    ],
)
def test_urls_are_taken_apart(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize("url", ["http://host/", "host/path", "ws://"])
def test_what_is_no_stream_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not a ws"):
        Address.parse(url)


async def say_nothing(stream: trio.abc.Stream) -> None:
    await trio.sleep_forever()


async def open_and_close(network: MemoryNetwork | SocketNetwork, url: str, lane: Transport) -> None:
    async with open_websocket(network, url, transport=lane, max_bytes=MAX_BYTES):
        pass


def trio_server() -> Any:
    from wsproto import WSConnection

    return WSConnection(ConnectionType.SERVER)
