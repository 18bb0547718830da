"""Serves a sandbox venue on sockets or in memory: HTTP and WebSocket on one byte stream.

The base URL of each of the venue's endpoints is this server's address with the endpoint's name
as the first part of the path, so that one server stands for all the hosts of a venue. Endpoints
that are one URL in production are one here as well, under the name of the first.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from math import inf
from typing import Final
from urllib.parse import urlsplit

import trio

from actors.edges.background import open_background
from actors.edges.clock import Clock
from actors.edges.log import Log
from actors.network.network import MemoryNetwork
from actors.sandbox.client import Client
from actors.sandbox.faults import FrameFaults
from actors.sandbox.http import HttpConnection, HttpRequest
from actors.sandbox.socket import ServerSocket
from exchanges import Venue
from exchanges.sandbox.request import SandboxReply, SandboxRequest
from exchanges.sandbox.venue import SandboxVenue
from exchanges.venue import PRODUCTION

log = Log(__name__)

STEP_S: Final = 0.1
"""How often the markets live on; most venues bundle a tenth of a second of changes."""
_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)
_NOT_SERVED: Final = SandboxReply(status=400, body=b"", headers=())
_NO_SUCH_SOCKET: Final = SandboxReply(status=404, body=b"", headers=())
_NO_TUNNELS: Final = SandboxReply(status=405, body=b"", headers=())
_UNAVAILABLE: Final = SandboxReply(status=503, body=b"", headers=())
_OUR_FAULT: Final = SandboxReply(status=500, body=b"", headers=())


class SandboxServer:
    """One venue of the sandbox, whose markets live on every `step_s`.

    Attributes:
        step_s: how long a step of the markets is.
        venue: the pure server; its `refused` and `busy` are faults as well.
        faults: what happens to frames of books.
        failures: how many clients have met an error of ours; it ended that client alone.
    """

    def __init__(self, venue: SandboxVenue, clock: Clock, step_s: float = STEP_S) -> None:
        self.venue = venue
        self.faults = FrameFaults()
        self.failures = 0
        self._clock = clock
        self.step_s = step_s
        self._streams = {stream.name for stream in venue.streams}
        self._clients: dict[Client, None] = {}  # the oldest first
        self._silent_until_s = -inf
        self._refusal = _UNAVAILABLE
        self._refuses_until_s = -inf

    def drop_connections(self, newest: int | None = None) -> int:
        """Break the newest stream connections, or all, without a goodbye; returns how many."""
        clients = list(self._clients)[-newest:] if newest else list(self._clients)
        for client in clients:
            client.drop()
        return len(clients)

    def refuse_connections(
        self,
        duration_s: float,
        *,
        status: int = _UNAVAILABLE.status,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        """Answer handshakes of stream connections so for a while; those that are open stay."""
        self._refusal = SandboxReply(status=status, body=body, headers=tuple(headers))
        self._refuses_until_s = trio.current_time() + duration_s

    def fall_silent(self, duration_s: float) -> None:
        """Send nothing on stream connections for a while; what happens then is lost."""
        self._silent_until_s = trio.current_time() + duration_s

    def is_silent(self) -> bool:
        return trio.current_time() < self._silent_until_s

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Let the markets live until cancelled."""
        task_status.started()
        next_s = trio.current_time()
        while True:
            next_s += self.step_s
            await trio.sleep_until(next_s)
            now_ns = self._clock.now_ns()
            updates = self.venue.advance(now_ns)
            for client in list(self._clients):
                client.tell(updates, now_ns)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until either side ends it; whatever goes wrong ends it alone."""
        try:
            async with stream:
                await self._serve(HttpConnection(stream))
        except* _GONE:
            pass  # the client has
        except* Exception as failure:  # noqa: BLE001 - told and counted
            self._failed(failure)

    def answer(self, request: HttpRequest) -> SandboxReply:
        """The venue's answer to a request at one of its endpoints."""
        if request.method == "CONNECT":
            return _NO_TUNNELS
        endpoint, path = split_endpoint(request.path)
        asked = SandboxRequest(
            endpoint=endpoint,
            # Who asks for the head alone is answered what a GET would be, without the body.
            method="GET" if request.method == "HEAD" else request.method,
            path=path,
            query=request.query,
            headers=request.headers,
            body=request.body,
            now_ns=self._clock.now_ns(),
        )
        try:
            return self.venue.answer(asked)
        except Exception as failure:  # noqa: BLE001 - told and counted
            self._failed(failure)
            return _OUR_FAULT

    async def _serve(self, http: HttpConnection) -> None:
        while request := await http.request():
            if not request.wants_websocket:
                await http.reply(self.answer(request))
                continue
            endpoint, _ = split_endpoint(request.path)
            if endpoint not in self._streams:
                await http.reply(_NO_SUCH_SOCKET)
            elif trio.current_time() < self._refuses_until_s:
                await http.reply(self._refusal)
            elif (parameters := self.venue.served(endpoint, request.query)) is None:
                await http.reply(_NOT_SERVED)
            elif socket := await http.upgrade(request):
                await self._converse(socket, endpoint, parameters)
                return

    async def _converse(self, socket: ServerSocket, endpoint: str, parameters: str) -> None:
        session = self.venue.open_session(endpoint, parameters)
        client = Client(session, socket, self.faults, self.is_silent)
        self._clients[client] = None
        try:
            await client.run(self._clock)
        finally:
            del self._clients[client]
            self.venue.end_session(session)

    def _failed(self, failure: BaseException) -> None:
        self.failures += 1
        log.error("sandbox_client_failed", venue=self.venue.name, exc_info=failure)


