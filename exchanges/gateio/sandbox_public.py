"""Gate.io seen from the server: the rows of the spot socket, which it shares with REST.

Source: as for `public.py`. The frames around them are those of `dialects/gate_v4`.
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
from exchanges.market.numbers import NS_PER_S, NS_PER_US
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate, Match
from exchanges.sandbox.session import SandboxStream


def trade_row(market: SandboxMarket, match: Match) -> Row:
    us = match.time_ns // NS_PER_US
    return {
        "id": match.trade_id,
        "create_time": match.time_ns // NS_PER_S,
        "create_time_ms": f"{us // 1000}.{us % 1000:03}",
        "side": "buy" if match.side is Side.BUY else "sell",
        "currency_pair": market.instrument.native,
        "amount": market.size(match.size),
        "price": market.price(match.price),
    }


def ticker_row(market: SandboxMarket) -> Row:
    day, depth = market.synthetic.statistics.day(), market.depth(1)
    return {
        "currency_pair": market.instrument.native,
        "last": market.price(day.close),
        "lowest_ask": market.price(depth.asks[0][0]) if depth.asks else "",
        "highest_bid": market.price(depth.bids[0][0]) if depth.bids else "",
        "change_percentage": change_percentage(market),
        "base_volume": market.size(day.volume),
        "quote_volume": market.value(day.value),
        "high_24h": market.price(day.high),
        "low_24h": market.price(day.low),
    }


def _trades(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Row]:
    return [trade_row(stream.market, match) for match in update.matches]


def _ticker(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Row]:
    return (ticker_row(stream.market),)


def _candle(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Row]:
    market, interval = stream.market, stream.interval
    assert interval is not None
    candle = market.synthetic.statistics.candle(interval)
    row = {
        "t": str(candle.open_ns // NS_PER_S),
        "v": market.value(candle.value),
        "c": market.price(candle.close),
        "h": market.price(candle.high),
        "l": market.price(candle.low),
        "o": market.price(candle.open),
        "n": subject(stream.key),
        "a": market.size(candle.volume),
        "w": False,
    }
    return (row,)


class GateioSession(GateSession):
    """One connection."""

    prefix = "spot"
    unknown = "unknown currency pair:"
    channels: ClassVar = {
        "obu": Channel.BOOK,
        "order_book_update": Channel.BOOK,
        "book_ticker": Channel.TOP,
        "trades": Channel.TRADES,
        "tickers": Channel.TICKER,
        "candlesticks": Channel.KLINES,
    }
    encoders: ClassVar = {
        Channel.TOP: top_row,
        Channel.TRADES: _trades,
        Channel.TICKER: _ticker,
        Channel.KLINES: _candle,
    }

    def joined_book_row(self, stream: SandboxStream, row: Row, now_ns: int) -> Row:
        return row | {"e": "depthUpdate", "E": now_ns // NS_PER_S}
