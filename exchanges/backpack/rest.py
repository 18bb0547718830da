"""Backpack public REST: what can be asked.

Source: API document (copy of August 2026), wire probes of September 2026, and the limits that the
venue's support tells.
"""

from typing import Final

from msgspec.structs import replace

from exchanges.backpack import listing as wire
from exchanges.backpack.errors import ERRORS
from exchanges.backpack.market_data import CANDLE_NAMES
from exchanges.errors import SAMPLE_BYTES, VenueUnavailable
from exchanges.market.events import Funding, FundingCharge
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_MS, Millis
from exchanges.market.units import Naming, Units
from exchanges.rest.call import (
    About,
    Call,
    Count,
    Span,
    Surface,
    listed,
    to_come,
    told,
    told_candle,
)
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import many, named, one

_PREFIX: Final = "/api/v1"
REQUESTS: Final = "requests"
HISTORY: Final = "history"
"""What returns spans of time has a bucket of its own."""
# The only depths that are allowed; without one the venue tells up to 5000 levels.
DEPTHS: Final = (5, 10, 20, 50, 100, 500, 1000)
SYNC_LEVELS: Final = DEPTHS[-1]
_NAMES: Final = named("symbol")


def _is_up(health: wire.Health, about: About) -> bool:
    """Whether the venue trades; its state says more than its ping.

    Raises:
        VenueUnavailable: it is under maintenance.
    """
    if health.status != "Ok":
        message = health.message or health.status
        raise VenueUnavailable(message[:SAMPLE_BYTES], venue=about.venue)
    return True


def _funding(row: wire.MarkPriceRow, about: About) -> Funding | None:
    """The running estimate; none if a cache of the venue's, up to an hour old in an outage, tells
    of an interval that is over."""
    return to_come(row.funding(about.instrument, about.received_ns), about)


def _charge(row: wire.FundingRow, about: About) -> FundingCharge | None:
    """What was charged; the list begins with the interval that is running."""
    charge = row.charge(about.instrument, about.received_ns)
    return charge if charge.charged_ns <= about.received_ns else None


_SPOT: Final = Surface(
    bucket=REQUESTS,
    units=Units((Naming.THOUSAND,)),  # `kSHIB`
    rows=many,
    # One list has the markets of all kinds, of instruments and of tickers alike.
    instruments=Call(
        path=f"{_PREFIX}/markets",
        reads=wire.MarketInfo,
        means=listed(wire.MarketInfo.instrument),
        names=_NAMES,
    ),
    book=Call(
        path=f"{_PREFIX}/depth",
        reads=wire.Depth,
        means=told(wire.Depth.snapshot),
        rows=one,
        count=Count(steps=DEPTHS),
    ),
    trades=Call(
        path=f"{_PREFIX}/trades",
        reads=wire.TradeRow,
        means=told(wire.TradeRow.trade),
        sort=lambda trade: int(trade.trade_id),  # nobody promises an order
        count=Count(most=1000),
        bucket=HISTORY,  # which "candles/trades" are, the venue's support says
    ),
    ticker=Call(
        path=f"{_PREFIX}/ticker",
        reads=wire.TickerRow,
        means=told(wire.TickerRow.ticker),
        rows=one,
    ),
    tickers=Call(
        path=f"{_PREFIX}/tickers",
        reads=wire.TickerRow,
        means=told(wire.TickerRow.ticker),
        names=_NAMES,
    ),
    klines=Call(
        path=f"{_PREFIX}/klines",
        reads=wire.KlineRow,
        means=told_candle(wire.KlineRow.kline),
        intervals=CANDLE_NAMES,
        span=Span(start="startTime"),
        bucket=HISTORY,
    ),
    server_time=Call(
        path=f"{_PREFIX}/time",
        reads=Millis,
        means=lambda now_ms, _: now_ms * NS_PER_MS,
        rows=one,
        strict=True,
    ),
    ping=Call(path=f"{_PREFIX}/status", reads=wire.Health, means=_is_up, rows=one, strict=True),
)
_PERPETUAL: Final = replace(
    _SPOT,
    instruments=None,
    funding=Call(
        path=f"{_PREFIX}/markPrices",
        reads=wire.MarkPriceRow,
        means=_funding,
    ),
    funding_history=Call(
        path=f"{_PREFIX}/fundingRates",
        reads=wire.FundingRow,
        means=_charge,
        count=Count(most=1000),  # more are documented, but so many were seen to work
        bucket=HISTORY,
    ),
    mark_price=Call(
        path=f"{_PREFIX}/markPrices",
        reads=wire.MarkPriceRow,
        means=told(wire.MarkPriceRow.mark_price),
    ),
    open_interest=Call(
        path=f"{_PREFIX}/openInterest",
        reads=wire.OpenInterestRow,
        means=told(wire.OpenInterestRow.open_interest),
    ),
)

REST: Final = PublicRest("backpack", {Kind.SPOT: _SPOT, Kind.PERPETUAL: _PERPETUAL}, ERRORS)
