"""Bybit v5 market data, streamed or by REST: the venue's own spelling, and what it means.

Source: API v5 documentation of 2026-07-24, chapters "Websocket Stream / Public" and "Market", and
recorded frames of December 2024. Prices and sizes are JSON strings, an empty one stands for no
number. `ts` is when a frame was sent (milliseconds), `cts` when the matching engine acted. Sizes
of spot and linear markets are base units.
"""

from math import inf
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Funding,
    Kline,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_MS, Millis, Price, Size, Traded, optional, optional_rate
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Levels = list[tuple[Price, Size]]
UpdateId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]

CANDLE_NAMES: Final = {
    KlineInterval.M1: "1",
    KlineInterval.M3: "3",
    KlineInterval.M5: "5",
    KlineInterval.M15: "15",
    KlineInterval.M30: "30",
    KlineInterval.H1: "60",
    KlineInterval.H2: "120",
    KlineInterval.H4: "240",
    KlineInterval.H6: "360",
    KlineInterval.H12: "720",
    KlineInterval.D1: "D",
    KlineInterval.W1: "W",
    KlineInterval.MO1: "M",
}
INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}

# New listings rise a hundredfold in a day; a thousandfold is a mistake. Funding is far below.
# Intervals of one to eight hours are listed; a day leaves room.
_LONGEST_FUNDING_H: Final = 24


class Envelope(Struct):
    """Any frame: data (`topic`), or the answer to a request (`op`)."""

    topic: str = ""
    op: str = ""
    success: bool | None = None
    ret_msg: str = ""
    req_id: str = ""


class Book(Struct):
    """`orderbook.*` and the REST book; best level first, no levels for an empty side."""

    b: Levels
    a: Levels
    u: UpdateId

    def snapshot(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int, *, window: int = 0
    ) -> BookSnapshot:
        bids: list[Level] = self.b
        return BookSnapshot(
            instrument=instrument,
            bids=bids,
            asks=self.a,
            sequence=self.u,
            window=window,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class BookFrame(Struct):
    """`type` is "snapshot" or "delta"; recordings of before 2024 have no `cts`."""

    type: str
    ts: Millis
    data: Book
    cts: Millis | None = None

    @property
    def venue_ns(self) -> int:
        return (self.ts if self.cts is None else self.cts) * NS_PER_MS

    def delta(self, instrument: Instrument, received_ns: int) -> BookDelta:
        book = self.data
        return BookDelta(
            instrument=instrument,
            bids=book.b,
            asks=book.a,
            previous=book.u - 1,
            sequence=book.u,
            venue_ns=self.venue_ns,
            received_ns=received_ns,
        )


class TopFrame(BookFrame):
    """`orderbook.1`, a snapshot each time; what is not one cannot be read by itself."""

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        if self.type != "snapshot":
            raise ValueError(f"a {self.type!r} of the best levels")
        (bid, bid_size), *_ = [*self.data.b, (0.0, 0.0)]
        (ask, ask_size), *_ = [*self.data.a, (inf, 0.0)]
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=self.data.u,
            venue_ns=self.venue_ns,
            received_ns=received_ns,
        )
        return (top,)


class TradeRow(Struct):
    """`publicTrade.*`: `S` is the taker's side."""

    T: Millis
    S: str
    v: Traded
    p: Price
    i: str

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.p,
            size=self.v,
            side=Side[self.S.upper()],
            trade_id=self.i,
            venue_ns=self.T * NS_PER_MS,
            received_ns=received_ns,
        )


class TradeFrame(Struct):
    """Up to 1024 trades, oldest first."""

    data: list[TradeRow]

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return tuple(row.trade(instrument, received_ns) for row in self.data)


class Candle(Struct):
    """`kline.*`: `volume` is base, `turnover` quote; `confirm` says that it is closed."""

    start: Millis
    interval: str
    open: Size
    high: Size
    low: Size
    close: Size
    volume: Size
    turnover: Size
    confirm: bool
    timestamp: Millis

    def kline(self, instrument: Instrument, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=INTERVALS[self.interval],
            open_ns=self.start * NS_PER_MS,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            quote_volume=self.turnover,
            closed=self.confirm,
            venue_ns=self.timestamp * NS_PER_MS,
            received_ns=received_ns,
        )


