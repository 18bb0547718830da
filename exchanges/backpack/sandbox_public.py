"""Backpack seen from the server: the socket.

Source: as for `public.py`. Nothing is acknowledged; an unknown market is silence, an unknown kind
of stream an error that names neither the request nor the stream. What is told every second begins
at once.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from exchanges.backpack.market_data import INTERVALS
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S, NS_PER_US
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate
from exchanges.sandbox.request import json_text, ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.stream.wire import Frame

Row = dict[str, Any]

_CHANNELS: Final[Mapping[str, Channel]] = {
    "depth": Channel.BOOK,
    "bookTicker": Channel.TOP,
    "trade": Channel.TRADES,
    "ticker": Channel.TICKER,
    "kline": Channel.KLINES,
    "markPrice": Channel.MARK_PRICE,
    "openInterest": Channel.OPEN_INTEREST,
}
_AT_ONCE: Final = frozenset({Channel.TICKER, Channel.MARK_PRICE})
_LIQUIDATIONS: Final = "liquidation"  # of all markets; nobody is liquidated here
_PARSE_ERROR: Final = 4002
_INVALID_STREAM: Final = 4006


class Command(msgspec.Struct):
    """`{"method":"SUBSCRIBE","params":["depth.SOL_USDC"]}`"""

    method: Literal["SUBSCRIBE", "UNSUBSCRIBE"]
    params: list[str]


class BackpackSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._refuse(_PARSE_ERROR, "Parse error")

    def handle(self, request: Command, now_ns: int) -> None:
        for name in request.params:
            if request.method == "UNSUBSCRIBE":
                self.end(name)
            elif name != _LIQUIDATIONS:
                self._begin(name, now_ns)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        rows = _ENCODERS[stream.channel](stream, update)
        return [_frame(stream, row, now_ns) for row in rows]

    def _begin(self, name: str, now_ns: int) -> None:
        kind, _, native = name.partition(".")
        channel, interval = _CHANNELS.get(kind), None
        if channel is Channel.KLINES:
            candle, _, native = native.partition(".")
            interval = INTERVALS.get(candle)
        if channel is None or (channel is Channel.KLINES and not interval):
            self._refuse(_INVALID_STREAM, "Invalid stream")
            return
        of_kind = Kind.PERPETUAL if native.endswith("_PERP") else Kind.SPOT
        stream = self.offer(name, channel, self.venue.market(of_kind, native), interval)
        if stream is None:
            return
        self.subscribe(stream)
        if channel in _AT_ONCE:
            stream.last_ns = now_ns
            for row in _STATES[channel](stream.market):
                self.send(_frame(stream, row, now_ns))

    def _refuse(self, code: int, message: str) -> None:
        self.send_json({"id": None, "error": {"code": code, "message": message}})


def _frame(stream: SandboxStream, row: Row, now_ns: int) -> str:
    now_us = now_ns // NS_PER_US
    data = {"E": now_us, "T": now_us, "s": stream.market.instrument.native, **row}
    return json_text({"stream": stream.key, "data": data})


def utc_text(at_ns: int, separator: str) -> str:
    """A time in UTC, without saying so."""
    at = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    return at.replace(tzinfo=None).isoformat(separator)


# What the streams say.


def _depth(stream: SandboxStream, update: MarketUpdate) -> Iterable[Row]:
    levels = stream.market.levels
    row = {
        "e": "depth",
        "U": stream.last_id + 1,
        "u": update.last_id,
        "a": levels(update.asks),
        "b": levels(update.bids),
    }
    return (row,)


def _top(stream: SandboxStream, update: MarketUpdate) -> Iterable[Row]:
    market, depth = stream.market, stream.market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), (None, None)]
    (ask, ask_size), *_ = [*market.levels(depth.asks), (None, None)]
    row = {"e": "bookTicker", "b": bid, "B": bid_size, "a": ask, "A": ask_size}
    return (row | {"u": depth.last_id},)


def _trades(stream: SandboxStream, update: MarketUpdate) -> Iterable[Row]:
    market = stream.market
    return [
        {
            "e": "trade",
            "p": market.price(match.price),
            "q": market.size(match.size),
            "t": match.trade_id,
            "T": match.time_ns // NS_PER_US,
            "m": match.side is Side.SELL,
        }
        for match in update.matches
    ]


def _ticker(market: SandboxMarket) -> Iterable[Row]:
    day = market.synthetic.statistics.day()
    row = {
        "e": "ticker",
        "o": market.price(day.open),
        "c": market.price(day.close),
        "h": market.price(day.high),
        "l": market.price(day.low),
        "v": market.size(day.volume),
        "V": market.value(day.value),
        "n": day.trades,
    }
    return (row,)


def _kline(stream: SandboxStream, update: MarketUpdate) -> Iterable[Row]:
    market, interval = stream.market, stream.interval
    assert interval is not None
    candle = market.synthetic.statistics.candle(interval)
    row = {
        "e": "kline",
        "t": utc_text(candle.open_ns, "T"),
        "T": utc_text(candle.open_ns + interval.seconds * NS_PER_S, "T"),
        "o": market.price(candle.open),
        "c": market.price(candle.close),
        "h": market.price(candle.high),
        "l": market.price(candle.low),
        "v": market.size(candle.volume),
        "n": candle.trades,
        "X": False,
    }
    return (row,)


def _mark_price(market: SandboxMarket) -> Iterable[Row]:
    state = market.synthetic.perpetual()
    row = {
        "e": "markPrice",
        "p": market.price(state.mark),
        "i": market.price(state.index),
        "f": f"{state.funding_rate:.12f}",
        "n": ms(state.next_funding_ns),
    }
    return (row,)


def _open_interest(stream: SandboxStream, update: MarketUpdate) -> Iterable[Row]:
    interest = stream.market.synthetic.perpetual().open_interest
    return ({"e": "openInterest", "o": stream.market.size(interest)},)


_STATES: Final[Mapping[Channel, Callable[[SandboxMarket], Iterable[Row]]]] = {
    Channel.TICKER: _ticker,
    Channel.MARK_PRICE: _mark_price,
}
_ENCODERS: Final[Mapping[Channel, Callable[[SandboxStream, MarketUpdate], Iterable[Row]]]] = {
    Channel.BOOK: _depth,
    Channel.TOP: _top,
    Channel.TRADES: _trades,
    Channel.TICKER: lambda stream, update: _ticker(stream.market),
    Channel.KLINES: _kline,
    Channel.MARK_PRICE: lambda stream, update: _mark_price(stream.market),
    Channel.OPEN_INTEREST: _open_interest,
}
