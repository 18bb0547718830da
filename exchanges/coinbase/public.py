"""Coinbase public stream: frames in, events out.

Source: Advanced Trade WebSocket documentation (November 2026). The frames of a connection are
numbered one by one over all channels, and nothing else links the updates of a book: a number that
does not follow may stand for an update of any book, so that all of them start anew. A book starts
with a snapshot in the stream after each subscription.

A number lower than the one to come is that of a late or repeated frame, and ignored. Where it is
much lower the count has begun anew, or one number was spoiled: such a frame is counted on from,
so that no number can silence a connection.

Products that share a book (BTC-USDC that of BTC-USD) are asked for, answered and told by the name
of the book. Which of them is meant is known by the connection, which carries one of them.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec
from msgspec import Raw

from exchanges.coinbase import market_data as wire
from exchanges.coinbase.market_data import (
    CandleMessage,
    TickerMessage,
    TradeMessage,
    kind_of,
    utc_ns,
)
from exchanges.errors import CodecUsageError
from exchanges.market.events import UNTOLD, BookDelta, BookSnapshot, StreamEvent
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.facts import Stream
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Gap,
    GrantedKey,
    Reader,
    Refused,
    Route,
    Said,
)

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


class CoinbaseWire(MarketWire):
    """One connection."""

    venue = "coinbase"

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._next: int | None = None  # the number to come; None while no book depends on it
        self._ending: set[str] = set()  # keys whose end has been asked for

    def greeting(self) -> Iterable[Frame]:
        """A connection that has subscribed nothing within 5 s is closed.

        So is a subscription that is silent for a minute.
        """
        return (_command("subscribe", _BEAT, []),)

    def key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES and topic.interval is not wire.STREAMED_CANDLES:
            raise CodecUsageError(f"{self.venue} streams no candles of {topic.interval}")
        return f"{_NAMES[topic.channel]}:{instrument.book}"

    def topic(self, key: str) -> Topic | None:
        name, _, native = key.partition(":")
        channel = _CHANNELS.get(name)
        instrument = self.instruments.native(kind_of(native), native)
        interval = wire.STREAMED_CANDLES if channel is Channel.KLINES else None
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def reader(self, topic: Topic) -> Reader:
        match topic.channel:
            case Channel.BOOK:
                return _book
            case Channel.TRADES:
                return _trade
            case Channel.KLINES:
                return _candle
        return _ticker

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM)

    def group(self, route: Route) -> Hashable:
        """A request names one channel."""
        return _channel_of(route)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        keys = {route.key for route in routes}
        self._ending = self._ending - keys if subscribe else self._ending | keys
        products = [route.instrument.book for route in routes]
        return _command(
            "subscribe" if subscribe else "unsubscribe", _channel_of(routes[0]), products
        )

    def lost(self) -> None:
        """No book is left that depends on the number of the next frame."""
        self._next = None

    def said(self, frame: Frame) -> Iterable[Said]:
        envelope = _ENVELOPE.decode(frame)
        number = envelope.sequence_num
        if number is None:
            if envelope.type != "error":
                raise ValueError("neither a number nor an error")
            # It does not say what it is about; requests are answered in order.
            return (Refused(None, envelope.message),)
        if self._next is None or number == self._next:
            return self._numbered(envelope, number)
        if self._next - _LATE <= number < self._next:
            return ()
        return chain(
            (Gap(f"expected frame {self._next}, got {number}"),), self._numbered(envelope, number)
        )

    def _numbered(self, envelope: wire.Envelope, number: int) -> Iterator[Said]:
        """What a frame says; one with books that cannot be read is wanted for ever.

        That they could be is known when the next of what it says is asked for.
        """
        self._next = number if envelope.channel == _BOOK_DATA else number + 1
        yield from self._content(envelope, number)
        self._next = number + 1

    def _content(self, envelope: wire.Envelope, number: int) -> Iterable[Said]:
        venue_ns = utc_ns(envelope.timestamp)
        match envelope.channel:
            case name if name == _BOOK_DATA:
                return [
                    Data(f"level2:{book.product_id}", (book, number, venue_ns))
                    for book in _BOOKS.decode(envelope.events)
                ]
            case "market_trades":
                return self._trades(envelope.events)
            case "ticker":
                return [
                    Data(f"ticker:{ticker.product_id}", (ticker, venue_ns))
                    for event in _TICKERS.decode(envelope.events)
                    for ticker in event.tickers
                ]
            case "candles":
                return [
                    Data(f"candles:{candle.product_id}", candle)
                    for told in _CANDLES.decode(envelope.events)
                    for candle in sorted(told.candles, key=lambda candle: candle.start)
                ]
            case "subscriptions":
                return self._acknowledged(envelope.events)
            case "heartbeats":
                return ()
        raise ValueError("unknown channel")

    def _trades(self, data: Raw) -> list[Said]:
        """Those since the subscription, oldest first; earlier ones are to be had by request."""
        return [
            Data(f"market_trades:{trade.product_id}", trade)
            for event in _TRADES.decode(data)
            if event.type != "snapshot"
            for trade in sorted(event.trades, key=lambda trade: trade.trade_id)
        ]

    def _acknowledged(self, data: Raw) -> list[Said]:
        """Every answer lists all that is subscribed now."""
        listed = {
            f"{channel}:{product}"
            for event in _SUBSCRIPTIONS.decode(data)
            for channel, products in event.subscriptions.items()
            for product in products
        }
        ended = sorted(self._ending - listed)
        self._ending &= listed
        return [
            *(GrantedKey(key, subscribe=False) for key in ended),
            *(GrantedKey(key) for key in sorted(listed)),
        ]


def _book(
    route: Route, payload: tuple[wire.BookEvent, int, int], received_ns: int
) -> tuple[StreamEvent, ...]:
    """Updates have no ids of their own: that no frame is missing has been checked."""
    (event, number, venue_ns), instrument = payload, route.instrument
    rows = _ROWS.decode(event.updates)
    bids = wire.levels(rows, "bid", instrument)
    asks = wire.levels(rows, "offer", instrument)
    if event.type == "snapshot":
        start = BookSnapshot(
            instrument=instrument,
            bids=bids,
            asks=asks,
            sequence=number,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )
        return (start,)
    delta = BookDelta(
        instrument=instrument,
        bids=bids,
        asks=asks,
        previous=UNTOLD,
        sequence=number,
        venue_ns=venue_ns,
        received_ns=received_ns,
    )
    return (delta,)


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
