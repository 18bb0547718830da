"""OKX v5 public REST: what can be asked.

Source: official guide, "Order Book Trading / Market Data" and "Public Data" (July 2026). Limits
are per path and address, within two seconds.
"""

from typing import Final

from msgspec import Raw
from msgspec.structs import replace

from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.okx import listing, market_data
from exchanges.okx.errors import ERRORS, LIMIT_WINDOW_S
from exchanges.okx.market_data import CANDLE_NAMES
from exchanges.rest.call import Call, Count, Surface, listed, told, told_candle
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import named, within

_NAMES: Final = named("instId")


def _requests(number: int) -> Rate:
    return Rate(number, LIMIT_WINDOW_S)


_INSTRUMENTS: Final = Call(
    path="/api/v5/public/instruments",
    reads=listing.InstrumentInfo,
    means=listed(listing.InstrumentInfo.instrument),
    names=_NAMES,
    strict=True,
    query=(("instType", "SPOT"),),
    rate=_requests(20),
)
_TICKERS: Final = Call(
    path="/api/v5/market/tickers",
    reads=market_data.TickerMessage,
    means=told(market_data.TickerMessage.ticker),
    names=_NAMES,
    query=(("instType", "SPOT"),),
    rate=_requests(20),
)
_SPOT: Final = Surface(
    rows=within(listing.Reply[Raw], lambda reply: reply.data),
    symbol="instId",
    book=Call(
        path="/api/v5/market/books",
        reads=market_data.BookMessage,
        means=told(market_data.BookMessage.snapshot),
        count=Count(parameter="sz", most=400),
        rate=_requests(40),
    ),
    trades=Call(
        path="/api/v5/market/trades",
        reads=market_data.TradeMessage,
        means=told(market_data.TradeMessage.trade),
        newest_first=True,
        count=Count(most=500),
        rate=_requests(100),
    ),
    ticker=Call(
        path="/api/v5/market/ticker",
        reads=market_data.TickerMessage,
        means=told(market_data.TickerMessage.ticker),
        rate=_requests(20),
    ),
    tickers=_TICKERS,
    klines=Call(
        path="/api/v5/market/candles",
        reads=market_data.CandleRow,
        means=told_candle(market_data.CandleRow.kline),
        newest_first=True,
        interval="bar",
        intervals=CANDLE_NAMES,
        count=Count(most=300),
        rate=_requests(40),
    ),
    instruments=_INSTRUMENTS,
    # The venue has no lighter request than its time.
    server_time=Call(
        path="/api/v5/public/time",
        reads=listing.ServerTime,
        means=lambda row, _: row.ts * NS_PER_MS,
        rate=_requests(10),
    ),
)
_OF_SWAPS: Final = (("instType", "SWAP"),)
_SWAP: Final = replace(
    _SPOT,
    instruments=replace(_INSTRUMENTS, query=_OF_SWAPS),
    tickers=replace(_TICKERS, query=_OF_SWAPS),
    funding=Call(
        path="/api/v5/public/funding-rate",
        reads=market_data.FundingMessage,
        means=told(market_data.FundingMessage.funding),
        rate=_requests(10),
    ),
    funding_history=Call(
        path="/api/v5/public/funding-rate-history",
        reads=listing.FundingCharged,
        means=told(listing.FundingCharged.charge),
        newest_first=True,
        count=Count(most=400),
        rate=_requests(10),
    ),
    mark_price=Call(
        path="/api/v5/public/mark-price",
        reads=market_data.MarkPriceMessage,
        means=told(market_data.MarkPriceMessage.mark_price),
        query=_OF_SWAPS,
        rate=_requests(10),
    ),
    open_interest=Call(
        path="/api/v5/public/open-interest",
        reads=market_data.OpenInterestMessage,
        means=told(market_data.OpenInterestMessage.open_interest),
        query=_OF_SWAPS,
        rate=_requests(20),
    ),
)

REST: Final = PublicRest("okx", {Kind.SPOT: _SPOT, Kind.PERPETUAL: _SWAP}, ERRORS)
