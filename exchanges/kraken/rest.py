"""Kraken public REST: what can be asked.

Source: docs.kraken.com, spot REST "Market Data" (2025, 2026).
"""

from typing import Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from exchanges.errors import SAMPLE_BYTES, TradingDisabled, VenueUnavailable
from exchanges.kraken import listing
from exchanges.kraken.errors import ERRORS
from exchanges.kraken.listing import Reply, altname, natives_of, streamed
from exchanges.kraken.market_data import CANDLE_MINUTES
from exchanges.market.events import Kline
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.call import About, Call, Count, Surface, listed, told
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import Page, Row, named, one

BUCKET: Final = "public"
_PREFIX: Final = "/0/public/"
_REPLY: Final = msgspec.json.Decoder(Reply)
_ROWS: Final = msgspec.json.Decoder(list[Raw])
_WSNAME: Final = named("wsname")
# Ids with a colon are those of another venue's engine.
_FOREIGN: Final = ":"


def _pairs(body: bytes) -> Page:
    """A result of many pairs, keyed by their ids."""
    result = _REPLY.decode(body).result
    return Page([Row(raw, key) for key, raw in result.items() if _FOREIGN not in key])


def _pair(body: bytes) -> Page:
    """A result about one pair."""
    return Page([Row(_REPLY.decode(body).only)])


def _rows(body: bytes) -> Page:
    """A result about one pair that is a list."""
    return Page([Row(raw) for raw in _ROWS.decode(_REPLY.decode(body).only)])


def _streamed(row: Row) -> tuple[str, ...]:
    return tuple(streamed(wsname) for wsname in _WSNAME(row))


def _kline(row: listing.OhlcRow, about: About) -> Kline:
    is_closed = not about.is_newest
    return row.kline(about.instrument, about.interval, about.received_ns, closed=is_closed)


def _is_up(reply: listing.StatusReply, about: About) -> bool:
    """Whether the venue trades.

    Raises:
        VenueUnavailable: it is under maintenance.
        TradingDisabled: it is in another state.
    """
    status = reply.result.status
    if status != "online":
        error = VenueUnavailable if status == "maintenance" else TradingDisabled
        raise error(f"the venue is in {status[:SAMPLE_BYTES]}", venue=about.venue)
    return True


_TICKER: Final = Call(
    path=f"{_PREFIX}Ticker", reads=listing.TickerInfo, means=told(listing.TickerInfo.ticker)
)
_SPOT: Final = Surface(
    symbol="pair",
    spelled=altname,
    bucket=BUCKET,
    rows=_pair,
    is_joined=False,  # books start in the stream
    instruments=Call(
        path=f"{_PREFIX}AssetPairs",
        reads=listing.PairInfo,
        means=listed(listing.PairInfo.instrument),
        rows=_pairs,
        names=_streamed,
        strict=True,
    ),
    book=Call(
        path=f"{_PREFIX}Depth",
        reads=listing.Depth,
        means=told(listing.Depth.snapshot),
        count=Count(parameter="count", most=500),
    ),
    trades=Call(
        path=f"{_PREFIX}Trades",
        reads=listing.TradeRow,
        means=told(listing.TradeRow.trade),
        rows=_rows,
        count=Count(parameter="count", most=1000),
    ),
    ticker=_TICKER,
    # Those of pairs whose id can be told apart into two assets that are known together.
    tickers=replace(_TICKER, rows=_pairs, names=lambda row: tuple(natives_of(row.key))),
    # 720 are told; the venue cannot be asked for fewer.
    klines=Call(
        path=f"{_PREFIX}OHLC",
        reads=listing.OhlcRow,
        means=_kline,
        rows=_rows,
        intervals={interval: str(minutes) for interval, minutes in CANDLE_MINUTES.items()},
    ),
    # In whole seconds.
    server_time=Call(
        path=f"{_PREFIX}Time",
        reads=listing.TimeReply,
        means=lambda reply, _: reply.result.unixtime * NS_PER_S,
        rows=one,
        strict=True,
    ),
    ping=Call(path=f"{_PREFIX}SystemStatus", reads=listing.StatusReply, means=_is_up, rows=one),
)

REST: Final = PublicRest("kraken", {Kind.SPOT: _SPOT}, ERRORS, clock_step_ns=NS_PER_S)
