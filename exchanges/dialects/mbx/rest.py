"""Public REST of this dialect, spot and USD-M: what can be asked.

Source: "General endpoints" and "Market data endpoints" of the documents that the venues' records
name.
"""

from typing import Final

from msgspec import Raw
from msgspec.structs import replace

from exchanges.dialects.mbx import INTERVALS
from exchanges.dialects.mbx import listing as wire
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.market.units import PLAIN, Units
from exchanges.rest.call import (
    About,
    Call,
    Count,
    Means,
    Query,
    Steps,
    Surface,
    told,
    told_candle,
)
from exchanges.rest.rows import many, named, one, within

# A snapshot of so many levels keeps a book for hours; more would cost five times as much.
SYNC_LEVELS: Final = 1000
_MOST_TRADES: Final = 1000
_MOST_CHARGES: Final = 1000
_NAMES: Final = named("symbol")


def _instrument(row: wire.SymbolInfo, about: About) -> Instrument | None:
    return row.instrument(about.venue, about.kind)


def surface(
    prefix: str,
    *,
    endpoint: str,
    bucket: str,
    list_weight: float,
    list_wants: Query = (),
    trades_weight: float,
    ticker_weight: float,
    tickers_weight: float,
    depth: Steps,
    klines: Steps,
    intervals: tuple[KlineInterval, ...] = INTERVALS,
    instrument: Means[wire.SymbolInfo, Instrument] = _instrument,
    units: Units = PLAIN,
) -> Surface:
    """What can be asked about one kind of market, given its host, prefix of paths, and weights.

    `list_weight` is that of the list of symbols and `list_wants` what is asked of it beside,
    `tickers_weight` is that of the tickers of all; `depth` and `klines` depend on how many levels
    or candles are asked for. `instrument` reads a row of the list, `units` the names of its base
    assets.
    """
    tickers = Call(
        path=f"{prefix}/ticker/24hr",
        reads=wire.Ticker24h,
        means=told(wire.Ticker24h.ticker),
        names=_NAMES,
        weight=tickers_weight,
    )
    return Surface(
        endpoint=endpoint,
        bucket=bucket,
        units=units,
        rows=many,
        instruments=Call(
            path=f"{prefix}/exchangeInfo",
            reads=wire.SymbolInfo,
            means=instrument,
            rows=within(wire.ExchangeInfo, lambda info: info.symbols),
            names=_NAMES,
            wants=list_wants,
            weight=list_weight,
        ),
        book=Call(
            path=f"{prefix}/depth",
            reads=wire.Depth,
            means=told(wire.Depth.snapshot),
            rows=one,
            count=Count(steps=tuple(levels for levels, _ in depth), usual=SYNC_LEVELS),
            weights=depth,
        ),
        trades=Call(
            path=f"{prefix}/trades",
            reads=wire.RestTrade,
            means=told(wire.RestTrade.trade),
            count=Count(most=_MOST_TRADES),
            weight=trades_weight,
        ),
        ticker=replace(tickers, rows=one, names=None, weight=ticker_weight),
        tickers=tickers,
        klines=Call(
            path=f"{prefix}/klines",
            reads=wire.KlineRow,
            means=told_candle(wire.KlineRow.kline),
            intervals={interval: interval.value for interval in intervals},
            count=Count(most=klines[-1][0]),
            weights=klines,
        ),
        server_time=Call(
            path=f"{prefix}/time",
            reads=wire.ServerTime,
            means=lambda row, _: row.serverTime * NS_PER_MS,
            rows=one,
        ),
        ping=Call(path=f"{prefix}/ping", reads=dict[str, Raw], means=lambda *_: True, rows=one),
    )


def perpetual(
    spot_like: Surface, prefix: str, funding_bucket: str, funding_s: float | None = None
) -> Surface:
    """What perpetuals have beside; funding intervals and past rates have a bucket of their own.

    `funding_s` is the interval of those that the funding intervals do not list.
    """
    return replace(
        spot_like,
        funding_s=funding_s,
        funding_intervals=Call(
            path=f"{prefix}/fundingInfo",
            reads=wire.FundingInfo,
            means=lambda row, _: (row.symbol, row.fundingIntervalHours * 3600),
            names=_NAMES,
            bucket=funding_bucket,
            strict=True,
        ),
        funding=Call(
            path=f"{prefix}/premiumIndex",
            reads=wire.PremiumIndex,
            means=told(wire.PremiumIndex.funding),
            rows=one,
        ),
        funding_history=Call(
            path=f"{prefix}/fundingRate",
            reads=wire.FundingRate,
            means=told(wire.FundingRate.charge),
            count=Count(most=_MOST_CHARGES),
            bucket=funding_bucket,
        ),
        mark_price=Call(
            path=f"{prefix}/premiumIndex",
            reads=wire.PremiumIndex,
            means=told(wire.PremiumIndex.mark_price),
            rows=one,
        ),
        open_interest=Call(
            path=f"{prefix}/openInterest",
            reads=wire.OpenInterestInfo,
            means=told(wire.OpenInterestInfo.open_interest),
            rows=one,
        ),
    )
