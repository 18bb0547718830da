"""Clients that are not ours: raw bytes and plain protocol libraries on one connection."""

import h11
import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

from exchanges.stream.wire import Frame

DEFLATE = PerMessageDeflate()


class Stranger:
    """One connection to a host, spoken to in bytes.

    Attributes:
        closed: code and reason of the server's goodbye, once it came.
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.closed: tuple[int, str | None] | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._socket: WSConnection | None = None

    async def ask(
        self,
        target: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> tuple[int, bytes]:
        """Status and body of what answers a request."""
        fields = {"host": "sandbox", "content-length": str(len(body)), **(headers or {})}
        request = h11.Request(method=method, target=target, headers=[*fields.items()])
        sent = [self._http.send(part) for part in (request, h11.Data(body), h11.EndOfMessage())]
        await self.stream.send_all(b"".join(part for part in sent if part))
        status, answer = 0, b""
        while True:
            match self._http.next_event():
                case h11.NEED_DATA:
                    self._http.receive_data(bytes(await self.stream.receive_some(65_536)))
                case h11.Response(status_code=status):
                    pass
                case h11.Data(data=data):
                    answer += data
                case h11.EndOfMessage():
                    if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
                        self._http.start_next_cycle()
                    return status, answer

    async def open_socket(self, target: str) -> int:
        """Ask for a WebSocket, with compression offered; the status that answers."""
        self._socket = WSConnection(ConnectionType.CLIENT)
        request = Request(host="sandbox", target=target, extensions=[DEFLATE])
        await self.stream.send_all(self._socket.send(request))
        match await self._event():
            case AcceptConnection():
                return 101
            case RejectConnection(status_code=status):
                self._socket = None
                return status
            case event:
                raise AssertionError(event)

    async def send(self, frame: Frame) -> None:
        assert self._socket
        message = TextMessage(frame) if isinstance(frame, str) else BytesMessage(frame)
        await self.stream.send_all(self._socket.send(message))

    async def receive(self) -> Frame | None:
        """The next message; None once the server has gone."""
        parts: list[Frame] = []
        while True:
            match await self._event():
                case Message(data=data, message_finished=is_last):
                    parts.append(bytes(data) if isinstance(data, bytearray) else data)
                    if is_last:
                        return parts[0][:0].join(parts)  # type: ignore[arg-type]
                case CloseConnection(code=code, reason=reason):
                    self.closed = code, reason
                    return None

    async def _event(self) -> Event:
        assert self._socket
        while True:
            for event in self._socket.events():
                return event
            try:
                data = bytes(await self.stream.receive_some(65_536))
            except trio.BrokenResourceError:
                data = b""
            self._socket.receive_data(data or None)
