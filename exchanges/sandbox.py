"""The contract of a sandbox: a venue's protocol seen from the server, over synthetic markets.

A venue's `sandbox.py` speaks what its `public.py` and `rest.py` hear: it answers requests,
grants subscriptions and encodes what its markets do. It is pure like the client side: frames and
requests in, frames and replies out, and it is told the time.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final

import msgspec

from exchanges.codec import Frame
from exchanges.events import KlineInterval
from exchanges.instrument import Instrument, Kind, kind_of, split_symbol
from exchanges.matching import Depth, Level, MarketUpdate
from exchanges.numbers import NS_PER_MS, NS_PER_S
from exchanges.scale import Scale
from exchanges.stream import Channel
from exchanges.synthetic import MarketProfile, SyntheticMarket
from exchanges.world import Chance, World, start_price

# What is not pushed whenever the market moves is pushed this often.
PACE_NS: Final[Mapping[Channel, int]] = {
    Channel.TICKER: 1 * NS_PER_S,
    Channel.KLINES: 1 * NS_PER_S,
    Channel.MARK_PRICE: 1 * NS_PER_S,
    Channel.FUNDING: 1 * NS_PER_S,
    Channel.OPEN_INTEREST: 3 * NS_PER_S,
}


class SandboxRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request to one of the venue's endpoints; `query` is decoded."""

    endpoint: str
    method: str
    path: str
    query: Mapping[str, str]
    now_ns: int
    body: bytes = b""

    def integer(self, name: str, default: int) -> int:
        """A number of the query; what cannot be read as one is the default."""
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() else default


class SandboxReply(msgspec.Struct, frozen=True, kw_only=True):
    """What answers it."""

    status: int = 200
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


Answer = Callable[[SandboxRequest], SandboxReply]


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] = {}) -> SandboxReply:
    """A reply with a JSON body."""
    reply = SandboxReply(status=status, body=msgspec.json.encode(value))
    return msgspec.structs.replace(reply, headers=(*reply.headers, *headers.items()))


class SandboxMarket:
    """A synthetic market with what a venue needs to print it.

    `price`, `size` and `value` print ticks, lots and their products as exact decimals; `wire_size`
    prints lots as the venue counts sizes, which is contracts in markets that have them. At least
    `digits` stand after the point of prices and sizes.
    """

    def __init__(
        self,
        instrument: Instrument,
        world: World,
        profile: MarketProfile,
        chance: Chance,
        now_ns: int,
        digits: int = 0,
    ) -> None:
        self.instrument = instrument
        self.synthetic = SyntheticMarket(instrument, world, profile, chance, now_ns)
        self.price = Scale(instrument.tick, digits).text
        self.size = Scale(instrument.step, digits).text
        self.value = self.synthetic.values.text
        self.wire_size = Scale(instrument.step / instrument.contract_size, digits).text

    def depth(self, levels: int) -> Depth:
        return self.synthetic.depth(levels)

    def levels(self, levels: Iterable[tuple[int, int]]) -> list[list[str]]:
        """Levels as most venues print them: price and size as decimal strings."""
        price, size = self.price, self.wire_size
        return [[price(ticks), size(lots)] for ticks, lots in levels]


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
    """The server's side of one socket, opened at one of the venue's endpoints."""

    def __init__(self, venue: "SandboxVenue", endpoint: str) -> None:
        self.venue = venue
        self.endpoint = endpoint
        self.streams: dict[str, SandboxStream] = {}
        self._outbox: list[Outgoing] = []

    @abstractmethod
    def receive(self, frame: Frame, now_ns: int) -> None:
        """Take a frame of the client; what answers it is sent."""

    @abstractmethod
    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        """What a subscription that wants an update is told of it."""

    def greet(self, now_ns: int) -> None:
        """The connection is open; most venues wait for the client."""

    def tick(self, now_ns: int) -> None:
        """Time has passed: send heartbeats, if the venue does."""

    def send(self, frame: Frame) -> None:
        self._outbox.append(Outgoing(frame))

    def send_json(self, value: object) -> None:
        self.send(json_text(value))

    def take(self) -> list[Outgoing]:
        """The frames that have gathered, in order."""
        outgoing, self._outbox = self._outbox, []
        return outgoing

    def subscribe(self, stream: SandboxStream) -> None:
        """Push to the stream from now on."""
        stream.last_id = stream.market.depth(0).last_id
        self.streams[stream.key] = stream

    def publish(self, market: SandboxMarket, update: MarketUpdate, now_ns: int) -> None:
        """Tell the subscriptions of a market what happened there."""
        for stream in self.streams.values():
            if stream.market is market and stream.wants(update, now_ns):
                for frame in self.encode(stream, update, now_ns):
                    self._outbox.append(Outgoing(frame, stream))
                stream.last_id = update.last_id
                stream.last_ns = now_ns


