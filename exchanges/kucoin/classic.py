"""KuCoin's classic streams, which need a token: only read, from recordings.

Source: "Classic" WebSocket documentation and recorded frames of April 2021, which lack the time
of a book's update. Stamps are milliseconds, those of trades and candles nanoseconds.
"""

from math import inf

from msgspec import Struct

from exchanges.kucoin.market_data import INTERVALS, Nanos, UpdateId
from exchanges.market.events import BookDelta, Kline, Level, StreamEvent, Ticker, Top, Trade
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import (
    NS_PER_MS,
    NS_PER_S,
    Millis,
    Price,
    Seconds,
    Size,
    Traded,
    best_level,
    optional,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval


class Row(Struct, array_like=True, gc=False):
    """A changed level with its own id; price 0 means that none changed."""

    price: Size
    size: Size
    sequence: UpdateId


def levels(rows: list[Row]) -> list[Level]:
    """Levels in the order of their changes, which is not that of the rows."""
    rows.sort(key=lambda row: row.sequence)
    return [(row.price, row.size) for row in rows if row.price]


class Changes(Struct):
    asks: list[Row]
    bids: list[Row]


class Update(Struct):
    """`level2`: each of the ids has its row, so that no change is hidden by a later one."""

    sequenceStart: UpdateId
    sequenceEnd: UpdateId
    changes: Changes
    time: Millis | None = None


class UpdateFrame(Struct):
    data: Update

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        update = self.data
        delta = BookDelta(
            instrument=instrument,
            bids=levels(update.changes.bids),
            asks=levels(update.changes.asks),
            previous=update.sequenceStart - 1,
            sequence=update.sequenceEnd,
            venue_ns=None if update.time is None else update.time * NS_PER_MS,
            received_ns=received_ns,
        )
        return (delta,)


class BestLevels(Struct):
    """`level1`: one pair a side."""

    asks: tuple[str, str]
    bids: tuple[str, str]
    timestamp: Millis


class BestLevelsFrame(Struct):
    data: BestLevels

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        bid, bid_size = best_level(*self.data.bids, 0.0)
        ask, ask_size = best_level(*self.data.asks, inf)
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            venue_ns=self.data.timestamp * NS_PER_MS,
            received_ns=received_ns,
        )
        return (top,)


class LastTrade(Struct):
    """`ticker`: the last trade and the best prices; the stamp is spelled in two ways."""

    price: Size
    bestBid: str
    bestAsk: str
    time: Millis | None = None
    Time: Millis | None = None


class LastTradeFrame(Struct):
    data: LastTrade

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        stamp = self.data.time or self.data.Time
        ticker = Ticker(
            instrument=instrument,
            last=self.data.price,
            bid=optional(self.data.bestBid),
            ask=optional(self.data.bestAsk),
            venue_ns=None if stamp is None else stamp * NS_PER_MS,
            received_ns=received_ns,
        )
        return (ticker,)


class Match(Struct):
    """`match`: `side` is the taker's."""

    price: Price
    size: Traded
    side: str
    time: Nanos
    tradeId: str


class MatchFrame(Struct):
    data: Match

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        trade = Trade(
            instrument=instrument,
            price=self.data.price,
            size=self.data.size,
            side=Side[self.data.side.upper()],
            trade_id=self.data.tradeId,
            venue_ns=self.data.time,
            received_ns=received_ns,
        )
        return (trade,)


class CandleRow(Struct, array_like=True):
    """One candle, streamed or by REST; note the order. Nothing says whether it is closed."""

    time_s: Seconds
    open: Size
    close: Size
    high: Size
    low: Size
    base_volume: Size
    quote_volume: Size

    def kline(
        self,
        instrument: Instrument,
        interval: KlineInterval,
        venue_ns: int | None,
        received_ns: int,
        *,
        closed: bool | None = None,
    ) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.time_s * NS_PER_S,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.base_volume,
            quote_volume=self.quote_volume,
            closed=closed,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class Candles(Struct):
    candles: CandleRow
    time: Nanos


class CandlesFrame(Struct):
    topic: str
    data: Candles

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        _, _, name = self.topic.rpartition("_")
        row, interval = self.data.candles, INTERVALS[name]
        return (row.kline(instrument, interval, self.data.time, received_ns),)
