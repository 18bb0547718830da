"""Gate API v4 public REST: what can be asked about all markets.

Source: "Spot" and "Futures" of the API v4 documentation (stored copies of 2025). The limit is per
path and address, within ten seconds.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from msgspec.structs import replace

from exchanges.dialects.gate_v4.errors import WINDOW_S
from exchanges.dialects.gate_v4.listing import ServerTime
from exchanges.dialects.gate_v4.market_data import CANDLE_NAMES
from exchanges.limits import Rate
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.rest.call import (
    About,
    Call,
    Count,
    Query,
    Surface,
    listed,
    told,
    told_at,
    told_candle,
)
from exchanges.rest.rows import Page, many, named, one

PREFIX: Final = "/api/v4"
LIMIT: Final = Rate(200, WINDOW_S)
"""Of each path."""

# More levels may be had (ccxt asks for up to 1000), but only so many are documented. As many are
# kept up to date by the stream that books are joined to.
BOOK_LEVELS: Final = 100
_MOST_TRADES: Final = 1000


class InstrumentRow(Protocol):
    def instrument(self, venue: str) -> Instrument | None: ...


class DepthReply(Protocol):
    def snapshot(self, instrument: Instrument, window: int, received_ns: int) -> BookSnapshot: ...


class TradeRow(Protocol):
    def trade(self, instrument: Instrument, received_ns: int) -> Trade | None: ...


class TickerRow(Protocol):
    def ticker(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Ticker: ...


class CandleRow(Protocol):
    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline: ...


def _snapshot(row: DepthReply, about: About) -> BookSnapshot:
    return row.snapshot(about.instrument, BOOK_LEVELS, about.received_ns)


def surface(
    root: str,
    list_name: str,
    symbol: str,
    *,
    instrument: type[InstrumentRow],
    names: str,
    depth: type[DepthReply],
    trade: type[TradeRow],
    ticker: type[TickerRow],
    kline: type[CandleRow],
    follows: Callable[[Page, Mapping[str, str]], Query] | None = None,
    most_candles: int = 1000,
    headers: Query = (),
) -> Surface:
    """What can be asked about the markets below a `root`, given the wire structs of the replies.

    `names` is the field of the list that names a market, which other requests call `symbol`.
    """
    path = f"{PREFIX}{root}"
    tickers: Call[Any, Ticker] = Call(
        path=f"{path}/tickers",
        reads=ticker,
        means=told_at(ticker.ticker),
        rate=LIMIT,
    )
    return Surface(
        rows=many,
        symbol=symbol,
        headers=headers,
        instruments=Call(
            path=f"{path}/{list_name}",
            reads=instrument,
            means=listed(instrument.instrument),
            names=named(names),
            follows=follows,
            strict=True,
            rate=LIMIT,
        ),
        book=Call(
            path=f"{path}/order_book",
            reads=depth,
            means=_snapshot,
            rows=one,
            wants=(("with_id", "true"),),
            count=Count(most=BOOK_LEVELS),
            rate=LIMIT,
        ),
        trades=Call(
            path=f"{path}/trades",
            reads=trade,
            means=told(trade.trade),
            sort=lambda trade: int(trade.trade_id),  # nobody promises an order
            count=Count(most=_MOST_TRADES),
            rate=LIMIT,
        ),
        ticker=tickers,
        tickers=replace(tickers, names=named(symbol)),
        klines=Call(
            path=f"{path}/candlesticks",
            reads=kline,
            means=told_candle(kline.kline),
            intervals=CANDLE_NAMES,
            count=Count(most=most_candles),
            rate=LIMIT,
        ),
        # The one clock of all markets, and the cheapest request.
        server_time=Call(
            path=f"{PREFIX}/spot/time",
            reads=ServerTime,
            means=lambda row, _: row.server_time * NS_PER_MS,
            rows=one,
            strict=True,
            rate=LIMIT,
        ),
    )
