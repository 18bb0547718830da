"""KuCoin seen from the server: the spot socket that needs no token.

Source: as for `public.py`. The server speaks first. A request is about one topic. A book is told
as far as 500 levels: one that leaves it is deleted, one that enters it is told anew.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from exchanges.kucoin.market_data import INTERVALS
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, MarketUpdate, Match
from exchanges.sandbox.request import json_text
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.stream.wire import Frame

Row = dict[str, Any]

_LEVELS: Final = 500
_CHANGES: Final = "increment@10ms"
_BOOKS: Final[Mapping[str, tuple[Channel, int]]] = {
    "1": (Channel.TOP, 1),
    "5": (Channel.TOP, 5),
    "50": (Channel.TOP, 50),
    _CHANGES: (Channel.BOOK, _LEVELS),
}
_CHANNELS: Final[Mapping[str, Channel]] = {
    "trade": Channel.TRADES,
    "ticker": Channel.TICKER,
    "kline": Channel.KLINES,
}
_PING_MS: Final = 18_000


class Command(msgspec.Struct):
    """`{"id":"1","action":"SUBSCRIBE","channel":"trade","tradeType":"SPOT","symbol":"BTC-USDT"}`"""

    id: str | int = ""
    type: str = ""
    action: Literal["", "SUBSCRIBE", "UNSUBSCRIBE", "subscribe", "unsubscribe"] = ""
    channel: str = ""
    symbol: str = ""
    depth: str = ""
    interval: str = ""


class KucoinSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def greet(self, now_ns: int) -> None:
        self.send_json({"sessionId": "sandbox", "message": "welcome", "pingInterval": _PING_MS})

    def overtalked(self) -> None:
        self._refuse("", "exceed max permits per second")

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._refuse("", "invalid request")

    def handle(self, request: Command, now_ns: int) -> None:
        if request.type == "ping":
            self.send_json({"type": "pong", "id": request.id, "ts": now_ns})
            return
        if not request.action:
            self._refuse(request.id, "invalid action")
            return
        detail = request.depth or request.interval
        key = f"{request.channel}:{detail}:{request.symbol}"
        stream = self._find(key, request.channel, detail, request.symbol)
        if stream is None and self.venue.market(Kind.SPOT, request.symbol):
            self._refuse(request.id, f"no such topic: {request.channel}")
            return
        # A market that there is not is granted as well, and never told of.
        self.send_json({"id": request.id, "result": True})
        self.end(key)
        if stream and request.action.lower() == "subscribe":
            self._begin(stream, now_ns)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        market = stream.market
        match stream.channel:
            case Channel.BOOK:
                return (self._changes(stream, update, now_ns),)
            case Channel.TOP:
                depth = market.depth(stream.depth)
                return (_book_frame(stream, "snapshot", depth, depth.last_id, now_ns),)
            case Channel.TRADES:
                rows = [_trade_row(market, match) for match in update.matches]
                return [_frame(stream, row, now_ns) for row in rows]
            case Channel.KLINES:
                return (_frame(stream, _candle_row(stream), now_ns),)
            case _:
                return (_frame(stream, _ticker_row(market, now_ns), now_ns),)

    def _find(self, key: str, name: str, detail: str, native: str) -> SandboxStream | None:
        channel, depth = _BOOKS.get(detail, (None, 0)) if name == "obu" else (None, 0)
        channel, interval = channel or _CHANNELS.get(name), INTERVALS.get(detail)
        return self.offer(key, channel, self.venue.market(Kind.SPOT, native), interval, depth)

    def _refuse(self, request_id: str | int, reason: str) -> None:
        self.send_json({"id": request_id, "result": False, "reason": reason})

    def _begin(self, stream: SandboxStream, now_ns: int) -> None:
        self.subscribe(stream)
        if stream.channel is Channel.BOOK:
            depth = stream.book()
            self.send(_book_frame(stream, "snapshot", depth, depth.last_id, now_ns))

    def _changes(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> str:
        return _book_frame(stream, "delta", stream.changes(), stream.last_id + 1, now_ns)


def _frame(stream: SandboxStream, row: Row, now_ns: int, **head: str) -> str:
    name, _, _ = stream.key.partition(":")
    row = {"s": stream.market.instrument.native, **row}
    return json_text({"T": f"{name}.SPOT", **head, "P": now_ns, "d": row})


def _book_frame(stream: SandboxStream, kind: str, depth: Depth, first_id: int, now_ns: int) -> str:
    _, detail, _ = stream.key.split(":", 2)
    row = {
        "O": first_id,
        "C": depth.last_id,
        "M": now_ns,
        "a": stream.market.levels(depth.asks),
        "b": stream.market.levels(depth.bids),
    }
    return _frame(stream, row, now_ns, dp=detail, t=kind)


def _trade_row(market: SandboxMarket, match: Match) -> Row:
    return {
        "E": match.trade_id,
        "M": match.time_ns,
        "S": match.side.name.lower(),
        "p": market.price(match.price),
        "q": market.size(match.size),
        "ti": str(match.trade_id),
    }


def _ticker_row(market: SandboxMarket, now_ns: int) -> Row:
    depth, last = market.depth(1), market.synthetic.statistics.day().close
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("", "")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("", "")]
    return {
        "a": ask,
        "A": ask_size,
        "b": bid,
        "B": bid_size,
        "l": market.price(last),
        "E": depth.last_id,
        "M": now_ns,
    }


def _candle_row(stream: SandboxStream) -> Row:
    market, interval = stream.market, stream.interval
    assert interval is not None
    candle = market.synthetic.statistics.candle(interval)
    _, name, _ = stream.key.split(":", 2)
    opening_s = candle.open_ns // NS_PER_S
    return {
        "i": name,
        "O": opening_s,
        "C": opening_s + interval.seconds,
        "o": market.price(candle.open),
        "h": market.price(candle.high),
        "l": market.price(candle.low),
        "c": market.price(candle.close),
        "v": market.size(candle.volume),
        "a": market.value(candle.value),
        "S": "false",
    }
