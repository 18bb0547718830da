"""Coinbase public stream: frames in, events out.

Source: Advanced Trade WebSocket documentation (November 2026). The frames of a connection are
numbered one by one over all channels, and nothing else links the updates of a book: a number that
does not follow may stand for an update of any book, so that all of them start anew. A book starts
with a snapshot in the stream after each subscription.

A number lower than the one to come is that of a late or repeated frame, and ignored. Where it is
much lower the count has begun anew, or one number was spoiled: such a frame is counted on from,
so that no number can silence a connection.
"""

from collections.abc import Hashable, Sequence
from typing import Final

import msgspec
from msgspec import Raw

from exchanges.coinbase import market_data as wire
from exchanges.coinbase.market_data import (
    CandleMessage,
    TickerMessage,
    TradeMessage,
    base_units,
    utc_ns,
)
from exchanges.coinbase.rest import CoinbaseRest
from exchanges.errors import UNREADABLE, CodecUsageError, VenueProtocolError
from exchanges.market.events import BookSnapshot, Event, Fault, StreamEvent
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.numbers import in_base_units
from exchanges.market.topics import Channel, Topic
from exchanges.stream.codec import Frame, StreamCodec
from exchanges.stream.facts import Stream
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOKS: Final = msgspec.json.Decoder(list[wire.BookEvent])
_ROWS: Final = msgspec.json.Decoder(list[wire.BookRow], strict=False)
_TRADES: Final = msgspec.json.Decoder(list[wire.TradesEvent], strict=False)
_TICKERS: Final = msgspec.json.Decoder(list[wire.TickersEvent])
_CANDLES: Final = msgspec.json.Decoder(list[wire.CandlesEvent], strict=False)
_SUBSCRIPTIONS: Final = msgspec.json.Decoder(list[wire.SubscriptionsEvent])

_NAMES: Final = {
    Channel.BOOK: "level2",
    Channel.TRADES: "market_trades",
    Channel.TICKER: "ticker",
    Channel.KLINES: "candles",
}
_CHANNELS: Final = {name: channel for channel, name in _NAMES.items()}
_BOOK_DATA: Final = "l2_data"  # as the frames of `level2` are called
_BEAT: Final = "heartbeats"
# The network delivers in order, so that a frame is late by a few others at most.
_LATE: Final = 100


