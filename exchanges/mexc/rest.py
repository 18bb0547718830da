"""MEXC spot public REST: what can be asked.

Source: "Market Data" of the spot v3 documentation (2025 and April 2026). Weights are those that
ccxt reckons with, which are the documented ones or more. The shared bucket and one of the path's
own pay.
"""

from typing import Final

from msgspec import Raw
from msgspec.structs import replace

from exchanges.dialects.mbx.listing import ExchangeInfo, ServerTime
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.mexc import listing as wire
from exchanges.mexc.errors import ERRORS
from exchanges.rest.call import Call, Count, Surface, listed, told, told_candle
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import many, named, one, within

SHARED: Final = "weight"
_PREFIX: Final = "/api/v3"
_NAMES: Final = named("symbol")
# 500 weight in ten seconds are documented for each path (2025), but one source saw 300 for all
# paths together, a profile of June 2026 says the same of the venue's newer pages, and its support
# told another to send each path 20 requests a second at most. The narrower ones are kept until
# somebody has measured which limit is real.
WEIGHT: Final = Rate(300, 10.0)
_RATE: Final = Rate(20, 1.0)
SYNC_LEVELS: Final = 5000
"""The most that may be had, at the price of any; other clients of 2026 take as many."""

# Streams spell all of them differently.
REST_CANDLES: Final = {
    KlineInterval.M1: "1m",
    KlineInterval.M5: "5m",
    KlineInterval.M15: "15m",
    KlineInterval.M30: "30m",
    KlineInterval.H1: "60m",
    KlineInterval.H4: "4h",
    KlineInterval.D1: "1d",
    KlineInterval.W1: "1W",
    KlineInterval.MO1: "1M",
}

_TICKERS: Final = Call(
    path=f"{_PREFIX}/ticker/24hr",
    reads=wire.Ticker24h,
    means=told(wire.Ticker24h.ticker),
    names=_NAMES,
    weight=40,
    rate=_RATE,
)
_SPOT: Final = Surface(
    bucket=SHARED,
    rows=many,
    instruments=Call(
        path=f"{_PREFIX}/exchangeInfo",
        reads=wire.SymbolInfo,
        means=listed(wire.SymbolInfo.instrument),
        rows=within(ExchangeInfo, lambda info: info.symbols),
        names=_NAMES,
        weight=25,
        rate=_RATE,
    ),
    book=Call(
        path=f"{_PREFIX}/depth",
        reads=wire.Depth,
        means=told(wire.Depth.snapshot),
        rows=one,
        count=Count(most=SYNC_LEVELS),
        weight=3,
        rate=_RATE,
    ),
    trades=Call(
        path=f"{_PREFIX}/trades",
        reads=wire.RestTrade,
        means=told(wire.RestTrade.trade),
        newest_first=True,
        count=Count(most=1000),
        weight=5,
        rate=_RATE,
    ),
    ticker=replace(_TICKERS, rows=one, names=None, weight=25),
    tickers=_TICKERS,
    klines=Call(
        path=f"{_PREFIX}/klines",
        reads=wire.KlineRow,
        means=told_candle(wire.KlineRow.kline),
        intervals=REST_CANDLES,
        count=Count(most=1000),
        rate=_RATE,
    ),
    server_time=Call(
        path=f"{_PREFIX}/time",
        reads=ServerTime,
        means=lambda row, _: row.serverTime * NS_PER_MS,
        rows=one,
        strict=True,
        rate=_RATE,
    ),
    ping=Call(
        path=f"{_PREFIX}/ping",
        reads=dict[str, Raw],
        means=lambda *_: True,
        rows=one,
        rate=_RATE,
    ),
)

REST: Final = PublicRest("mexc", {Kind.SPOT: _SPOT}, ERRORS)
