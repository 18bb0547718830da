"""HTX market data, streamed or by REST: what all frames share, and the spot markets.

Source: spot API documentation (June 2021, the last one in text), the venue's own tools of May 2026
and recorded frames of April 2021. Numbers are JSON numbers. `amount` is base and `vol` quote
volume. What swaps tell is in `swap_market_data.py`.
"""

from collections.abc import Callable
from math import inf
from typing import Annotated, Final, Generic, Protocol, TypeVar

from msgspec import Meta, Struct

from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Kline,
    Level,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_MS, NS_PER_S, Millis, Price, Seconds, Size, Traded
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Levels = list[tuple[Price, Size]]
LevelReader = Callable[[Levels, Instrument], list[Level]]
"""Turns the levels of a kind of market into base units."""
UpdateId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]

# Days, and with them weeks and months, open here at 16:00 UTC, midnight in China, and elsewhere at
# 00:00 UTC: under one name they would tell of other hours, so that they are left out.
CANDLE_NAMES: Final = {
    KlineInterval.M1: "1min",
    KlineInterval.M5: "5min",
    KlineInterval.M15: "15min",
    KlineInterval.M30: "30min",
    KlineInterval.H1: "60min",
    KlineInterval.H4: "4hour",
}
INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}

# Eight hours were usual between two charges of a swap; a day leaves room.
LONGEST_FUNDING_S: Final = 86_400.0
WHOLE_LEVELS: Final = 150
"""Levels a side of the books that are told whole."""
# New listings rise a hundredfold in a day; a millionfold is a mistake.
_MOST_CHANGE: Final = 1e6


class Envelope(Struct, rename={"err_code": "err-code", "err_msg": "err-msg"}):
    """Any frame: data (`ch`), a whole book that was asked for (`rep`), or an answer.

    The socket of notifications has its own form: `op` "notify" with `topic`, and answers with
    `cid`.
    """

    ch: str = ""
    rep: str = ""
    subbed: str = ""
    unsubbed: str = ""
    status: str = ""
    id: str | int = ""
    ping: Millis | None = None
    err_code: str | int = ""
    err_msg: str = ""
    op: str = ""
    topic: str = ""
    cid: str = ""
    ts: str | int = ""


def plain_levels(levels: Levels, instrument: Instrument) -> list[Level]:
    """Sizes of spot markets are base units as they come."""
    return levels


class Changes(Struct):
    """`mbp`: brings the book from `prevSeqNum` to `seqNum`; a side may be missing."""

    seqNum: UpdateId
    prevSeqNum: UpdateId
    bids: Levels = []
    asks: Levels = []


class WholeBook(Struct):
    """`mbp` on request."""

    seqNum: UpdateId
    bids: Levels
    asks: Levels


class BookFrame(Struct):
    """Either of them; what was asked for is not stamped."""

    ts: Millis | None = None
    tick: Changes | None = None
    data: WholeBook | None = None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        """Raises `ValueError` if it is neither."""
        if self.tick:
            return (self._delta(self.tick, instrument, received_ns),)
        if self.data is None:
            raise ValueError("neither a book nor changes")
        start = BookSnapshot(
            instrument=instrument,
            bids=self.data.bids,
            asks=self.data.asks,
            sequence=self.data.seqNum,
            window=WHOLE_LEVELS,
            received_ns=received_ns,
        )
        return (start,)

    def _delta(self, tick: Changes, instrument: Instrument, received_ns: int) -> BookDelta:
        return BookDelta(
            instrument=instrument,
            bids=tick.bids,
            asks=tick.asks,
            previous=tick.prevSeqNum,
            sequence=tick.seqNum,
            venue_ns=None if self.ts is None else self.ts * NS_PER_MS,
            received_ns=received_ns,
        )


class Depth(Struct):
    """`depth.step0`: the whole book in each frame; sizes of swaps are contracts."""

    bids: Levels
    asks: Levels
    ts: Millis
    version: UpdateId

    def snapshot(
        self, instrument: Instrument, levels: LevelReader, received_ns: int
    ) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=levels(self.bids, instrument),
            asks=levels(self.asks, instrument),
            sequence=self.version,
            window=WHOLE_LEVELS,
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )


