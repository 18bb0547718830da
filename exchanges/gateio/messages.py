"""Gate.io spot market data, streamed or by REST: the venue's own spelling, and what it means.

Source: "Spot WebSocket v4" and "Spot" of the API documentation (stored copies of 2025), frames
quoted by ccxt in 2026, and recorded frames of April 2021. Prices and sizes are JSON strings. What
a frame says stands in `result`, when it was sent beside it: `time_ms`, which old frames lack.
"""

from math import inf
from typing import Annotated, Final

from msgspec import Meta, Struct

from exchanges.events import BookSnapshot, Kline, KlineInterval, StreamEvent, Ticker, Top, Trade
from exchanges.instrument import Instrument
from exchanges.numbers import (
    NS_PER_MS,
    NS_PER_S,
    NS_PER_US,
    Millis,
    Percent,
    Price,
    Seconds,
    Size,
    Traded,
    best_level,
    optional,
)
from exchanges.orders import Side

Levels = list[tuple[Price, Size]]
UpdateId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
Depth = Annotated[int, Meta(ge=1, le=1000)]
# Milliseconds with up to four decimals; a double holds them to a quarter of a microsecond.
FineMillis = Annotated[float, Meta(ge=0, lt=1 << 53)]

# "30d" exists by REST only, and one source has it as a calendar month.
CANDLE_NAMES: Final = {
    KlineInterval.S10: "10s",
    KlineInterval.M1: "1m",
    KlineInterval.M5: "5m",
    KlineInterval.M15: "15m",
    KlineInterval.M30: "30m",
    KlineInterval.H1: "1h",
    KlineInterval.H4: "4h",
    KlineInterval.H8: "8h",
    KlineInterval.D1: "1d",
    KlineInterval.W1: "7d",
}
INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}


def _ns(time_ms: int | None) -> int | None:
    return None if time_ms is None else time_ms * NS_PER_MS


class Subject(Struct):
    """What tells the market of a `result`: each channel has one of these fields.

    `type` is that of news of the connection itself.
    """

    s: str = ""
    currency_pair: str = ""
    n: str = ""
    type: str = ""


class StreamError(Struct):
    """Why a request was refused."""

    code: int
    message: str = ""


class Envelope(Struct):
    """Any frame: data (`event` "update", or none), or the answer to a request (`id`)."""

    channel: str
    event: str = ""
    id: int | None = None
    error: StreamError | None = None
    result: Subject | None = None


class BookUpdate(Struct):
    """`spot.obu` and `spot.order_book_update`: changes with the ids `U` to `u`, or a whole book.

    A side that did not change may be missing. `l` is the number of levels a side that are kept
    up to date, where the frame tells it.
    """

    t: Millis
    u: UpdateId
    U: UpdateId | None = None
    b: Levels = []
    a: Levels = []
    full: bool = False
    l: Depth | None = None  # noqa: E741 - the venue's spelling

    def snapshot(self, instrument: Instrument, window: int, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=self.b,
            asks=self.a,
            sequence=self.u,
            window=window,
            venue_ns=self.t * NS_PER_MS,
            received_ns=received_ns,
        )


class BookUpdateFrame(Struct):
    result: BookUpdate


class PartialBook(Struct):
    """`spot.order_book`: the best levels of the book, all of them in each frame."""

    t: Millis
    lastUpdateId: UpdateId
    bids: Levels
    asks: Levels

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=self.bids,
            asks=self.asks,
            sequence=self.lastUpdateId,
            venue_ns=self.t * NS_PER_MS,
            received_ns=received_ns,
        )


class PartialBookFrame(Struct):
    result: PartialBook


class BookTicker(Struct):
    """`spot.book_ticker`; the price of an empty side is an empty string."""

    t: Millis
    u: UpdateId
    b: str
    B: str
    a: str
    A: str


class BookTickerFrame(Struct):
    result: BookTicker

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        ticker = self.result
        bid, bid_size = best_level(ticker.b, ticker.B, 0.0)
        ask, ask_size = best_level(ticker.a, ticker.A, inf)
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=ticker.u,
            venue_ns=ticker.t * NS_PER_MS,
            received_ns=received_ns,
        )
        return (top,)


class TradeRow(Struct):
    """`spot.trades` and the REST trades: `side` is the taker's."""

    id: int
    create_time_ms: FineMillis
    side: str
    amount: Traded
    price: Price

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.amount,
            side=Side[self.side.upper()],
            trade_id=str(self.id),
            venue_ns=round(self.create_time_ms * 1_000) * NS_PER_US,
            received_ns=received_ns,
        )


class TradeFrame(Struct):
    result: TradeRow

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.result.trade(instrument, received_ns),)


class TickerRow(Struct):
    """`spot.tickers` and the REST tickers; `change_percentage` is percent."""

    last: Size
    change_percentage: Percent
    base_volume: Size
    quote_volume: Size
    high_24h: Size
    low_24h: Size
    lowest_ask: str = ""
    highest_bid: str = ""

    def ticker(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.last,
            bid=optional(self.highest_bid),
            ask=optional(self.lowest_ask),
            high=self.high_24h,
            low=self.low_24h,
            volume=self.base_volume,
            quote_volume=self.quote_volume,
            change=self.change_percentage / 100,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class TickerFrame(Struct):
    result: TickerRow
    time_ms: Millis | None = None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.result.ticker(instrument, _ns(self.time_ms), received_ns),)


class Candle(Struct):
    """`spot.candlesticks`: `t` seconds, `v` quote and `a` base volume, `w` closed, `n` its name.

    Old frames have neither `a` nor `w`.
    """

    t: Seconds
    o: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    c: Size
    v: Size
    n: str
    a: Size | None = None
    w: bool | None = None


class CandleFrame(Struct):
    result: Candle
    time_ms: Millis | None = None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        candle = self.result
        if candle.a is None:
            return ()  # a candle without its volume is none
        kline = Kline(
            instrument=instrument,
            interval=INTERVALS[candle.n.partition("_")[0]],
            open_ns=candle.t * NS_PER_S,
            open=candle.o,
            high=candle.h,
            low=candle.l,
            close=candle.c,
            volume=candle.a,
            quote_volume=candle.v,
            closed=candle.w,
            venue_ns=_ns(self.time_ms),
            received_ns=received_ns,
        )
        return (kline,)
