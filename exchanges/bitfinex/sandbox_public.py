"""Bitfinex seen from the server: the sockets, and the rows that they share with REST.

Source: as for `public.py`. Levels that leave the window of a book are deleted like all others.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec
from msgspec import Raw

from exchanges.bitfinex.market_data import INTERVALS, is_perpetual, number_text
from exchanges.bitfinex.public import BULK, CHECKED_LEVELS, CHECKSUM, SEQUENCE, TIMESTAMP
from exchanges.market.checksums import interleaved_crc32
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, MarketUpdate, Match
from exchanges.sandbox.request import json_text, ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame

_CHANNELS: Final = {
    "book": Channel.BOOK,
    "trades": Channel.TRADES,
    "ticker": Channel.TICKER,
    "candles": Channel.KLINES,
    "status": Channel.MARK_PRICE,
}
_LIQUIDATIONS: Final = "liq:global"
_LENGTHS: Final = frozenset({"1", "25", "100", "250"})
_UNKNOWN_EVENT: Final = 10000
_FAILED: Final = 10300
_DUPLICATE: Final = 10301
_TOO_MANY: Final = 10305
_NOT_ENDED: Final = 10400
_FIRST_ID: Final = 1000
_MAINTENANCE_BEGINS: Final = 20060
_MAINTENANCE_ENDS: Final = 20061
_BEAT_NS: Final = 15 * NS_PER_S
_PAST: Final = 30
_STATUS_FIELDS: Final = 23


class Command(msgspec.Struct, omit_defaults=True):
    """`{"event":"subscribe","channel":"book","symbol":"tBTCUSD","prec":"P0","len":"250"}`"""

    event: Literal["ping", "conf", "subscribe", "unsubscribe"]
    channel: str = ""
    symbol: str = ""
    key: str = ""
    prec: str = ""
    freq: str = ""
    len: str | int = ""
    subId: str | int = ""
    chanId: int = 0
    flags: int = 0
    cid: int | None = None


class BitfinexSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def __init__(self, venue: SandboxVenue, endpoint: str) -> None:
        super().__init__(venue, endpoint)
        self._flags = 0
        self._sequence = 0
        self._ids: dict[int, str] = {}  # keys of streams by channel id
        self._spoke_ns: dict[int, int] = {}
        self._last_id = _FIRST_ID
        self._was_open = True

    @property
    def topics(self) -> int:
        """Channels, those without a market among them."""
        return len(self._ids)

    def greet(self, now_ns: int) -> None:
        self._was_open = self.venue.is_open
        platform = {"status": int(self._was_open)}
        self.send_json({"event": "info", "version": 2, "platform": platform})

    def tick(self, now_ns: int) -> None:
        if self._was_open is not self.venue.is_open:
            self._was_open = self.venue.is_open
            code = _MAINTENANCE_ENDS if self._was_open else _MAINTENANCE_BEGINS
            self.send_json({"event": "info", "code": code, "msg": "maintenance"})
        for channel_id, spoke_ns in self._spoke_ns.items():
            if now_ns - spoke_ns >= _BEAT_NS:
                self.send(self._array(channel_id, now_ns, "hb"))

    def misread(self, frame: Frame, now_ns: int) -> None:
        self.send_json({"event": "error", "msg": "unknown event", "code": _UNKNOWN_EVENT})

    def handle(self, request: Command, now_ns: int) -> None:
        match request.event:
            case "ping":
                self.send_json({"event": "pong", "ts": ms(now_ns), "cid": request.cid})
            case "conf":
                self._flags = request.flags
                self.send_json({"event": "conf", "status": "OK", "flags": self._flags})
            case "unsubscribe":
                self._end(request.chanId)
            case "subscribe":
                self._subscribe(request, now_ns)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        market, channel_id = stream.market, self._id_of(stream.key)
        match stream.channel:
            case Channel.BOOK:
                return self._changes(stream, channel_id, now_ns)
            case Channel.TRADES:
                rows = [trade_row(market, match) for match in update.matches]
                told = [("te", row) for row in rows] + [("tu", row) for row in rows]
                return [self._array(channel_id, now_ns, kind, row) for kind, row in told]
            case Channel.KLINES:
                assert stream.interval is not None
                candle = market.synthetic.statistics.candle(stream.interval)
                return (self._array(channel_id, now_ns, candle_row(market, candle)),)
            case Channel.TICKER:
                return (self._array(channel_id, now_ns, ticker_row(market)),)
            case _:
                return (self._array(channel_id, now_ns, status_row(market, now_ns)),)

    def _subscribe(self, request: Command, now_ns: int) -> None:
        about = request.symbol or request.key
        key = f"{request.channel}:{about}"
        stream = self._find(key, str(request.len or "25"))
        is_global = key == f"status:{_LIQUIDATIONS}"  # nobody is liquidated here
        code, message = 0, ""
        if key in self._ids.values():
            code, message = _DUPLICATE, "subscribe: dup"
        elif self.is_full():
            code, message = _TOO_MANY, "subscribe: limit"
        elif stream is None and not is_global:
            code, message = _FAILED, "symbol: invalid"
        echo: dict[str, Any] = msgspec.to_builtins(request)
        if code:
            self.send_json(echo | {"event": "error", "msg": message, "code": code})
            return
        if stream:
            self.subscribe(stream)  # before its channel counts, which may be the last that fits
        self._last_id += 1
        self._ids[self._last_id] = key
        self._spoke_ns[self._last_id] = now_ns
        answer = echo | {"event": "subscribed", "chanId": self._last_id}
        if request.symbol:
            answer["pair"] = about.removeprefix("t")
        self.send_json(answer)
        if stream:
            self.send(self._array(self._last_id, now_ns, self._begin(stream, now_ns)))

    def _end(self, channel_id: int) -> None:
        if channel_id not in self._ids:
            error = {"event": "error", "msg": "unsubscribe: invalid", "code": _NOT_ENDED}
            self.send_json(error | {"chanId": channel_id})
            return
        self.end(self._ids.pop(channel_id))
        del self._spoke_ns[channel_id]
        self.send_json({"event": "unsubscribed", "status": "OK", "chanId": channel_id})

    def _find(self, key: str, length: str) -> SandboxStream | None:
        name, _, about = key.partition(":")
        interval = None
        if name == "candles":
            _, candle, about = [*about.split(":", 2), "", ""][:3]
            interval = INTERVALS.get(candle)
        elif name == "status":
            about = about.removeprefix("deriv:")
        native = about.removeprefix("t")
        kind = Kind.PERPETUAL if is_perpetual(native) else Kind.SPOT
        if length not in _LENGTHS:
            return None
        market = self.venue.market(kind, native)
        return self.offer(key, _CHANNELS.get(name), market, interval, int(length))

    def _begin(self, stream: SandboxStream, now_ns: int) -> list[Any]:
        """The first frame of a channel: what is now, or what has been, newest first."""
        market, statistics = stream.market, stream.market.synthetic.statistics
        match stream.channel:
            case Channel.BOOK:
                return book_rows(market, stream.book())
            case Channel.TRADES:
                matches = list(statistics.trades)[-_PAST:]
                return [trade_row(market, match) for match in reversed(matches)]
            case Channel.KLINES:
                assert stream.interval is not None
                candles = statistics.candles(stream.interval)[-_PAST:]
                return [candle_row(market, candle) for candle in reversed(candles)]
            case Channel.TICKER:
                return ticker_row(market)
            case _:
                return status_row(market, now_ns)

    def _changes(self, stream: SandboxStream, channel_id: int, now_ns: int) -> list[Frame]:
        """What changed, in one frame or one for each level, and then the checksum."""
        rows = book_rows(stream.market, stream.changes())
        rows.sort(key=lambda row: bool(row[1]))  # deletions first
        parts = [rows] if self._flags & BULK and rows else rows
        frames: list[Frame] = [self._array(channel_id, now_ns, part) for part in parts]
        if frames and self._flags & CHECKSUM:
            proof = _checksum(stream.market)
            frames.append(self._array(channel_id, now_ns, "cs", proof))
        return frames

    def _id_of(self, key: str) -> int:
        return next(number for number, name in self._ids.items() if name == key)

    def _array(self, channel_id: int, now_ns: int, *parts: object) -> str:
        self._spoke_ns[channel_id] = now_ns
        tail: list[object] = []
        if self._flags & SEQUENCE:
            self._sequence += 1
            tail.append(self._sequence)
        if self._flags & TIMESTAMP:
            tail.append(ms(now_ns))
        return json_text([channel_id, *parts, *tail])


# Rows, as streams and REST have them.


def book_rows(market: SandboxMarket, depth: Depth) -> list[Any]:
    """Bids, then asks; a level of size 0 is gone."""
    rows: list[Any] = []
    for levels, sign in ((depth.bids, ""), (depth.asks, "-")):
        for ticks, lots in levels:
            amount = f"{sign}{_text(market.size(lots))}" if lots else f"{sign}1"
            rows.append([_number(market.price(ticks)), 1 if lots else 0, Raw(amount.encode())])
    return rows


def _checksum(market: SandboxMarket) -> int:
    depth = market.depth(CHECKED_LEVELS)
    bids, asks = (
        [(float(market.price(ticks)), sign * float(market.size(lots))) for ticks, lots in levels]
        for levels, sign in ((depth.bids, 1), (depth.asks, -1))
    )
    return interleaved_crc32(
        bids, asks, lambda level: f"{number_text(level[0])}:{number_text(level[1])}"
    )


def trade_row(market: SandboxMarket, match: Match) -> list[Any]:
    size = _text(market.size(match.size))
    amount = size if match.side is Side.BUY else f"-{size}"
    at_ms, price = ms(match.time_ns), _number(market.price(match.price))
    return [match.trade_id, at_ms, Raw(amount.encode()), price]


def candle_row(market: SandboxMarket, candle: Candle) -> list[Any]:
    prices = (candle.open, candle.close, candle.high, candle.low)
    numbers = [_number(market.price(price)) for price in prices]
    return [ms(candle.open_ns), *numbers, _number(market.size(candle.volume))]


def ticker_row(market: SandboxMarket) -> list[Any]:
    """Sizes are those of 25 levels together."""
    day, depth = market.synthetic.statistics.day(), market.depth(CHECKED_LEVELS)
    fields: list[Any] = []
    for levels in (depth.bids, depth.asks):
        total = sum(lots for _, lots in levels)
        best = _number(market.price(levels[0][0])) if levels else None
        fields += [best, _number(market.size(total))]
    return [
        *fields,
        _number(market.price(day.close - day.open)),
        round(day.close / day.open - 1, 4),
        _number(market.price(day.close)),
        _number(market.size(day.volume)),
        _number(market.price(day.high)),
        _number(market.price(day.low)),
    ]


def status_row(market: SandboxMarket, now_ns: int) -> list[Any]:
    state, depth = market.synthetic.perpetual(), market.depth(1)
    row: list[Any] = [None] * _STATUS_FIELDS
    row[0] = ms(now_ns)
    row[2] = _number(market.price(depth.bids[0][0])) if depth.bids else None
    row[3] = _number(market.price(state.index))
    row[5] = 1_000_000
    row[7] = ms(state.next_funding_ns)
    row[8] = row[11] = state.funding_rate
    row[14] = _number(market.price(state.mark))
    row[17] = _number(market.size(state.open_interest))
    return row


def _text(decimal: str) -> str:
    return number_text(float(decimal))


def _number(decimal: str) -> Raw:
    """A number as the venue writes it."""
    return Raw(_text(decimal).encode())
