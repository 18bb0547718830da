"""The facts of the connections that carry a venue's streams."""

from typing import Final

import msgspec
from msgspec.structs import replace

from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import DERIVATIVES, MARKET_DATA, Channel, KlineInterval


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection shows that it lives. All times are seconds.

    After `idle_s` without a frame the codec's ping is sent, and without any frame for another
    `reply_s` the connection is stale. Where `reply_s` is None the venue answers no ping, and the
    connection is stale after `idle_s`. Where `every_s` is set the venue also wants a ping that
    often while data flows.
    """

    idle_s: float
    reply_s: float | None = None
    every_s: float | None = None


class SocketLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Where a venue ends its patience with one client on one socket; 0 where it states no limit.

    At most so many `messages` of the client are heard, of one socket or all of its address as their
    scope says, and `topics` pushed at once. A socket ends without a subscription within `start_s`,
    if the client says nothing for `mute_s`, and if neither side does for `idle_s`.
    """

    messages: Rate | None = None
    topics: int = 0
    start_s: float = 0.0
    mute_s: float = 0.0
    idle_s: float = 0.0


UNSTATED: Final = SocketLimits()
"""The venue documents none of these, and none was met."""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One socket address of a venue, what can be subscribed there, and its limits.

    `name` is also the key of its URL in `Venue.endpoints`, `kinds` are those of the markets it
    serves (by default all), and `channels` by default what there is to tell of any market.
    `limits` are the venue's own, by its documentation or as they were met; within them our client
    allows itself `max_topics` a connection, `batch` of them a request, and `messages`, of which
    `unanswered` requests may wait for their answer (0: any number), counted as messages are. The
    venue ends a connection after `lifetime_s` (None: it states no limit). Where it does not
    acknowledge subscriptions (`acknowledges` false), the first data counts. `headers` are sent
    with the handshake. With `shared_sequence` the venue numbers the frames of the connection, so
    that a loss concerns every book on it. `klines` are the intervals of its candles, where it has
    fewer than `Venue.klines`. `parameters` are what its URL must carry, the best first: a handshake
    that is answered 400 has asked for what is not served, and is made again with the next.
    """

    name: str
    kinds: frozenset[Kind] = frozenset(Kind)
    channels: frozenset[Channel] = MARKET_DATA
    heartbeat: Heartbeat
    limits: SocketLimits
    messages: Rate
    max_topics: int
    unanswered: int = 0
    batch: int = 1
    lifetime_s: float | None = None
    acknowledges: bool = True
    max_frame_bytes: int = 16 << 20
    headers: tuple[tuple[str, str], ...] = ()
    shared_sequence: bool = False
    klines: tuple[KlineInterval, ...] = ()
    parameters: tuple[str, ...] = ()

    def urls(self, base: str, taken: str = "") -> list[str]:
        """The URLs to connect to in turn, of which one that was `taken` before goes first.

        A base URL that has parameters of its own is used as it is.
        """
        if "?" in base or not self.parameters:
            return [base]
        return sorted((f"{base}?{each}" for each in self.parameters), key=lambda url: url != taken)

    @property
    def kind(self) -> Kind:
        """The kind of its markets.

        Raises:
            ValueError: it serves those of several.
        """
        (kind,) = self.kinds
        return kind

    def of_derivatives(self) -> "Stream":
        """The like for what there is to tell of derivatives only, on sockets of its own."""
        kinds = frozenset({Kind.PERPETUAL})
        return replace(self, name="derivatives", kinds=kinds, channels=DERIVATIVES)
