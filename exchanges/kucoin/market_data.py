"""KuCoin spot market data of the streams that need no token: the venue's own spelling, and what
it means.

Source: "Pro API" WebSocket documentation (2026) and frames of 2026. `T` is the channel and the
kind of market, `P` when a frame was pushed, `M` when the matching engine acted; both are
nanoseconds, written as numbers or as text. Prices and sizes are JSON strings.
"""

from math import inf
from typing import Annotated, Final

from msgspec import Meta, Struct

from exchanges.market.events import BookDelta, BookSnapshot, Kline, StreamEvent, Ticker, Top, Trade
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S, Price, Seconds, Size, Traded, optional
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Levels = list[tuple[Price, Size]]
UpdateId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
Nanos = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]

CANDLE_NAMES: Final = {
    KlineInterval.M1: "1min",
    KlineInterval.M3: "3min",
    KlineInterval.M5: "5min",
    KlineInterval.M15: "15min",
    KlineInterval.M30: "30min",
    KlineInterval.H1: "1hour",
    KlineInterval.H2: "2hour",
    KlineInterval.H4: "4hour",
    KlineInterval.H6: "6hour",
    KlineInterval.H8: "8hour",
    KlineInterval.H12: "12hour",
    KlineInterval.D1: "1day",
    KlineInterval.W1: "1week",
    KlineInterval.MO1: "1month",
}
INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}


class Subject(Struct, frozen=True):
    """What tells the market of `d`; `i` is the interval of a candle."""

    s: str = ""
    i: str = ""


class Envelope(Struct):
    """Any frame: data (`T`, or `topic` in recordings of the classic feed), the answer to a
    request (`result`), or news of the connection (`type`, `message`).

    `dp` is the depth of a book.
    """

    T: str = ""
    dp: str = ""
    d: Subject = Subject()
    topic: str = ""
    id: str = ""
    result: bool | None = None
    reason: str = ""
    type: str = ""
    message: str = ""


class Book(Struct):
    """`obu`: changes with the ids `O` to `C`, or the best levels."""

    O: UpdateId  # noqa: E741 - the venue's spelling
    C: UpdateId
    M: Nanos
    a: Levels
    b: Levels

    def delta(self, instrument: Instrument, received_ns: int) -> BookDelta:
        return BookDelta(
            instrument=instrument,
            bids=self.b,
            asks=self.a,
            previous=self.O - 1,
            sequence=self.C,
            venue_ns=self.M,
            received_ns=received_ns,
        )

    def snapshot(self, instrument: Instrument, window: int, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=self.b,
            asks=self.a,
            sequence=self.C,
            window=window,
            venue_ns=self.M,
            received_ns=received_ns,
        )


class BookFrame(Struct):
    """`t` is "snapshot" or "delta"."""

    t: str
    d: Book

    def events(
        self, instrument: Instrument, window: int, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """`window` levels a side are kept up to date.

        Raises:
            ValueError: it is neither.
        """
        match self.t:
            case "snapshot":
                return (self.d.snapshot(instrument, window, received_ns),)
            case "delta":
                return (self.d.delta(instrument, received_ns),)
        raise ValueError("neither a snapshot nor a delta")


class TopFrame(Struct):
    """`obu` of one level, a snapshot each time; what is not one cannot be read by itself."""

    t: str
    d: Book

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        if self.t != "snapshot":
            raise ValueError(f"a {self.t!r} of the best levels")
        (bid, bid_size), *_ = [*self.d.b, (0.0, 0.0)]
        (ask, ask_size), *_ = [*self.d.a, (inf, 0.0)]
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=self.d.C,
            venue_ns=self.d.M,
            received_ns=received_ns,
        )
        return (top,)


class TradeData(Struct):
    """`trade`: `S` is the taker's side, in upper or lower case."""

    S: str
    p: Price
    q: Traded
    M: Nanos
    ti: str


class TradeFrame(Struct):
    d: TradeData

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        trade = Trade(
            instrument=instrument,
            price=self.d.p,
            size=self.d.q,
            side=Side[self.d.S.upper()],
            trade_id=self.d.ti,
            venue_ns=self.d.M,
            received_ns=received_ns,
        )
        return (trade,)


class TickerData(Struct):
    """`ticker`: the last trade and the best prices, without statistics of the day."""

    l: Size  # noqa: E741 - the venue's spelling
    M: Nanos
    a: str = ""
    b: str = ""


class TickerFrame(Struct):
    d: TickerData

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        ticker = Ticker(
            instrument=instrument,
            last=self.d.l,
            bid=optional(self.d.b),
            ask=optional(self.d.a),
            venue_ns=self.d.M,
            received_ns=received_ns,
        )
        return (ticker,)


class Candle(Struct):
    """`kline`: `O` opening second, `v` base and `a` quote volume, `S` closed, `i` its name."""

    O: Seconds  # noqa: E741 - the venue's spelling
    o: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    c: Size
    v: Size
    a: Size
    S: bool
    i: str


class CandleFrame(Struct):
    P: Nanos
    d: Candle

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        candle = self.d
        kline = Kline(
            instrument=instrument,
            interval=INTERVALS[candle.i],
            open_ns=candle.O * NS_PER_S,
            open=candle.o,
            high=candle.h,
            low=candle.l,
            close=candle.c,
            volume=candle.v,
            quote_volume=candle.a,
            closed=candle.S,
            venue_ns=self.P,
            received_ns=received_ns,
        )
        return (kline,)
