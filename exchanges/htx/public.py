"""HTX public streams, spot and linear swaps: compressed WebSocket messages in, events out.

Source: API documentation of spot and of linear swaps (June 2021); of the incremental streams no
recording is known. The rules of the order book are those of `sequence.py`. On spot an update
brings the book from `prevSeqNum` to `seqNum`, and the whole book is asked for on the same socket.
On swaps the stream begins with it, and `version` rises by one with each frame. `depth.step0`, the
whole book each time, is only read, from recordings.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from exchanges.htx import market_data as spot
from exchanges.htx import swap_market_data as swap
from exchanges.htx.market_data import INTERVALS, WHOLE_LEVELS, candle_name, plain_levels
from exchanges.htx.rest import HtxRest
from exchanges.market.events import BookSnapshot, StreamEvent
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import Channel, Topic
from exchanges.rest.request import Request
from exchanges.stream.codec import Frame, StreamCodec
from exchanges.stream.facts import Stream
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(spot.Envelope)
_SPOT_BOOK: Final = msgspec.json.Decoder(spot.BookFrame)
_SWAP_BOOK: Final = msgspec.json.Decoder(swap.BookFrame)
_DEPTH: Final = msgspec.json.Decoder(spot.DepthFrame)

_READERS: Final[Mapping[tuple[Kind, Channel], Handler]] = {
    (Kind.SPOT, Channel.TOP): one(spot.BestLevelsFrame),
    (Kind.SPOT, Channel.TRADES): one(spot.TradesFrame),
    (Kind.SPOT, Channel.TICKER): one(spot.TickerFrame),
    (Kind.SPOT, Channel.KLINES): one(spot.CandleFrame),
    (Kind.PERPETUAL, Channel.TOP): one(swap.BestLevelsFrame),
    (Kind.PERPETUAL, Channel.TRADES): one(swap.TradesFrame),
    (Kind.PERPETUAL, Channel.TICKER): one(swap.DayFrame),
    (Kind.PERPETUAL, Channel.KLINES): one(swap.CandleFrame),
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

_PULL_S: Final = 10.0
"""A whole book that was asked for and has not come for so long is asked for again."""
_GZIP: Final = 31
_MOST_BYTES: Final = 16 << 20


class HtxStream(StreamCodec):
    """One connection. A key is what the venue calls a topic."""

    venue = "htx"
    rest = HtxRest()

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._pulled_s: dict[str, float] = {}  # keys of books asked for, and when

    @property
    def _kind(self) -> Kind:
        """Spot and swaps have sockets of their own."""
        (kind,) = self.stream.kinds
        return kind

    @property
    def deadline(self) -> float:
        pulled_s = min(self._pulled_s.values(), default=float("inf"))
        return min(super().deadline, pulled_s + _PULL_S)

    def outgoing(self, now_s: float) -> list[Frame]:
        """Also asks for whole books, on the socket that brings their updates."""
        for key, pulled_s in list(self._pulled_s.items()):
            if now_s - pulled_s >= _PULL_S:
                self._end_pull(key)
        for route in self._starts.due_requests(now_s):
            self._pulled_s[route.key] = now_s
            self._ready.append(_text({"req": route.key, "id": route.key}))
        return super().outgoing(now_s)

    def requests(self, now_s: float) -> list[Request[BookSnapshot]]:
        """None: books are asked for on the socket."""
        return []

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES:
            return f"market.{instrument.native}.{_KLINES}.{candle_name(topic.interval)}"
        prefix = "public" if topic.channel in _NOTIFIED else "market"
        return f"{prefix}.{instrument.native}.{_NAMES[self._kind, topic.channel]}"

    def _topic_of(self, key: str) -> Topic | None:
        _, native, name = key.split(".", 2)
        channel, interval = _CHANNELS.get((self._kind, name)), None
        head, _, candle = name.partition(".")
        if head == _KLINES:
            channel, interval = Channel.KLINES, INTERVALS[candle]
        instrument = self.instruments.native(self._kind, native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def _handler(self, topic: Topic) -> Handler:
        if topic.channel is Channel.BOOK:
            return self._book
        return _READERS[self._kind, topic.channel]

    def _rule(self, key: str) -> BookRule:
        is_pulled = key.endswith(_SPOT_BOOKS)
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST if is_pulled else Recovery.SNAPSHOT_IN_STREAM)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        (route,) = routes
        action = "sub" if subscribe else "unsub"
        if route.key.startswith("public."):
            return _text({"op": action, "cid": str(request_id), "topic": route.key})
        request = {action: route.key, "id": str(request_id)}
        if route.key.endswith(_SWAP_BOOKS):
            request["data_type"] = "incremental"
        return _text(request)

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        text = frame if isinstance(frame, str) else _inflated(frame)
        envelope = _ENVELOPE.decode(text)
        if envelope.op:
            return self._notification(envelope, text, received_ns)
        if envelope.ch or envelope.rep:
            return self._dispatch(envelope.ch or envelope.rep, text, received_ns)
        if envelope.ping is not None:
            self._ready.appendleft(_text({"pong": envelope.ping}))
            return ()
        if envelope.status:
            return self._answer(envelope, str(envelope.id), received_ns)
        raise self._protocol_error("neither data nor an answer", frame)

    def _notification(
        self, envelope: spot.Envelope, text: str | bytes, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """What the socket of notifications says in a form of its own."""
        match envelope.op:
            case "notify":
                return self._dispatch(envelope.topic, text, received_ns)
            case "ping":
                self._ready.appendleft(_text({"op": "pong", "ts": envelope.ts}))
                return ()
            case "sub" | "unsub":
                return self._answer(envelope, envelope.cid, received_ns)
        raise self._protocol_error("neither data nor an answer", text)

    def _answer(
        self, envelope: spot.Envelope, named: str, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """The request is named by its number, or by the book that was asked for."""
        request_id = int(named) if named.isdecimal() else -1
        if envelope.status != "error" and envelope.err_code in ("", 0, "0"):
            return self._granted(request_id, received_ns)
        if named in self._pulled_s:
            self._end_pull(named)
            return ()
        message = f"{envelope.err_msg} [{envelope.err_code}]"
        return self._refused(request_id, message, received_ns)

    def _end_pull(self, key: str) -> None:
        """Nothing more is expected of asking for a book."""
        self._pulled_s.pop(key, None)
        if route := self._subscriptions.by_key(key):
            self._starts.landed(route)

    def _book(self, route: Route, text: str | bytes, received_ns: int) -> tuple[StreamEvent, ...]:
        if route.key.endswith(_WHOLE_BOOKS):
            return self._whole_book(route, text, received_ns)
        if self._kind is Kind.SPOT:
            return self._spot_book(route, text, received_ns)
        return self._swap_book(route, text, received_ns)

    def _whole_book(
        self, route: Route, text: str | bytes, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        levels = plain_levels if self._kind is Kind.SPOT else swap.base_levels
        depth = _DEPTH.decode(text).tick
        return self._snapshot(route, depth.snapshot(route.instrument, levels, received_ns))

    def _spot_book(
        self, route: Route, text: str | bytes, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        frame = _SPOT_BOOK.decode(text)
        if tick := frame.tick:
            venue_ns = None if frame.ts is None else frame.ts * NS_PER_MS
            return self._delta(
                route, tick.prevSeqNum, tick.seqNum, tick.bids, tick.asks, venue_ns, received_ns
            )
        if frame.data is None:
            raise self._protocol_error("neither a book nor changes", text)
        self._end_pull(route.key)
        feed, book = route.feed, frame.data
        if feed and feed.is_live and feed.last >= book.seqNum:
            return ()  # the stream has brought the book further meanwhile
        snapshot = BookSnapshot(
            instrument=route.instrument,
            bids=book.bids,
            asks=book.asks,
            sequence=book.seqNum,
            window=WHOLE_LEVELS,
            received_ns=received_ns,
        )
        return self._snapshot(route, snapshot)

    def _swap_book(
        self, route: Route, text: str | bytes, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        tick, instrument = _SWAP_BOOK.decode(text).tick, route.instrument
        bids, asks = (
            swap.base_levels(tick.bids, instrument),
            swap.base_levels(tick.asks, instrument),
        )
        venue_ns = tick.ts * NS_PER_MS
        if tick.event == "snapshot":
            snapshot = BookSnapshot(
                instrument=instrument,
                bids=bids,
                asks=asks,
                sequence=tick.version,
                window=WHOLE_LEVELS,
                venue_ns=venue_ns,
                received_ns=received_ns,
            )
            return self._snapshot(route, snapshot)
        if tick.event != "update":
            raise self._protocol_error("neither a snapshot nor an update", text)
        return self._delta(route, tick.version - 1, tick.version, bids, asks, venue_ns, received_ns)


def _inflated(frame: bytes) -> bytes:
    """The text of a frame, which is one whole gzip member.

    Raises:
        ValueError: it is not, or of absurd size.
    """
    inflate = zlib.decompressobj(_GZIP)
    try:
        text = inflate.decompress(frame, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not inflate.eof or inflate.unused_data:
        raise ValueError("not one whole gzip member")
    return text


def _text(request: Mapping[str, Any]) -> str:
    return msgspec.json.encode(request).decode()
