"""KuCoin spot public REST: what can be asked.

Source: "Classic" REST documentation, its errors and its weights (2026). All public requests of
an address share one budget.
"""

from functools import partial
from typing import Final

from msgspec import Raw
from msgspec.structs import replace

from exchanges.kucoin import listing
from exchanges.kucoin.classic import CandleRow
from exchanges.kucoin.errors import ERRORS
from exchanges.kucoin.listing import Reply
from exchanges.kucoin.market_data import CANDLE_NAMES
from exchanges.limits import Rate
from exchanges.market.events import BookSnapshot, Kline
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_MS, Millis
from exchanges.rest.call import About, Call, Count, Span, Surface, listed, told, told_at
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import named, within

BUCKET: Final = "public"
BUDGET: Final = Rate(2000, 30.0)
"""Weight that an address may spend."""

_LIST: Final = within(Reply[list[Raw]], lambda reply: reply.data)
_ONE: Final = within(Reply[Raw], lambda reply: [reply.data])
_NAMES: Final = named("symbol")
_LEVELS: Final = (20, 100)
_ALL: Final = 0


def _snapshot(window: int | None, row: listing.Depth, about: About) -> BookSnapshot:
    """A book of which a number of levels is told (None: as many as were asked for)."""
    told = (about.count or _LEVELS[-1]) if window is None else window
    return row.snapshot(about.instrument, told, about.received_ns)


def _kline(row: CandleRow, about: About) -> Kline:
    return row.kline(
        about.instrument, about.interval, None, about.received_ns, closed=about.is_over
    )


_INSTRUMENTS: Final = Call(
    path="/api/v2/symbols",
    reads=listing.InstrumentInfo,
    means=listed(listing.InstrumentInfo.instrument),
    names=_NAMES,
    strict=True,
    weight=4,
)
_SPOT: Final = Surface(
    bucket=BUCKET,
    rows=_LIST,
    instruments=_INSTRUMENTS,
    # The best levels, to which no stream can be joined; the whole book needs a login.
    book=Call(
        path="/api/v1/market/orderbook/level2_{count}",
        reads=listing.Depth,
        means=partial(_snapshot, None),
        rows=_ONE,
        count=Count(steps=_LEVELS),
        weights=((20, 2), (100, 4)),
    ),
    trades=Call(
        path="/api/v1/market/histories",
        reads=listing.TradeRow,
        means=told(listing.TradeRow.trade),
        sort=lambda trade: int(trade.trade_id),  # nobody promises an order
        weight=3,
    ),
    ticker=Call(
        path="/api/v1/market/stats",
        reads=listing.StatsReply,
        means=told(listing.StatsReply.ticker_now),
        rows=_ONE,
        weight=15,
    ),
    tickers=Call(
        path="/api/v1/market/allTickers",
        reads=listing.Stats,
        means=told_at(listing.Stats.ticker),
        rows=within(
            Reply[listing.AllStats],
            lambda reply: reply.data.ticker,
            lambda reply: reply.data.time * NS_PER_MS,
        ),
        names=_NAMES,
        weight=15,
    ),
    # The venue has to be told since when and until when; it gives up to 1500.
    klines=Call(
        path="/api/v1/market/candles",
        reads=CandleRow,
        means=_kline,
        newest_first=True,
        interval="type",
        intervals=CANDLE_NAMES,
        count=Count(parameter="", most=1500),
        span=Span(start="startAt", end="endAt"),
        weight=3,
    ),
    # The venue has no lighter request than its time.
    server_time=Call(
        path="/api/v1/timestamp",
        reads=Millis,
        means=lambda now_ms, _: now_ms * NS_PER_MS,
        rows=_ONE,
        weight=3,
    ),
    # Recordings also hold lists of another version, and whole books.
    old_lists=(replace(_INSTRUMENTS, path="/api/v1/symbols"),),
    old_books=(
        Call(
            path="/api/v3/market/orderbook/level2",
            reads=listing.Depth,
            means=partial(_snapshot, _ALL),
            rows=_ONE,
            weight=3,
        ),
    ),
)

REST: Final = PublicRest("kucoin", {Kind.SPOT: _SPOT}, ERRORS)
