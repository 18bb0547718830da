"""The fast lane: the sans-I/O protocol of `websockets` on a trio stream."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import trio
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.uri import WebSocketURI

from actors.network.bounds import MOST_HEAD_BYTES, Bounds
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

# One read of a busy connection brings about a hundred messages at this size; larger reads
# would only delay the first of them.
READ_BYTES: Final = 64 << 10
STEP_BYTES: Final = 4 << 10
"""So much of a read is at most two thousand frames, which take some milliseconds."""
SWITCHING_PROTOCOLS: Final = 101
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
_HEAD_END: Final = b"\r\n\r\n"


class _FastWebSocket(WebSocket):
    def __init__(self, stream: trio.abc.Stream, protocol: ClientProtocol) -> None:
        self._stream = stream
        self._protocol = protocol
        self._writing = trio.Lock()
        self._bounds = Bounds()
        self._messages: list[Frame] = []  # that are whole and nobody has received yet
        self._fragments: list[bytes] = []
        self._opcode = Opcode.TEXT  # of the message that the fragments belong to

    async def receive(self) -> list[Frame]:
        # The answer to the handshake may have brought the first messages along.
        while not self._messages:
            if self._protocol.state is not State.OPEN:
                raise self._ended()
            await self._take(await self._read())
        messages, self._messages = self._messages, []
        return messages

    async def send(self, frame: Frame) -> None:
        if self._protocol.state is not State.OPEN:
            raise self._ended()
        if isinstance(frame, str):
            self._protocol.send_text(frame.encode())
        else:
            self._protocol.send_binary(frame)
        await self._flush()

    async def shake_hands(self, headers: tuple[tuple[str, str], ...]) -> None:
        request = self._protocol.connect()
        request.headers.update(Headers(headers))
        self._protocol.send_request(request)
        await self._flush()
        head = b""
        while self._protocol.state is State.CONNECTING and not self._protocol.handshake_exc:
            data = await self._read()
            head += data
            if (status := _refused_with(head)) is not None:
                raise await self._refusal(status, head, data)
            await self._take(data)
        if error := self._protocol.handshake_exc:
            raise Disconnected(f"handshake failed: {error.__cause__ or error}") from error

    async def _refusal(self, status: int, reply: bytes, data: bytes) -> HandshakeRefused:
        """A refusal whose head is there, with what comes of its body in time."""
        head, _, _ = reply.partition(_HEAD_END)
        start = len(head) + len(_HEAD_END)
        protocol = self._protocol
        protocol.receive_data(data)
        with trio.move_on_after(REFUSAL_S), suppress(Disconnected):
            while not protocol.handshake_exc and len(reply) < start + MOST_REFUSAL_BYTES:
                data = await self._read()
                reply += data
                protocol.receive_data(data) if data else protocol.receive_eof()
        error = protocol.handshake_exc
        body = bytes(error.response.body) if isinstance(error, InvalidStatus) else reply[start:]
        return HandshakeRefused(status, _fields(head), body)

    async def say_goodbye(self) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            await self._flush()

    async def _read(self) -> bytes:
        try:
            return bytes(await self._stream.receive_some(READ_BYTES))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise Disconnected(f"connection broke: {error.__cause__ or error}") from error

    async def _take(self, data: bytes) -> None:
        """Let the protocol make of data what it can, and answer what wants to be answered."""
        if not data:
            self._protocol.receive_eof()
        # In parts, so that bounds hold before all of a read has been worked through.
        for start in range(0, len(data), STEP_BYTES):
            self._protocol.receive_data(data[start : start + STEP_BYTES])
            self._gather()
        await self._flush()

    async def _flush(self) -> None:
        """Send what the protocol has to say: our messages, pongs, the answer to a close."""
        chunks = self._protocol.data_to_send()
        if not chunks:
            return
        async with self._writing:
            for chunk in chunks:
                if not chunk:
                    continue  # half-close; the stream is closed as a whole later
                try:
                    await self._stream.send_all(chunk)
                except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                    raise Disconnected(f"connection broke: {error.__cause__ or error}") from error

    def _gather(self) -> None:
        """Take the messages that the bytes so far complete."""
        for event in self._protocol.events_received():
            if not isinstance(event, WireFrame):
                continue  # the answer to the handshake
            if event.opcode in (Opcode.PING, Opcode.PONG):
                self._bounds.control()
            elif event.opcode is Opcode.TEXT and event.fin:
                self._messages.append(_text(event.data))
            elif event.opcode is Opcode.BINARY and event.fin:
                self._messages.append(bytes(event.data))
            elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._bounds.fragment(is_last=event.fin)
                self._messages += self._join(event)

    def _join(self, event: WireFrame) -> list[Frame]:
        """Collect a fragment; the whole message once its last one is there.

        The protocol bounds the size of a fragmented message as it does that of a whole one.
        """
        if event.opcode is not Opcode.CONT:
            self._opcode = event.opcode
        self._fragments.append(bytes(event.data))
        if not event.fin:
            return []
        data = b"".join(self._fragments)
        self._fragments.clear()
        return [_text(data) if self._opcode is Opcode.TEXT else data]

    def _ended(self) -> Disconnected:
        protocol = self._protocol
        if close := protocol.close_rcvd:
            return Disconnected(close.reason or "closed by the venue", close.code)
        if isinstance(protocol.parser_exc, EOFError | None):
            return Disconnected("connection ended without a goodbye")
        return Disconnected(f"protocol broken: {protocol.parser_exc}")


@asynccontextmanager
async def open_lane(
    stream: trio.abc.Stream,
    address: Address,
    max_bytes: int,
    headers: tuple[tuple[str, str], ...],
) -> AsyncIterator[WebSocket]:
    path, _, query = address.resource.partition("?")
    uri = WebSocketURI(address.secure, address.host, address.port, path, query)
    protocol = ClientProtocol(uri, max_size=max_bytes)
    socket = _FastWebSocket(stream, protocol)
    with in_time("the handshake", address):
        await socket.shake_hands(headers)
    try:
        yield socket
    finally:
        with trio.move_on_after(CLOSE_S, shield=True):
            with suppress(Disconnected):  # it may have gone already
                await socket.say_goodbye()


def _text(data: bytes | bytearray | memoryview) -> str:
    # Bytes that are no UTF-8 reach the codec as surrogates, which no decoder accepts: it
    # reports the frame instead of the whole connection being lost.
    return bytes(data).decode("utf-8", "surrogateescape")


def _refused_with(head: bytes) -> int | None:
    """The status of the answer to a handshake, as far as it has come, if it is a refusal."""
    if head.find(_HEAD_END) < 0:
        if len(head) > MOST_HEAD_BYTES:
            raise Disconnected(f"handshake failed: a head of more than {MOST_HEAD_BYTES} bytes")
        return None
    status = _STATUS.match(head)
    code = int(status[1]) if status else SWITCHING_PROTOCOLS
    return None if code == SWITCHING_PROTOCOLS else code


def _fields(head: bytes) -> dict[str, str]:
    """The headers of an answer, names in lower case."""
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}
