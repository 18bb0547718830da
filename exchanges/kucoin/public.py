"""KuCoin spot public streams: WebSocket messages in, events out.

Source: "Pro API" WebSocket documentation (2026), whose public streams need no token. The rules of
the order book are those of `sequence.py`: a delta brings the book from `O` - 1 to `C`. A book
begins with a snapshot in the stream, and another may replace it at any time. By the documentation a
delta may begin before the book's id if it ends beyond it; of 8,650 that somebody counted on futures
in September 2026 none did, and of this stream on spot none was seen. The classic streams are only
read, from recordings: their books are joined to a snapshot by request.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from exchanges.kucoin import classic
from exchanges.kucoin import market_data as wire
from exchanges.kucoin.market_data import CANDLE_NAMES, INTERVALS
from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.facts import Stream
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Granted,
    Reader,
    Refused,
    Route,
    Said,
)

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
# How many levels a side the book has that is told by its changes.
_LEVELS: Final = 500
_BOOK: Final = msgspec.json.Decoder(wire.BookFrame, strict=False)


def _book(route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
    return _BOOK.decode(frame).events(route.instrument, _LEVELS, received_ns)


_READERS: Final[Mapping[Channel, Reader]] = {
    Channel.BOOK: _book,
    Channel.TOP: one(wire.TopFrame),
    Channel.TRADES: one(wire.TradeFrame),
    Channel.TICKER: one(wire.TickerFrame),
    Channel.KLINES: one(wire.CandleFrame),
}
_CLASSIC_READERS: Final[Mapping[Channel, Reader]] = {
    Channel.BOOK: one(classic.UpdateFrame),
    Channel.TOP: one(classic.BestLevelsFrame),
    Channel.TRADES: one(classic.MatchFrame),
    Channel.TICKER: one(classic.LastTradeFrame),
    Channel.KLINES: one(classic.CandlesFrame),
}

_SPOT: Final = ".SPOT"
_BOOKS: Final = "obu"
_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: _BOOKS,
    Channel.TOP: _BOOKS,
    Channel.TRADES: "trade",
    Channel.TICKER: "ticker",
    Channel.KLINES: "kline",
}
# The one book that is told by its changes.
_CHANGES: Final = "increment@10ms"
_BEST_LEVEL: Final = "1"
_CHANNELS: Final[Mapping[tuple[str, str], Channel]] = {
    (f"{_BOOKS}{_SPOT}", _CHANGES): Channel.BOOK,
    (f"{_BOOKS}{_SPOT}", _BEST_LEVEL): Channel.TOP,
    (f"trade{_SPOT}", ""): Channel.TRADES,
    (f"ticker{_SPOT}", ""): Channel.TICKER,
    **{(f"kline{_SPOT}", name): Channel.KLINES for name in INTERVALS},
}
_CLASSIC_CHANNELS: Final[Mapping[str, Channel]] = {
    "/market/level2": Channel.BOOK,
    "/spotMarket/level1": Channel.TOP,
    "/market/match": Channel.TRADES,
    "/market/ticker": Channel.TICKER,
    "/market/candles": Channel.KLINES,
}
_NEWS: Final = frozenset({"welcome", "pong", "ack"})


class KucoinWire(MarketWire):
    """One connection. A key is channel, depth or interval, and market; or a classic topic."""

    venue = "kucoin"
    candles: ClassVar = CANDLE_NAMES

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self.is_open = False  # the venue speaks first

    def key(self, topic: Topic, instrument: Instrument) -> str:
        detail = ""
        match topic.channel:
            case Channel.BOOK:
                detail = _CHANGES
            case Channel.TOP:
                detail = _BEST_LEVEL
            case Channel.KLINES:
                detail = self.candle(topic)
        return f"{_NAMES[topic.channel]}{_SPOT}:{detail}:{instrument.native}"

    def topic(self, key: str) -> Topic | None:
        name, _, rest = key.partition(":")
        if _is_classic(key):
            channel, native, detail = _CLASSIC_CHANNELS.get(name), rest, ""
            if channel is Channel.KLINES:
                native, _, detail = rest.rpartition("_")
        else:
            detail, _, native = rest.partition(":")
            channel = _CHANNELS.get((name, detail))
        interval = INTERVALS[detail] if channel is Channel.KLINES else None
        instrument = self.instruments.native(Kind.SPOT, native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def reader(self, topic: Topic) -> Reader:
        channel = topic.channel

        def read(route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
            readers = _CLASSIC_READERS if _is_classic(route.key) else _READERS
            return readers[channel](route, frame, received_ns)

        return read

    def rule(self, key: str) -> BookRule:
        if _is_classic(key):
            return BookRule(Recovery.SNAPSHOT_BY_REQUEST)
        return BookRule(Recovery.SNAPSHOT_IN_STREAM, overlaps=True)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        (route,) = routes
        name, detail, native = route.key.split(":", 2)
        channel = name.removesuffix(_SPOT)
        request: dict[str, Any] = {
            "id": str(request_id),
            "action": "subscribe" if subscribe else "unsubscribe",
            "channel": channel,
            "tradeType": "SPOT",
            "symbol": native,
        }
        if channel == _BOOKS:
            request |= {"depth": detail, "rpiFilter": 0}
        elif detail:
            request["interval"] = detail
        return msgspec.json.encode(request).decode()

    def ping(self, now_ns: int) -> Frame:
        return '{"id":"ping","type":"ping"}'

    def said(self, frame: Frame) -> Iterable[Said]:
        self.is_open = True
        envelope = _ENVELOPE.decode(frame)
        if envelope.T:
            key = f"{envelope.T}:{envelope.dp or envelope.d.i}:{envelope.d.s}"
            return (Data(key, frame),)
        if envelope.topic:
            return (Data(envelope.topic, frame),)
        if envelope.result is not None:
            request_id = int(envelope.id) if envelope.id.isdecimal() else -1
            if envelope.result:
                return (Granted(request_id),)
            return (Refused(request_id, envelope.reason or envelope.message),)
        if envelope.type in _NEWS or envelope.message in _NEWS:
            return ()
        raise ValueError("neither data nor an answer")


def _is_classic(key: str) -> bool:
    return key.startswith("/")
