"""Gate.io perpetuals seen from the server: the rows of the socket, which it shares with REST.

Source: as for `public.py`. Sizes are told as to a client that asked for decimal ones. The frames
around the rows are in the `sandbox_public.py` of `dialects/gate_v4`.
"""

from collections.abc import Iterable
from typing import ClassVar

from exchanges.dialects.gate_v4.sandbox_public import (
    GateSession,
    Row,
    change_percentage,
    subject,
    top_row,
)
from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate, Match
from exchanges.sandbox.request import ms
from exchanges.sandbox.session import SandboxStream
from exchanges.sandbox.synthetic import Candle


def trade_row(market: SandboxMarket, match: Match) -> Row:
    sign = "" if match.side is Side.BUY else "-"
    return {
        "id": match.trade_id,
        "create_time": match.time_ns // NS_PER_S,
        "create_time_ms": ms(match.time_ns),
        "contract": market.instrument.native,
        "size": sign + market.wire_size(match.size),
        "price": market.price(match.price),
    }


def ticker_row(market: SandboxMarket) -> Row:
    """What stream and REST both tell."""
    day, state = market.synthetic.statistics.day(), market.synthetic.perpetual()
    rate = f"{state.funding_rate:.8f}"
    return {
        "contract": market.instrument.native,
        "last": market.price(day.close),
        "change_percentage": change_percentage(market),
        "funding_rate": rate,
        "funding_rate_indicative": rate,
        "mark_price": market.price(state.mark),
        "index_price": market.price(state.index),
        "total_size": market.wire_size(state.open_interest),
        "volume_24h": market.wire_size(day.volume),
        "volume_24h_base": market.size(day.volume),
        "volume_24h_quote": market.value(day.value),
        "volume_24h_settle": market.value(day.value),
        "low_24h": market.price(day.low),
        "high_24h": market.price(day.high),
    }


def candle_row(market: SandboxMarket, candle: Candle) -> Row:
    return {
        "t": candle.open_ns // NS_PER_S,
        "v": market.wire_size(candle.volume),
        "c": market.price(candle.close),
        "h": market.price(candle.high),
        "l": market.price(candle.low),
        "o": market.price(candle.open),
    }


def level_rows(levels: list[list[str]]) -> list[Row]:
    """Levels as objects."""
    return [{"p": price, "s": size} for price, size in levels]


def _trades(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[list[Row]]:
    return ([trade_row(stream.market, match) for match in update.matches],)


def _ticker(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[list[Row]]:
    state = stream.market.synthetic.perpetual()
    row = ticker_row(stream.market) | {
        "funding_interval": int(state.funding_interval_s),
        "funding_next_apply": state.next_funding_ns // NS_PER_S,
        "funding_offset": 0,
        "t": ms(now_ns),
    }
    return ([row],)


def _candle(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[list[Row]]:
    market, interval = stream.market, stream.interval
    assert interval is not None
    candle = market.synthetic.statistics.candle(interval)
    return ([candle_row(market, candle) | {"n": subject(stream.key), "w": False}],)


class GateioFuturesSession(GateSession):
    """One connection."""

    prefix = "futures"
    unknown = "unknown contract"
    channels: ClassVar = {
        "obu": Channel.BOOK,
        "order_book_update": Channel.BOOK,
        "book_ticker": Channel.TOP,
        "trades": Channel.TRADES,
        "tickers": Channel.TICKER,
        "candlesticks": Channel.KLINES,
        "public_liquidates": Channel.LIQUIDATIONS,
    }
    encoders: ClassVar = {
        Channel.TOP: top_row,
        Channel.TRADES: _trades,
        Channel.TICKER: _ticker,
        Channel.KLINES: _candle,
    }

    def joined_book_row(self, stream: SandboxStream, row: Row, now_ns: int) -> Row:
        levels = {side: level_rows(row[side]) for side in ("b", "a")}
        return row | levels | {"l": str(stream.depth)}
