"""Gate.io spot market data, streamed or by REST: the venue's own spelling, and what it means.

Source: "Spot WebSocket v4" and "Spot" of the API documentation (stored copies of 2025), frames
quoted by ccxt in 2026, and recorded frames of April 2021. Prices and sizes are JSON strings.
What perpetuals share is in the `market_data.py` of `dialects/gate_v4`.
"""

from typing import Annotated

from msgspec import Meta, Struct

from exchanges.dialects.gate_v4.market_data import INTERVALS, PlainLevel, UpdateId, optional_ns
from exchanges.market.events import BookSnapshot, Kline, StreamEvent, Ticker, Trade
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import (
    NS_PER_MS,
    NS_PER_S,
    NS_PER_US,
    Millis,
    Percent,
    Price,
    Seconds,
    Size,
    Traded,
    optional,
)
from exchanges.market.orders import Side

# Milliseconds with up to four decimals; a double holds them to a quarter of a microsecond.
FineMillis = Annotated[float, Meta(ge=0, lt=1 << 53)]


class PartialBook(Struct):
    """`spot.order_book`: the best levels of the book, all of them in each frame."""

    t: Millis
    lastUpdateId: UpdateId
    bids: list[PlainLevel]
    asks: list[PlainLevel]

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
        return (self.result.ticker(instrument, optional_ns(self.time_ms), received_ns),)


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
            venue_ns=optional_ns(self.time_ms),
            received_ns=received_ns,
        )
        return (kline,)
