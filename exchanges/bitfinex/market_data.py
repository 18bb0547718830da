"""Bitfinex v2 market data, streamed or by REST: rows as the venue has them, and what they mean.

Source: docs.bitfinex.com, v2 WebSocket and REST (2026), the venue's own client libraries, and a
recording of April 2021. Rows are arrays that grow at their end, sizes are base units, a negative
amount is an ask or a taker that sold, times are milliseconds.
"""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from exchanges.market.events import (
    UNTOLD,
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
    Trade,
)
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, Millis, Price, Rate, Size
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Amount = Annotated[float, Meta(gt=-1e18, lt=1e18)]
Count = Annotated[int, Meta(ge=0)]
# A new listing rises by more than a hundredfold in a day.
Change = Annotated[float, Meta(gt=-1e6, lt=1e6)]

CANDLE_NAMES: Final = {
    KlineInterval.M1: "1m",
    KlineInterval.M5: "5m",
    KlineInterval.M15: "15m",
    KlineInterval.M30: "30m",
    KlineInterval.H1: "1h",
    KlineInterval.H3: "3h",
    KlineInterval.H6: "6h",
    KlineInterval.H12: "12h",
    KlineInterval.D1: "1D",
    KlineInterval.W1: "1W",
    KlineInterval.MO1: "1M",
}
INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}

FUNDING_S: Final = 28_800.0
"""Every contract is charged at 00, 08 and 16 UTC; no row tells the interval."""

# Numbers are written as JavaScript does: an exponent below this.
_PLAIN_FROM: Final = 1e-6


def kind_of(native: str) -> Kind:
    """The kind of market that a native name tells."""
    return Kind.PERPETUAL if is_perpetual(native) else Kind.SPOT


def number_text(value: float) -> str:
    """A number as the venue writes it: the shortest that reads back as `value`."""
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0")
    if abs(value) >= _PLAIN_FROM:
        return format(Decimal(text), "f")
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def is_plain(value: float) -> bool:
    """The number is written without an exponent."""
    return not value or abs(value) >= _PLAIN_FROM


def is_perpetual(native: str) -> bool:
    """`BTCF0:USTF0` is one; the venue's other names are those of spot markets."""
    base, _, quote = native.partition(":")
    return base.endswith("F0") and quote.endswith("F0")


class BookRow(Struct, array_like=True, gc=False):
    """`[price, number of orders, amount]`; without orders the level is gone."""

    price: Price
    count: Count
    amount: Amount


def sides(rows: list[BookRow]) -> tuple[list[Level], list[Level]]:
    """Bids and asks, in the order of the rows.

    Raises:
        ValueError: a row that tells no side.
    """
    bids: list[Level] = []
    asks: list[Level] = []
    for row in rows:
        amount = row.amount
        if not amount:
            raise ValueError("a level of no amount is on neither side")
        side = bids if amount > 0 else asks
        side.append((row.price, abs(amount) if row.count else 0.0))
    return bids, asks


def book_delta(
    rows: list[BookRow],
    instrument: Instrument,
    received_ns: int,
    sequence: int,
    venue_ns: int | None,
    *,
    checksum: int | None = None,
) -> BookDelta:
    """Changed levels, or a checksum; `sequence` is the number of the array."""
    bids, asks = sides(rows)
    return BookDelta(
        instrument=instrument,
        bids=bids,
        asks=asks,
        previous=UNTOLD,
        sequence=sequence,
        venue_ns=venue_ns,
        received_ns=received_ns,
        checksum=checksum,
    )


def book_snapshot(
    rows: list[BookRow],
    instrument: Instrument,
    received_ns: int,
    sequence: int = 0,
    venue_ns: int | None = None,
    *,
    window: int = 0,
) -> BookSnapshot:
    bids, asks = sides(rows)
    return BookSnapshot(
        instrument=instrument,
        bids=bids,
        asks=asks,
        sequence=sequence,
        window=window,
        venue_ns=venue_ns,
        received_ns=received_ns,
    )


class TradeRow(Struct, array_like=True):
    """`[id, time, amount, price]`; the taker bought a positive amount."""

    trade_id: int
    mts: Millis
    amount: Amount
    price: Price

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        if not self.amount:
            raise ValueError("a trade of nothing")
        return Trade(
            instrument=instrument,
            price=self.price,
            size=abs(self.amount),
            side=Side.BUY if self.amount > 0 else Side.SELL,
            trade_id=str(self.trade_id),
            venue_ns=self.mts * NS_PER_MS,
            received_ns=received_ns,
        )


