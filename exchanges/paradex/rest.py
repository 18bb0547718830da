"""Paradex public REST: what can be asked.

Source: official OpenAPI document (August 2026).
"""

from typing import Final

from msgspec.structs import replace

from exchanges.errors import SAMPLE_BYTES, TradingDisabled, VenueUnavailable
from exchanges.market.events import Trade
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.units import Naming, Units
from exchanges.paradex import listing
from exchanges.paradex import market_rows as wire
from exchanges.paradex.errors import ERRORS
from exchanges.paradex.market_rows import FundingRow, PerpetualSummary, Summary, TradeRow
from exchanges.rest.call import (
    About,
    Call,
    Count,
    Marks,
    Means,
    Span,
    Surface,
    T,
    W,
    told,
    told_candle,
)
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import named, one, ordered, within

REQUESTS: Final = "requests"
_PREFIX: Final = "/v1"
_MARKETS: Final = f"{_PREFIX}/markets"
_SUMMARIES: Final = f"{_MARKETS}/summary"
_FUNDING_DATA: Final = f"{_PREFIX}/funding/data"
_NAMES: Final = named("symbol")
_ROWS: Final = within(listing.Rows, lambda reply: reply.results or [])


def _trade(row: TradeRow, about: About) -> Trade | None:
    return row.trade(about.instrument, about.received_ns) if row.is_execution else None


def _summary(reads: type[W], means: Means[W, T]) -> Call[W, T]:
    """What the summary of a market tells."""
    return Call(path=_SUMMARIES, reads=reads, means=means, names=_NAMES)


_TICKER: Final = _summary(Summary, told(Summary.ticker))


def _is_up(state: listing.SystemState, about: About) -> bool:
    """Whether the venue takes orders.

    Raises:
        VenueUnavailable: it is under maintenance.
        TradingDisabled: it takes some orders or none, around a release.
    """
    if state.status != "ok":
        error = VenueUnavailable if state.status == "maintenance" else TradingDisabled
        raise error(f"the venue is in {state.status[:SAMPLE_BYTES]}", venue=about.venue)
    return True


_PERPETUAL: Final = Surface(
    symbol="market",
    bucket=REQUESTS,
    units=Units((Naming.THOUSAND,)),  # `kBONK`
    rows=_ROWS,
    is_joined=False,  # books start in the stream
    instruments=Call(
        path=_MARKETS,
        reads=listing.MarketRow,
        means=lambda row, about: row.instrument(about.venue, about.received_ns),
        names=_NAMES,
        strict=True,
    ),
    # Twenty levels a side, unless told otherwise; none that only retail clients can take.
    book=Call(
        path=f"{_PREFIX}/orderbook/{{native}}",
        reads=wire.Book,
        means=told(wire.Book.snapshot),
        rows=one,
        count=Count(parameter="depth", is_open=True),
    ),
    trades=Call(
        path=f"{_PREFIX}/trades",
        reads=TradeRow,
        means=_trade,
        newest_first=True,
        sort=lambda trade: trade.venue_ns,
        count=Count(parameter="page_size", most=1000),
    ),
    ticker=_TICKER,
    tickers=replace(_TICKER, query=(("market", "ALL"),)),
    # The venue has to be told since when and until when.
    klines=Call(
        path=f"{_MARKETS}/klines",
        reads=wire.Candle,
        means=told_candle(wire.Candle.kline),
        symbol="symbol",
        interval="resolution",
        intervals=listing.CANDLE_NAMES,
        count=Count(parameter="", most=500),  # no limit is documented
        span=Span(start="start_at", end="end_at", unit_ns=NS_PER_MS),
    ),
    # Rates are published every few seconds; so many are more than there are in ten minutes.
    funding=Call(
        path=_FUNDING_DATA,
        reads=FundingRow,
        means=told(FundingRow.funding),
        rows=ordered(_ROWS, "created_at", newest_first=True),
        wants=(("page_size", "1000"),),
        span=Span(start="start_at", unit_ns=NS_PER_MS, length_s=600.0),
    ),
    # What was charged from hour to hour. Rates are seconds apart, so that a reply of all of them
    # would reach back for some hours: each hour is asked for by itself, of at most a week.
    funding_history=Call(
        path=_FUNDING_DATA,
        reads=FundingRow,
        gathers=wire.charges,
        wants=(("page_size", "100"),),
        count=Count(parameter="", most=168, usual=24),
        marks=Marks(
            start="start_at", end="end_at", step_s=3600.0, within_s=60.0, unit_ns=NS_PER_MS
        ),
    ),
    mark_price=_summary(PerpetualSummary, told(PerpetualSummary.mark)),
    open_interest=_summary(PerpetualSummary, told(PerpetualSummary.interest)),
    server_time=Call(
        path=f"{_PREFIX}/system/time",
        reads=listing.ServerTime,
        means=lambda row, _: row.server_time * NS_PER_MS,
        rows=one,
    ),
    ping=Call(
        path=f"{_PREFIX}/system/state",
        reads=listing.SystemState,
        means=_is_up,
        rows=one,
    ),
)

REST: Final = PublicRest("paradex", {Kind.PERPETUAL: _PERPETUAL}, ERRORS)
