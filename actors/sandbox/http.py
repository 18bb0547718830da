"""HTTP as a server speaks it: the requests of one connection, in order, and the way to a WebSocket.

Sans-I/O protocol by `h11`; the handshake of an upgrade by `wsproto`, whatever was asked on the
connection before.
"""

from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import msgspec
import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, RejectConnection
from wsproto.utilities import RemoteProtocolError

from actors.sandbox.socket import ServerSocket
from exchanges.sandbox.request import SandboxReply

HEAD_BYTES: Final = 64 << 10
BODY_BYTES: Final = 1 << 20
"""The largest body that is read; no venue's orders come near it."""
READ_BYTES: Final = 64 << 10
LINGER_S: Final = 1.0
"""How long a refused client may go on sending, so that a reset does not overtake the refusal."""


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `path` and `query` are decoded, names of `headers` are in lower case."""

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def wants_websocket(self) -> bool:
        return self.method == "GET" and self.headers.get("upgrade", "").lower() == "websocket"


class HttpConnection:
    """The server's end of a connection."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self._fields: list[tuple[bytes, bytes]] = []  # of the last request, as they came
        self._method = b""

    async def request(self) -> HttpRequest | None:
        """The next request; None once there are no more, or none that can be read."""
        head: h11.Request | None = None
        body = bytearray()
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                await self._refuse(error.error_status_hint)
                return None
            match event:
                case h11.NEED_DATA:
                    await self._read()
                case h11.Request():
                    head, self._method, self._fields = event, event.method, list(event.headers)
                case h11.Data():
                    body += event.data
                    if len(body) > BODY_BYTES:
                        await self._refuse(413)
                        return None
                case h11.EndOfMessage():
                    assert head is not None
                    try:
                        return _request(head, bytes(body))
                    except ValueError:  # an absolute target that is no URL
                        await self._refuse(400)
                        return None
                case _:
                    return None

    async def reply(self, reply: SandboxReply) -> None:
        """Answer the request; the connection stays open unless either side wants it closed."""
        headers = [*reply.headers, ("content-length", str(len(reply.body)))]
        parts: list[h11.Event] = [h11.Response(status_code=reply.status, headers=headers)]
        if self._method != b"HEAD":
            parts.append(h11.Data(data=reply.body))
        sent = [self._http.send(part) for part in (*parts, h11.EndOfMessage())]
        await self._stream.send_all(b"".join(part for part in sent if part))
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()

    async def upgrade(self, request: HttpRequest) -> ServerSocket | None:
        """Go on as a WebSocket, without extensions; None if the handshake is refused."""
        handshake = WSConnection(ConnectionType.SERVER)
        try:
            handshake.initiate_upgrade_connection(self._fields, request.target)
        except (RemoteProtocolError, h11.ProtocolError, UnicodeError) as error:
            hint = getattr(error, "event_hint", None)
            status = hint.status_code if isinstance(hint, RejectConnection) else 400
            await self._refuse(status)
            return None
        accepted = handshake.send(AcceptConnection())
        assert handshake.connection is not None
        handshake.connection.receive_data(self._http.trailing_data[0])
        await self._stream.send_all(accepted)
        return ServerSocket(self._stream, handshake.connection)

    async def _read(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        self._http.receive_data(bytes(await self._stream.receive_some(READ_BYTES)))

    async def _refuse(self, status: int) -> None:
        """Say what is wrong, and let the client finish for a moment what it was sending."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [("content-length", "0"), ("connection", "close")]
        await self._send(h11.Response(status_code=status, headers=headers))
        await self._send(h11.EndOfMessage())
        with trio.move_on_after(LINGER_S):
            while await self._stream.receive_some(READ_BYTES):
                pass

    async def _send(self, event: h11.Event) -> None:
        await self._stream.send_all(self._http.send(event) or b"")


def _request(head: h11.Request, body: bytes) -> HttpRequest:
    target = head.target.decode("ascii")
    path, query = _split(target)
    return HttpRequest(
        method=head.method.decode("ascii"),
        target=target,
        path=unquote(path),
        query=dict(parse_qsl(query)),
        headers=_joined(list(head.headers)),
        body=body,
    )


def _split(target: str) -> tuple[str, str]:
    """Path and query of a target that may be a whole URL."""
    if target.startswith("/"):
        path, _, query = target.partition("?")
        return path, query
    parts = urlsplit(target)
    return parts.path or "/", parts.query


def _joined(fields: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name; those that are repeated are one, as RFC 9110 allows to read them."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
