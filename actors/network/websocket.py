"""One seam for stream transports, and two lanes behind it.

`trio-websocket` comes with the base install. `websockets`, whose sans-I/O protocol runs here on a
trio stream, costs a fraction of it per message and hands over all messages of one socket read at
once; it is used when it is installed, unless the configuration says otherwise.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

import msgspec
import trio

from actors.network.network import Network
from exchanges.stream.wire import Frame

HANDSHAKE_S: Final = 10.0
"""How long connecting may take, from the first packet to the answered handshake."""
CLOSE_S: Final = 1.0
"""How long a connection that we end may take to say goodbye."""
# The body of a refusal says how long a ban lasts, but nobody promises that it ends.
REFUSAL_S: Final = 1.0
MOST_REFUSAL_BYTES: Final = 4 << 10
_DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}


class Transport(StrEnum):
    """Which lane to use; `AUTO` takes the fast one if it is installed."""

    AUTO = "auto"
    FAST = "websockets"
    BASE = "trio-websocket"


class Disconnected(Exception):
    """The connection ended. `code` is the WebSocket close code, None if the stream just broke."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        self.code = code
        super().__init__(f"{reason} [{code}]" if code else reason)


class HandshakeRefused(Exception):
    """The venue answered the opening handshake with an HTTP status.

    Names of `headers` are in lower case; of the `body` there is as much as came in `REFUSAL_S`,
    and no more than `MOST_REFUSAL_BYTES`.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body[:MOST_REFUSAL_BYTES]
        super().__init__(f"handshake answered with HTTP {status}")


class Address(msgspec.Struct, frozen=True):
    """The parts of a `ws://` or `wss://` URL."""

    secure: bool
    host: str
    port: int
    resource: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is not a ws:// or wss:// URL")
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme == "wss", parts.hostname, port, resource)


class WebSocket(ABC):
    """An open connection. One task may receive while others send."""

    @abstractmethod
    async def receive(self) -> list[Frame]:
        """The messages that the next read of the socket completes, at least one.

        Raises:
            Disconnected: the connection ended, or broke the protocol or our size limit.
        """

    @abstractmethod
    async def send(self, frame: Frame) -> None:
        """Send one message.

        Raises:
            Disconnected: the connection ended.
        """


Lane = Callable[
    [trio.abc.Stream, Address, int, tuple[tuple[str, str], ...]],
    AbstractAsyncContextManager[WebSocket],
]
"""Opens a WebSocket on a stream: address, largest message in bytes, extra handshake headers."""


def choose_transport(wish: Transport) -> Transport:
    """The lane that `wish` means on this installation.

    Raises:
        ValueError: the fast lane is wished for and not installed.
    """
    installed = find_spec("websockets") is not None
    if wish is Transport.FAST and not installed:
        raise ValueError("transport 'websockets' is not installed: pip install 'arbitrio[fast]'")
    if wish is Transport.AUTO:
        return Transport.FAST if installed else Transport.BASE
    return wish


@asynccontextmanager
async def open_websocket(
    network: Network,
    url: str,
    *,
    transport: Transport,
    max_bytes: int,
    headers: tuple[tuple[str, str], ...] = (),
) -> AsyncIterator[WebSocket]:
    """Connect, secure, shake hands; close at the end.

    Raises:
        OSError: the host cannot be reached or its certificate is wrong.
        Disconnected, HandshakeRefused: it answers, but not as a WebSocket server should.
        trio.TooSlowError: one of these steps takes longer than `HANDSHAKE_S`; says which.
    """
    address = Address.parse(url)
    with in_time("a connection", address):
        stream = await network.connect(address.host, address.port)
    try:
        if address.secure:
            with in_time("TLS", address):
                stream = await network.secure(stream, address.host)
        async with _lane(transport)(stream, address, max_bytes, headers) as socket:
            yield socket
    finally:
        await trio.aclose_forcefully(stream)


@contextmanager
def in_time(what: str, address: Address) -> Iterator[None]:
    """Let a step on the way to an open connection take no longer than `HANDSHAKE_S`.

    Raises:
        trio.TooSlowError: it does.
    """
    with trio.move_on_after(HANDSHAKE_S) as scope:
        yield
    if scope.cancelled_caught:
        raise trio.TooSlowError(
            f"{address.host}:{address.port} gave no answer to {what} within {HANDSHAKE_S:g} s"
        )


def _lane(transport: Transport) -> Lane:
    # Imported when used: the fast lane may not be installed, and each costs start-up time.
    names = {Transport.FAST: "websocket_fast", Transport.BASE: "websocket_base"}
    module = import_module(f"actors.network.{names[choose_transport(transport)]}")
    lane: Lane = module.open_lane
    return lane
