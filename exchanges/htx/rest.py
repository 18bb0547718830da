"""HTX public REST: spot and linear swaps, which have hosts, paths and forms of their own.

Source: spot and linear swap API documentation (June 2021), paths in use by the venue's own tools
of May 2026, and V5 answers of June 2026 for funding and open interest. What is both sides' is
halved, as `swap_market_data.py` explains. Books by REST have ids of their own, which no stream can
be joined to.
"""

from functools import partial
from typing import Any, Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from exchanges.htx import listing
from exchanges.htx import swap_market_data as swaps
from exchanges.htx.errors import ERRORS
from exchanges.htx.listing import Reply, TickReply, TicksReply, V5Reply
from exchanges.htx.market_data import (
    CANDLE_NAMES,
    Candle,
    CandleRow,
    DepthFrame,
    LevelReader,
    plain_levels,
)
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, Millis
from exchanges.rest.call import About, Call, Count, Surface, listed, told, told_at
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import Page, Row, named, one, ordered, within

BUCKET: Final = "spot"
MARKET_BUCKET: Final = "swap_market"
OTHER_BUCKET: Final = "swap_other"
_MOST_ROWS: Final = 2000
_MARKET: Final = "/linear-swap-ex/market"
_LINEAR: Final = "/linear-swap-api/v1"
_ORDERS: Final = msgspec.json.Decoder(Reply[list[listing.TradesOfOne]])


def _ns(at_ms: int | None) -> int | None:
    return None if at_ms is None else at_ms * NS_PER_MS


_LIST: Final = within(Reply[list[Raw]], lambda reply: reply.data, lambda reply: _ns(reply.ts))
_V5_LIST: Final = within(V5Reply[list[Raw]], lambda reply: reply.data, lambda reply: _ns(reply.ts))
_V5_ONE: Final = within(V5Reply[Raw], lambda reply: [reply.data], lambda reply: _ns(reply.ts))
_TICK: Final = within(TickReply[Raw], lambda reply: [reply.tick], lambda reply: _ns(reply.ts))
_TICKS: Final = within(TicksReply[Raw], lambda reply: reply.ticks, lambda reply: _ns(reply.ts))
_TICK_DATA: Final = within(TickReply[listing.Data], lambda reply: reply.tick.data)
_CANDLES: Final = ordered(_LIST, "id")
_CONTRACTS: Final = named("contract_code")


def _orders(body: bytes) -> Page:
    """The trades of all takers' orders."""
    return Page([Row(raw) for order in _ORDERS.decode(body).data for raw in order.data])


def _snapshot(levels: LevelReader, reply: DepthFrame, about: About) -> BookSnapshot:
    return reply.tick.snapshot(about.instrument, levels, about.received_ns)


def _trade(row: listing.RestTradeRow, about: About) -> Trade:
    return row.trade(row.trade_id, about.instrument, about.received_ns)


def _ticker(day: listing.MergedDay, about: About) -> Ticker:
    bid, ask = (side[0] if side else None for side in (day.bid, day.ask))
    return day.ticker(about.instrument, bid, ask, about.venue_ns, about.received_ns)


def _named_ticker(row: listing.NamedTicker, about: About) -> Ticker:
    return row.ticker(about.instrument, row.bid, row.ask, about.venue_ns, about.received_ns)


def _kline(row: CandleRow, about: About) -> Kline:
    return row.kline(
        about.instrument, about.interval, None, about.received_ns, closed=about.is_over
    )


def _swap_list(path: str, *, inverse: bool) -> Call[Any, Instrument]:
    return Call(
        path=path,
        reads=listing.SwapInfo,
        means=lambda row, about: row.instrument(about.venue, inverse=inverse),
        rows=_LIST,
        names=_CONTRACTS,
        bucket=OTHER_BUCKET,
    )