class TickerRow(Struct, array_like=True):
    """`[bid, sum of 25 bids, ask, sum of 25 asks, change, ratio, last, volume, high, low]`."""

    bid: Size | None
    bid_sum: Size | None
    ask: Size | None
    ask_sum: Size | None
    daily_change: Amount | None
    daily_change_relative: Change | None
    last: Size | None
    volume: Size | None
    high: Size | None
    low: Size | None

    def ticker(
        self, instrument: Instrument, received_ns: int, venue_ns: int | None = None
    ) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.last,
            bid=self.bid,
            ask=self.ask,
            high=self.high,
            low=self.low,
            volume=self.volume,
            change=self.daily_change_relative,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class CandleRow(Struct, array_like=True):
    """`[time, open, close, high, low, volume]`; a later one closes it."""

    mts: Millis
    open: Price
    close: Price
    high: Price
    low: Price
    volume: Size

    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.mts * NS_PER_MS,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            received_ns=received_ns,
        )


class StatusRow(Struct, array_like=True):
    """State of a perpetual; underscores are fields of no meaning or none of ours.

    `current_funding` is charged at `next_funding_mts`, `next_funding_accrued` is what has gathered
    for the charge after that. Whether it is a running sum, which begins at 0 with each interval and
    foresees too little until its end, or a mean, nobody says. A field that has not changed may be
    null.
    """

    mts: Millis
    _1: object
    deriv_price: Size | None
    spot_price: Size | None
    _4: object
    insurance_fund: object
    _6: object
    next_funding_mts: Millis | None
    next_funding_accrued: Rate | None
    next_funding_step: object
    _10: object
    current_funding: Rate | None
    _12: object
    _13: object
    mark_price: Size | None
    _15: object
    _16: object
    open_interest: Size | None

    def after(self, known: "StatusRow") -> "StatusRow":
        """This row with what only an earlier one has told."""
        told = {
            name: getattr(known, name)
            for name in self.__struct_fields__
            if getattr(self, name) is None
        }
        return replace(self, **told) if told else self

    def funding(self, instrument: Instrument, received_ns: int) -> Funding | None:
        if self.current_funding is None or not self.next_funding_mts:
            return None
        return Funding(
            instrument=instrument,
            rate=self.current_funding,
            interval_s=FUNDING_S,
            next_ns=self.next_funding_mts * NS_PER_MS,
            predicted=self.next_funding_accrued,
            venue_ns=self.mts * NS_PER_MS,
            received_ns=received_ns,
        )

    def mark(self, instrument: Instrument, received_ns: int) -> MarkPrice | None:
        """The index is the middle of the venue's own spot book."""
        if not self.mark_price:
            return None
        return MarkPrice(
            instrument=instrument,
            mark=self.mark_price,
            index=self.spot_price or None,
            venue_ns=self.mts * NS_PER_MS,
            received_ns=received_ns,
        )

    def interest(self, instrument: Instrument, received_ns: int) -> OpenInterest | None:
        if self.open_interest is None:
            return None
        value = self.open_interest * self.mark_price if self.mark_price else None
        if value is not None and not value < 1e24:
            raise ValueError(f"an open interest of {value}")
        return OpenInterest(
            instrument=instrument,
            size=self.open_interest,
            value=value,
            venue_ns=self.mts * NS_PER_MS,
            received_ns=received_ns,
        )

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        told = (self.funding, self.mark, self.interest)
        events = (tell(instrument, received_ns) for tell in told)
        return tuple(event for event in events if event)


class LiquidationRow(Struct, array_like=True):
    """`["pos", id, time, -, symbol, amount, base price, -, is executed, ..., price]`.

    A positive amount is a long position. First the trigger is told, then the execution.
    """

    kind: str
    position_id: int
    mts: Annotated[float, Meta(ge=0, lt=1e15)]
    _3: object
    symbol: str
    amount: Amount
    base_price: Size | None
    _7: object
    is_match: int
    is_market_sold: object
    _10: object
    price: Size | None

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        if not self.is_match or not self.amount or not self.price:
            return ()
        liquidation = Liquidation(
            instrument=instrument,
            price=self.price,
            size=abs(self.amount),
            side=Side.SELL if self.amount > 0 else Side.BUY,
            venue_ns=int(self.mts) * NS_PER_MS,
            received_ns=received_ns,
        )
        return (liquidation,)
