"""Gate.io seen from the server: the spot socket, and the rows that it shares with REST.

Source: as for `public.py`. A request is granted or refused as a whole. Books are told as far as
their depth reaches: a level that leaves it is deleted, one that enters it is told anew. Whether
the venue deletes those that leave is not documented.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from exchanges.codec import Frame
from exchanges.gateio.messages import INTERVALS
from exchanges.instrument import Kind
from exchanges.matching import Depth, Level, MarketUpdate, Match
from exchanges.numbers import NS_PER_S, NS_PER_US
from exchanges.orders import Side
from exchanges.sandbox import (
    SandboxMarket,
    SandboxSession,
    SandboxStream,
    SandboxVenue,
    json_text,
    ms,
)
from exchanges.stream import Channel

Row = dict[str, Any]

_CHANNELS: Final[Mapping[str, Channel]] = {
    "spot.obu": Channel.BOOK,
    "spot.order_book_update": Channel.BOOK,
    "spot.book_ticker": Channel.TOP,
    "spot.trades": Channel.TRADES,
    "spot.tickers": Channel.TICKER,
    "spot.candlesticks": Channel.KLINES,
}
# Levels a side that a stream of a book tells: of `spot.obu` by the end of its name, of
# `spot.order_book_update` by its pace.
_DEPTHS: Final = {"50": 50, "400": 400, "20ms": 20, "100ms": 100}
_CLOCK_WINDOW_S: Final = 60
_BAD_ARGUMENT: Final = 2


class GateioSession(SandboxSession):
    """One connection."""

    def __init__(self, venue: SandboxVenue, endpoint: str) -> None:
        super().__init__(venue, endpoint)
        self._told: dict[str, Depth] = {}  # each stream's book as its client has it

    def receive(self, frame: Frame, now_ns: int) -> None:
        request = msgspec.json.decode(frame)
        if request["channel"] == "spot.ping":
            pong = {"channel": "spot.pong", "event": "", "error": None, "result": None}
            self.send_json(_stamped(pong, now_ns))
            return
        wishes = self._wishes(request["channel"], request["payload"])
        objection = self._objection(request, wishes, now_ns)
        self._answer(request, objection, now_ns)
        if objection:
            return
        for key, stream in wishes.items():
            if request["event"] == "unsubscribe":
                self.streams.pop(key, None)
            elif stream:
                self._begin(stream, now_ns)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        if stream.channel is Channel.BOOK:
            results: Iterable[Row] = (self._changes(stream, update, now_ns),)
        else:
            results = _ENCODERS[stream.channel](stream, update, now_ns)
        return [_frame(stream, result, now_ns) for result in results]

    def _wishes(self, channel: str, payload: list[str]) -> dict[str, SandboxStream | None]:
        """What a request is about, by channel and what its frames call the market."""
        pace = ""
        if channel == "spot.candlesticks":
            payload = ["_".join(payload)]
        elif channel == "spot.order_book_update":
            payload, pace = payload[:1], payload[-1]
        keys = [f"{channel}:{subject}" for subject in payload]
        return {key: self._find(key, pace) for key in keys}

    def _find(self, key: str, pace: str) -> SandboxStream | None:
        name, _, native = key.partition(":")
        interval, levels = None, pace
        if name == "spot.candlesticks":
            candle, _, native = native.partition("_")
            interval = INTERVALS.get(candle)
        elif name == "spot.obu":
            native, _, levels = native.removeprefix("ob.").rpartition(".")
        channel, depth = _CHANNELS.get(name), _DEPTHS.get(levels, 0)
        market = self.venue.market(Kind.SPOT, native)
        lacks_depth = channel is Channel.BOOK and not depth
        lacks_interval = channel is Channel.KLINES and not interval
        if market is None or channel is None or lacks_depth or lacks_interval:
            return None
        return SandboxStream(key, channel, market, interval, depth)

    def _objection(
        self, request: Row, wishes: Mapping[str, SandboxStream | None], now_ns: int
    ) -> str:
        """Why the request is refused, if it is."""
        if abs(request["time"] - now_ns // NS_PER_S) > _CLOCK_WINDOW_S:
            return "request expired"
        if request["event"] == "unsubscribe":
            return ""
        for key, stream in wishes.items():
            channel, _, subject = key.partition(":")
            if stream is None or stream.market.instrument.symbol in self.venue.refused:
                return f"unknown currency pair: {subject}"
            if channel == "spot.obu" and key in self.streams:
                return f"Alert sub {subject}"
        return ""

    def _answer(self, request: Row, objection: str, now_ns: int) -> None:
        answer = {
            "id": request.get("id"),
            "conn_id": "sandbox",
            "trace_id": "sandbox",
            "channel": request["channel"],
            "event": request["event"],
            "payload": request["payload"],
            "result": {"status": "fail" if objection else "success"},
        }
        if objection:
            answer["error"] = {"code": _BAD_ARGUMENT, "message": objection}
        self.send_json(_stamped(answer, now_ns))

    def _begin(self, stream: SandboxStream, now_ns: int) -> None:
        self.subscribe(stream)
        if stream.channel is Channel.BOOK:
            depth = self._told[stream.key] = stream.market.depth(stream.depth)
            if _name(stream) == "spot.obu":
                row = _book_row(stream, depth, now_ns) | {"full": True}
                self.send(_frame(stream, row, now_ns))

    def _changes(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
        told, depth = self._told[stream.key], stream.market.depth(stream.depth)
        self._told[stream.key] = depth
        changes = Depth(
            last_id=update.last_id,
            bids=_differences(told.bids, depth.bids),
            asks=_differences(told.asks, depth.asks),
        )
        row = _book_row(stream, changes, now_ns) | {"U": stream.last_id + 1}
        if _name(stream) == "spot.order_book_update":
            row |= {"e": "depthUpdate", "E": now_ns // NS_PER_S}
        return row


def _differences(before: list[Level], after: list[Level]) -> list[Level]:
    """The levels that differ, with their sizes now."""
    old, new = dict(before), dict(after)
    return [(price, new.get(price, 0)) for price in old | new if old.get(price) != new.get(price)]


def _name(stream: SandboxStream) -> str:
    return stream.key.partition(":")[0]


def _subject(stream: SandboxStream) -> str:
    return stream.key.partition(":")[2]


def _stamped(frame: Row, now_ns: int) -> Row:
    return {"time": now_ns // NS_PER_S, "time_ms": ms(now_ns), **frame}


def _frame(stream: SandboxStream, result: Row, now_ns: int) -> str:
    frame = {"channel": _name(stream), "event": "update", "result": result}
    return json_text(_stamped(frame, now_ns))


# Rows, as streams and REST have them.


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
        "change_percentage": f"{(day.close / day.open - 1) * 100:.3f}",
        "base_volume": market.size(day.volume),
        "quote_volume": market.value(day.value),
        "high_24h": market.price(day.high),
        "low_24h": market.price(day.low),
    }


def _book_row(stream: SandboxStream, depth: Depth, now_ns: int) -> Row:
    market = stream.market
    return {
        "t": ms(now_ns),
        "s": _subject(stream),
        "u": depth.last_id,
        "b": market.levels(depth.bids),
        "a": market.levels(depth.asks),
    }


def _trades(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Row]:
    return [trade_row(stream.market, match) for match in update.matches]


def _ticker(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Row]:
    return (ticker_row(stream.market),)


def _top(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Row]:
    market, depth = stream.market, stream.market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("", "")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("", "")]
    row = {
        "t": ms(now_ns),
        "u": depth.last_id,
        "s": market.instrument.native,
        "b": bid,
        "B": bid_size,
        "a": ask,
        "A": ask_size,
    }
    return (row,)


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
        "n": _subject(stream),
        "a": market.size(candle.volume),
        "w": False,
    }
    return (row,)


_ENCODERS: Final[Mapping[Channel, Callable[[SandboxStream, MarketUpdate, int], Iterable[Row]]]] = {
    Channel.TOP: _top,
    Channel.TRADES: _trades,
    Channel.TICKER: _ticker,
    Channel.KLINES: _candle,
}
