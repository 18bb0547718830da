"""Binance public streams, spot and USD-M: combined frames in, events out.

Source: "WebSocket Streams" of the spot API documentation (2026-07-21) and of the USD-M one
(2026-07-24). The rules of the order book are those of `sequence.py`: a spot event brings the
book from `U` - 1 to `u`, a USD-M event from `pu` to `u`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw

from exchanges.binance.messages import (
    BookTicker,
    DepthUpdate,
    Envelope,
    KlineMessage,
    LiquidationMessage,
    MarkPriceMessage,
    TickerMessage,
    TradeMessage,
)
from exchanges.binance.rest import BinanceRest
from exchanges.codec import Frame, StreamCodec
from exchanges.events import (
    BookSnapshot,
    Funding,
    Kline,
    KlineInterval,
    Liquidation,
    MarkPrice,
    Notice,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.instrument import Instrument, Kind
from exchanges.numbers import NS_PER_MS
from exchanges.orders import Side
from exchanges.rest import Request
from exchanges.sequence import BookRule, Recovery
from exchanges.stream import Channel, Topic
from exchanges.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_DEPTH: Final = msgspec.json.Decoder(DepthUpdate, strict=False)
_TOP: Final = msgspec.json.Decoder(BookTicker, strict=False)
_TRADE: Final = msgspec.json.Decoder(TradeMessage, strict=False)
_TICKER: Final = msgspec.json.Decoder(TickerMessage, strict=False)
_KLINE: Final = msgspec.json.Decoder(KlineMessage, strict=False)
_MARK: Final = msgspec.json.Decoder(MarkPriceMessage, strict=False)
_LIQUIDATION: Final = msgspec.json.Decoder(LiquidationMessage, strict=False)

_SHUTDOWN: Final = "!serverShutdown"
# LIST_SUBSCRIPTIONS is the one harmless request that is always answered: the venue knows no
# other application ping, and its protocol pings prove nothing about the feed.
_PING_ID: Final = 0

# Stream names after the symbol. The book's own alternatives (@depth, @depth@500ms, ...) and
# @trade on USD-M differ in pace only and are read as well, as recordings hold them.
_SPOT_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "depth@100ms",
    Channel.TOP: "bookTicker",
    Channel.TRADES: "trade",
    Channel.TICKER: "ticker",
}
_PERPETUAL_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "depth@100ms",
    Channel.TOP: "bookTicker",
    Channel.TRADES: "aggTrade",
    Channel.TICKER: "ticker",
    Channel.MARK_PRICE: "markPrice@1s",
    Channel.FUNDING: "markPrice@1s",
    Channel.LIQUIDATIONS: "forceOrder",
}
_NAMES: Final = {Kind.SPOT: _SPOT_NAMES, Kind.PERPETUAL: _PERPETUAL_NAMES}
_CHANNELS: Final[Mapping[str, Channel]] = {
    "depth": Channel.BOOK,
    "bookTicker": Channel.TOP,
    "trade": Channel.TRADES,
    "aggTrade": Channel.TRADES,
    "ticker": Channel.TICKER,
    "markPrice": Channel.MARK_PRICE,
    "forceOrder": Channel.LIQUIDATIONS,
}


class BinanceStream(StreamCodec):
    """One combined-stream connection."""

    venue = "binance"
    rest = BinanceRest()

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES:
            return f"{instrument.native.lower()}@kline_{topic.interval}"
        return f"{instrument.native.lower()}@{_NAMES[self.stream.kind][topic.channel]}"

    def _topic_of(self, key: str) -> Topic | None:
        native, _, name = key.partition("@")
        instrument = self.instruments.native(self.stream.kind, native.upper())
        if instrument is None:
            return None
        if name.startswith("kline_"):
            interval = KlineInterval(name.removeprefix("kline_"))
            return Topic(Channel.KLINES, instrument.symbol, interval)
        channel = _CHANNELS.get(name.partition("@")[0])
        return Topic(channel, instrument.symbol) if channel else None

    def _rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST)

    def _snapshot_request(self, route: Route) -> Request[BookSnapshot]:
        return self.rest.book(route.instrument)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        method = "SUBSCRIBE" if subscribe else "UNSUBSCRIBE"
        return _command(method, request_id, [route.key for route in routes])

    def _ping(self) -> Frame:
        return _command("LIST_SUBSCRIPTIONS", _PING_ID)

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.stream:
            if envelope.stream == _SHUTDOWN:
                return (Notice(venue=self.venue, close_in_s=0.0, message="server shutdown"),)
            return self._dispatch(envelope.stream, envelope.data, received_ns)
        error = envelope.error
        code, message = (error.code, error.msg) if error else (envelope.code, envelope.msg)
        if code is not None:
            # A refusal of something else than a request of ours (bad JSON) has no id.
            request_id = -1 if envelope.id is None else envelope.id
            return self._refused(request_id, f"{message} [{code}]", received_ns)
        if envelope.id is None:
            raise self._protocol_error("neither data nor an answer", frame)
        return self._granted(envelope.id, received_ns)

    def _handler(self, topic: Topic) -> Handler:
        handlers: dict[Channel, Callable[[Route, Raw, int], tuple[StreamEvent, ...]]] = {
            Channel.BOOK: self._depth,
            Channel.TOP: _top,
            Channel.TRADES: _trade,
            Channel.TICKER: _ticker,
            Channel.KLINES: _kline,
            Channel.MARK_PRICE: _mark_price,
            Channel.FUNDING: _mark_price,
            Channel.LIQUIDATIONS: _liquidation,
        }
        return handlers[topic.channel]

    def _depth(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        update = _DEPTH.decode(data)
        previous = update.U - 1 if update.pu is None else update.pu
        return self._delta(
            route, previous, update.u, update.b, update.a, update.E * NS_PER_MS, received_ns
        )


def _command(method: str, request_id: int, params: list[str] | None = None) -> str:
    command: dict[str, Any] = {"method": method, "id": request_id}
    if params is not None:
        command["params"] = params
    return msgspec.json.encode(command).decode()


def _top(route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
    ticker = _TOP.decode(data)
    return (
        Top(
            instrument=route.instrument,
            bid=ticker.b,
            bid_size=ticker.B,
            ask=ticker.a or float("inf"),
            ask_size=ticker.A,
            sequence=ticker.u,
            venue_ns=None if ticker.E is None else ticker.E * NS_PER_MS,
            received_ns=received_ns,
        ),
    )


def _trade(route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
    trade = _TRADE.decode(data)
    # Insurance fund and auto-deleveraging transfers are not trades on the book.
    if trade.X != "MARKET" or not trade.q:
        return ()
    return (
        Trade(
            instrument=route.instrument,
            price=trade.p,
            size=trade.q,
            side=Side.SELL if trade.m else Side.BUY,  # the maker bought, so the taker sold
            trade_id=str(trade.a if trade.e == "aggTrade" else trade.t),
            venue_ns=trade.T * NS_PER_MS,
            received_ns=received_ns,
        ),
    )


def _ticker(route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
    ticker = _TICKER.decode(data)
    return (
        Ticker(
            instrument=route.instrument,
            last=ticker.c,
            bid=ticker.b,
            ask=ticker.a,
            high=ticker.h,
            low=ticker.l,
            volume=ticker.v,
            quote_volume=ticker.q,
            change=ticker.P / 100,
            venue_ns=ticker.E * NS_PER_MS,
            received_ns=received_ns,
        ),
    )


def _kline(route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
    message = _KLINE.decode(data)
    candle = message.k
    return (
        Kline(
            instrument=route.instrument,
            interval=KlineInterval(candle.i),
            open_ns=candle.t * NS_PER_MS,
            open=candle.o,
            high=candle.h,
            low=candle.l,
            close=candle.c,
            volume=candle.v,
            quote_volume=candle.q,
            trades=candle.n,
            closed=candle.x,
            venue_ns=message.E * NS_PER_MS,
            received_ns=received_ns,
        ),
    )


def _mark_price(route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
    message = _MARK.decode(data)
    instrument, venue_ns = route.instrument, message.E * NS_PER_MS
    mark = MarkPrice(
        instrument=instrument,
        mark=message.p,
        index=message.i or None,
        venue_ns=venue_ns,
        received_ns=received_ns,
    )
    interval_s = instrument.funding_interval_s
    if message.r is None or not message.T or interval_s is None:
        return (mark,)
    funding = Funding(
        instrument=instrument,
        rate=message.r,
        interval_s=interval_s,
        next_ns=message.T * NS_PER_MS,
        venue_ns=venue_ns,
        received_ns=received_ns,
    )
    return mark, funding


def _liquidation(route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
    order = _LIQUIDATION.decode(data).o
    return (
        Liquidation(
            instrument=route.instrument,
            price=order.ap,
            size=order.z,
            side=Side[order.S],
            venue_ns=order.T * NS_PER_MS,
            received_ns=received_ns,
        ),
    )
