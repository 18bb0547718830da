"""What Paradex's REST replies tell of one market: the venue's own spelling, and what it means.

Source: official OpenAPI document (August 2026), and replies captured from 2024 to 2026. Numbers
are decimal strings, sizes and the open interest are base units, rates are fractions.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    Level,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_MS, Millis, Price, Rate, Size, Traded, optional
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.paradex.listing import Hours
from exchanges.paradex.market_data import SECONDS_PER_HOUR, plausible_change
from exchanges.rest.call import About
from exchanges.rest.request import Odd
from exchanges.rest.request import Rows as Told

Sequence = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
# An amount of quote currency per base unit that may be negative.
Amount = Annotated[float, Meta(gt=-1e15, lt=1e15)]

MS_PER_HOUR: Final = 3_600_000
# Beyond it an open interest is a mistake.
_MOST_INTEREST: Final = 1e24
# Others move positions without an order on the book: settlements, transfers, block trades.
_EXECUTIONS: Final = frozenset({"FILL", "RPI"})
_MOST_CHARGED: Final = 1e3
# Below the volume of any candle, and far enough from what a float can hold.
_MOST_VOLUME: Final = 1e24


class Book(Struct):
    """`seq_no` is that of the stream; the best level comes first on both sides."""

    seq_no: Sequence
    last_updated_at: Millis
    bids: list[tuple[Price, Size]] | None
    asks: list[tuple[Price, Size]] | None

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=_levels(self.bids),
            asks=_levels(self.asks),
            sequence=self.seq_no,
            venue_ns=self.last_updated_at * NS_PER_MS,
            received_ns=received_ns,
        )


def _levels(levels: Iterable[Level] | None) -> list[Level]:
    return [level for level in levels or () if level[1]]


class TradeRow(Struct):
    """A row of `/trades`: `side` is the taker's."""

    id: str
    side: Literal["BUY", "SELL"]
    price: Price
    size: Traded
    created_at: Millis
    trade_type: str

    @property
    def is_execution(self) -> bool:
        return self.trade_type in _EXECUTIONS

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.size,
            side=Side.BUY if self.side == "BUY" else Side.SELL,
            trade_id=self.id,
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )


class Candle(Struct, array_like=True):
    """The last is dollars: as base units it would be more than the venue trades in weeks."""

    time: Millis
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Size

    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline:
        """Base units are not told: they are what the dollars buy at the typical price."""
        volume = self.volume / ((self.high + self.low + self.close) / 3)
        if not volume < _MOST_VOLUME:
            raise ValueError(f"a volume of {volume}")
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.time * NS_PER_MS,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=volume,
            quote_volume=self.volume,
            received_ns=received_ns,
        )


class Summary(Struct):
    """The part of a row of `/markets/summary` that makes a ticker; the unknown is an empty text."""

    bid: str
    ask: str
    last_traded_price: str
    volume_24h: str  # in dollars
    price_change_rate_24h: str  # a fraction
    created_at: Millis

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=optional(self.last_traded_price),
            bid=optional(self.bid),
            ask=optional(self.ask),
            quote_volume=optional(self.volume_24h),
            change=_change(self.price_change_rate_24h),
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )


def _change(text: str) -> float | None:
    return plausible_change(float(text)) if text else None


class PerpetualSummary(Struct):
    """The rest of it; its `funding_rate` lacks its period, and is asked for elsewhere."""

    mark_price: Price
    underlying_price: str
    open_interest: Size
    created_at: Millis

    def mark(self, instrument: Instrument, received_ns: int) -> MarkPrice:
        index = optional(self.underlying_price) or None
        if index is not None and index >= 1e15:
            raise ValueError(f"an index of {index}")
        return MarkPrice(
            instrument=instrument,
            mark=self.mark_price,
            index=index,
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )

    def interest(self, instrument: Instrument, received_ns: int) -> OpenInterest:
        value = self.open_interest * self.mark_price
        if not value < _MOST_INTEREST:
            raise ValueError(f"an open interest of {value}")
        return OpenInterest(
            instrument=instrument,
            size=self.open_interest,
            value=value,
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )


class FundingRow(Struct):
    """A row of `/funding/data`: the rate of a period, which is charged bit by bit.

    `funding_index` sums up what one base unit has paid, `funding_premium` is what it would pay in
    a period at this rate. Old rows have a period of 0.
    """

    funding_rate: Rate
    funding_premium: Amount
    funding_index: Amount
    created_at: Millis
    funding_period_hours: Hours = 0.0

    def funding(self, instrument: Instrument, received_ns: int) -> Funding:
        """There is no instant of a next charge."""
        interval_s = self.funding_period_hours * SECONDS_PER_HOUR or instrument.funding_interval_s
        return Funding(
            instrument=instrument,
            rate=self.funding_rate,
            interval_s=interval_s,
            next_ns=None,
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )

    @property
    def price(self) -> float | None:
        """The price that the premium is of; nothing tells it while there is no rate."""
        if not self.funding_rate:
            return None
        price = self.funding_premium / self.funding_rate
        return price if 0 < price < 1e15 else None


def charges(rows: list[FundingRow], about: About) -> Told[FundingCharge]:
    """What was charged in each hour, as a fraction of the price at its end.

    Funding runs all the time, and the index sums it up: it is read at the first row of an hour that
    tells a price. What a missing hour has cost is in the one after it, so that charges add up.
    """
    marks: dict[int, tuple[FundingRow, float]] = {}
    for row in sorted(rows, key=lambda row: row.created_at):
        if price := row.price:
            marks.setdefault(row.created_at // MS_PER_HOUR, (row, price))
    found: list[FundingCharge] = []
    odd: list[Odd] = []
    for (_, (before, _)), (hour, (row, price)) in pairwise(marks.items()):
        rate = (row.funding_index - before.funding_index) / price
        if not abs(rate) < _MOST_CHARGED:
            odd.append(Odd(about.instrument.native, f"a charge of {rate} at {row.created_at}"))
            continue
        found.append(
            FundingCharge(
                instrument=about.instrument,
                rate=rate,
                charged_ns=hour * MS_PER_HOUR * NS_PER_MS,
                received_ns=about.received_ns,
            )
        )
    return Told(found, odd)
