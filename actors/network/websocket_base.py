"""The base lane: `trio-websocket`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import inf
from typing import Any, Final

import trio
import wsproto
from trio_websocket import ConnectionClosed, WebSocketConnection
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, Ping, Pong, RejectConnection, RejectData, TextMessage
from wsproto.utilities import LocalProtocolError

from actors.edges.background import open_background
from actors.network.bounds import Bounds
from actors.network.websocket import (
    CLOSE_S,
    MOST_REFUSAL_BYTES,
    REFUSAL_S,
    Address,
    Disconnected,
    HandshakeRefused,
    WebSocket,
    in_time,
)
from exchanges.stream.wire import Frame

# The library's reader stops when this many messages wait; the socket's own buffer comes after.
QUEUE: Final = 100
READ_BYTES: Final = 64 << 10
GOODBYE_S: Final = 0.05
"""For sending a close frame without waiting for the answer."""


class _Connection(WebSocketConnection):
    """The library's connection within our bounds.

    Its reader runs in a nursery; what it fails by is kept for whoever receives, and ends nobody
    else. The methods are those by which the library's own reader handles events.
    """

    def __init__(self, *args: Any, **facts: Any) -> None:
        super().__init__(*args, **facts)
        self.failure: Exception | None = None
        self._refusal: HandshakeRefused | None = None  # its body may still come
        self._reading = trio.CancelScope()
        self._bounds = Bounds()

    async def shake_hands(self, nursery: trio.Nursery) -> None:
        nursery.start_soon(self._reader_task, name="websocket reader")
        await self._open_handshake.wait()
        if self.failure:
            raise self.failure

    async def _reader_task(self) -> None:
        try:
            with self._reading:
                await super()._reader_task()
            if self._refusal:
                self.failure = self._refusal
            elif not self._open_handshake.is_set():
                self.failure = Disconnected("handshake failed: the connection ended")
        except Disconnected:
            pass  # it is kept already
        except Exception as error:  # noqa: BLE001 - told to whoever receives
            stage = "protocol broken" if self._open_handshake.is_set() else "handshake failed"
            self.failure = Disconnected(f"{stage}: {error or repr(error)}")
        finally:
            self._open_handshake.set()
            self._close_handshake.set()

    async def _handle_reject_connection_event(self, event: RejectConnection) -> None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in event.headers or ()
        }
        self._refusal = HandshakeRefused(event.status_code, headers, b"")
        if event.has_body:
            self._reading.deadline = trio.current_time() + REFUSAL_S
        else:
            self._reading.cancel(reason="the handshake is refused")

    async def _handle_reject_data_event(self, event: RejectData) -> None:
        assert self._refusal
        self._refusal.body += event.data[:MOST_REFUSAL_BYTES]
        if event.body_finished or len(self._refusal.body) >= MOST_REFUSAL_BYTES:
            self._reading.cancel(reason="the handshake is refused")

    async def _handle_message_event(self, event: BytesMessage | TextMessage) -> None:
        if event.frame_finished and not (event.message_finished and not self._message_parts):
            with self._telling():
                self._bounds.fragment(is_last=event.message_finished)
        if self._wsproto.state is ConnectionState.OPEN:
            await super()._handle_message_event(event)

    async def _handle_ping_event(self, event: Ping) -> None:
        with self._telling():
            self._bounds.control()
        if self._wsproto.state is ConnectionState.OPEN:  # after a goodbye nothing is answered
            await super()._handle_ping_event(event)

    async def _handle_pong_event(self, event: Pong) -> None:
        with self._telling():
            self._bounds.control()
        await super()._handle_pong_event(event)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Keep a failure before the library closes the channel: that wakes whoever receives."""
        try:
            yield
        except Disconnected as error:
            self.failure = error
            raise


class _BaseWebSocket(WebSocket):
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def receive(self) -> list[Frame]:
        try:
            return [await self._connection.get_message()]
        except ConnectionClosed as error:
            raise self._ended(error) from error

    async def send(self, frame: Frame) -> None:
        try:
            await self._connection.send_message(frame)
        except ConnectionClosed as error:
            raise self._ended(error) from error
        except LocalProtocolError as error:
            raise Disconnected(f"connection ended: {error}") from error

    def _ended(self, error: ConnectionClosed) -> Exception:
        if self._connection.failure:
            return self._connection.failure
        if error.reason is None:
            return Disconnected("connection broke")
        return Disconnected(error.reason.reason or "closed by the venue", error.reason.code)


@asynccontextmanager
async def open_lane(
    stream: trio.abc.Stream,
    address: Address,
    max_bytes: int,
    headers: tuple[tuple[str, str], ...],
) -> AsyncIterator[WebSocket]:
    default_port = 443 if address.secure else 80
    port = "" if address.port == default_port else f":{address.port}"
    connection = _Connection(
        stream,
        wsproto.WSConnection(wsproto.ConnectionType.CLIENT),
        host=address.host + port,
        path=address.resource,
        client_extra_headers=[(name.encode(), value.encode()) for name, value in headers],
        message_queue_size=QUEUE,
        max_message_size=max_bytes,
        receive_buffer_size=READ_BYTES,
    )
    async with open_background("the connection is closed") as nursery:
        with in_time("the handshake", address):
            await connection.shake_hands(nursery)
        try:
            yield _BaseWebSocket(connection)
        finally:
            # Once we are cancelled the library's reader is gone, and nobody would hear the
            # answer to our goodbye.
            is_cancelled = trio.current_effective_deadline() == -inf
            with trio.move_on_after(GOODBYE_S if is_cancelled else CLOSE_S, shield=True):
                await connection.aclose()