class CandleFrame(Struct):
    data: list[Candle]

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return tuple(row.kline(instrument, received_ns) for row in self.data)


class LiquidationRow(Struct):
    """`S` is the position's side: "Buy" when a long was closed. `p` is its bankruptcy price."""

    T: Millis
    S: str
    v: Traded
    p: Price

    def liquidation(self, instrument: Instrument, received_ns: int) -> Liquidation:
        return Liquidation(
            instrument=instrument,
            price=self.p,
            size=self.v,
            side=Side.SELL if Side[self.S.upper()] is Side.BUY else Side.BUY,
            venue_ns=self.T * NS_PER_MS,
            received_ns=received_ns,
        )


class LiquidationFrame(Struct):
    data: list[LiquidationRow]

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return tuple(row.liquidation(instrument, received_ns) for row in self.data)


class TickerFrame(Struct):
    """`tickers.*`: all fields in a "snapshot", those that changed in a "delta"."""

    type: str
    ts: Millis
    data: dict[str, Any]


class TickerRow(Struct, kw_only=True):
    """The last 24 hours, streamed or by REST. The spot stream tells no bid and ask.

    `price24hPcnt` is a fraction, `volume24h` base, `turnover24h` quote.
    """

    symbol: str
    lastPrice: str
    highPrice24h: str
    lowPrice24h: str
    volume24h: str
    turnover24h: str
    price24hPcnt: str
    bid1Price: str = ""
    ask1Price: str = ""

    def ticker(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=optional(self.lastPrice),
            bid=optional(self.bid1Price),
            ask=optional(self.ask1Price),
            high=optional(self.highPrice24h),
            low=optional(self.lowPrice24h),
            volume=optional(self.volume24h),
            quote_volume=optional(self.turnover24h),
            change=optional_rate(self.price24hPcnt),
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class LinearTickerRow(TickerRow, kw_only=True):
    """What a linear ticker tells beside: mark price, funding and open interest.

    Dated futures have no funding. Open interest counts both sides, except that called single,
    which is told since June 2026; the interval of funding is told since 2025.
    """

    markPrice: str
    indexPrice: str
    fundingRate: str
    nextFundingTime: str
    openInterest: str
    openInterestValue: str
    fundingIntervalHour: str = ""
    singleOpenInterest: str = ""
    singleOpenInterestValue: str = ""

    def mark_price(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int
    ) -> MarkPrice | None:
        mark = optional(self.markPrice)
        if not mark:
            return None
        return MarkPrice(
            instrument=instrument,
            mark=mark,
            index=optional(self.indexPrice) or None,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def funding(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int
    ) -> Funding | None:
        """The rate that will be charged next; None where it or its time is not known."""
        rate, next_ms = optional_rate(self.fundingRate), optional(self.nextFundingTime)
        hours = optional(self.fundingIntervalHour)
        if hours is not None and not 0 < hours <= _LONGEST_FUNDING_H:
            raise ValueError(f"funding every {hours} hours")
        interval_s = instrument.funding_interval_s if hours is None else hours * 3600
        if rate is None or not next_ms:
            return None
        return Funding(
            instrument=instrument,
            rate=rate,
            interval_s=interval_s or None,
            next_ns=round(next_ms) * NS_PER_MS,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def open_interest(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int
    ) -> OpenInterest | None:
        size = _one_side(self.singleOpenInterest, self.openInterest)
        if size is None:
            return None
        return OpenInterest(
            instrument=instrument,
            size=size,
            value=_one_side(self.singleOpenInterestValue, self.openInterestValue),
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


def _one_side(single: str, both: str) -> float | None:
    one, two = optional(single), optional(both)
    return two / 2 if one is None and two is not None else one