def sandbox_endpoints(venue: Venue, address: str) -> dict[str, str]:
    """URL of each of the venue's endpoints, served at `address` (`host` or `host:port`)."""
    first_of: dict[str, str] = {}
    urls: dict[str, str] = {}
    for name, url in venue.endpoints[PRODUCTION].items():
        first = first_of.setdefault(url, name)
        parts = urlsplit(url)
        scheme = "ws" if parts.scheme.startswith("ws") else "http"
        urls[name] = f"{scheme}://{address}/{first}{parts.path}"
    return urls


@asynccontextmanager
async def serve_on_loopback(
    servers: Iterable[SandboxServer], port: int = 0
) -> AsyncIterator[Mapping[str, str]]:
    """Serve venues on sockets of 127.0.0.1; gives the address of each by name.

    The first is at `port`, the others at those that follow; 0 is a free one for each.
    """
    addresses: dict[str, str] = {}
    async with open_background("the sandboxes are closed") as nursery:
        for number, server in enumerate(servers):
            wanted = port + number if port else 0
            listeners = await trio.open_tcp_listeners(wanted, host="127.0.0.1")
            given = listeners[0].socket.getsockname()[1]
            addresses[server.venue.name] = f"127.0.0.1:{given}"
            nursery.start_soon(trio.serve_listeners, server.serve, listeners)
            await nursery.start(server.run)
        yield addresses


@asynccontextmanager
async def serve_in_memory(
    servers: Iterable[SandboxServer],
) -> AsyncIterator[tuple[MemoryNetwork, Mapping[str, str]]]:
    """Serve venues in this process; gives the network that reaches them, and each address."""
    addresses: dict[str, str] = {}
    async with open_background("the sandboxes are closed") as nursery:
        network = MemoryNetwork(nursery)
        for server in servers:
            address = addresses[server.venue.name] = f"{server.venue.name}.sandbox"
            network.listen(address, server.serve)
            await nursery.start(server.run)
        yield network, addresses


def split_endpoint(path: str) -> tuple[str, str]:
    """The endpoint's name, and the path that the venue itself would see."""
    endpoint, _, rest = path.removeprefix("/").partition("/")
    return endpoint.partition("?")[0], f"/{rest}"
