"""The server's end of a WebSocket while either side says goodbye."""

from contextlib import suppress

import pytest
import trio
from trio.testing import memory_stream_pair
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Ping

from actors.sandbox.socket import ServerSocket
from exchanges.stream.wire import Frame

TIMES = 30
"""Tasks that are ready together run in a random order: all orders come up."""


async def test_a_goodbye_that_comes_while_we_send_is_no_failure() -> None:
    for _ in range(TIMES):
        socket, client, stream = talk()
        await stream.send_all(client.send(CloseConnection(code=1000)))
        heard: list[list[Frame]] = []

        async def listen(socket: ServerSocket = socket, heard: list[list[Frame]] = heard) -> None:
            heard.append(await socket.receive())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            for _ in range(3):
                nursery.start_soon(send, socket)
        assert heard == [[]]


async def test_nothing_is_said_after_our_own_goodbye() -> None:
    for _ in range(TIMES):
        socket, client, stream = talk()
        await stream.send_all(client.send(Ping(payload=b"still there?")))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.close, 1000, "enough")
            nursery.start_soon(send, socket)
            nursery.start_soon(listen_once, socket)
            nursery.cancel_scope.deadline = trio.current_time() + 0.01
        with pytest.raises(trio.BrokenResourceError):
            await socket.send("more")


async def send(socket: ServerSocket) -> None:
    with suppress(trio.BrokenResourceError):
        await socket.send("news")


async def listen_once(socket: ServerSocket) -> None:
    with suppress(trio.BrokenResourceError):
        await socket.receive()


def talk() -> tuple[ServerSocket, Connection, trio.abc.Stream]:
    """An open socket, and the client's protocol and stream."""
    ours, theirs = memory_stream_pair()
    server = ServerSocket(ours, Connection(ConnectionType.SERVER))
    return server, Connection(ConnectionType.CLIENT), theirs
