"""HTX seen from the server: the sockets for market data.

Source: as for `public.py`. Frames are compressed. The server pings every five seconds. What the
frames tell is in `sandbox_rows.py`.
"""

import zlib
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from exchanges.htx.market_data import INTERVALS
from exchanges.htx.sandbox_rows import ENCODERS, LEVELS, Row, funding_row, sides, whole_book
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, MarketUpdate
from exchanges.sandbox.request import ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame

_SPOT_BOOKS: Final = "mbp.150"
_SWAP_BOOKS: Final = "depth.size_150.high_freq"
_CHANNELS: Final[Mapping[str, Mapping[str, Channel]]] = {
    "feed": {_SPOT_BOOKS: Channel.BOOK},
    "market": {
        "bbo": Channel.TOP,
        "trade.detail": Channel.TRADES,
        "ticker": Channel.TICKER,
        **{f"kline.{name}": Channel.KLINES for name in INTERVALS},
    },
    "swap": {
        _SWAP_BOOKS: Channel.BOOK,
        "bbo": Channel.TOP,
        "trade.detail": Channel.TRADES,
        "detail": Channel.TICKER,
        **{f"kline.{name}": Channel.KLINES for name in INTERVALS},
    },
    "swap_index": {"mark_price.1min": Channel.MARK_PRICE},
    "swap_news": {
        "funding_rate": Channel.FUNDING,
        "liquidation_orders": Channel.LIQUIDATIONS,
    },
}
_PING_NS: Final = 5 * NS_PER_S
_UNANSWERED: Final = 2
"""So many pings without a pong are the last ones."""


class Command(msgspec.Struct):
    """`{"sub":"market.btcusdt.bbo","id":"1"}`, `{"req":...}`, `{"unsub":...}`, `{"pong":1}`"""

    sub: str = ""
    unsub: str = ""
    req: str = ""
    id: str | int = ""
    data_type: str = "snapshot"
    ping: int | None = None
    pong: int | None = None


class News(msgspec.Struct):
    """`{"op":"sub","cid":"1","topic":"public.BTC-USDT.funding_rate"}`, `{"op":"pong"}`"""

    op: Literal["sub", "unsub", "ping", "pong"]
    cid: str | int = ""
    topic: str = ""
    ts: int | str = ""


class HtxSocket(SandboxSession):
    """What all of the venue's sockets have in common.

    Attributes:
        unanswered: pings since the last pong.
    """

    def __init__(self, venue: SandboxVenue, endpoint: str) -> None:
        super().__init__(venue, endpoint)
        self._pinged_ns = 0
        self.unanswered = 0

    @abstractmethod
    def ping(self, now_ns: int) -> None:
        """Ask for a sign of life."""

    def greet(self, now_ns: int) -> None:
        self._pinged_ns = now_ns

    def send_json(self, value: object) -> None:
        self.send(packed(value))

    def tick(self, now_ns: int) -> None:
        if now_ns - self._pinged_ns >= _PING_NS and self.unanswered < _UNANSWERED:
            self._pinged_ns = now_ns
            self.unanswered += 1
            self.ping(now_ns)

    def find(self, key: str) -> SandboxStream | None:
        """The stream of a topic, if this socket has it."""
        kind = Kind.SPOT if self.endpoint in ("feed", "market") else Kind.PERPETUAL
        _, native, name = (*key.split(".", 2), "", "")[:3]
        channel, market = _CHANNELS[self.endpoint].get(name), self.venue.market(kind, native)
        interval = INTERVALS.get(name.rpartition(".")[2])
        return self.offer(key, channel, market, interval, LEVELS)

    def objection(self, key: str) -> str:
        """Why the socket does not have a topic."""
        name = key.split(".", 2)[-1]
        return "invalid symbol" if name in _CHANNELS[self.endpoint] else f"invalid topic {key}"


