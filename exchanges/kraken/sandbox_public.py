"""Kraken seen from the server: the socket.

Source: as for `public.py`. Each symbol of a request is answered by itself. A level that leaves
the subscribed depth is not told, and one that enters it is. Once anything is subscribed, the
server speaks every second.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, Literal
from zlib import crc32

import msgspec
from msgspec import Raw

from exchanges.kraken.market_data import INTERVALS
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S, NS_PER_US
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, Level, MarketUpdate, Match
from exchanges.sandbox.request import json_text
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame

Row = dict[str, Any]

_CHANNELS: Final = {
    "book": Channel.BOOK,
    "ticker": Channel.TOP,
    "trade": Channel.TRADES,
    "ohlc": Channel.KLINES,
}
_DEPTHS: Final = frozenset({10, 25, 100, 500, 1000})
_CHECKED: Final = 10
_PAST_CANDLES: Final = 3
# Of an average price: more digits than a price has.
_AVERAGE_DIGITS: Final = 12


class Parameters(msgspec.Struct, omit_defaults=True):
    """What a request is about; `symbol` is what each answer names one of."""

    channel: str = ""
    symbol: list[str] = []
    depth: int | None = None
    interval: int | None = None
    snapshot: bool | None = None
    event_trigger: str | None = None


class Command(msgspec.Struct):
    """`{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]},"req_id":1}`"""

    method: Literal["ping", "subscribe", "unsubscribe"]
    params: Parameters = msgspec.field(default_factory=Parameters)
    req_id: int | None = None


class KrakenSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def __init__(self, venue: SandboxVenue, endpoint: str) -> None:
        super().__init__(venue, endpoint)
        self._spoke_ns = 0
        self._state = ""

    def greet(self, now_ns: int) -> None:
        self._state = system = state_of(self.venue)
        state = {"system": system, "api_version": "v2", "connection_id": 1, "version": "2.0.0"}
        self.send_json({"channel": "status", "type": "update", "data": [state]})

    def tick(self, now_ns: int) -> None:
        if self._state != state_of(self.venue):
            self.greet(now_ns)
        if self.streams and now_ns - self._spoke_ns >= NS_PER_S:
            self._spoke_ns = now_ns
            self.send_json({"channel": "heartbeat"})

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._fail(_stamped(now_ns), "Malformed request")

    def handle(self, request: Command, now_ns: int) -> None:
        named = {} if request.req_id is None else {"req_id": request.req_id}
        answer: Row = {"method": request.method, **named, **_stamped(now_ns)}
        if request.method == "ping":
            self.send_json(answer | {"method": "pong"})
            return
        if not request.params.symbol:
            self._fail(answer, "Symbol(s) not provided")
        for symbol in request.params.symbol:
            self._answer(request, symbol, answer, now_ns)

    def _answer(self, request: Command, symbol: str, answer: Row, now_ns: int) -> None:
        """Each symbol is answered by itself."""
        stream = self._find(request.params, symbol)
        is_known = stream is not None and stream.key in self.streams
        error = ""
        if stream is None:
            error = f"Currency pair not supported {symbol}"
        elif is_known is (request.method == "subscribe"):
            error = "Already subscribed" if is_known else "Subscription Not Found"
        if stream is None or error:
            self._fail(answer | {"symbol": symbol}, error)
            return
        about = msgspec.to_builtins(request.params) | {"symbol": symbol}
        self.send_json(answer | {"success": True, "result": about})
        if is_known:
            self.end(stream.key)
        else:
            self._begin(stream, now_ns, past=request.params.snapshot is not False)

    def _fail(self, answer: Row, error: str) -> None:
        self.send_json(answer | {"success": False, "error": error})

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        market = stream.market
        match stream.channel:
            case Channel.BOOK:
                changes = self._changes(stream)
                if not changes.bids and not changes.asks:
                    return ()
                return (_frame(stream, "update", [_book_row(stream, changes, now_ns)], now_ns),)
            case Channel.TRADES:
                rows = [_trade_row(market, match) for match in update.matches]
                return (_frame(stream, "update", rows, now_ns),)
            case Channel.KLINES:
                assert stream.interval is not None
                candle = market.synthetic.statistics.candle(stream.interval)
                return (_frame(stream, "update", [_candle_row(stream, candle)], now_ns),)
            case _:
                return (_frame(stream, "update", [_ticker_row(market, now_ns)], now_ns),)

    def _find(self, about: Parameters, symbol: str) -> SandboxStream | None:
        channel = _CHANNELS.get(about.channel)
        depth = _CHECKED if about.depth is None else about.depth
        minutes = 1 if about.interval is None else about.interval
        if depth not in _DEPTHS or minutes not in INTERVALS:
            return None
        interval = INTERVALS[minutes] if channel is Channel.KLINES else None
        key = f"{about.channel}:{interval or ''}:{symbol}"
        return self.offer(key, channel, self.venue.market(Kind.SPOT, symbol), interval, depth)

    def _begin(self, stream: SandboxStream, now_ns: int, *, past: bool) -> None:
        """Answer a subscription with what is now, or with some of what has been."""
        self.subscribe(stream)
        if stream.channel is Channel.BOOK:
            row = _book_row(stream, stream.book(), now_ns)
            self.send(_frame(stream, "snapshot", [row], now_ns))
        elif past:
            self.send(_frame(stream, "snapshot", _past(stream, now_ns), now_ns))

    def _changes(self, stream: SandboxStream) -> Depth:
        """What the client is told: nothing of levels that were pushed out of its book."""
        changes, depth = stream.changes(), stream.market.depth(stream.depth)

        def of_side(levels: list[Level], now: list[Level], sign: int) -> list[Level]:
            if len(now) < stream.depth:
                return levels
            last = sign * now[-1][0]
            return [(price, size) for price, size in levels if size or sign * price <= last]

        return Depth(
            last_id=depth.last_id,
            bids=of_side(changes.bids, depth.bids, -1),
            asks=of_side(changes.asks, depth.asks, 1),
        )


def state_of(venue: SandboxVenue) -> str:
    """How the whole venue is, in its own word."""
    return "online" if venue.is_open else "post_only"


def _stamped(now_ns: int) -> Row:
    return {"time_in": rfc3339(now_ns), "time_out": rfc3339(now_ns)}


def _frame(stream: SandboxStream, kind: str, rows: list[Row], now_ns: int) -> str:
    name, _, _ = stream.key.partition(":")
    head: Row = {"channel": name, "type": kind}
    if stream.channel is Channel.KLINES:
        head["timestamp"] = rfc3339(now_ns)
    rows = [{"symbol": stream.market.instrument.native, **row} for row in rows]
    return json_text(head | {"data": rows})


def _past(stream: SandboxStream, now_ns: int) -> list[Row]:
    market, statistics = stream.market, stream.market.synthetic.statistics
    if stream.interval:
        candles = statistics.candles(stream.interval)[-_PAST_CANDLES:]
        return [_candle_row(stream, candle) for candle in candles]
    if stream.channel is Channel.TRADES:
        return [_trade_row(market, match) for match in list(statistics.trades)[-50:]]
    return [_ticker_row(market, now_ns)]


def _book_row(stream: SandboxStream, depth: Depth, now_ns: int) -> Row:
    market = stream.market
    return {
        "bids": [_level_row(market, level) for level in depth.bids],
        "asks": [_level_row(market, level) for level in depth.asks],
        "checksum": _checksum(market),
        "timestamp": rfc3339(now_ns),
    }


def _level_row(market: SandboxMarket, level: Level) -> Row:
    return {"price": _number(market.price(level[0])), "qty": _number(market.size(level[1]))}


def _checksum(market: SandboxMarket) -> int:
    depth = market.depth(_CHECKED)
    texts = [text for level in market.levels([*depth.asks, *depth.bids]) for text in level]
    return crc32("".join(text.replace(".", "").lstrip("0") for text in texts).encode())


def _trade_row(market: SandboxMarket, match: Match) -> Row:
    return {
        "side": "buy" if match.side is Side.BUY else "sell",
        "price": _number(market.price(match.price)),
        "qty": _number(market.size(match.size)),
        "ord_type": "market",
        "trade_id": match.trade_id,
        "timestamp": rfc3339(match.time_ns),
    }


def _ticker_row(market: SandboxMarket, now_ns: int) -> Row:
    day, depth = market.synthetic.statistics.day(), market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("0", "0")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("0", "0")]
    return {
        "bid": _number(bid),
        "bid_qty": _number(bid_size),
        "ask": _number(ask),
        "ask_qty": _number(ask_size),
        "last": _number(market.price(day.close)),
        "volume": _number(market.size(day.volume)),
        "vwap": _number(average_price(market, day)),
        "low": _number(market.price(day.low)),
        "high": _number(market.price(day.high)),
        "change": _number(market.price(day.close - day.open)),
        "change_pct": round((day.close / day.open - 1) * 100, 2),
        "timestamp": rfc3339(now_ns),
    }


def _candle_row(stream: SandboxStream, candle: Candle) -> Row:
    market, interval = stream.market, stream.interval
    assert interval is not None
    return {
        "open": _number(market.price(candle.open)),
        "high": _number(market.price(candle.high)),
        "low": _number(market.price(candle.low)),
        "close": _number(market.price(candle.close)),
        "trades": candle.trades,
        "volume": _number(market.size(candle.volume)),
        "vwap": _number(average_price(market, candle)),
        "interval_begin": rfc3339(candle.open_ns),
        "interval": interval.seconds // 60,
        "timestamp": rfc3339(candle.open_ns + interval.seconds * NS_PER_S),
    }


def average_price(market: SandboxMarket, candle: Candle) -> str:
    """The average price of what was traded, weighted by size; 0 without trades."""
    ticks = candle.value / candle.volume if candle.volume else 0.0
    return format(ticks * market.synthetic.ticks.number(1), f".{_AVERAGE_DIGITS}f")


def rfc3339(at_ns: int) -> str:
    """A time as the venue writes it, to the microsecond."""
    seconds, rest_ns = divmod(at_ns, NS_PER_S)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest_ns // NS_PER_US:06}Z"


def _number(text: str) -> Raw:
    """A number with all the digits that it is written with."""
    return Raw(text.encode())
