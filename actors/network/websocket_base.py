"""The base lane: `trio-websocket`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import Final

import h11
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)

from actors.edges.background import open_background
from actors.network.websocket import (
    CLOSE_S,
    HANDSHAKE_S,
    Address,
    Disconnected,
    HandshakeRefused,
    WebSocket,
)
from exchanges.stream.wire import Frame

# The library's reader stops when this many messages wait; the socket's own buffer comes after.
QUEUE: Final = 100
READ_BYTES: Final = 64 << 10
GOODBYE_S: Final = 0.05
"""For sending a close frame without waiting for the answer."""


class _BaseWebSocket(WebSocket):
    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection

    async def receive(self) -> list[Frame]:
        try:
            return [await self._connection.get_message()]
        except ConnectionClosed as error:
            raise _ended(error) from error

    async def send(self, frame: Frame) -> None:
        try:
            await self._connection.send_message(frame)
        except ConnectionClosed as error:
            raise _ended(error) from error


@asynccontextmanager
async def open_lane(
    stream: trio.abc.Stream,
    address: Address,
    max_bytes: int,
    headers: tuple[tuple[str, str], ...],
) -> AsyncIterator[WebSocket]:
    try:
        async with open_background("the connection is closed") as nursery:
            connection = await _shake_hands(nursery, stream, address, max_bytes, headers)
            try:
                yield _BaseWebSocket(connection)
            finally:
                # Once we are cancelled the library's reader is gone, and nobody would hear the
                # answer to our goodbye.
                is_cancelled = trio.current_effective_deadline() == -inf
                with trio.move_on_after(GOODBYE_S if is_cancelled else CLOSE_S, shield=True):
                    await connection.aclose()
    except ConnectionRejected as error:
        raise _refused(error) from error
    except h11.ProtocolError as error:
        # The library's reader fails by this on an answer that is no HTTP.
        raise Disconnected(f"handshake failed: {error}") from error


async def _shake_hands(
    nursery: trio.Nursery,
    stream: trio.abc.Stream,
    address: Address,
    max_bytes: int,
    headers: tuple[tuple[str, str], ...],
) -> WebSocketConnection:
    default_port = 443 if address.secure else 80
    port = "" if address.port == default_port else f":{address.port}"
    try:
        with trio.fail_after(HANDSHAKE_S):
            return await wrap_client_stream(
                nursery,
                stream,  # type: ignore[arg-type]  # any trio stream does
                address.host + port,
                address.resource,
                extra_headers=[(name.encode(), value.encode()) for name, value in headers],
                message_queue_size=QUEUE,
                max_message_size=max_bytes,
                receive_buffer_size=READ_BYTES,
            )
    except ConnectionRejected:
        raise
    except HandshakeError as error:
        raise Disconnected(f"handshake failed: {error or repr(error)}") from error


def _ended(error: ConnectionClosed) -> Disconnected:
    reason = error.reason
    if reason is None:
        return Disconnected("connection broke")
    return Disconnected(reason.reason or "closed by the venue", reason.code)


def _refused(error: ConnectionRejected) -> HandshakeRefused:
    wait = [value for name, value in error.headers or () if name.lower() == b"retry-after"]
    retry_after_s = float(wait[0]) if wait and wait[0].isdigit() else None
    return HandshakeRefused(error.status_code, retry_after_s)