class SandboxVenue(ABC):
    """The server: markets, REST surface, sessions, and the faults that a test asks for.

    Attributes:
        refused: symbols whose subscriptions are refused.
        busy: so many of the next requests are answered with "too many requests".
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]

    def __init__(
        self,
        symbols: Iterable[str],
        world: World,
        chance: Chance,
        now_ns: int,
        profile: MarketProfile | None = None,
    ) -> None:
        profile = profile or MarketProfile()
        self.markets = {
            symbol: SandboxMarket(
                self.make_instrument(symbol),
                world,
                profile,
                chance,
                now_ns,
                self.digits(kind_of(symbol)),
            )
            for symbol in symbols
            if kind_of(symbol) in self.kinds
        }
        self.sessions: set[SandboxSession] = set()
        self.refused: set[str] = set()
        self.busy = 0
        self._routes = self.routes()

    @abstractmethod
    def native(self, base: str, quote: str, settle: str) -> str:
        """How the venue names a market."""

    @abstractmethod
    def open_session(self, endpoint: str) -> SandboxSession:
        """The server's side of a new socket at one of the venue's stream endpoints."""

    @abstractmethod
    def routes(self) -> Mapping[str, Answer]:
        """What answers each path."""

    @abstractmethod
    def error_reply(self, status: int, message: str) -> SandboxReply:
        """An error as the venue words it: 400 unknown market, 404 no such path, 429 too many."""

    def contract_size(self, base: str, settle: str) -> Decimal:
        """Base units per contract."""
        return Decimal(1)

    def digits(self, kind: Kind) -> int:
        """How many digits after the point the venue prints at least, whatever the tick."""
        return 0

    def answer(self, request: SandboxRequest) -> SandboxReply:
        """Answer a request."""
        if self.busy:
            self.busy -= 1
            return self.error_reply(429, "too many requests")
        route = self._routes.get(request.path)
        return route(request) if route else self.error_reply(404, "no such path")

    def step(self, now_ns: int) -> None:
        """Let the markets live on until `now_ns`, and tell the sessions."""
        for market in self.markets.values():
            update = market.synthetic.step(now_ns)
            for session in self.sessions:
                session.publish(market, update, now_ns)
        for session in self.sessions:
            session.tick(now_ns)

    def market(self, kind: Kind, native: str) -> SandboxMarket | None:
        """The market that the venue calls `native`."""
        for market in self.markets.values():
            if market.instrument.native == native and market.instrument.kind is kind:
                return market
        return None

    def of_kind(self, kind: Kind) -> list[SandboxMarket]:
        return [market for market in self.markets.values() if market.instrument.kind is kind]

    def make_instrument(self, symbol: str) -> Instrument:
        """A market with plausible rules: five digits of price, sizes from about ten cents."""
        base, quote, settle = split_symbol(symbol)
        price = start_price(base) / start_price(quote)
        contract_size = self.contract_size(base, settle)
        step = contract_size if settle and contract_size != 1 else _power_of_ten(0.1 / price)
        return Instrument(
            venue=self.name,
            symbol=symbol,
            native=self.native(base, quote, settle),
            kind=kind_of(symbol),
            base=base,
            quote=quote,
            settle=settle,
            tick=_power_of_ten(price * 1e-5),
            step=step,
            min_size=step,
            contract_size=contract_size,
        )


def level_changes(before: Depth, after: Depth) -> Depth:
    """What turns the levels a client has been told into those of now; size 0 deletes one."""
    return Depth(
        last_id=after.last_id,
        bids=_differences(before.bids, after.bids),
        asks=_differences(before.asks, after.asks),
    )


def _differences(before: Iterable[Level], after: Iterable[Level]) -> list[Level]:
    old, new = dict(before), dict(after)
    return [(price, new.get(price, 0)) for price in old | new if old.get(price) != new.get(price)]


def ms(at_ns: int) -> int:
    """Milliseconds, as most venues stamp."""
    return at_ns // NS_PER_MS


def json_text(value: object) -> str:
    """A JSON text frame."""
    return msgspec.json.encode(value).decode()


def _power_of_ten(value: float) -> Decimal:
    """The power of ten at or below a positive value."""
    return Decimal(1).scaleb(Decimal(repr(value)).adjusted())
