"""Bybit v5 public streams: WebSocket messages in, events out.

Source: chapter "Websocket Stream" of the API v5 documentation (2026-07-24). A book starts with a
snapshot in the stream, and another may replace it at any time. The rules of the order book are
those of `sequence.py`: a delta brings the book from `u` - 1 to `u`. That `u` rises by one is
written of the full book, and holds in what was recorded of another depth; a restart of the
service begins anew at 1, so that a low id proves nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from exchanges.bybit import market_data as wire
from exchanges.bybit.market_data import CANDLE_NAMES, INTERVALS
from exchanges.bybit.rest import BybitRest
from exchanges.bybit.tickers import MergedTicker
from exchanges.errors import UNREADABLE, CodecUsageError
from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.stream.codec import Frame, StreamCodec
from exchanges.stream.facts import Stream
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOK: Final = msgspec.json.Decoder(wire.BookFrame, strict=False)
_TICKER: Final = msgspec.json.Decoder(wire.TickerFrame)

_READERS: Final[Mapping[Channel, Handler]] = {
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


class BybitStream(StreamCodec):
    """One connection to the spot or the linear address."""

    venue = "bybit"
    rest = BybitRest()

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._tickers: dict[str, MergedTicker] = {}

    @property
    def _kind(self) -> Kind:
        """Spot and linear markets share names, and have sockets of their own."""
        (kind,) = self.stream.kinds
        return kind

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES:
            if topic.interval not in CANDLE_NAMES:
                raise CodecUsageError(f"{self.venue} has no candles of {topic.interval}")
            return f"{_KLINES}.{CANDLE_NAMES[topic.interval]}.{instrument.native}"
        return f"{_NAMES[topic.channel]}.{instrument.native}"

    def _topic_of(self, key: str) -> Topic | None:
        name, _, native = key.partition(".")
        channel, interval = _CHANNELS.get(name), None
        if name == _BOOKS:
            depth, _, native = native.partition(".")
            channel = Channel.TOP if depth == _TOP_LEVELS else _book_channel(depth)
        elif name == _KLINES:
            candle, _, native = native.partition(".")
            channel, interval = Channel.KLINES, INTERVALS[candle]
        instrument = self.instruments.native(self._kind, native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def _handler(self, topic: Topic) -> Handler:
        if topic.channel is Channel.BOOK:
            return self._book
        return _READERS.get(topic.channel, self._ticker)

    def _rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM, resets=True)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        request = {
            "req_id": str(request_id),
            "op": "subscribe" if subscribe else "unsubscribe",
            "args": [route.key for route in routes],
        }
        return msgspec.json.encode(request).decode()

    def _ping(self) -> Frame:
        return '{"req_id":"ping","op":"ping"}'

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.topic:
            return self._dispatch(envelope.topic, frame, received_ns)
        match envelope.op:
            case "subscribe" | "unsubscribe":
                return self._answer(envelope, received_ns)
            case "ping" | "pong":
                return ()
        raise self._protocol_error("neither data nor an answer", frame)

    def _answer(self, envelope: wire.Envelope, received_ns: int) -> tuple[StreamEvent, ...]:
        """A request is granted or refused as a whole; refusals were seen that do not name it."""
        if envelope.req_id.isdecimal():
            request_id = int(envelope.req_id)
        else:
            request_id = self._subscriptions.oldest(subscribe=envelope.op == "subscribe")
        if envelope.success:
            return self._granted(request_id, received_ns)
        return self._refused(request_id, envelope.ret_msg, received_ns)

    def _book(self, route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        message = _BOOK.decode(frame)
        book, venue_ns = message.data, message.venue_ns
        if message.type == "snapshot":
            snapshot = book.snapshot(
                route.instrument, venue_ns, received_ns, window=_levels(route.key)
            )
            return self._snapshot(route, snapshot)
        if message.type != "delta":
            raise self._protocol_error("neither a snapshot nor a delta", frame)
        return self._delta(route, book.u - 1, book.u, book.b, book.a, venue_ns, received_ns)

    def _ticker(self, route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        ticker = self._tickers.setdefault(route.key, MergedTicker())
        try:
            return ticker.take(_TICKER.decode(frame), route.instrument, received_ns)
        except UNREADABLE:
            # A change may be lost; the next subscription brings all fields.
            del self._tickers[route.key]
            if ticker.is_told:
                self._subscriptions.wish(route, subscribe=False)
            raise


def _book_channel(depth: str) -> Channel | None:
    return Channel.BOOK if depth.isdecimal() else None


def _levels(key: str) -> int:
    """How many levels a side the stream of a book keeps up to date."""
    _, depth, _ = key.split(".", 2)
    return int(depth)
