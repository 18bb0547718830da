"""Lighter public streams: frames in, events out.

Source: official stream document (July 2026), captures of July 2026, and a recording of October
2025. The rules of the order book are those of `sequence.py` with the snapshot in the stream: an
update brings the book from `begin_nonce` to `nonce`, and `offset` belongs to the server that one
is connected to.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from exchanges.lighter import market_data as wire
from exchanges.lighter.market_data import CANDLE_NAMES, INTERVALS, kind_of, stamp_ns
from exchanges.market.events import Event, Notice, StreamEvent
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.facts import Stream
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    GrantedKey,
    Reader,
    Refused,
    Reply,
    Route,
    Said,
)

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOK: Final = msgspec.json.Decoder(wire.BookMessage, strict=False)
_TRADES: Final = msgspec.json.Decoder(wire.TradesMessage, strict=False)
_STATS: Final = msgspec.json.Decoder(wire.StatsMessage, strict=False)
_ALL_STATS: Final = msgspec.json.Decoder(wire.AllStatsMessage, strict=False)
_TICKER: Final = msgspec.json.Decoder(wire.Stats, strict=False)
_PERPETUAL: Final = msgspec.json.Decoder(wire.PerpetualStats, strict=False)
_CANDLES: Final = msgspec.json.Decoder(wire.CandlesMessage, strict=False)

_TOP: Final = one(wire.TopMessage)
_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "order_book",
    Channel.TOP: "ticker",
    Channel.TRADES: "trade",
    Channel.LIQUIDATIONS: "trade",
    Channel.TICKER: "market_stats",
    Channel.FUNDING: "market_stats",
    Channel.MARK_PRICE: "market_stats",
    Channel.OPEN_INTEREST: "market_stats",
    Channel.KLINES: "candle",
}
CHANNELS: Final[Mapping[str, Channel]] = {
    "order_book": Channel.BOOK,
    "ticker": Channel.TOP,
    "trade": Channel.TRADES,
    "market_stats": Channel.TICKER,
    "spot_market_stats": Channel.TICKER,
    "candle": Channel.KLINES,
}
_STATISTICS: Final = ("market_stats", "spot_market_stats")
_BEGINNING: Final = "subscribed"
# An error about something that is as we want it; its message ends with the channel.
_ALREADY: Final = 30003
# An error about the end of something that has not begun.
_NOT_SUBSCRIBED: Final = 30002
# Errors about the connection as a whole: too many messages, or too many unanswered.
_TOO_MANY: Final = (30009, 30010)
_PING: Final = '{"type":"ping"}'
_PONG: Final = '{"type":"pong"}'


class LighterWire(MarketWire):
    """One connection."""

    venue = "lighter"
    candles: ClassVar = CANDLE_NAMES

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self.is_open = False  # before the venue has said that it listens

    def key(self, topic: Topic, instrument: Instrument) -> str:
        name = _NAMES[topic.channel]
        if topic.channel is Channel.KLINES:
            return f"{name}:{instrument.native}:{self.candle(topic)}"
        if name == "market_stats" and instrument.kind is Kind.SPOT:
            name = "spot_market_stats"
        return f"{name}:{instrument.native}"

    def topic(self, key: str) -> Topic | None:
        name, _, rest = key.partition(":")
        native, _, candle = rest.partition(":")
        channel = CHANNELS.get(name)
        instrument = self.instruments.native(kind_of(native), native)
        if channel is None or instrument is None:
            return None
        interval = INTERVALS[candle] if channel is Channel.KLINES else None
        return Topic(channel, instrument.symbol, interval)

    def reader(self, topic: Topic) -> Reader:
        match topic.channel:
            case Channel.BOOK:
                return self._book
            case Channel.TOP:
                return _TOP
            case Channel.TRADES | Channel.LIQUIDATIONS:
                return self._trades
            case Channel.KLINES:
                return _candles
        return self._stats

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        verb = "subscribe" if subscribe else "unsubscribe"
        command = {"type": verb, "channel": routes[0].key.replace(":", "/")}
        return msgspec.json.encode(command).decode()

    def ping(self, now_ns: int) -> Frame:
        return _PING

    def said(self, frame: Frame) -> Iterable[Said]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.error:
            return self._error(envelope.error.code, envelope.error.message)
        action, _, name = envelope.type.partition("/")
        match action:
            case "subscribed" | "update" if name:
                return self._data(frame, action, envelope.channel)
            case "connected":
                self.is_open = True
                return ()
            case "ping":
                return (Reply(_PONG),)
            case "pong":
                return ()
            case "unsubscribed":
                return (GrantedKey(envelope.channel, subscribe=False),)
            case "shutdown":
                close_in_s = envelope.close_in_ms / 1000
                return (Notice(venue=self.venue, close_in_s=close_in_s, message="shutdown"),)
            case "error":
                return self._error(envelope.code, envelope.message)
        raise ValueError("unknown type of frame")

    def _data(self, frame: Frame, action: str, channel: str) -> tuple[Said, ...]:
        """The first frame of a subscription also grants it."""
        name, _, market = channel.partition(":")
        if market == "all" and name in _STATISTICS:
            return self._all_stats(name, frame)
        payload: Any = frame
        if name in ("order_book", "trade"):
            payload = frame, action == _BEGINNING
        elif name in _STATISTICS:
            message = _STATS.decode(frame)
            payload = message.stats, message.timestamp
        data = Data(channel, payload)
        return (GrantedKey(channel), data) if action == _BEGINNING else (data,)

    def _all_stats(self, name: str, frame: Frame) -> tuple[Said, ...]:
        """Recordings have one stream of all markets."""
        message = _ALL_STATS.decode(frame)
        return tuple(
            Data(f"{name}:{native}", (raw, message.timestamp), is_shared=True)
            for native, raw in (message.market_stats or message.spot_market_stats).items()
        )

    def _error(self, code: int, message: str) -> tuple[Said, ...]:
        """It names no request: it is taken to be about the oldest one that is not answered."""
        if code in _TOO_MANY:
            return ()
        if code == _ALREADY:
            return (GrantedKey(message.rpartition(" ")[2].replace("/", ":")),)
        return (Refused(None, message, str(code), subscribe=code != _NOT_SUBSCRIBED),)

    def _book(
        self, route: Route, payload: tuple[Frame, bool], received_ns: int
    ) -> tuple[StreamEvent, ...]:
        frame, is_whole = payload
        message = _BOOK.decode(frame)
        if message.order_book.begin_nonce is None and not self.listening:
            raise ValueError("a book without begin_nonce")
        tell = message.snapshot if is_whole else message.delta
        return (tell(route.instrument, received_ns),)

    def _trades(
        self, route: Route, payload: tuple[Frame, bool], received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """Trades since the subscription, oldest first; earlier ones are to be had by request."""
        frame, is_history = payload
        message = _TRADES.decode(frame)
        if is_history:
            return ()
        liquidations = message.liquidation_trades or []
        rows = sorted([*(message.trades or []), *liquidations], key=lambda row: row.trade_id)
        events: list[Event] = []
        if self._tells(Channel.TRADES):
            executions = (row for row in rows if row.is_execution)
            events += [row.trade(route.instrument, received_ns) for row in executions]
        if self._tells(Channel.LIQUIDATIONS):
            events += [row.liquidation(route.instrument, received_ns) for row in liquidations]
        return tuple(events)

    def _stats(
        self, route: Route, payload: tuple[msgspec.Raw, int], received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """One channel tells all of these; those of this connection are passed on together."""
        raw, millis = payload
        about = route.instrument, stamp_ns(0, millis), received_ns
        events: list[Event] = []
        if self._tells(Channel.TICKER):
            events.append(_TICKER.decode(raw).ticker(*about))
        if route.instrument.kind is Kind.PERPETUAL:
            perpetual = _PERPETUAL.decode(raw)
            if self._tells(Channel.MARK_PRICE):
                events.append(perpetual.mark(*about))
            if self._tells(Channel.FUNDING):
                events.append(perpetual.funding(*about))
            if self._tells(Channel.OPEN_INTEREST):
                events.append(perpetual.interest(*about))
        return tuple(events)

    def _tells(self, channel: Channel) -> bool:
        return self.listening or channel in self.stream.channels


def _candles(route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
    message = _CANDLES.decode(frame)
    interval = INTERVALS[route.key.rpartition(":")[2]]
    venue_ns = stamp_ns(0, message.timestamp)
    return tuple(
        candle.kline(route.instrument, interval, venue_ns, received_ns)
        for candle in message.candles
    )
