"""Gate API v4 seen from the server: the socket, without the rows that differ by market.

Source: as for `public.py`. A request is granted or refused as a whole. Books are told as far as
their depth reaches: a level that leaves it is deleted, one that enters it is told anew. Whether
the venue deletes those that leave is not documented.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

import msgspec

from exchanges.dialects.gate_v4.market_data import INTERVALS
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, MarketUpdate
from exchanges.sandbox.request import json_text, ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.stream.wire import Frame

Row = dict[str, Any]
Encoder = Callable[[SandboxStream, MarketUpdate, int], Iterable[Row | list[Row]]]
"""What a stream tells of an update at a time: each is the `result` of one frame."""

_BOOK: Final = "obu"
_JOINED_BOOK: Final = "order_book_update"
_KLINES: Final = "candlesticks"
# Levels a side that a stream of a book tells: of `obu` by the end of its name, of
# `order_book_update` by the end of what is asked for, which is its pace on spot.
_DEPTHS: Final[Mapping[str, Mapping[str, int]]] = {
    _BOOK: {"50": 50, "400": 400},
    _JOINED_BOOK: {"20ms": 20, "100ms": 100, "20": 20, "50": 50, "100": 100},
}
_CLOCK_WINDOW_S: Final = 60
_BAD_FORMAT: Final = 1
_BAD_ARGUMENT: Final = 2
_EVENTS: Final = ("subscribe", "unsubscribe")


class Command(msgspec.Struct):
    """`{"time":1,"id":1,"channel":"spot.trades","event":"subscribe","payload":["BTC_USDT"]}`"""

    channel: str
    time: int
    event: str = ""
    payload: list[str] = []
    id: int | None = None


class GateSession(SandboxSession):
    """One connection.

    A venue gives the `prefix` of its channels, their names without it, and what `encoders` tell
    of channels other than books; `unknown` words what it says of a market that it has not.
    """

    requests = msgspec.json.Decoder(Command)
    prefix: ClassVar[str]
    channels: ClassVar[Mapping[str, Channel]]
    encoders: ClassVar[Mapping[Channel, Encoder]]
    unknown: ClassVar[str]

    def joined_book_row(self, stream: SandboxStream, row: Row, now_ns: int) -> Row:
        """How `order_book_update` words what `obu` tells as `row`."""
        return row

    def misread(self, frame: Frame, now_ns: int) -> None:
        error = {"code": _BAD_FORMAT, "message": "invalid request body format"}
        answer: Row = {"channel": "", "event": "", "error": error, "result": {"status": "fail"}}
        self.send_json(_stamped(answer, now_ns))

    def handle(self, request: Command, now_ns: int) -> None:
        if request.channel == f"{self.prefix}.ping":
            pong = {"channel": f"{self.prefix}.pong", "event": "", "error": None, "result": None}
            self.send_json(_stamped(pong, now_ns))
            return
        wishes = self._wishes(request.channel, request.payload)
        objection = self._objection(request, wishes, now_ns)
        self._answer(request, objection, now_ns)
        if objection:
            return
        for key, stream in wishes.items():
            if request.event == "unsubscribe":
                self.end(key)
            elif stream:
                self._begin(stream, now_ns)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        if stream.channel is Channel.BOOK:
            return (_frame(stream, self._changes(stream, update, now_ns), now_ns),)
        results = self.encoders[stream.channel](stream, update, now_ns)
        return [_frame(stream, result, now_ns) for result in results]

    def _wishes(self, channel: str, payload: list[str]) -> dict[str, SandboxStream | None]:
        """What a request is about, by channel and what its frames call the market."""
        depth, name = "", channel.partition(".")[2]
        if name == _KLINES and payload:
            payload = ["_".join(payload)]
        elif name == _JOINED_BOOK and payload:
            payload, depth = payload[:1], payload[-1]
        keys = [f"{channel}:{subject}" for subject in payload]
        return {key: self._find(key, depth) for key in keys}

    def _find(self, key: str, depth: str) -> SandboxStream | None:
        name, native = _name(key), subject(key)
        interval = None
        if name == _KLINES:
            candle, _, native = native.partition("_")
            interval = INTERVALS.get(candle)
        elif name == _BOOK:
            native, _, depth = native.removeprefix("ob.").rpartition(".")
        channel = self.channels.get(name) if key.startswith(f"{self.prefix}.") else None
        levels = _DEPTHS.get(name, {}).get(depth, 0)
        market = self.venue.market(self.venue.kinds[0], native)
        if channel is Channel.BOOK and not levels:
            return None
        return self.offer(key, channel, market, interval, levels)

    def _objection(
        self, request: Command, wishes: Mapping[str, SandboxStream | None], now_ns: int
    ) -> str:
        """Why the request is refused, if it is."""
        if abs(request.time - now_ns // NS_PER_S) > _CLOCK_WINDOW_S:
            return "request expired"
        if request.event not in _EVENTS:
            return f"unknown event {request.event}"
        if not wishes:
            return "invalid payload"
        if request.event == "unsubscribe":
            return ""
        for key, stream in wishes.items():
            if stream is None:
                return f"{self.unknown} {subject(key)}"
            if _name(key) == _BOOK and key in self.streams:
                return f"Alert sub {subject(key)}"
        return ""

    def _answer(self, request: Command, objection: str, now_ns: int) -> None:
        answer: Row = {
            "id": request.id,
            "conn_id": "sandbox",
            "trace_id": "sandbox",
            "channel": request.channel,
            "event": request.event,
            "payload": request.payload,
            "result": {"status": "fail" if objection else "success"},
        }
        if objection:
            answer["error"] = {"code": _BAD_ARGUMENT, "message": objection}
        self.send_json(_stamped(answer, now_ns))

    def _begin(self, stream: SandboxStream, now_ns: int) -> None:
        self.subscribe(stream)
        if stream.channel is Channel.BOOK:
            depth = stream.book()
            if _name(stream.key) == _BOOK:
                row = _book_row(stream, depth, now_ns) | {"full": True}
                self.send(_frame(stream, row, now_ns))

    def _changes(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
        row = _book_row(stream, stream.changes(), now_ns) | {"U": stream.last_id + 1}
        is_joined = _name(stream.key) == _JOINED_BOOK
        return self.joined_book_row(stream, row, now_ns) if is_joined else row


def subject(key: str) -> str:
    """What the frames of a stream call its market."""
    return key.partition(":")[2]


def top_row(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Row]:
    """`book_ticker`."""
    market, depth = stream.market, stream.market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("", "0")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("", "0")]
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


def change_percentage(market: SandboxMarket) -> str:
    day = market.synthetic.statistics.day()
    return f"{(day.close / day.open - 1) * 100:.3f}"


def _name(key: str) -> str:
    """The channel of a key, without the prefix of its venue."""
    return key.partition(":")[0].partition(".")[2]


def _stamped(frame: Row, now_ns: int) -> Row:
    return {"time": now_ns // NS_PER_S, "time_ms": ms(now_ns), **frame}


def _frame(stream: SandboxStream, result: Row | list[Row], now_ns: int) -> str:
    channel = stream.key.partition(":")[0]
    return json_text(_stamped({"channel": channel, "event": "update", "result": result}, now_ns))


def _book_row(stream: SandboxStream, depth: Depth, now_ns: int) -> Row:
    market = stream.market
    return {
        "t": ms(now_ns),
        "s": subject(stream.key),
        "u": depth.last_id,
        "b": market.levels(depth.bids),
        "a": market.levels(depth.asks),
    }
