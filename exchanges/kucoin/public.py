"""KuCoin spot public streams: WebSocket messages in, events out.

Source: "Pro API" WebSocket documentation (2026), whose public streams need no token. The rules of
the order book are those of `sequence.py`: a delta brings the book from `O` - 1 to `C`. A book
begins with a snapshot in the stream, and another may replace it at any time. That the ranges
follow each other is documented for an older pace of the same stream; of this one no delta was
seen. The classic streams are only read, from recordings: their books are joined to a snapshot by
request.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from exchanges.errors import CodecUsageError
from exchanges.kucoin import classic
from exchanges.kucoin import market_data as wire
from exchanges.kucoin.market_data import CANDLE_NAMES, INTERVALS
from exchanges.kucoin.rest import KucoinRest
from exchanges.market.events import BookSnapshot, StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import Channel, Topic
from exchanges.rest.request import Request
from exchanges.stream.codec import Frame, StreamCodec
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOK: Final = msgspec.json.Decoder(wire.BookFrame, strict=False)
_CLASSIC_BOOK: Final = msgspec.json.Decoder(classic.UpdateFrame, strict=False)

_READERS: Final[Mapping[Channel, Handler]] = {
    Channel.TOP: one(wire.TopFrame),
    Channel.TRADES: one(wire.TradeFrame),
    Channel.TICKER: one(wire.TickerFrame),
    Channel.KLINES: one(wire.CandleFrame),
}
_CLASSIC_READERS: Final[Mapping[Channel, Handler]] = {
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
# The one book that is told by its changes, and how many levels a side it has.
_CHANGES: Final = "increment@10ms"
_LEVELS: Final = 500
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


class KucoinStream(StreamCodec):
    """One connection. A key is channel, depth or interval, and market; or a classic topic."""

    venue = "kucoin"
    rest = KucoinRest()

    def outgoing(self, now_s: float) -> list[Frame]:
        """The venue speaks first: nothing is asked before its welcome."""
        return super().outgoing(now_s) if self.frames else []

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        detail = ""
        match topic.channel:
            case Channel.BOOK:
                detail = _CHANGES
            case Channel.TOP:
                detail = _BEST_LEVEL
            case Channel.KLINES:
                if topic.interval not in CANDLE_NAMES:
                    raise CodecUsageError(f"{self.venue} has no candles of {topic.interval}")
                detail = CANDLE_NAMES[topic.interval]
        return f"{_NAMES[topic.channel]}{_SPOT}:{detail}:{instrument.native}"

    def _topic_of(self, key: str) -> Topic | None:
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

    def _handler(self, topic: Topic) -> Handler:
        if topic.channel is Channel.BOOK:
            return self._book
        channel = topic.channel

        def read(route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
            readers = _CLASSIC_READERS if _is_classic(route.key) else _READERS
            return readers[channel](route, frame, received_ns)

        return read

    def _rule(self, key: str) -> BookRule:
        in_stream = not _is_classic(key)
        return BookRule(Recovery.SNAPSHOT_IN_STREAM if in_stream else Recovery.SNAPSHOT_BY_REQUEST)

    def _snapshot_request(self, route: Route) -> Request[BookSnapshot]:
        return self.rest.book(route.instrument)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
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

    def _ping(self) -> Frame:
        return '{"id":"ping","type":"ping"}'

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.T:
            key = f"{envelope.T}:{envelope.dp or envelope.d.i}:{envelope.d.s}"
            return self._dispatch(key, frame, received_ns)
        if envelope.topic:
            return self._dispatch(envelope.topic, frame, received_ns)
        if envelope.result is not None:
            request_id = int(envelope.id) if envelope.id.isdecimal() else -1
            if envelope.result:
                return self._granted(request_id, received_ns)
            return self._refused(request_id, envelope.reason, received_ns)
        if envelope.type in _NEWS or envelope.message in _NEWS:
            return ()
        raise self._protocol_error("neither data nor an answer", frame)

    def _book(self, route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        if _is_classic(route.key):
            return self._classic_book(route, frame, received_ns)
        message = _BOOK.decode(frame)
        book = message.d
        if message.t == "snapshot":
            return self._snapshot(route, book.snapshot(route.instrument, _LEVELS, received_ns))
        if message.t != "delta":
            raise self._protocol_error("neither a snapshot nor a delta", frame)
        return self._delta(route, book.O - 1, book.C, book.b, book.a, book.M, received_ns)

    def _classic_book(
        self, route: Route, frame: Frame, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        update = _CLASSIC_BOOK.decode(frame).data
        return self._delta(
            route,
            update.sequenceStart - 1,
            update.sequenceEnd,
            classic.levels(update.changes.bids),
            classic.levels(update.changes.asks),
            None if update.time is None else update.time * NS_PER_MS,
            received_ns,
        )


def _is_classic(key: str) -> bool:
    return key.startswith("/")