class HtxSession(HtxSocket):
    """One connection to a socket of market data."""

    requests = msgspec.json.Decoder(Command)

    def __init__(self, venue: SandboxVenue, endpoint: str) -> None:
        super().__init__(venue, endpoint)
        self._versions: dict[str, int] = {}

    def ping(self, now_ns: int) -> None:
        self.send_json({"ping": ms(now_ns)})

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._refuse("", "invalid request", now_ns)

    def handle(self, request: Command, now_ns: int) -> None:
        if request.pong is not None:
            self.unanswered = 0
        elif request.ping is not None:
            self.send_json({"pong": request.ping})
        elif request.req:
            self._pull(request, now_ns)
        else:
            self._change(request, now_ns)

    def _pull(self, request: Command, now_ns: int) -> None:
        """Only books can be pulled here."""
        stream = self.find(request.req)
        if stream is None or stream.channel is not Channel.BOOK:
            self._refuse(request.id, self.objection(request.req), now_ns)
            return
        answer = {"id": request.id, "rep": request.req, "status": "ok"}
        self.send_json(answer | {"data": whole_book(stream.market)})

    def _change(self, request: Command, now_ns: int) -> None:
        key, done = request.sub or request.unsub, "subbed" if request.sub else "unsubbed"
        stream = self.find(key)
        if stream is None:
            self._refuse(request.id, self.objection(key), now_ns)
            return
        self.send_json({"id": request.id, "ts": ms(now_ns), "status": "ok", done: key})
        self.end(key)
        if request.sub:
            self._begin(stream, request.data_type, now_ns)

    def _refuse(self, request_id: str | int, message: str, now_ns: int) -> None:
        error = {"status": "error", "err-code": "bad-request", "err-msg": message}
        self.send_json({"id": request_id, "ts": ms(now_ns), **error})

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        if stream.channel is Channel.BOOK:
            return (self._changes(stream, now_ns),)
        kind = stream.market.instrument.kind
        tick = ENCODERS[kind, stream.channel](stream, update, now_ns)
        return (_frame(stream, tick, now_ns),)

    def _begin(self, stream: SandboxStream, data_type: str, now_ns: int) -> None:
        self.subscribe(stream)
        if stream.channel is not Channel.BOOK:
            return
        depth = stream.book()
        if self.endpoint == "swap" and data_type == "incremental":
            self.send(self._swap_book(stream, "snapshot", depth, now_ns))

    def _changes(self, stream: SandboxStream, now_ns: int) -> Frame:
        """What changed within the depth; a level that only leaves it is not told."""
        previous = stream.last_id
        changes = _without_pushed_out(stream.changes(), stream.market)
        if self.endpoint == "swap":
            return self._swap_book(stream, "update", changes, now_ns)
        tick = {"seqNum": changes.last_id, "prevSeqNum": previous, **sides(stream, changes)}
        return _frame(stream, tick, now_ns)

    def _swap_book(self, stream: SandboxStream, event: str, depth: Depth, now_ns: int) -> Frame:
        version = self._versions[stream.key] = self._versions.get(stream.key, 0) + 1
        tick = {
            **sides(stream, depth),
            "ch": stream.key,
            "event": event,
            "id": depth.last_id,
            "mrid": depth.last_id,
            "ts": ms(now_ns),
            "version": version,
        }
        return _frame(stream, tick, now_ns)


class HtxNewsSession(HtxSocket):
    """One connection to the socket of notifications."""

    requests = msgspec.json.Decoder(News)

    def ping(self, now_ns: int) -> None:
        self.send_json({"op": "ping", "ts": str(ms(now_ns))})

    def misread(self, frame: Frame, now_ns: int) -> None:
        self.send_json({"op": "error", "ts": ms(now_ns)})

    def handle(self, request: News, now_ns: int) -> None:
        match request.op:
            case "pong":
                self.unanswered = 0
            case "ping":
                self.send_json({"op": "pong", "ts": request.ts})
            case _:
                self._tell(request, now_ns)

    def _tell(self, request: News, now_ns: int) -> None:
        key, stream = request.topic, self.find(request.topic)
        answer = {"op": request.op, "cid": request.cid, "topic": key, "ts": ms(now_ns)}
        if stream is None:
            self.send_json({**answer, "err-code": 2011, "err-msg": self.objection(key)})
            return
        self.send_json({**answer, "err-code": 0})
        self.end(key)
        if request.op == "sub":
            self.subscribe(stream)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        data = [funding_row(stream.market, now_ns)]
        push = {"op": "notify", "topic": stream.key, "ts": ms(now_ns), "data": data}
        return (packed(push),)


def packed(value: object) -> bytes:
    """A frame as it is sent: one gzip member."""
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    return pack.compress(msgspec.json.encode(value)) + pack.flush()


def _frame(stream: SandboxStream, tick: Row, now_ns: int) -> bytes:
    return packed({"ch": stream.key, "ts": ms(now_ns), "tick": tick})


def _without_pushed_out(changes: Depth, market: SandboxMarket) -> Depth:
    whole = market.depth(1 << 20)
    bids, asks = dict(whole.bids), dict(whole.asks)
    return Depth(
        last_id=changes.last_id,
        bids=[level for level in changes.bids if level[1] or level[0] not in bids],
        asks=[level for level in changes.asks if level[1] or level[0] not in asks],
    )
