"""HTX public streams, spot and linear swaps: compressed WebSocket messages in, events out.

Source: API documentation of spot and of linear swaps (June 2021); of the incremental streams no
recording is known. The rules of the order book are those of `sequence.py`. On spot an update
brings the book from `prevSeqNum` to `seqNum`, and the whole book is asked for on the same socket.
On swaps the stream begins with it, and `version` rises by one with each frame. `depth.step0`, the
whole book each time, is only read, from recordings.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from exchanges.htx import market_data as spot
from exchanges.htx import swap_market_data as swap
from exchanges.htx.market_data import CANDLE_NAMES, INTERVALS, WHOLE_LEVELS, plain_levels
from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Granted,
    Reader,
    Refused,
    Reply,
    Route,
    Said,
    Unstarted,
)

_ENVELOPE: Final = msgspec.json.Decoder(spot.Envelope)
_SPOT_BOOK: Final = msgspec.json.Decoder(spot.BookFrame)
_SWAP_BOOK: Final = msgspec.json.Decoder(swap.BookFrame)
_DEPTH: Final = msgspec.json.Decoder(spot.DepthFrame)

_READERS: Final[Mapping[tuple[Kind, Channel], Reader]] = {
    (Kind.SPOT, Channel.TOP): one(spot.BestLevelsFrame),
    (Kind.SPOT, Channel.TRADES): one(spot.TradesFrame),
    (Kind.SPOT, Channel.TICKER): one(spot.TickerFrame),
    (Kind.SPOT, Channel.KLINES): one(spot.CandleFrame[spot.Candle]),
    (Kind.PERPETUAL, Channel.TOP): one(swap.BestLevelsFrame),
    (Kind.PERPETUAL, Channel.TRADES): one(swap.TradesFrame),
    (Kind.PERPETUAL, Channel.TICKER): one(swap.DayFrame),
    (Kind.PERPETUAL, Channel.KLINES): one(spot.CandleFrame[swap.Candle]),
    (Kind.PERPETUAL, Channel.MARK_PRICE): one(swap.MarkFrame),
    (Kind.PERPETUAL, Channel.FUNDING): one(swap.FundingFrame),
    (Kind.PERPETUAL, Channel.LIQUIDATIONS): one(swap.LiquidationFrame),
}

# Books of 150 levels are there for all pairs; of 400, for spot, only some lists know.
_SPOT_BOOKS: Final = f"mbp.{WHOLE_LEVELS}"
_SWAP_BOOKS: Final = f"depth.size_{WHOLE_LEVELS}.high_freq"
_WHOLE_BOOKS: Final = "depth.step0"
_KLINES: Final = "kline"
_NAMES: Final[Mapping[tuple[Kind, Channel], str]] = {
    (Kind.SPOT, Channel.BOOK): _SPOT_BOOKS,
    (Kind.SPOT, Channel.TOP): "bbo",
    (Kind.SPOT, Channel.TRADES): "trade.detail",
    (Kind.SPOT, Channel.TICKER): "ticker",
    (Kind.PERPETUAL, Channel.BOOK): _SWAP_BOOKS,
    (Kind.PERPETUAL, Channel.TOP): "bbo",
    (Kind.PERPETUAL, Channel.TRADES): "trade.detail",
    (Kind.PERPETUAL, Channel.TICKER): "detail",
    (Kind.PERPETUAL, Channel.MARK_PRICE): "mark_price.1min",
    (Kind.PERPETUAL, Channel.FUNDING): "funding_rate",
    (Kind.PERPETUAL, Channel.LIQUIDATIONS): "liquidation_orders",
}
_CHANNELS: Final[Mapping[tuple[Kind, str], Channel]] = {
    **{(kind, name): channel for (kind, channel), name in _NAMES.items()},
    (Kind.SPOT, _WHOLE_BOOKS): Channel.BOOK,
    (Kind.PERPETUAL, _WHOLE_BOOKS): Channel.BOOK,
}
# What the socket of notifications carries.
_NOTIFIED: Final = frozenset({Channel.FUNDING, Channel.LIQUIDATIONS})

_GZIP: Final = 31
_MOST_BYTES: Final = 1 << 20
"""Of an inflated frame. Whole books, the largest there are, have some 20 kB; 15 kB of gzip can
become 15 MB of blanks, at 50 ms of the loop each time."""


class HtxWire(MarketWire):
    """One connection. A key is what the venue calls a topic."""

    venue = "htx"
    candles = CANDLE_NAMES

    def key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES:
            return f"market.{instrument.native}.{_KLINES}.{self.candle(topic)}"
        prefix = "public" if topic.channel in _NOTIFIED else "market"
        return f"{prefix}.{instrument.native}.{_NAMES[self.stream.kind, topic.channel]}"

    def topic(self, key: str) -> Topic | None:
        _, native, name = key.split(".", 2)
        channel, interval = _CHANNELS.get((self.stream.kind, name)), None
        head, _, candle = name.partition(".")
        if head == _KLINES:
            interval = INTERVALS.get(candle)
            channel = Channel.KLINES if interval else None
        instrument = self.instruments.native(self.stream.kind, native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def reader(self, topic: Topic) -> Reader:
        if topic.channel is Channel.BOOK:
            return self._book
        return _READERS[self.stream.kind, topic.channel]

    def rule(self, key: str) -> BookRule:
        if key.endswith(_SPOT_BOOKS):
            return BookRule(Recovery.SNAPSHOT_ON_SOCKET)
        return BookRule(Recovery.SNAPSHOT_IN_STREAM)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        (route,) = routes
        action = "sub" if subscribe else "unsub"
        if route.key.startswith("public."):
            return _text({"op": action, "cid": str(request_id), "topic": route.key})
        request = {action: route.key, "id": str(request_id)}
        if route.key.endswith(_SWAP_BOOKS):
            request["data_type"] = "incremental"
        return _text(request)

    def pull(self, route: Route) -> Frame:
        """Whole books come on the socket that brings their updates; the answer repeats the id."""
        return _text({"req": route.key, "id": route.key})

    def said(self, frame: Frame) -> Iterable[Said]:
        text = frame if isinstance(frame, str) else _inflated(frame)
        envelope = _ENVELOPE.decode(text)
        if envelope.op:
            return self._notification(envelope, text)
        if envelope.ch or envelope.rep:
            return (Data(envelope.ch or envelope.rep, text, is_answer=not envelope.ch),)
        if envelope.ping is not None:
            return (Reply(_text({"pong": envelope.ping})),)
        if envelope.status:
            return (self._answer(envelope, str(envelope.id)),)
        raise ValueError("neither data nor an answer")

    def _notification(self, envelope: spot.Envelope, text: str | bytes) -> tuple[Said, ...]:
        """What the socket of notifications says in a form of its own."""
        match envelope.op:
            case "notify":
                return (Data(envelope.topic, text),)
            case "ping":
                return (Reply(_text({"op": "pong", "ts": envelope.ts})),)
            case "sub" | "unsub":
                return (self._answer(envelope, envelope.cid),)
        raise ValueError("neither data nor an answer")

    def _answer(self, envelope: spot.Envelope, named: str) -> Said:
        """The request is named by its number, or by the book that was asked for."""
        request_id = int(named) if named.isdecimal() else -1
        if envelope.status != "error" and envelope.err_code in ("", 0, "0"):
            return Granted(request_id)
        if named.startswith("market."):
            return Unstarted(named)
        return Refused(request_id, envelope.err_msg, str(envelope.err_code))

    def _book(self, route: Route, text: str | bytes, received_ns: int) -> tuple[StreamEvent, ...]:
        is_spot = self.stream.kind is Kind.SPOT
        if not route.key.endswith(_WHOLE_BOOKS):
            frame = (_SPOT_BOOK if is_spot else _SWAP_BOOK).decode(text)
            return frame.events(route.instrument, received_ns)
        levels = plain_levels if is_spot else swap.base_levels
        depth = _DEPTH.decode(text).tick
        return (depth.snapshot(route.instrument, levels, received_ns),)


def _inflated(frame: bytes) -> bytes:
    """The text of a frame, which is one whole gzip member.

    Raises:
        ValueError: it is not, or is of more than `_MOST_BYTES`.
    """
    inflate = zlib.decompressobj(_GZIP)
    try:
        text = inflate.decompress(frame, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if inflate.unconsumed_tail:
        raise ValueError(f"a frame that unpacks to more than {_MOST_BYTES} bytes")
    if not inflate.eof or inflate.unused_data:
        raise ValueError("not one whole gzip member")
    return text


def _text(request: Mapping[str, Any]) -> str:
    return msgspec.json.encode(request).decode()