_SPOT: Final = Surface(
    bucket=BUCKET,
    rows=_LIST,
    is_joined=False,
    instruments=Call(
        path="/v1/common/symbols",
        reads=listing.SpotInfo,
        means=listed(listing.SpotInfo.instrument),
        names=named("symbol"),
        strict=True,
    ),
    # 5, 10 or 20 levels, or all 150 that the venue tells, without naming a depth.
    book=Call(
        path="/market/depth",
        reads=DepthFrame,
        means=partial(_snapshot, plain_levels),
        rows=one,
        query=(("type", "step0"),),
        count=Count(parameter="depth", steps=(5, 10, 20), is_open=True),
    ),
    # `size` counts orders of takers; the last trades of these are told.
    trades=Call(
        path="/market/history/trade",
        reads=listing.RestTradeRow,
        means=_trade,
        rows=_orders,
        sort=lambda trade: int(trade.trade_id),
        count=Count(parameter="size", most=_MOST_ROWS),
    ),
    ticker=Call(path="/market/detail/merged", reads=listing.MergedDay, means=_ticker, rows=_TICK),
    tickers=Call(
        path="/market/tickers",
        reads=listing.NamedTicker,
        means=_named_ticker,
        names=named("symbol"),
    ),
    klines=Call(
        path="/market/history/kline",
        reads=Candle,
        means=_kline,
        rows=_CANDLES,
        interval="period",
        intervals=CANDLE_NAMES,
        count=Count(parameter="size", most=_MOST_ROWS),
    ),
    # The venue has no lighter request than its time. Stamps of swaps are measured by it too; their
    # host has a clock of its own (`/api/v1/timestamp`), which nobody saw differ by more than ms.
    server_time=Call(
        path="/v1/common/timestamp",
        reads=Millis,
        means=lambda now_ms, _: now_ms * NS_PER_MS,
        rows=within(Reply[Raw], lambda reply: [reply.data]),
    ),
)
_SWAP_TICKER: Final = Call(
    path=f"{_MARKET}/detail/batch_merged",
    reads=swaps.Day,
    means=told_at(swaps.Day.ticker),
    rows=_TICKS,
)
_SWAP: Final = Surface(
    endpoint="swap_rest",
    symbol="contract_code",
    bucket=MARKET_BUCKET,
    rows=_LIST,
    is_joined=False,
    instruments=_swap_list(f"{_LINEAR}/swap_contract_info", inverse=False),
    # Recordings also hold the list of inverse swaps.
    old_lists=(_swap_list("/swap-api/v1/swap_contract_info", inverse=True),),
    # All 150 levels that the venue tells, however many are wanted.
    book=Call(
        path=f"{_MARKET}/depth",
        reads=DepthFrame,
        means=partial(_snapshot, swaps.base_levels),
        rows=one,
        query=(("type", "step0"),),
    ),
    # The venue tells the last one.
    trades=Call(
        path=f"{_MARKET}/trade",
        reads=swaps.TradeRow,
        means=told(swaps.TradeRow.trade),
        rows=_TICK_DATA,
        sort=lambda trade: int(trade.trade_id),
    ),
    ticker=_SWAP_TICKER,
    tickers=replace(_SWAP_TICKER, names=_CONTRACTS),
    klines=Call(
        path=f"{_MARKET}/history/kline",
        reads=swaps.Candle,
        means=_kline,
        rows=_CANDLES,
        interval="period",
        intervals=CANDLE_NAMES,
        count=Count(parameter="size", most=_MOST_ROWS),
    ),
    funding=Call(
        path="/v5/market/funding_rate",
        reads=swaps.FundingRow,
        means=told_at(swaps.FundingRow.funding),
        rows=_V5_LIST,
        bucket=OTHER_BUCKET,
    ),
    funding_history=Call(
        path="/v5/market/funding_rate_history",
        reads=swaps.FundingRow,
        means=told(swaps.FundingRow.charge),
        rows=_V5_LIST,
        count=Count(most=100),
        bucket=OTHER_BUCKET,
    ),
    # The close of the running candle of the mark price.
    mark_price=Call(
        path=f"{_MARKET}/history/mark_price_kline",
        reads=swaps.MarkCandle,
        means=told_at(swaps.MarkCandle.mark_price),
        rows=ordered(_LIST, "id", newest_first=True),
        query=(("period", "1min"),),
        wants=(("size", "1"),),
    ),
    open_interest=Call(
        path="/v5/market/open_interest",
        reads=swaps.InterestRow,
        means=told_at(swaps.InterestRow.open_interest),
        rows=_V5_ONE,
        bucket=OTHER_BUCKET,
    ),
)

REST: Final = PublicRest("htx", {Kind.SPOT: _SPOT, Kind.PERPETUAL: _SWAP}, ERRORS)