class CoinbaseStream(StreamCodec):
    """One connection."""

    venue = "coinbase"
    rest = CoinbaseRest()

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._next: int | None = None  # the number to come; None while no book depends on it
        self._ending: set[str] = set()  # keys whose end has been asked for
        # A connection that has subscribed nothing within 5 s is closed, and so is a subscription
        # that is silent for a minute.
        self._ready.append(_command("subscribe", _BEAT, []))

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES and topic.interval is not wire.STREAMED_CANDLES:
            raise CodecUsageError(f"{self.venue} streams no candles of {topic.interval}")
        return f"{_NAMES[topic.channel]}:{instrument.native}"

    def _topic_of(self, key: str) -> Topic | None:
        name, _, native = key.partition(":")
        channel = _CHANNELS.get(name)
        instrument = self.instruments.native(self.rest.kind_of(native), native)
        interval = wire.STREAMED_CANDLES if channel is Channel.KLINES else None
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def _handler(self, topic: Topic) -> Handler:
        match topic.channel:
            case Channel.BOOK:
                return self._book
            case Channel.TRADES:
                return _trade
            case Channel.KLINES:
                return _candle
        return _ticker

    def _rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM)

    def _group(self, route: Route) -> Hashable:
        """A request names one channel."""
        return _channel_of(route)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        keys = {route.key for route in routes}
        self._ending = self._ending - keys if subscribe else self._ending | keys
        products = [route.instrument.native for route in routes]
        return _command(
            "subscribe" if subscribe else "unsubscribe", _channel_of(routes[0]), products
        )

    def resync_all(self, fault: Fault, detail: str, received_ns: int) -> tuple[Event, ...]:
        """No book is left that depends on the number of the next frame."""
        self._next = None
        return super().resync_all(fault, detail, received_ns)

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        envelope = _ENVELOPE.decode(frame)
        number = envelope.sequence_num
        if number is None:
            if envelope.type != "error":
                raise self._protocol_error("neither a number nor an error", frame)
            return self._error(envelope.message, received_ns)
        if self._next is None or number == self._next:
            return self._read(envelope, number, received_ns)
        if self._next - _LATE <= number < self._next:
            return ()
        detail = f"expected frame {self._next}, got {number}"
        lost = self.resync_all(Fault.GAP, detail, received_ns)
        try:
            return lost + self._read(envelope, number, received_ns)
        except (*UNREADABLE, VenueProtocolError):
            return lost  # which must be told in any case

    def _read(
        self, envelope: wire.Envelope, number: int, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """What a frame says; one with books that cannot be read is wanted for ever."""
        self._next = number if envelope.channel == _BOOK_DATA else number + 1
        venue_ns = utc_ns(envelope.timestamp)
        events: tuple[StreamEvent, ...] = ()
        match envelope.channel:
            case name if name == _BOOK_DATA:
                for book in _BOOKS.decode(envelope.events):
                    key = f"level2:{book.product_id}"
                    events += self._dispatch(key, (book, number, venue_ns), received_ns)
            case "market_trades":
                events = self._trades(envelope.events, received_ns)
            case "ticker":
                for event in _TICKERS.decode(envelope.events):
                    for ticker in event.tickers:
                        key = f"ticker:{ticker.product_id}"
                        events += self._dispatch(key, (ticker, venue_ns), received_ns)
            case "candles":
                for told in _CANDLES.decode(envelope.events):
                    for candle in sorted(told.candles, key=lambda candle: candle.start):
                        key = f"candles:{candle.product_id}"
                        events += self._dispatch(key, candle, received_ns)
            case "subscriptions":
                events = self._acknowledged(envelope.events, received_ns)
            case "heartbeats":
                pass
            case channel:
                raise self._protocol_error("unknown channel", channel)
        self._next = number + 1
        return events

    def _trades(self, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        """Those since the subscription, oldest first; earlier ones are to be had by request."""
        events: tuple[StreamEvent, ...] = ()
        for event in _TRADES.decode(data):
            if event.type == "snapshot":
                continue
            for trade in sorted(event.trades, key=lambda trade: trade.trade_id):
                events += self._dispatch(f"market_trades:{trade.product_id}", trade, received_ns)
        return events

    def _acknowledged(self, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        """Every answer lists all that is subscribed now."""
        listed = {
            f"{channel}:{product}"
            for event in _SUBSCRIPTIONS.decode(data)
            for channel, products in event.subscriptions.items()
            for product in products
        }
        events: tuple[StreamEvent, ...] = ()
        for key in sorted(self._ending - listed):
            events += self._granted_one(key, received_ns, subscribe=False)
        self._ending &= listed
        for key in sorted(listed):
            events += self._granted_one(key, received_ns, subscribe=True)
        return events

    def _error(self, message: str, received_ns: int) -> tuple[StreamEvent, ...]:
        """It does not say what it is about; requests are answered in order."""
        oldest = self._subscriptions.oldest
        request_id = oldest(subscribe=True)
        if request_id < 0:
            request_id = oldest(subscribe=False)
        return self._refused(request_id, message, received_ns)

    def _book(
        self, route: Route, payload: tuple[wire.BookEvent, int, int], received_ns: int
    ) -> tuple[StreamEvent, ...]:
        (event, number, venue_ns), instrument, feed = payload, route.instrument, route.feed
        assert feed is not None
        rows = _ROWS.decode(event.updates)
        bids = [(row.price_level, row.new_quantity) for row in rows if row.side == "bid"]
        asks = [(row.price_level, row.new_quantity) for row in rows if row.side == "offer"]
        if instrument.settle:
            bids = in_base_units(bids, base_units(instrument))
            asks = in_base_units(asks, base_units(instrument))
        if event.type == "snapshot":
            snapshot = BookSnapshot(
                instrument=instrument,
                bids=bids,
                asks=asks,
                sequence=number,
                venue_ns=venue_ns,
                received_ns=received_ns,
            )
            return self._snapshot(route, snapshot)
        # That no frame is missing since the last one of this book has been checked.
        return self._delta(route, feed.last, number, bids, asks, venue_ns, received_ns)


def _trade(route: Route, trade: TradeMessage, received_ns: int) -> tuple[StreamEvent, ...]:
    return (trade.trade(route.instrument, received_ns),)


def _candle(route: Route, candle: CandleMessage, received_ns: int) -> tuple[StreamEvent, ...]:
    return candle.events(route.instrument, received_ns)


def _ticker(
    route: Route, payload: tuple[TickerMessage, int], received_ns: int
) -> tuple[StreamEvent, ...]:
    message, venue_ns = payload
    return (message.ticker(route.instrument, venue_ns, received_ns),)


def _channel_of(route: Route) -> str:
    return route.key.partition(":")[0]


def _command(verb: str, channel: str, products: list[str]) -> str:
    command: dict[str, object] = {"type": verb, "channel": channel}
    if products:
        command["product_ids"] = products
    return msgspec.json.encode(command).decode()
