"""Paradex's lists of markets, and the replies about the venue itself.

Source: official OpenAPI document (August 2026), and replies captured from 2024 to 2026. Those
about one market are in `market_rows.py`.
"""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_MS, Millis, exact
from exchanges.market.topics import KlineInterval
from exchanges.paradex.market_data import MOST_HOURS, SECONDS_PER_HOUR

Hours = Annotated[float, Meta(ge=0, le=MOST_HOURS)]

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


class ServerTime(Struct):
    server_time: Millis


class SystemState(Struct):
    """`ok`, or `maintenance`, `cancel_only`, `post_only` around a release."""

    status: str


class ErrorBody(Struct):
    """Other replies have no `error`."""

    error: str = ""
    message: str | None = None
