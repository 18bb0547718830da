"""Lighter public REST: what can be asked.

Source: official REST document (July 2026), and the models of the official client of October 2026.
"""

from typing import Final

from msgspec.structs import replace

from exchanges.lighter import listing as wire
from exchanges.lighter.errors import ERRORS
from exchanges.lighter.market_data import CANDLE_NAMES, FUNDING_S, CandleData, Stats, TradeMessage
from exchanges.market.events import BookSnapshot, Funding, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, NS_PER_S
from exchanges.market.topics import KlineInterval
from exchanges.market.units import Naming, Units
from exchanges.rest.call import About, Call, Count, Span, Surface, listed, told, told_candle
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import named, one, within

_PREFIX: Final = "/api/v1"
_DETAILS: Final = f"{_PREFIX}/orderBookDetails"
REQUESTS: Final = "requests"
_NAMES: Final = named("market_id")
_MARKETS: Final = within(wire.Markets, lambda reply: reply.rows)
_SINCE: Final = Span(start="start_timestamp", end="end_timestamp", unit_ns=NS_PER_MS)


def _snapshot(reply: wire.Orders, about: About) -> BookSnapshot:
    """Made of single orders; nothing links it to the stream, and it has no time."""
    return reply.snapshot(about.instrument, about.count, about.received_ns)


def _trade(row: TradeMessage, about: About) -> Trade | None:
    return row.trade(about.instrument, about.received_ns) if row.is_execution else None


def _ticker(row: Stats, about: About) -> Ticker:
    return row.ticker(about.instrument, None, about.received_ns)


def _kline(
    row: CandleData, instrument: Instrument, interval: KlineInterval, received_ns: int
) -> Kline:
    return row.kline(instrument, interval, None, received_ns)


def _funding(row: wire.FundingRate, about: About) -> Funding | None:
    """Rates of other venues are told beside the own ones."""
    return row.funding(about.instrument, about.received_ns) if row.is_ours else None


_DETAIL: Final = Call(path=_DETAILS, reads=Stats, means=_ticker, names=_NAMES)
_SPOT: Final = Surface(
    symbol="market_id",
    bucket=REQUESTS,
    units=Units((Naming.NUMBER,)),  # `1000PEPE`
    rows=_MARKETS,
    is_joined=False,  # books start in the stream
    # One list has the markets of all kinds.
    instruments=Call(
        path=_DETAILS,
        reads=wire.MarketRules,
        means=listed(wire.MarketRules.instrument),
        names=_NAMES,
        query=(("filter", "all"),),
    ),
    book=Call(
        path=f"{_PREFIX}/orderBookOrders",
        reads=wire.Orders,
        means=_snapshot,
        rows=one,
        wants=(("limit", "250"),),  # orders, the most
    ),
    trades=Call(
        path=f"{_PREFIX}/recentTrades",
        reads=TradeMessage,
        means=_trade,
        rows=within(wire.Trades, lambda reply: reply.trades or []),
        sort=lambda trade: int(trade.trade_id),
        count=Count(most=100),
        weight=1.5,  # held to 40 calls a minute where others are to 60
    ),
    ticker=_DETAIL,
    tickers=replace(_DETAIL, query=(("filter", "spot"),)),
    # The venue has to be told since when, until when and how many.
    klines=Call(
        path=f"{_PREFIX}/candles",
        reads=CandleData,
        means=told_candle(_kline),
        rows=within(wire.Candles, lambda reply: reply.c or []),
        interval="resolution",
        intervals=CANDLE_NAMES,
        count=Count(parameter="count_back", most=500),
        span=_SINCE,
    ),
    # In whole seconds.
    server_time=Call(
        path="/", reads=wire.State, means=lambda row, _: row.timestamp * NS_PER_S, rows=one
    ),
)
_PERPETUAL: Final = replace(
    _SPOT,
    instruments=None,
    tickers=replace(_DETAIL, query=(("filter", "perp"),)),
    # One reply has all markets, and takes no parameter.
    funding=Call(
        path=f"{_PREFIX}/funding-rates",
        reads=wire.FundingRate,
        means=_funding,
        rows=within(wire.FundingRates, lambda reply: reply.funding_rates or []),
        names=_NAMES,
        symbol="",
    ),
    funding_history=Call(
        path=f"{_PREFIX}/fundings",
        reads=wire.PastFunding,
        means=told(wire.PastFunding.charge),
        rows=within(wire.Fundings, lambda reply: reply.fundings or []),
        query=(("resolution", "1h"),),
        count=Count(parameter="count_back", most=500),  # some 750 in one reply were seen
        span=replace(_SINCE, row_s=FUNDING_S),
    ),
    mark_price=Call(
        path=_DETAILS, reads=wire.PerpetualRow, means=told(wire.PerpetualRow.mark), names=_NAMES
    ),
    open_interest=Call(
        path=_DETAILS, reads=wire.InterestRow, means=told(wire.InterestRow.interest), names=_NAMES
    ),
)

REST: Final = PublicRest(
    "lighter", {Kind.SPOT: _SPOT, Kind.PERPETUAL: _PERPETUAL}, ERRORS, clock_step_ns=NS_PER_S
)
