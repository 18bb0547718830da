"""Serves a sandbox venue on sockets or in memory: HTTP and WebSocket on one byte stream.

The base URL of each of the venue's endpoints is this server's address with the endpoint's name
as the first part of the path, so that one server stands for all the hosts of a venue.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from math import inf
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import h11
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from actors.edges.clock import Clock
from actors.network.network import MemoryNetwork
from actors.sandbox.faults import FrameFaults
from exchanges import VENUES, Venue
from exchanges.sandbox.request import SandboxReply, SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame
from exchanges.venue import PRODUCTION

STEP_S: Final = 0.1
"""How often the markets live on; most venues bundle a tenth of a second of changes."""
HEAD_BYTES: Final = 64 << 10
READ_BYTES: Final = 64 << 10
# A client that reads nothing for so many frames is cut off, as venues do.
BACKLOG_FRAMES: Final = 10_000


class SandboxServer:
    """One venue of the sandbox.

    Attributes:
        venue: the pure server; its `refused` and `busy` are faults as well.
        faults: what happens to frames of books.
    """

    def __init__(self, venue: SandboxVenue, clock: Clock) -> None:
        self.venue = venue
        self.faults = FrameFaults()
        self._clock = clock
        self._streams = {stream.name for stream in VENUES[venue.name].streams}
        self._clients: set[_Client] = set()
        self._silent_until_s = -inf

    def drop_connections(self) -> int:
        """Break every open stream connection without a goodbye; returns how many."""
        for client in self._clients:
            client.drop()
        return len(self._clients)

    def fall_silent(self, duration_s: float) -> None:
        """Send nothing on stream connections for a while; what happens then is lost."""
        self._silent_until_s = trio.current_time() + duration_s

    @property
    def is_silent(self) -> bool:
        return trio.current_time() < self._silent_until_s

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Let the markets live until cancelled."""
        task_status.started()
        next_s = trio.current_time()
        while True:
            next_s += STEP_S
            await trio.sleep_until(next_s)
            self.venue.step(self._clock.now_ns())
            for client in self._clients:
                client.flush()

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until either side ends it."""
        try:
            async with stream:
                head = await read_head(stream)
                if b"upgrade: websocket" in head.lower():
                    await self._serve_websocket(Rewound(head, stream))
                elif head:
                    await self._serve_http(head, stream)
        except* (trio.BrokenResourceError, trio.ClosedResourceError, ConnectionClosed, OSError):
            pass  # the client has gone

    async def _serve_websocket(self, stream: "Rewound") -> None:
        async with trio.open_nursery() as nursery:
            request = await wrap_server_stream(nursery, stream)
            endpoint, _ = split_endpoint(request.path)
            if endpoint not in self._streams:
                await request.reject(404)
                return
            connection = await request.accept()
            client = _Client(self, self.venue.open_session(endpoint), connection, stream)
            self._clients.add(client)
            self.venue.sessions.add(client.session)
            try:
                await client.run(self._clock)
            finally:
                self._clients.discard(client)
                self.venue.sessions.discard(client.session)
                nursery.cancel_scope.cancel()

    async def _serve_http(self, head: bytes, stream: trio.abc.Stream) -> None:
        """Answer requests on a kept-alive connection."""
        http = h11.Connection(h11.SERVER)
        http.receive_data(head)
        while True:
            event = http.next_event()
            match event:
                case h11.NEED_DATA:
                    http.receive_data(bytes(await stream.receive_some(READ_BYTES)))
                case h11.Request():
                    target, method = event.target.decode("ascii"), event.method.decode("ascii")
                case h11.EndOfMessage():
                    reply = self._answer(method, target)
                    await stream.send_all(_reply_bytes(http, reply))
                    if http.our_state is h11.MUST_CLOSE:
                        return
                    http.start_next_cycle()
                case h11.ConnectionClosed():
                    return

    def _answer(self, method: str, target: str) -> SandboxReply:
        parts = urlsplit(target)
        endpoint, path = split_endpoint(parts.path)
        request = SandboxRequest(
            endpoint=endpoint,
            method=method,
            path=path,
            query=dict(parse_qsl(parts.query)),
            now_ns=self._clock.now_ns(),
        )
        return self.venue.answer(request)


class _Client:
    """One stream connection of a client."""

    def __init__(
        self,
        server: SandboxServer,
        session: SandboxSession,
        connection: WebSocketConnection,
        stream: trio.abc.Stream,
    ) -> None:
        self.session = session
        self._server = server
        self._connection = connection
        self._stream = stream
        self._send, self._outbox = trio.open_memory_channel[Frame](BACKLOG_FRAMES)
        self._scope = trio.CancelScope()

    def flush(self) -> None:
        """Queue what the session has to say, as the faults would have it."""
        outgoing = self.session.take()
        if self._server.is_silent:
            return
        try:
            for frame in self._server.faults.pass_on(outgoing):
                self._send.send_nowait(frame)
        except trio.WouldBlock:
            self.drop()

    def drop(self) -> None:
        self._scope.cancel(reason="the sandbox drops the connection")

    async def run(self, clock: Clock) -> None:
        with self._scope:
            self.session.greet(clock.now_ns())
            self.flush()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send_frames)
                while True:
                    frame = await self._connection.get_message()
                    self.session.receive(frame, clock.now_ns())
                    self.flush()
        await trio.aclose_forcefully(self._stream)

    async def _send_frames(self) -> None:
        async for frame in self._outbox:
            await self._connection.send_message(frame)


class Rewound(trio.abc.Stream):
    """A stream of which the first bytes have been read already."""

    def __init__(self, head: bytes, stream: trio.abc.Stream) -> None:
        self._head = head
        self._stream = stream

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if self._head:
            await trio.lowlevel.checkpoint()
            head, self._head = self._head, b""
            return head
        return bytes(await self._stream.receive_some(max_bytes))

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()


def sandbox_endpoints(venue: Venue, address: str) -> dict[str, str]:
    """URL of each of the venue's endpoints, served at `address` (`host` or `host:port`)."""
    urls: dict[str, str] = {}
    for name, url in venue.endpoints[PRODUCTION].items():
        parts = urlsplit(url)
        scheme = "ws" if parts.scheme.startswith("ws") else "http"
        urls[name] = f"{scheme}://{address}/{name}{parts.path}"
    return urls


