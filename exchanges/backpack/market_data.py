"""Backpack stream messages: the venue's own spelling, and what it means.

Source: "Streams" of the API document (copy of August 2026), and wire probes of September 2026.
Prices and sizes are JSON strings, sizes base units. `E` (sent) and `T` (engine) are microseconds,
now and then as strings.
"""

from datetime import UTC, datetime
from math import inf
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from exchanges.market.events import (
    BookDelta,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import (
    NS_PER_MS,
    NS_PER_US,
    Millis,
    Price,
    Size,
    Traded,
    best_level,
    optional_rate,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Levels = list[tuple[Price, Size]]
UpdateId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
Micros = Annotated[int, Meta(ge=0, lt=1 << 53)]

CANDLE_NAMES: Final = {
    **{
        interval: interval.value
        for interval in (
            KlineInterval.S1,
            KlineInterval.M1,
            KlineInterval.M3,
            KlineInterval.M5,
            KlineInterval.M15,
            KlineInterval.M30,
            KlineInterval.H1,
            KlineInterval.H2,
            KlineInterval.H4,
            KlineInterval.H6,
            KlineInterval.H8,
            KlineInterval.H12,
            KlineInterval.D1,
            KlineInterval.D3,
            KlineInterval.W1,
        )
    },
    KlineInterval.MO1: "1month",
}
INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}

SIDES: Final = {"Bid": Side.BUY, "Ask": Side.SELL}

# New listings rise a hundredfold in a day; a millionfold is a mistake.
_MOST_CHANGE: Final = 1e6


def kind_of(native: str) -> Kind:
    """The kind of market that a native name tells."""
    return Kind.PERPETUAL if native.endswith("_PERP") else Kind.SPOT


def utc_ns(text: str) -> int:
    """A time without a zone, which is UTC, in nanoseconds.

    Raises:
        ValueError: `text` is no time.
    """
    at = datetime.fromisoformat(text)
    return round(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1_000_000) * NS_PER_US


def change_of(first: float, last: float) -> float | None:
    """The change as a fraction, if there is one.

    Raises:
        ValueError: no market changes so much.
    """
    if not first or not last:
        return None
    change = last / first - 1
    if not change < _MOST_CHANGE:
        raise ValueError(f"a change from {first} to {last}")
    return change


class StreamError(Struct):
    """What was wrong with a frame of ours; it names neither the request nor the stream."""

    code: int
    message: str = ""


class Envelope(Struct):
    """Any frame; `data` stays undecoded until the stream's name has told its type."""

    stream: str = ""
    data: Raw = Raw()
    error: StreamError | None = None


class DepthUpdate(Struct):
    """`depth`: changes with the ids `U` to `u`; either side may be empty."""

    E: Micros
    U: UpdateId
    u: UpdateId
    b: Levels
    a: Levels

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        delta = BookDelta(
            instrument=instrument,
            bids=self.b,
            asks=self.a,
            previous=self.U - 1,
            sequence=self.u,
            venue_ns=self.E * NS_PER_US,
            received_ns=received_ns,
        )
        return (delta,)


class BookTicker(Struct):
    """`bookTicker`: an empty side is null."""

    E: Micros
    u: UpdateId
    b: str | None
    B: str | None
    a: str | None
    A: str | None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        bid, bid_size = best_level(self.b or "", self.B or "", 0.0)
        ask, ask_size = best_level(self.a or "", self.A or "", inf)
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=self.u,
            venue_ns=self.E * NS_PER_US,
            received_ns=received_ns,
        )
        return (top,)


class TradeMessage(Struct):
    """`trade`. `m`: the buyer was the maker, so that the taker sold."""

    p: Price
    q: Traded
    t: int
    T: Micros
    m: bool

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        trade = Trade(
            instrument=instrument,
            price=self.p,
            size=self.q,
            side=Side.SELL if self.m else Side.BUY,
            trade_id=str(self.t),
            venue_ns=self.T * NS_PER_US,
            received_ns=received_ns,
        )
        return (trade,)


class TickerMessage(Struct):
    """`ticker`: the last 24 hours; `v` base and `V` quote volume."""

    E: Micros
    o: Size
    c: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    v: Size
    V: Size

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        ticker = Ticker(
            instrument=instrument,
            last=self.c,
            high=self.h,
            low=self.l,
            volume=self.v,
            quote_volume=self.V,
            change=change_of(self.o, self.c),
            venue_ns=self.E * NS_PER_US,
            received_ns=received_ns,
        )
        return (ticker,)


class KlineMessage(Struct):
    """`kline`: `t` open time without a zone, `v` base volume, `X` closed.

    The interval stands in the stream's name only.
    """

    E: Micros
    t: str
    o: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    c: Size
    v: Size
    n: int
    X: bool

    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=utc_ns(self.t),
            open=self.o,
            high=self.h,
            low=self.l,
            close=self.c,
            volume=self.v,
            trades=self.n,
            closed=self.X,
            venue_ns=self.E * NS_PER_US,
            received_ns=received_ns,
        )


class MarkPriceMessage(Struct):
    """`markPrice`: `f` is the estimated rate of the interval that ends at `n` (milliseconds).

    The mark price is told where there is no such rate or time, too.
    """

    E: Micros
    p: Price
    i: Size
    f: str
    n: Millis

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        mark = MarkPrice(
            instrument=instrument,
            mark=self.p,
            index=self.i or None,
            venue_ns=self.E * NS_PER_US,
            received_ns=received_ns,
        )
        if (rate := optional_rate(self.f)) is None or not self.n:
            return (mark,)
        funding = Funding(
            instrument=instrument,
            rate=rate,
            interval_s=instrument.funding_interval_s,
            next_ns=self.n * NS_PER_MS,
            venue_ns=self.E * NS_PER_US,
            received_ns=received_ns,
        )
        return mark, funding


class OpenInterestMessage(Struct):
    """`openInterest`: base units."""

    E: Micros
    o: Size

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        interest = OpenInterest(
            instrument=instrument,
            size=self.o,
            venue_ns=self.E * NS_PER_US,
            received_ns=received_ns,
        )
        return (interest,)


class LiquidationMessage(Struct):
    """`liquidation`, of all markets in one stream: `S` is the side of the liquidation's order.

    `T` of the documentation's example is no time, so `E` stands for it.
    """

    E: Micros
    s: str
    S: str
    p: Price
    q: Traded

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        liquidation = Liquidation(
            instrument=instrument,
            price=self.p,
            size=self.q,
            side=SIDES[self.S],
            venue_ns=self.E * NS_PER_US,
            received_ns=received_ns,
        )
        return (liquidation,)
