"""Paradex REST replies: the venue's own spelling, and what it means.

Source: official OpenAPI document (August 2026), and replies captured from 2024 to 2026.
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Final

from msgspec import Raw, Struct

from exchanges.market.events import BookSnapshot, FundingCharge, Kline, Level
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_MS, Millis, Price, Size, exact
from exchanges.market.topics import KlineInterval
from exchanges.paradex.market_data import (
    SECONDS_PER_HOUR,
    FundingMessage,
    Hours,
    Sequence,
)
from exchanges.rest.call import About
from exchanges.rest.request import Odd
from exchanges.rest.request import Rows as Told

# In minutes.
CANDLE_NAMES: Final = {
    KlineInterval.M1: "1",
    KlineInterval.M3: "3",
    KlineInterval.M5: "5",
    KlineInterval.M15: "15",
    KlineInterval.M30: "30",
    KlineInterval.H1: "60",
}
# Options, dated futures and spot markets are left out.
_PERPETUAL: Final = "PERP"
_ON_BOOK: Final = "STANDARD"
_MOST_CHARGED: Final = 1e3
# Below the volume of any candle, and far enough from what a float can hold.
_MOST_VOLUME: Final = 1e24


class FeeRate(Struct, frozen=True):
    fee: str


class FeeRates(Struct, frozen=True):
    maker_fee: FeeRate
    taker_fee: FeeRate


class FeeConfig(Struct, frozen=True):
    """Retail clients pay other fees than those who trade by API."""

    api_fee: FeeRates


class MarketRow(Struct):
    """A row of `/markets`; there is no smallest size but that of a step."""

    symbol: str
    asset_kind: str
    base_currency: str
    quote_currency: str
    settlement_currency: str
    order_size_increment: str
    price_tick_size: str
    min_notional: str
    max_order_size: str = ""
    open_at: Millis = 0
    expiry_at: Millis = 0
    trading_mode: str = _ON_BOOK
    funding_period_hours: Hours = 0.0
    fee_config: FeeConfig | None = None

    def instrument(self, venue: str, now_ns: int) -> Instrument | None:
        """The instrument as it is at a time, unless it is of another kind."""
        if self.asset_kind != _PERPETUAL:
            return None
        base, quote, settle = self.base_currency, self.quote_currency, self.settlement_currency
        tick, step = exact(self.price_tick_size), exact(self.order_size_increment)
        if not (tick and step and settle):
            raise ValueError("a perpetual without tick, step or settlement currency")
        fees = self.fee_config.api_fee if self.fee_config else None
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote, settle),
            native=self.symbol,
            kind=Kind.PERPETUAL,
            base=base,
            quote=quote,
            settle=settle,
            tick=tick,
            step=step,
            min_size=step,
            max_size=exact(self.max_order_size) or None,
            min_notional=exact(self.min_notional),
            funding_interval_s=self.funding_period_hours * SECONDS_PER_HOUR or None,
            status=self._status(now_ns),
            maker_fee=_fee(fees.maker_fee) if fees else None,
            taker_fee=_fee(fees.taker_fee) if fees else None,
        )

    def _status(self, now_ns: int) -> Status:
        if self.expiry_at and self.expiry_at * NS_PER_MS <= now_ns:
            return Status.DELISTED
        is_open = self.open_at * NS_PER_MS <= now_ns and self.trading_mode == _ON_BOOK
        return Status.TRADING if is_open else Status.HALTED


def _fee(rate: FeeRate) -> Decimal:
    """Makers may be paid, so that it may be negative."""
    sign = -1 if rate.fee.startswith("-") else 1
    return sign * exact(rate.fee.removeprefix("-"))


class Rows(Struct):
    """A page of rows, which are read one by one."""

    results: list[Raw] | None


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


def charges(rows: list[FundingMessage], about: About) -> Told[FundingCharge]:
    """What was charged from each row to the next, as a fraction of the price then.

    Funding runs all the time: a row's rate is for a period, but the next row is seconds away.
    The growth of the index between them is what was paid, so that charges can be summed up.
    """
    rows = sorted(rows, key=lambda row: row.created_at)
    priced = [(row, price) for row in rows if (price := row.price)]
    found: list[FundingCharge] = []
    odd: list[Odd] = []
    for (before, _), (row, price) in pairwise(priced):
        rate = (row.funding_index - before.funding_index) / price
        if not abs(rate) < _MOST_CHARGED:
            odd.append(Odd(about.instrument.native, f"a charge of {rate} at {row.created_at}"))
            continue
        found.append(
            FundingCharge(
                instrument=about.instrument,
                rate=rate,
                charged_ns=row.created_at * NS_PER_MS,
                received_ns=about.received_ns,
            )
        )
    return Told(found, odd)


class ServerTime(Struct):
    server_time: Millis


class SystemState(Struct):
    """`ok`, or `maintenance`, `cancel_only`, `post_only` around a release."""

    status: str


class ErrorBody(Struct):
    """Other replies have no `error`."""

    error: str = ""
    message: str | None = None