class DepthFrame(Struct):
    """Streamed or by REST."""

    tick: Depth


class BestLevels(Struct):
    """`bbo`; a side that is empty has no numbers."""

    seqId: UpdateId
    quoteTime: Millis
    bid: Size | None = None
    bidSize: Size | None = None
    ask: Size | None = None
    askSize: Size | None = None


class BestLevelsFrame(Struct):
    tick: BestLevels

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        tick = self.tick
        bid, bid_size = best_of(tick.bid, tick.bidSize, 0.0)
        ask, ask_size = best_of(tick.ask, tick.askSize, inf)
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=tick.seqId,
            venue_ns=tick.quoteTime * NS_PER_MS,
            received_ns=received_ns,
        )
        return (top,)


def best_of(price: float | None, size: float | None, no_price: float) -> Level:
    """The level at the touch; `no_price` at size 0 where there is none."""
    return (price, size or 0.0) if price else (no_price, 0.0)


class TradeFacts(Struct):
    """A trade but for its id, which streams and REST spell differently.

    `direction` is the taker's. A field `id` has more digits than a number holds.
    """

    ts: Millis
    amount: Traded
    price: Price
    direction: str

    def trade(self, trade_id: int, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.amount,
            side=Side[self.direction.upper()],
            trade_id=str(trade_id),
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )


class TradeRow(TradeFacts):
    """`trade.detail`."""

    tradeId: UpdateId


class Trades(Struct):
    data: list[TradeRow]


class TradesFrame(Struct):
    """The newest trade comes first."""

    tick: Trades

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        rows = sorted(self.tick.data, key=lambda row: row.tradeId)
        return tuple(row.trade(row.tradeId, instrument, received_ns) for row in rows)


class Day(Struct):
    """The last 24 hours."""

    open: Size
    close: Size
    low: Size
    high: Size
    amount: Size
    vol: Size

    def ticker(
        self,
        instrument: Instrument,
        bid: float | None,
        ask: float | None,
        venue_ns: int | None,
        received_ns: int,
    ) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.close,
            bid=bid,
            ask=ask,
            high=self.high,
            low=self.low,
            volume=self.amount,
            quote_volume=self.vol,
            change=change(self.open, self.close),
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class TickerRow(Day, kw_only=True):
    """`ticker`, and a row of the REST tickers."""

    bid: Size | None = None
    ask: Size | None = None


class TickerFrame(Struct):
    tick: TickerRow
    ts: Millis

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        tick, venue_ns = self.tick, self.ts * NS_PER_MS
        return (tick.ticker(instrument, tick.bid, tick.ask, venue_ns, received_ns),)


def change(opened: float, closed: float) -> float | None:
    """The change as a fraction, None without prices.

    Raises:
        ValueError: it is more than a market can change.
    """
    if not opened or not closed:
        return None
    fraction = closed / opened - 1
    if not fraction < _MOST_CHANGE:
        raise ValueError(f"a change from {opened} to {closed}")
    return fraction


class Candle(Struct):
    """`kline`, streamed or by REST: `id` is its first second. Nothing says whether it is closed."""

    id: Seconds
    open: Size
    close: Size
    low: Size
    high: Size
    amount: Size
    vol: Size
    count: Annotated[int, Meta(ge=0)] | None = None

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
            open_ns=self.id * NS_PER_S,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.amount,
            quote_volume=self.vol,
            trades=self.count,
            closed=closed,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class CandleRow(Protocol):
    """A candle of either kind of market."""

    def kline(
        self,
        instrument: Instrument,
        interval: KlineInterval,
        venue_ns: int | None,
        received_ns: int,
        *,
        closed: bool | None = None,
    ) -> Kline: ...


C = TypeVar("C", bound=CandleRow)


class CandleFrame(Struct, Generic[C]):
    """Streamed, of either kind of market."""

    ch: str
    ts: Millis
    tick: C

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        interval = INTERVALS[self.ch.rpartition(".")[2]]
        return (self.tick.kline(instrument, interval, self.ts * NS_PER_MS, received_ns),)
