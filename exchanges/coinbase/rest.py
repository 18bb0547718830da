"""Coinbase public REST: what can be asked. There is no mark price, and no past funding.

Source: Advanced Trade REST documentation (November 2026). What needs no login lies under `/market`.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from exchanges.coinbase import listing as wire
from exchanges.coinbase.errors import ERRORS
from exchanges.coinbase.market_data import CandleRow, TradeMessage
from exchanges.market.events import Funding, Ticker
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.rest.call import (
    About,
    Call,
    Count,
    Query,
    Span,
    Surface,
    listed,
    to_come,
    told,
    told_candle,
)
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import named, one, within

_PREFIX: Final = "/api/v3/brokerage"
_MARKET: Final = f"{_PREFIX}/market/products"
_PRODUCT: Final = f"{_MARKET}/{{native}}"
REQUESTS: Final = "requests"
_NAMES: Final = named("product_id")
_PRODUCTS: Final = within(wire.Products, lambda reply: reply.products)

# A granularity of four hours is named by one source only, and left out.
CANDLE_NAMES: Final[Mapping[KlineInterval, str]] = {
    KlineInterval.M1: "ONE_MINUTE",
    KlineInterval.M5: "FIVE_MINUTE",
    KlineInterval.M15: "FIFTEEN_MINUTE",
    KlineInterval.M30: "THIRTY_MINUTE",
    KlineInterval.H1: "ONE_HOUR",
    KlineInterval.H2: "TWO_HOUR",
    KlineInterval.H6: "SIX_HOUR",
    KlineInterval.D1: "ONE_DAY",
}


def _funding(row: wire.ProductFunding, about: About) -> Funding | None:
    """None if there is no rate, or it is of an interval that is over."""
    funding = row.funding(about.instrument, about.received_ns)
    return to_come(funding, about) if funding else None


def _list(of_type: Query) -> Call[Any, Instrument]:
    return Call(
        path=_MARKET,
        reads=wire.Product,
        means=listed(wire.Product.instrument),
        rows=_PRODUCTS,
        names=_NAMES,
        strict=True,
        query=of_type,
    )


def _tickers(of_type: Query) -> Call[Any, Ticker]:
    return Call(
        path=_MARKET,
        reads=wire.ProductTicker,
        means=told(wire.ProductTicker.ticker),
        rows=_PRODUCTS,
        names=_NAMES,
        query=of_type,
    )


_SPOTS: Final = (("product_type", "SPOT"),)
_FUTURES: Final = (("product_type", "FUTURE"),)
_SPOT: Final = Surface(
    symbol="product_id",
    bucket=REQUESTS,
    rows=one,
    instruments=_list(_SPOTS),
    book=Call(
        path=f"{_PREFIX}/market/product_book",
        reads=wire.Book,
        means=told(wire.Book.snapshot),
        count=Count(is_open=True),
    ),
    trades=Call(
        path=f"{_PRODUCT}/ticker",
        reads=TradeMessage,
        means=told(TradeMessage.trade),
        rows=within(wire.Trades, lambda reply: reply.trades),
        sort=lambda trade: int(trade.trade_id),
        count=Count(most=1000),  # no limit is documented
    ),
    ticker=Call(path=_PRODUCT, reads=wire.ProductTicker, means=told(wire.ProductTicker.ticker)),
    tickers=_tickers(_SPOTS),
    # The venue has to be told since when and until when.
    klines=Call(
        path=f"{_PRODUCT}/candles",
        reads=CandleRow,
        means=told_candle(CandleRow.kline),
        rows=within(wire.Candles, lambda reply: reply.candles),
        interval="granularity",
        intervals=CANDLE_NAMES,
        # 350 in one reply; a span that begins with a candle holds one more than it is long.
        count=Count(most=349),
        span=Span(start="start", end="end"),
    ),
    server_time=Call(
        path=f"{_PREFIX}/time",
        reads=wire.Time,
        means=lambda row, _: row.epochMillis * NS_PER_MS,
    ),
)
_PERPETUAL: Final = replace(
    _SPOT,
    instruments=_list(_FUTURES),
    tickers=_tickers(_FUTURES),
    funding=Call(path=_PRODUCT, reads=wire.ProductFunding, means=_funding),
    open_interest=Call(
        path=_PRODUCT,
        reads=wire.ProductInterest,
        means=told(wire.ProductInterest.open_interest),
    ),
)

REST: Final = PublicRest("coinbase", {Kind.SPOT: _SPOT, Kind.PERPETUAL: _PERPETUAL}, ERRORS)
