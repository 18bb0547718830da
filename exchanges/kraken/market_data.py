"""Kraken WebSocket v2 market data: the venue's own spelling, and what it means.

Source: docs.kraken.com, WebSocket v2 channels `book`, `ticker`, `trade`, `ohlc` (2025, 2026).
Prices and sizes are JSON numbers, sizes are base units, times are RFC 3339.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from math import inf
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from exchanges.market.events import (
    UNTOLD,
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
from exchanges.market.numbers import NS_PER_US, Percent, Price, Size, Traded
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Time = Annotated[datetime, Meta(tz=True)]
Checksum = Annotated[int, Meta(ge=0, lt=1 << 32)]

_US_PER_S: Final = 1_000_000

_MOST_VALUE: Final = 1e24

BOOK_LEVELS: Final = 10
"""Levels a side of the shallowest book, which are those that every checksum covers."""

CANDLE_MINUTES: Final = {
    KlineInterval.M1: 1,
    KlineInterval.M5: 5,
    KlineInterval.M15: 15,
    KlineInterval.M30: 30,
    KlineInterval.H1: 60,
    KlineInterval.H4: 240,
    KlineInterval.D1: 1440,
    KlineInterval.W1: 10080,
}
INTERVALS: Final = {minutes: interval for interval, minutes in CANDLE_MINUTES.items()}


def in_ns(at: datetime) -> int:
    """Exact: a float keeps the microseconds of some centuries."""
    return round(at.timestamp() * _US_PER_S) * NS_PER_US


def value_of(volume: float, average: float) -> float:
    """What was traded in quote currency, as close as the digits of the average price allow.

    Raises:
        ValueError: no market is worth that.
    """
    value = volume * average
    if not value < _MOST_VALUE:
        raise ValueError(f"{volume} at {average}")
    return value


class Ack(Struct, frozen=True):
    """What an answered request was about."""

    channel: str = ""
    symbol: str = ""
    interval: int = 0


class Envelope(Struct):
    """Any frame: data (`channel`, `type`, `data`), or the answer to a request (`method`).

    The answers of a request for several symbols come one by one. `data` stays undecoded until
    the channel has told its type. `Error` stands alone, and says what the client did.
    """

    channel: str = ""
    type: str = ""
    data: Raw = Raw()
    method: str = ""
    req_id: int = -1
    success: bool | None = None
    result: Ack = Ack()
    error: str = ""
    Error: str = ""


class SystemState(Struct):
    """`status`: "online", "maintenance", "cancel_only" or "post_only"."""

    system: str


class Named(Struct):
    """What a row is about; only candles have an interval, in minutes."""

    symbol: str
    interval: int = 0


class ExactSize(float):
    """A size of more digits than a float keeps; `text` is the number as the venue wrote it."""

    __slots__ = ("text",)
    text: str

    @classmethod
    def of(cls, number: Decimal) -> "ExactSize":
        size = cls(number)
        size.text = format(number, "f")
        return size


class BookLevel(Struct, gc=False):
    price: Price
    qty: Size


class ExactLevel(Struct):
    """The same with all its digits."""

    price: Price
    qty: Decimal


class BookRow(Struct):
    """`book`: all levels, or those that changed; size 0 removes one.

    Levels that leave the subscribed depth are not removed by the venue. The first frame may have
    no stamp.
    """

    bids: list[BookLevel]
    asks: list[BookLevel]
    checksum: Checksum
    timestamp: Time | None = None

    @property
    def venue_ns(self) -> int | None:
        return in_ns(self.timestamp) if self.timestamp else None


class ExactBookRow(Struct):
    """A `BookRow` whose sizes keep all their digits."""

    bids: list[ExactLevel]
    asks: list[ExactLevel]


def as_levels(levels: Sequence[BookLevel]) -> list[Level]:
    return [(level.price, level.qty) for level in levels]


def as_exact_levels(levels: Sequence[ExactLevel]) -> list[Level]:
    return [(level.price, ExactSize.of(level.qty)) for level in levels]


def book_delta(
    row: BookRow,
    bids: list[Level],
    asks: list[Level],
    instrument: Instrument,
    received_ns: int,
) -> BookDelta:
    """An update, which only the engine's stamp orders and only the checksum proves."""
    venue_ns = row.venue_ns
    return BookDelta(
        instrument=instrument,
        bids=bids,
        asks=asks,
        previous=UNTOLD,
        sequence=UNTOLD if venue_ns is None else venue_ns,
        venue_ns=venue_ns,
        received_ns=received_ns,
        checksum=row.checksum,
    )


def book_snapshot(
    row: BookRow,
    bids: list[Level],
    asks: list[Level],
    instrument: Instrument,
    received_ns: int,
) -> BookSnapshot:
    """The start of a book, all of which its checksum proves."""
    venue_ns = row.venue_ns
    return BookSnapshot(
        instrument=instrument,
        bids=bids,
        asks=asks,
        sequence=venue_ns or 0,
        window=BOOK_LEVELS,
        verified=BOOK_LEVELS,
        checksum=row.checksum,
        venue_ns=venue_ns,
        received_ns=received_ns,
    )


class TickerRow(Struct):
    """`ticker`, told at every change of the best bid or ask; volume and prices of 24 hours.

    How an empty side is written is not documented: no number and zero are read as one.
    """

    last: Size
    volume: Size
    vwap: Size
    low: Size
    high: Size
    change_pct: Percent
    bid: Size | None = None
    bid_qty: Size | None = None
    ask: Size | None = None
    ask_qty: Size | None = None
    timestamp: Time | None = None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        venue_ns = in_ns(self.timestamp) if self.timestamp else None
        top = Top(
            instrument=instrument,
            bid=self.bid or 0.0,
            bid_size=(self.bid_qty or 0.0) if self.bid else 0.0,
            ask=self.ask or inf,
            ask_size=(self.ask_qty or 0.0) if self.ask else 0.0,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )
        ticker = Ticker(
            instrument=instrument,
            last=self.last,
            bid=self.bid,
            ask=self.ask,
            high=self.high,
            low=self.low,
            volume=self.volume,
            quote_volume=value_of(self.volume, self.vwap),
            change=self.change_pct / 100,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )
        return top, ticker


class TradeRow(Struct):
    """`trade`: `side` is the taker's."""

    side: str
    price: Price
    qty: Traded
    trade_id: int
    timestamp: Time

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        trade = Trade(
            instrument=instrument,
            price=self.price,
            size=self.qty,
            side=Side[self.side.upper()],
            trade_id=str(self.trade_id),
            venue_ns=in_ns(self.timestamp),
            received_ns=received_ns,
        )
        return (trade,)


class CandleRow(Struct):
    """`ohlc`: a candle without trades is not sent, and none says whether it is closed."""

    open: Price
    high: Price
    low: Price
    close: Price
    trades: Annotated[int, Meta(ge=0)]
    volume: Size
    vwap: Size
    interval_begin: Time
    interval: int

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        kline = Kline(
            instrument=instrument,
            interval=INTERVALS[self.interval],
            open_ns=in_ns(self.interval_begin),
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            quote_volume=value_of(self.volume, self.vwap),
            trades=self.trades,
            received_ns=received_ns,
        )
        return (kline,)
