"""Kraken WebSocket v2 public streams: messages in, events out.

Source: docs.kraken.com, WebSocket v2 market data and "How to build a book" (2025, 2026). Nothing
numbers the updates of a book: the checksum that each carries, over the ten best levels, is all
that proves it. So the book of ten levels is asked for, of which every update proves the whole;
of a deeper one the rest could not be served.

Updates are ordered by the stamps of the engine, as an older one that comes late would bring back
an older book with a right checksum.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Raw

from exchanges.kraken import market_data as wire
from exchanges.kraken.market_data import BOOK_LEVELS, CANDLE_MINUTES, INTERVALS
from exchanges.market.events import Level, StreamEvent, VenueState
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import plain
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Granted,
    GrantedKey,
    Reader,
    Refused,
    Route,
    Said,
)

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_ROWS: Final = msgspec.json.Decoder(list[Raw])
_NAMED: Final = msgspec.json.Decoder(wire.Named)
_BOOK: Final = msgspec.json.Decoder(wire.BookRow)
_EXACT_BOOK: Final = msgspec.json.Decoder(wire.ExactBookRow)

_BOOKS: Final = "book"
_TICKERS: Final = "ticker"
_TRADES: Final = "trade"
_CANDLES: Final = "ohlc"
_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: _BOOKS,
    Channel.TOP: _TICKERS,
    Channel.TICKER: _TICKERS,
    Channel.TRADES: _TRADES,
    Channel.KLINES: _CANDLES,
}
_CHANNELS: Final = {**{name: channel for channel, name in _NAMES.items()}, _TICKERS: Channel.TOP}
_READERS: Final[Mapping[str, Reader]] = {
    _TICKERS: one(wire.TickerRow),
    _TRADES: one(wire.TradeRow),
    _CANDLES: one(wire.CandleRow),
}
_PARAMETERS: Final[Mapping[str, Mapping[str, object]]] = {
    _BOOKS: {"depth": BOOK_LEVELS},
    _TICKERS: {"event_trigger": "bbo"},
}
_STATE: Final = "status"
_STATES: Final = msgspec.json.Decoder(list[wire.SystemState])
_ONLINE: Final = "online"
_ALREADY: Final = "Already subscribed"
_SNAPSHOT: Final = "snapshot"
# Whole numbers up to this are exact as floats.
_MOST_EXACT: Final = float(1 << 53)


class KrakenWire(MarketWire):
    """One connection. A key is the channel, with the minutes of a candle, and the symbol."""

    venue = "kraken"
    candles: ClassVar = {interval: str(minutes) for interval, minutes in CANDLE_MINUTES.items()}

    def key(self, topic: Topic, instrument: Instrument) -> str:
        name, minutes = _NAMES[topic.channel], 0
        if topic.channel is Channel.KLINES:
            minutes = int(self.candle(topic))
        return _key(name, minutes, instrument.native)

    def topic(self, key: str) -> Topic | None:
        name, minutes, native = _parts(key)
        channel = _CHANNELS.get(name)
        instrument = self.instruments.native(Kind.SPOT, native)
        interval = INTERVALS[minutes] if channel is Channel.KLINES else None
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def reader(self, topic: Topic) -> Reader:
        if topic.channel is Channel.BOOK:
            return _book
        return _of_row(_READERS[_NAMES[topic.channel]])

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM)

    def group(self, route: Route) -> str:
        name, minutes, _ = _parts(route.key)
        return _key(name, minutes, "")

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        name, minutes, _ = _parts(routes[0].key)
        parameters: dict[str, Any] = {
            "channel": name,
            "symbol": [_parts(route.key)[2] for route in routes],
            **_PARAMETERS.get(name, {}),
        }
        if minutes:
            parameters["interval"] = minutes
        if subscribe:
            # Past trades would be told as if they were new.
            parameters["snapshot"] = name != _TRADES
        method = "subscribe" if subscribe else "unsubscribe"
        request = {"method": method, "params": parameters, "req_id": request_id}
        return msgspec.json.encode(request).decode()

    def ping(self, now_ns: int) -> Frame:
        return '{"method":"ping"}'

    def said(self, frame: Frame) -> Iterable[Said]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.channel in _CHANNELS:
            return self._rows(envelope)
        if envelope.success is not None:
            return (self._answer(envelope),)
        if envelope.channel == _STATE:
            return self._states(envelope)
        if envelope.channel or envelope.method:
            return ()  # signs of life
        if envelope.Error:
            # "Exceeded msg rate": it names no request, and the oldest has waited longest.
            return (Refused(None, envelope.Error),)
        raise ValueError("neither data nor an answer")

    def _rows(self, envelope: wire.Envelope) -> list[Said]:
        said: list[Said] = []
        for row in _ROWS.decode(envelope.data):
            named = _NAMED.decode(row)
            key = _key(envelope.channel, named.interval, named.symbol)
            said.append(Data(key, (envelope.type, row)))
        return said

    def _states(self, envelope: wire.Envelope) -> list[Said]:
        """How the whole venue is; `post_only` and `cancel_only` follow maintenance, with books.

        It is told on connecting and at each change.
        """
        return [
            VenueState(venue=self.venue, takes_orders=state.system == _ONLINE, message=state.system)
            for state in _STATES.decode(envelope.data)
        ]

    def _answer(self, envelope: wire.Envelope) -> Said:
        """Symbols are granted one by one, but a refusal need not tell which it is about."""
        if envelope.success:
            about = envelope.result
            key = _key(about.channel, about.interval, about.symbol)
            return GrantedKey(key, envelope.method == "subscribe")
        if envelope.error.startswith(_ALREADY):
            # Of a symbol that shared a request with one that was refused.
            return Granted(envelope.req_id)
        return Refused(envelope.req_id, envelope.error)


def _book(route: Route, data: tuple[str, Raw], received_ns: int) -> tuple[StreamEvent, ...]:
    kind, raw = data
    row, instrument = _BOOK.decode(raw), route.instrument
    bids, asks = wire.as_levels(row.bids), wire.as_levels(row.asks)
    # None is larger than their sum, which is quicker to find than the largest.
    total = sum([size for _, size in bids]) + sum([size for _, size in asks])
    if total >= _MOST_EXACT * float(instrument.step):
        exact = _EXACT_BOOK.decode(raw)
        bids, asks = wire.as_exact_levels(exact.bids), wire.as_exact_levels(exact.asks)
    tell = wire.book_snapshot if kind == _SNAPSHOT else wire.book_delta
    return (tell(row, bids, asks, instrument, received_ns),)


def checksum(instrument: Instrument, bids: list[Level], asks: list[Level]) -> int:
    """CRC-32 over the ten best asks, then the ten best bids, as digits without point.

    Each number has as many decimals as the instrument's tick and step are written with.
    """
    price_decimals, size_decimals = _decimals(instrument)
    best = (*asks[:BOOK_LEVELS], *bids[:BOOK_LEVELS])
    text = "".join(
        _digits(plain(price), price_decimals) + _digits(_text(size), size_decimals)
        for price, size in best
    )
    return zlib.crc32(text.encode())


def _decimals(instrument: Instrument) -> tuple[int, int]:
    price, size = instrument.tick.as_tuple().exponent, instrument.step.as_tuple().exponent
    return -int(price), -int(size)


def _text(size: float) -> str:
    return size.text if isinstance(size, wire.ExactSize) else plain(size)


def _digits(text: str, decimals: int) -> str:
    whole, _, part = text.partition(".")
    return (whole + part.rstrip("0").ljust(decimals, "0")).lstrip("0")


def _of_row(read: Reader) -> Reader:
    """Reads rows of channels whose first frame is like all others."""

    def read_row(route: Route, data: tuple[str, Raw], received_ns: int) -> tuple[StreamEvent, ...]:
        return read(route, data[1], received_ns)

    return read_row


def _key(name: str, minutes: int, native: str) -> str:
    return f"{name}:{minutes}:{native}"


def _parts(key: str) -> tuple[str, int, str]:
    name, minutes, native = key.split(":", 2)
    return name, int(minutes), native
