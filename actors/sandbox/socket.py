"""The server's end of a WebSocket, by `wsproto`."""

from typing import Final

import trio
from wsproto.connection import Connection, ConnectionState
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    TextMessage,
)

from exchanges.stream.wire import Frame

MESSAGE_BYTES: Final = 4 << 20
"""The largest message of a client; what venues accept is smaller."""
READ_BYTES: Final = 64 << 10
TOO_BIG: Final = 1009


class ServerSocket:
    """An accepted WebSocket. One task may receive while others send."""

    def __init__(self, stream: trio.abc.Stream, connection: Connection) -> None:
        self.stream = stream
        self._connection = connection
        self._sending = trio.StrictFIFOLock()
        self._parts: list[str | bytes | bytearray] = []  # of a message that has not ended yet

    async def receive(self) -> list[Frame]:
        """The messages that the next read completes, at least one; none once the client is gone."""
        while self._connection.state is not ConnectionState.CLOSED:
            frames: list[Frame] = []
            for event in self._connection.events():
                match event:
                    case TextMessage() | BytesMessage():
                        frames += self._message(event)
                    case Ping():
                        await self._send(event.response())
                    case CloseConnection():
                        await self._say_goodbye(event)
                        return frames
            if sum(map(len, self._parts)) > MESSAGE_BYTES:
                await self.close(TOO_BIG, "message too big")
                return frames
            if frames:
                return frames
            data = bytes(await self.stream.receive_some(READ_BYTES))
            self._connection.receive_data(data or None)
        return []

    async def send(self, frame: Frame) -> None:
        """Send one message.

        Raises:
            trio.BrokenResourceError: the connection has ended or is ending.
        """
        await self._send(
            TextMessage(data=frame) if isinstance(frame, str) else BytesMessage(data=frame)
        )

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye; the client's own is the last that `receive` hears of it."""
        await self._send(CloseConnection(code=code, reason=reason))

    async def _send(self, event: Event) -> None:
        async with self._sending:
            # Once the client has said goodbye, which it may have done while this waited for its
            # turn, nothing but our own may follow.
            state = self._connection.state
            is_answer = isinstance(event, CloseConnection)
            if state is not ConnectionState.OPEN and not (
                is_answer and state is ConnectionState.REMOTE_CLOSING
            ):
                raise trio.BrokenResourceError("the WebSocket is closed")
            await self.stream.send_all(self._connection.send(event))

    async def _say_goodbye(self, event: CloseConnection) -> None:
        """Answer the client's goodbye, or end a client that breaks the protocol."""
        if self._connection.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            await self._send(event.response())

    def _message(self, event: TextMessage | BytesMessage) -> list[Frame]:
        """The message that the part ends, if it does."""
        self._parts.append(event.data)
        if not event.message_finished:
            return []
        parts, self._parts = self._parts, []
        if isinstance(parts[0], str):
            return ["".join(part for part in parts if isinstance(part, str))]
        return [b"".join(part for part in parts if isinstance(part, bytes | bytearray))]
