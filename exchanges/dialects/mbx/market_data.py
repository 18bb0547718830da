"""Stream messages of this dialect, spot and USD-M: the wire's own spelling, and what it means.

Source: "WebSocket Streams" of the documents that the venues' records name, and recorded frames.
Prices and sizes are JSON strings; times are integer milliseconds.
"""

from math import inf
from typing import Annotated

from msgspec import Meta, Raw, Struct

from exchanges.market.events import (
    BookDelta,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_MS, Millis, Percent, Price, Size, optional_rate
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Levels = list[tuple[Price, Size]]
UpdateId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


def taker_side(buyer_is_maker: bool) -> Side:
    return Side.SELL if buyer_is_maker else Side.BUY


class StreamError(Struct):
    """`error` of some refusals; of others these fields stand in the envelope itself."""

    code: int
    msg: str = ""


class Envelope(Struct):
    """Any text frame of a combined stream: data (`stream`, `data`) or an answer (`id`).

    `data` stays undecoded until the stream's name has told its type.
    """

    stream: str = ""
    data: Raw = Raw()
    id: int | None = None
    error: StreamError | None = None
    code: int | None = None
    msg: str = ""


class DepthUpdate(Struct):
    """Diff. depth stream. `pu` is the `u` of the event before; spot events have none."""

    E: Millis
    U: UpdateId
    u: UpdateId
    b: Levels
    a: Levels
    pu: UpdateId | None = None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        delta = BookDelta(
            instrument=instrument,
            bids=self.b,
            asks=self.a,
            previous=self.U - 1 if self.pu is None else self.pu,
            sequence=self.u,
            venue_ns=self.E * NS_PER_MS,
            received_ns=received_ns,
        )
        return (delta,)


class BookTicker(Struct):
    """Individual symbol book ticker; spot frames carry no time. An empty side has price 0."""

    u: UpdateId
    b: Size
    B: Size
    a: Size
    A: Size
    E: Millis | None = None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        top = Top(
            instrument=instrument,
            bid=self.b,
            bid_size=self.B if self.b else 0.0,
            ask=self.a or inf,
            ask_size=self.A if self.a else 0.0,
            sequence=self.u,
            venue_ns=None if self.E is None else self.E * NS_PER_MS,
            received_ns=received_ns,
        )
        return (top,)


class TradeMessage(Struct):
    """Trade (`t`) and aggregate trade (`a`) streams. `m`: the buyer was the maker.

    `X` is the kind of a USD-M trade: others than MARKET are transfers of the insurance fund or
    auto-deleveraging, not trades on the book.
    """

    e: str
    p: Size
    q: Size
    T: Millis
    m: bool
    t: int = 0
    a: int = 0
    X: str = "MARKET"

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        if self.X != "MARKET" or not self.q:
            return ()
        if not self.p:
            raise ValueError("a trade at price 0")
        trade = Trade(
            instrument=instrument,
            price=self.p,
            size=self.q,
            side=taker_side(self.m),
            trade_id=str(self.a if self.e == "aggTrade" else self.t),
            venue_ns=self.T * NS_PER_MS,
            received_ns=received_ns,
        )
        return (trade,)


class TickerMessage(Struct):
    """24hr ticker stream. `P` is percent; USD-M frames have no best bid and ask."""

    E: Millis
    c: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    v: Size
    q: Size
    P: Percent
    b: Size | None = None
    a: Size | None = None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        ticker = Ticker(
            instrument=instrument,
            last=self.c,
            bid=self.b,
            ask=self.a,
            high=self.h,
            low=self.l,
            volume=self.v,
            quote_volume=self.q,
            change=self.P / 100,
            venue_ns=self.E * NS_PER_MS,
            received_ns=received_ns,
        )
        return (ticker,)


class Candle(Struct):
    """`k` of a kline event: `t` open time, `v` base and `q` quote volume, `x` closed."""

    t: Millis
    i: str
    o: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    c: Size
    v: Size
    q: Size
    n: int
    x: bool


class KlineMessage(Struct):
    """Kline stream."""

    E: Millis
    k: Candle

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        candle = self.k
        kline = Kline(
            instrument=instrument,
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
            venue_ns=self.E * NS_PER_MS,
            received_ns=received_ns,
        )
        return (kline,)


class MarkPriceMessage(Struct):
    """USD-M mark price stream: `r` is charged at `T`.

    An empty `r`, or `T` 0, means that nothing will be charged, and `p` 0 that there is no mark
    price: of symbols that settle, or were delivered. The one is told without the other.
    """

    E: Millis
    p: Size
    i: Size
    r: str | None
    T: Millis

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        events: list[StreamEvent] = []
        if self.p:
            mark = MarkPrice(
                instrument=instrument,
                mark=self.p,
                index=self.i or None,
                venue_ns=self.E * NS_PER_MS,
                received_ns=received_ns,
            )
            events.append(mark)
        if (rate := optional_rate(self.r)) is not None and self.T:
            funding = Funding(
                instrument=instrument,
                rate=rate,
                interval_s=instrument.funding_interval_s,
                next_ns=self.T * NS_PER_MS,
                venue_ns=self.E * NS_PER_MS,
                received_ns=received_ns,
            )
            events.append(funding)
        return tuple(events)


class LiquidationOrder(Struct):
    """`o` of a force order: `S` side of the order, `ap` average price, `z` filled so far.

    Both are 0 of one that is new, or expired without a fill.
    """

    S: str
    ap: Size
    z: Size
    T: Millis


class LiquidationMessage(Struct):
    """USD-M liquidation order stream."""

    o: LiquidationOrder

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        if not self.o.z:
            return ()
        if not self.o.ap:
            raise ValueError("a fill at price 0")
        liquidation = Liquidation(
            instrument=instrument,
            price=self.o.ap,
            size=self.o.z,
            side=Side[self.o.S],
            venue_ns=self.o.T * NS_PER_MS,
            received_ns=received_ns,
        )
        return (liquidation,)
