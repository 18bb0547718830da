"""The server's side of one socket.

A venue's session names the decoder of what its clients may send, handles what that decodes, and
words the answer to what it does not. Whatever a client sends, nothing is raised.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from exchanges.errors import UNREADABLE
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import DERIVATIVES, Channel, KlineInterval
from exchanges.sandbox.limits import Patience
from exchanges.sandbox.market import SandboxMarket, level_changes
from exchanges.sandbox.matching import Depth, MarketUpdate
from exchanges.sandbox.request import json_text
from exchanges.stream.wire import Frame

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

POLICY: Final = 1008
"""The code with which a socket ends whose client does not keep to the limits."""
# What is not pushed whenever the market moves is pushed this often.
PACE_NS: Final[Mapping[Channel, int]] = {
    Channel.TICKER: 1 * NS_PER_S,
    Channel.KLINES: 1 * NS_PER_S,
    Channel.MARK_PRICE: 1 * NS_PER_S,
    Channel.FUNDING: 1 * NS_PER_S,
    Channel.OPEN_INTEREST: 3 * NS_PER_S,
}


class SandboxStream(msgspec.Struct, eq=False):
    """One subscription of one session: how the venue names it, and what was pushed last."""

    key: str
    channel: Channel
    market: SandboxMarket
    interval: KlineInterval | None = None
    depth: int = 0
    last_id: int = 0
    last_ns: int = 0
    last_top: tuple[Any, ...] = ()
    told: Depth | None = None
    """The book as the client has it."""

    def book(self) -> Depth:
        """The book of now, which is what the client will have."""
        self.told = self.market.depth(self.depth)
        return self.told

    def changes(self) -> Depth:
        """What turns the book that the client has into that of now; it has one."""
        assert self.told is not None
        return level_changes(self.told, self.book())

    def wants(self, update: MarketUpdate, now_ns: int) -> bool:
        """Whether the subscription is told of an update at all."""
        match self.channel:
            case Channel.BOOK:
                return update.last_id >= update.first_id
            case Channel.TOP:
                depth = self.market.depth(1)
                previous, self.last_top = self.last_top, (*depth.bids, *depth.asks)
                return self.last_top != previous
            case Channel.TRADES:
                return bool(update.matches)
            case Channel.LIQUIDATIONS:
                return False  # nobody is liquidated here
            case channel:
                return now_ns - self.last_ns >= PACE_NS[channel]


class Outgoing(msgspec.Struct, frozen=True):
    """A frame to be sent, and the subscription it is for, if it is for one."""

    frame: Frame
    stream: SandboxStream | None = None


class SandboxSession(ABC):
    """The server's side of one socket, opened at one of the venue's endpoints.

    Attributes:
        requests: reads the frames of clients.
        parameters: those of its URL that say how it talks.
        limits: what the venue puts up with here; nothing is enforced while it `is_lax`.
        streams: what is pushed, by key; to look at, `subscribe` and `end` change it.
        goodbye: code and reason, once the venue closes the socket.
    """

    requests: ClassVar[msgspec.json.Decoder[Any]]

    def __init__(self, venue: "SandboxVenue", endpoint: str) -> None:
        self.venue = venue
        self.endpoint = endpoint
        self.parameters = ""
        self.streams: dict[str, SandboxStream] = {}
        self._of_market: dict[SandboxMarket, dict[str, SandboxStream]] = {}
        self.goodbye: tuple[int, str] | None = None
        self._outbox: list[Outgoing] = []
        self.limits = venue.limits_of(endpoint)
        messages = self.limits.messages
        self._patience = Patience(self.limits, venue.heard.of(messages) if messages else None)

    @property
    def topics(self) -> int:
        """How many subscriptions count for the limit."""
        return len(self.streams)

    @abstractmethod
    def handle(self, request: Any, now_ns: int) -> None:
        """Answer a request, as `requests` has decoded it."""

    @abstractmethod
    def misread(self, frame: Frame, now_ns: int) -> None:
        """Answer a frame that is no request in the venue's words, or close."""

    @abstractmethod
    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        """What a subscription that wants an update is told of it."""

    def receive(self, frame: Frame, now_ns: int) -> None:
        """Take a frame of the client; what answers it is sent, unless the venue has had enough."""
        is_fine = self._patience.heard(now_ns, is_counted=self.is_counted(frame))
        if is_fine or self.venue.is_lax:
            self.read(frame, now_ns)
        else:
            self.overtalked()

    def read(self, frame: Frame, now_ns: int) -> None:
        """Handle a frame, whatever it is."""
        try:
            request = self.requests.decode(frame)
        except UNREADABLE:
            self.misread(frame, now_ns)
            return
        self.handle(request, now_ns)

    def is_counted(self, frame: Frame) -> bool:
        """Whether a frame counts for the limit of messages."""
        return True

    def overtalked(self) -> None:
        """The client says more than it may."""
        self.close(POLICY, "Too many requests")

    def overfilled(self) -> None:
        """The client subscribes more than it may."""
        self.close(POLICY, "Too many subscriptions")

    def outwaited(self) -> None:
        """The socket has been quiet for too long."""
        self.close(POLICY, "idle")

    def is_full(self) -> bool:
        """Whether no more can be subscribed."""
        most = self.limits.topics
        return 0 < most <= self.topics and not self.venue.is_lax

    def greet(self, now_ns: int) -> None:
        """The connection is open; most venues wait for the client."""

    def tick(self, now_ns: int) -> None:
        """Time has passed: send heartbeats, if the venue does."""

    def send(self, frame: Frame) -> None:
        self._outbox.append(Outgoing(frame))

    def send_json(self, value: object) -> None:
        self.send(json_text(value))

    def close(self, code: int, reason: str = "") -> None:
        """Say no more than what has gathered, and goodbye."""
        self.goodbye = self.goodbye or (code, reason)

    def take(self) -> list[Outgoing]:
        """The frames that have gathered, in order."""
        outgoing, self._outbox = self._outbox, []
        return outgoing

    def offer(
        self,
        key: str,
        channel: Channel | None,
        market: SandboxMarket | None,
        interval: KlineInterval | None = None,
        depth: int = 0,
    ) -> SandboxStream | None:
        """The stream, if there is such a thing and it is not refused."""
        if channel is None or market is None or (channel is Channel.KLINES and interval is None):
            return None
        is_spot = market.instrument.kind is Kind.SPOT
        if (is_spot and channel in DERIVATIVES) or self.is_refused(market):
            return None
        return SandboxStream(key, channel, market, interval, depth)

    def is_refused(self, market: SandboxMarket) -> bool:
        return market.instrument.symbol in self.venue.refused

    def subscribe(self, stream: SandboxStream) -> None:
        """Push to the stream from now on, if there is room for it."""
        if stream.key not in self.streams and self.is_full():
            self.overfilled()
            return
        stream.last_id = stream.market.depth(0).last_id
        self.end(stream.key)
        self.streams[stream.key] = stream
        self._of_market.setdefault(stream.market, {})[stream.key] = stream

    def end(self, key: str) -> SandboxStream | None:
        """Push no more to the stream of this key; None if there is none."""
        stream = self.streams.pop(key, None)
        if stream:
            del self._of_market[stream.market][key]
        return stream

    def tell(self, updates: Mapping[SandboxMarket, MarketUpdate], now_ns: int) -> None:
        """Markets have moved, and time has passed."""
        self.publish(updates, now_ns)
        self.tick(now_ns)
        is_over = self._patience.is_over(
            now_ns, has_topics=self.topics > 0, has_spoken=bool(self._outbox)
        )
        if is_over and not self.venue.is_lax:
            self.outwaited()

    def publish(self, updates: Mapping[SandboxMarket, MarketUpdate], now_ns: int) -> None:
        """Tell the subscriptions of the markets what happened there."""
        for market, streams in self._of_market.items():
            if update := updates.get(market):
                for stream in streams.values():
                    if stream.wants(update, now_ns):
                        self._push(stream, update, now_ns)

    def _push(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> None:
        for frame in self.encode(stream, update, now_ns):
            self._outbox.append(Outgoing(frame, stream))
        stream.last_id = update.last_id
        stream.last_ns = now_ns
