"""Bybit v5 public streams: WebSocket messages in, events out.

Source: chapter "Websocket Stream" of the API v5 documentation (2026-07-24). A book starts with a
snapshot in the stream, and another may replace it at any time. The rules of the order book are
those of `sequence.py`: a delta brings the book from `u` - 1 to `u`. That `u` rises by one is
written of the full book, and holds in what was recorded of another depth; a restart of the
service begins anew at 1, so that a low id proves nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

import msgspec

from exchanges.bybit import market_data as wire
from exchanges.bybit.market_data import CANDLE_NAMES, INTERVALS
from exchanges.bybit.tickers import MergedTicker
from exchanges.errors import UNREADABLE
from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.facts import Stream
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Granted,
    IncompleteState,
    Reader,
    Refused,
    Route,
    Said,
)

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOK: Final = msgspec.json.Decoder(wire.BookFrame, strict=False)
_TICKER: Final = msgspec.json.Decoder(wire.TickerFrame)

_READERS: Final[Mapping[Channel, Reader]] = {
    Channel.TOP: one(wire.TopFrame),
    Channel.TRADES: one(wire.TradeFrame),
    Channel.KLINES: one(wire.CandleFrame),
    Channel.LIQUIDATIONS: one(wire.LiquidationFrame),
}

_BOOKS: Final = "orderbook"
_KLINES: Final = "kline"
_TICKERS: Final = "tickers"
# Of the depths with a snapshot in the stream (50, 200 and 1000 levels) the deepest, every 200 ms.
# Spot has a full one, whose start is found by two ids that need not agree between the servers.
_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: f"{_BOOKS}.1000",
    Channel.TOP: f"{_BOOKS}.1",
    Channel.TRADES: "publicTrade",
    Channel.TICKER: _TICKERS,
    Channel.FUNDING: _TICKERS,
    Channel.MARK_PRICE: _TICKERS,
    Channel.OPEN_INTEREST: _TICKERS,
    Channel.LIQUIDATIONS: "allLiquidation",
}
_CHANNELS: Final[Mapping[str, Channel]] = {
    "publicTrade": Channel.TRADES,
    _TICKERS: Channel.TICKER,
    "allLiquidation": Channel.LIQUIDATIONS,
}
_TOP_LEVELS: Final = "1"


class BybitWire(MarketWire):
    """One connection to the spot or the linear address."""

    venue = "bybit"
    candles: ClassVar = CANDLE_NAMES

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._tickers: dict[str, MergedTicker] = {}

    def key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES:
            return f"{_KLINES}.{self.candle(topic)}.{instrument.native}"
        return f"{_NAMES[topic.channel]}.{instrument.native}"

    def topic(self, key: str) -> Topic | None:
        name, _, native = key.partition(".")
        channel, interval = _CHANNELS.get(name), None
        if name == _BOOKS:
            depth, _, native = native.partition(".")
            channel = Channel.TOP if depth == _TOP_LEVELS else _book_channel(depth)
        elif name == _KLINES:
            candle, _, native = native.partition(".")
            channel, interval = Channel.KLINES, INTERVALS[candle]
        instrument = self.instruments.native(self.stream.kind, native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def reader(self, topic: Topic) -> Reader:
        if topic.channel is Channel.BOOK:
            return _book
        return _READERS.get(topic.channel, self._ticker)

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM, resets=True)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        request = {
            "req_id": str(request_id),
            "op": "subscribe" if subscribe else "unsubscribe",
            "args": [route.key for route in routes],
        }
        return msgspec.json.encode(request).decode()

    def ping(self, now_ns: int) -> Frame:
        return '{"req_id":"ping","op":"ping"}'

    def said(self, frame: Frame) -> Iterable[Said]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.topic:
            return (Data(envelope.topic, frame),)
        match envelope.op:
            case "subscribe" | "unsubscribe":
                return self._answer(envelope)
            case "ping" | "pong":
                return ()
        raise ValueError("neither data nor an answer")

    def _answer(self, envelope: wire.Envelope) -> tuple[Said, ...]:
        """A request is granted or refused as a whole; refusals were seen that do not name it."""
        request_id = int(envelope.req_id) if envelope.req_id.isdecimal() else None
        subscribe = envelope.op == "subscribe"
        if envelope.success:
            return (Granted(request_id, subscribe),)
        return (Refused(request_id, envelope.ret_msg, subscribe=subscribe),)

    def _ticker(self, route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        ticker = self._tickers.setdefault(route.key, MergedTicker())
        try:
            return ticker.take(_TICKER.decode(frame), route.instrument, received_ns)
        except UNREADABLE as error:
            # A change may be lost; the next subscription brings all fields.
            del self._tickers[route.key]
            if ticker.is_told:
                raise IncompleteState(str(error)) from error
            raise


def _book(route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
    message = _BOOK.decode(frame)
    instrument = route.instrument
    match message.type:
        case "snapshot":
            window = _levels(route.key)
            start = message.data.snapshot(instrument, message.venue_ns, received_ns, window=window)
            return (start,)
        case "delta":
            return (message.delta(instrument, received_ns),)
    raise ValueError("neither a snapshot nor a delta")


def _book_channel(depth: str) -> Channel | None:
    return Channel.BOOK if depth.isdecimal() else None


def _levels(key: str) -> int:
    """How many levels a side the stream of a book keeps up to date."""
    _, depth, _ = key.split(".", 2)
    return int(depth)
