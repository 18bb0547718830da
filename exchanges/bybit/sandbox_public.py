"""Bybit seen from the server: the sockets, and the rows that they share with REST.

Source: as for `public.py`. A request is granted or refused as a whole, and a refusal names its
topic in words only. Books start with a snapshot; the ids of a topic rise by one with each frame.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from exchanges.bybit.market_data import INTERVALS
from exchanges.market.instrument import Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, MarketUpdate, Match
from exchanges.sandbox.request import json_text, ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame

Row = dict[str, Any]

_KINDS: Final = {"spot": Kind.SPOT, "linear": Kind.PERPETUAL}
_CHANNELS: Final[Mapping[str, Channel]] = {
    "orderbook": Channel.BOOK,
    "publicTrade": Channel.TRADES,
    "tickers": Channel.TICKER,
    "kline": Channel.KLINES,
    "allLiquidation": Channel.LIQUIDATIONS,
}
_BOOKS: Final[Mapping[str, tuple[Channel, int]]] = {
    "1": (Channel.TOP, 1),
    "50": (Channel.BOOK, 50),
    "200": (Channel.BOOK, 200),
    "1000": (Channel.BOOK, 1000),
}
_SPOT_ARGS: Final = 10


class Command(msgspec.Struct):
    """`{"req_id":"1","op":"subscribe","args":["orderbook.50.BTCUSDT"]}`"""

    op: Literal["ping", "subscribe", "unsubscribe"]
    args: list[str] = []
    req_id: str = ""


class BybitSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def __init__(self, venue: SandboxVenue, endpoint: str) -> None:
        super().__init__(venue, endpoint)
        self._kind = _KINDS[endpoint]
        self._book_ids: dict[str, int] = {}
        self._tickers: dict[str, Row] = {}

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._answer("invalid request", "", {}, success=False)

    def handle(self, request: Command, now_ns: int) -> None:
        operation, named = request.op, {"req_id": request.req_id}
        if operation == "ping":
            self._answer("pong", "ping", {} if self._kind is Kind.SPOT else named)
            return
        wishes = {key: self._find(key) for key in request.args}
        objection = self._objection(wishes) if operation == "subscribe" else ""
        if objection:
            self._answer(objection, operation, {}, success=False)
            return
        words = "subscribe" if self._kind is Kind.SPOT else ""
        self._answer(words, operation, named)
        for key, stream in wishes.items():
            self.end(key)
            if operation == "subscribe" and stream:
                self._begin(stream, now_ns)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        market = stream.market
        match stream.channel:
            case Channel.BOOK:
                return (self._changes(stream, now_ns),)
            case Channel.TOP:
                depth = market.depth(1)
                return (_book_frame(stream, "snapshot", depth, update.last_id, now_ns),)
            case Channel.TRADES:
                rows = [_trade_row(market, one) for one in update.matches]
                return (_frame(stream, "snapshot", rows, now_ns),)
            case Channel.KLINES:
                return (_frame(stream, "snapshot", [_candle_row(stream, now_ns)], now_ns),)
            case _:
                return self._ticker(stream, now_ns)

    def _answer(self, words: str, operation: str, named: Row, *, success: bool = True) -> None:
        answer = {"success": success, "ret_msg": words, "conn_id": "sandbox", **named}
        self.send_json(answer | {"op": operation})

    def _find(self, key: str) -> SandboxStream | None:
        name, _, native = key.partition(".")
        channel, interval, depth = _CHANNELS.get(name), None, 0
        if channel is Channel.BOOK:
            levels, _, native = native.partition(".")
            channel, depth = _BOOKS.get(levels, (None, 0))
        elif channel is Channel.KLINES:
            candle, _, native = native.partition(".")
            interval = INTERVALS.get(candle)
        return self.offer(key, channel, self.venue.market(self._kind, native), interval, depth)

    def _objection(self, wishes: Mapping[str, SandboxStream | None]) -> str:
        """Why a request is refused, if it is."""
        if self._kind is Kind.SPOT and len(wishes) > _SPOT_ARGS:
            return "args size >10"
        for key, stream in wishes.items():
            if stream is None:
                return f"Invalid topic: {key}"
        return ""

    def _begin(self, stream: SandboxStream, now_ns: int) -> None:
        self.subscribe(stream)
        if stream.channel is Channel.BOOK:
            depth = stream.book()
            self._book_ids[stream.key] = depth.last_id
            self.send(_book_frame(stream, "snapshot", depth, depth.last_id, now_ns))
        elif stream.channel is Channel.TICKER:
            row = self._tickers[stream.key] = ticker_row(stream.market)
            self.send(_frame(stream, "snapshot", row, now_ns))

    def _changes(self, stream: SandboxStream, now_ns: int) -> str:
        """What changed within the depth; a level that leaves it is deleted."""
        self._book_ids[stream.key] += 1
        book_id = self._book_ids[stream.key]
        return _book_frame(stream, "delta", stream.changes(), book_id, now_ns)

    def _ticker(self, stream: SandboxStream, now_ns: int) -> Iterable[Frame]:
        """Spot tells all fields, linear those that changed."""
        told, row = self._tickers[stream.key], ticker_row(stream.market)
        self._tickers[stream.key] = row
        if self._kind is Kind.SPOT:
            return (_frame(stream, "snapshot", row, now_ns),)
        changed = {name: value for name, value in row.items() if value != told[name]}
        return (_frame(stream, "delta", {"symbol": row["symbol"], **changed}, now_ns),)


def _frame(stream: SandboxStream, kind: str, data: object, now_ns: int, **more: int) -> str:
    return json_text({"topic": stream.key, "type": kind, "ts": ms(now_ns), "data": data, **more})


def _book_frame(stream: SandboxStream, kind: str, depth: Depth, update_id: int, now_ns: int) -> str:
    row = levels_row(stream.market, depth) | {"u": update_id}
    return _frame(stream, kind, row, now_ns, cts=ms(now_ns))


# Rows, as streams and REST have them.


def side_name(side: Side) -> str:
    return "Buy" if side is Side.BUY else "Sell"


def levels_row(market: SandboxMarket, depth: Depth) -> Row:
    return {
        "s": market.instrument.native,
        "b": market.levels(depth.bids),
        "a": market.levels(depth.asks),
        "u": depth.last_id,
        "seq": depth.last_id,
    }


def ticker_row(market: SandboxMarket) -> dict[str, str]:
    """All that the ticker stream tells of a market."""
    day = market.synthetic.statistics.day()
    row = {
        "symbol": market.instrument.native,
        "lastPrice": market.price(day.close),
        "prevPrice24h": market.price(day.open),
        "highPrice24h": market.price(day.high),
        "lowPrice24h": market.price(day.low),
        "volume24h": market.size(day.volume),
        "turnover24h": market.value(day.value),
        "price24hPcnt": f"{day.close / day.open - 1:.6f}",
    }
    if market.instrument.kind is Kind.SPOT:
        return row
    depth, state = market.depth(1), market.synthetic.perpetual()
    ((bid, bid_size),) = market.levels(depth.bids) or [["", ""]]
    ((ask, ask_size),) = market.levels(depth.asks) or [["", ""]]
    return row | {
        "bid1Price": bid,
        "bid1Size": bid_size,
        "ask1Price": ask,
        "ask1Size": ask_size,
        "markPrice": market.price(state.mark),
        "indexPrice": market.price(state.index),
        "fundingRate": f"{state.funding_rate:.8f}",
        "nextFundingTime": str(ms(state.next_funding_ns)),
        "fundingIntervalHour": f"{state.funding_interval_s / 3600:g}",
        "openInterest": market.size(2 * state.open_interest),
        "openInterestValue": market.value(2 * state.open_interest * state.mark),
        "singleOpenInterest": market.size(state.open_interest),
        "singleOpenInterestValue": market.value(state.open_interest * state.mark),
    }


def _trade_row(market: SandboxMarket, match: Match) -> Row:
    return {
        "T": ms(match.time_ns),
        "s": market.instrument.native,
        "S": side_name(match.side),
        "v": market.size(match.size),
        "p": market.price(match.price),
        "i": str(match.trade_id),
        "BT": False,
        "RPI": False,
        "seq": match.trade_id,
    }


def _candle_row(stream: SandboxStream, now_ns: int) -> Row:
    market, interval = stream.market, stream.interval
    assert interval is not None
    candle = market.synthetic.statistics.candle(interval)
    start, length_ms = ms(candle.open_ns), interval.seconds * 1000
    return {
        "start": start,
        "end": start + length_ms - 1,
        "interval": stream.key.split(".")[1],
        "open": market.price(candle.open),
        "close": market.price(candle.close),
        "high": market.price(candle.high),
        "low": market.price(candle.low),
        "volume": market.size(candle.volume),
        "turnover": market.value(candle.value),
        "confirm": False,
        "timestamp": ms(now_ns),
    }
