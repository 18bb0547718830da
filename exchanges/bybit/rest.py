"""Bybit v5 public REST: what can be asked.

Source: chapter "Market" and rate limits of the API v5 documentation (2026-07-24). A request names
its market by category and symbol; all share one limit per address.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from msgspec import Raw
from msgspec.structs import replace

from exchanges.bybit import listing
from exchanges.bybit.errors import ERRORS
from exchanges.bybit.listing import Reply
from exchanges.bybit.market_data import CANDLE_NAMES, LinearTickerRow, TickerRow
from exchanges.market.events import BookSnapshot, Kline
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.units import Naming, Units
from exchanges.rest.call import (
    About,
    Call,
    Count,
    Means,
    Query,
    Surface,
    T,
    W,
    listed,
    told,
    told_at,
)
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import Page, named, within

BUCKET: Final = "requests"
_MOST_ROWS: Final = 1000
_LIST: Final = within(
    Reply[listing.Rows[Raw]],
    lambda reply: reply.result.list,
    lambda reply: reply.time * NS_PER_MS,
    lambda reply: unquote(reply.result.nextPageCursor),  # it comes encoded for the query
)
_ONE: Final = within(Reply[Raw], lambda reply: [reply.result])
_NAMES: Final = named("symbol")


def _snapshot(row: listing.BookReply, about: About) -> BookSnapshot:
    return row.snapshot(about.instrument, row.venue_ns, about.received_ns)


def _kline(row: listing.KlineRow, about: About) -> Kline:
    return row.kline(about.instrument, about.interval, about.is_over, about.received_ns)


def _following(page: Page, asked: Mapping[str, str]) -> Query:
    """The last page has no cursor, or no rows; one that repeats what was asked is an error."""
    return (("cursor", page.cursor),) if page.rows and page.cursor else ()


def _ticker(of_category: Query, reads: type[W], means: Means[W, T]) -> Call[W, T]:
    """What a ticker tells."""
    return Call(
        path="/v5/market/tickers",
        reads=reads,
        means=means,
        query=of_category,
        strict=True,
    )


def _surface(
    category: str,
    instrument: type[listing.SpotInfo] | type[listing.LinearInfo],
    most_trades: int,
    page: Count | None,
) -> Surface:
    """Without a status the venue lists those that trade; only linear ones come in pages."""
    of_category = (("category", category),)
    ticker = _ticker(of_category, TickerRow, told_at(TickerRow.ticker))
    return Surface(
        bucket=BUCKET,
        rows=_LIST,
        is_joined=False,  # books start in the stream
        instruments=Call(
            path="/v5/market/instruments-info",
            reads=instrument,
            means=listed(instrument.instrument),
            names=_NAMES,
            strict=True,
            query=of_category,
            count=page,
            follows=_following if page else None,
        ),
        book=Call(
            path="/v5/market/orderbook",
            reads=listing.BookReply,
            means=_snapshot,
            rows=_ONE,
            query=of_category,
            count=Count(most=_MOST_ROWS),
        ),
        trades=Call(
            path="/v5/market/recent-trade",
            reads=listing.TradeReply,
            means=told(listing.TradeReply.trade),
            query=of_category,
            # As all lists, this one seems to have the newest first, but nobody promises it.
            newest_first=True,
            sort=lambda trade: trade.venue_ns,
            count=Count(most=most_trades),
        ),
        ticker=ticker,
        tickers=replace(ticker, names=_NAMES),
        klines=Call(
            path="/v5/market/kline",
            reads=listing.KlineRow,
            means=_kline,
            query=of_category,
            newest_first=True,
            intervals=CANDLE_NAMES,
            count=Count(most=_MOST_ROWS),
        ),
        # The venue has no lighter request than its time.
        server_time=Call(
            path="/v5/market/time",
            reads=listing.ServerTime,
            means=lambda row, _: row.timeNano,
            rows=_ONE,
        ),
    )


_SPOT: Final = _surface("spot", listing.SpotInfo, 60, None)
_COMMON: Final = _surface("linear", listing.LinearInfo, 1000, Count(most=_MOST_ROWS))
_LINEAR: Final = (("category", "linear"),)
_PERPETUAL: Final = replace(
    _COMMON,
    units=Units((Naming.NUMBER, Naming.SUFFIX)),  # `1000PEPE`, `SHIB1000`
    funding=_ticker(_LINEAR, LinearTickerRow, told_at(LinearTickerRow.funding)),
    mark_price=_ticker(_LINEAR, LinearTickerRow, told_at(LinearTickerRow.mark_price)),
    # Of the ticker, which tells its value as well.
    open_interest=_ticker(_LINEAR, LinearTickerRow, told_at(LinearTickerRow.open_interest)),
    funding_history=Call(
        path="/v5/market/funding/history",
        reads=listing.FundingRow,
        means=told(listing.FundingRow.charge),
        query=_LINEAR,
        count=Count(most=200),
    ),
)

REST: Final = PublicRest("bybit", {Kind.SPOT: _SPOT, Kind.PERPETUAL: _PERPETUAL}, ERRORS)