@asynccontextmanager
async def serve_on_loopback(servers: Iterable[SandboxServer]) -> AsyncIterator[Mapping[str, str]]:
    """Serve venues on sockets of 127.0.0.1; gives the address of each by name."""
    addresses: dict[str, str] = {}
    async with trio.open_nursery() as nursery:
        for server in servers:
            listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
            port = listeners[0].socket.getsockname()[1]
            addresses[server.venue.name] = f"127.0.0.1:{port}"
            nursery.start_soon(trio.serve_listeners, server.serve, listeners)
            await nursery.start(server.run)
        yield addresses
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def serve_in_memory(
    servers: Iterable[SandboxServer],
) -> AsyncIterator[tuple[MemoryNetwork, Mapping[str, str]]]:
    """Serve venues in this process; gives the network that reaches them, and each address."""
    addresses: dict[str, str] = {}
    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        for server in servers:
            address = addresses[server.venue.name] = f"{server.venue.name}.sandbox"
            network.listen(address, server.serve)
            await nursery.start(server.run)
        yield network, addresses
        nursery.cancel_scope.cancel()


async def read_head(stream: trio.abc.Stream) -> bytes:
    """Bytes up to the end of a request's head, and what came with it."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
        data = await stream.receive_some(READ_BYTES)
        if not data:
            return b""
        head += data
    return head


def split_endpoint(path: str) -> tuple[str, str]:
    """The endpoint's name, and the path that the venue itself would see."""
    endpoint, _, rest = path.removeprefix("/").partition("/")
    return endpoint.partition("?")[0], f"/{rest}"


def _reply_bytes(http: h11.Connection, reply: SandboxReply) -> bytes:
    headers = [*reply.headers, ("content-length", str(len(reply.body)))]
    parts = (
        http.send(h11.Response(status_code=reply.status, headers=headers)),
        http.send(h11.Data(data=reply.body)),
        http.send(h11.EndOfMessage()),
    )
    return b"".join(part for part in parts if part)
