"""An HTTP server in memory that answers as a test tells it, and a gateway in front of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final

import h11
import msgspec
import trio

from actors.edges.clock import TrioClock
from actors.edges.taps import HttpTap
from actors.network.network import MemoryNetwork
from actors.venue.budget import Budget
from actors.venue.gateway import Gateway
from exchanges import VENUES
from exchanges.limits import Rate
from exchanges.rest.request import Effect, Request

BINANCE: Final = VENUES["binance"]
PLENTY: Final = Rate(1_000, 1.0)
SPOT, UM = "spot_weight", "um_weight"
PING: Final = BINANCE.rest.ping()
ORDER: Final = msgspec.structs.replace(PING, method="POST", body=b"buy", effect=Effect.ONCE)
"""What must not be sent twice."""
CANCEL: Final = msgspec.structs.replace(PING, method="DELETE", effect=Effect.REPEATABLE)

Answer = Callable[[str], Awaitable[bytes]]
"""Told the target of a request; gives the bytes of the reply, none to hang up instead.

A reply with `connection: close` is the last one of its connection.
"""


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """A whole reply; underscores in names of headers stand for hyphens."""
    lines = [f"HTTP/1.1 {status} Told", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def costing(cost: float, *buckets: str) -> Request[None]:
    """A ping at another price, which stands in its query."""
    costs = tuple((bucket, cost) for bucket in buckets or (SPOT,))
    return msgspec.structs.replace(PING, costs=costs, query=(("cost", f"{cost:g}"),))


class ScriptedServer:
    """Keeps connections alive, and answers one request after the other on each.

    Attributes:
        asked: when each request arrived, and its target.
        headers: those of each request, names in lower case; `bodies` are what came with them.
        connections: how many were opened; `closed` of them by the client.
        busiest: most requests under way at once.
    """

    def __init__(self, answer: Answer) -> None:
        self.asked: list[tuple[float, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.closed = 0
        self.busiest = 0
        self._busy = 0
        self._answer = answer

    async def serve(self, stream: trio.abc.Stream) -> None:
        self.connections += 1
        http = h11.Connection(h11.SERVER)
        with suppress(trio.BrokenResourceError):
            async with stream:
                while True:
                    match http.next_event():
                        case h11.NEED_DATA:
                            http.receive_data(bytes(await stream.receive_some(65536)))
                        case h11.Request(target=target, headers=headers):
                            asked, body = target.decode(), b""
                            self.headers.append({k.decode(): v.decode() for k, v in headers})
                        case h11.Data(data=data):
                            body += bytes(data)
                        case h11.EndOfMessage():
                            self.bodies.append(body)
                            answer = await self._reply(asked)
                            if answer:
                                await stream.send_all(answer)
                            if not answer or b"connection: close" in answer:
                                return
                            _next_cycle(http)
                        case h11.ConnectionClosed():
                            self.closed += 1
                            return

    async def _reply(self, target: str) -> bytes:
        self.asked.append((trio.current_time(), target))
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            return await self._answer(target)
        finally:
            self._busy -= 1

    @property
    def asked_s(self) -> list[float]:
        """When each request arrived."""
        return [at_s for at_s, _ in self.asked]


def _next_cycle(http: h11.Connection) -> None:
    """Let `http` believe that it wrote the reply."""
    http.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
    http.send(h11.EndOfMessage())
    http.start_next_cycle()


def script(*replies: bytes) -> Answer:
    """One reply after the other, and good ones from then on."""
    coming = iter(replies)

    async def answer(target: str) -> bytes:
        return next(coming, reply())

    return answer


def after(seconds: float, answer: bytes) -> Answer:
    """The same reply to everything, some time later."""

    async def wait(target: str) -> bytes:
        await trio.sleep(seconds)
        return answer

    return wait


class Always(Random):
    """Chance that always says the same; in the middle, pauses are the usual ones."""

    def __init__(self, value: float = 0.5) -> None:
        super().__init__()
        self._value = value

    def random(self) -> float:
        return self._value


@asynccontextmanager
async def gateway_to(
    answer: Answer,
    *,
    rates: Mapping[str, Rate] = {SPOT: PLENTY, UM: PLENTY},
    tap: HttpTap | None = None,
    chance: float = 0.5,
) -> AsyncIterator[tuple[Gateway, ScriptedServer]]:
    """A running gateway, and the server behind it."""
    async with trio.open_nursery() as nursery:
        network, server = MemoryNetwork(nursery), ScriptedServer(answer)
        network.listen("venue", server.serve)
        venue = msgspec.structs.replace(BINANCE, buckets=rates)
        urls = {"spot_rest": "http://venue/spot", "um_rest": "http://venue/um"}
        gateway = Gateway(venue, urls, network, TrioClock(0), Always(chance), Budget(venue), tap)
        await nursery.start(gateway.run)
        yield gateway, server
        nursery.cancel_scope.cancel()
