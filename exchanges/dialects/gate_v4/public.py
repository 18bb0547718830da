"""Gate API v4 public streams: WebSocket messages in, events out.

Source: "Spot WebSocket v4" and "Futures WebSocket v4" of the API documentation (stored copies of
2025). The rules of the order book are those of `sequence.py`: an update brings the book from
`U` - 1 to `u`, and a frame with `full` replaces it at any time. `obu` begins with such a frame.
`order_book_update` is joined to a snapshot by request; like `order_book` it is only read, from
recordings.
"""

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import ClassVar, Final

import msgspec
from msgspec.structs import replace

from exchanges.dialects.gate_v4.market_data import (
    CANDLE_NAMES,
    INTERVALS,
    BookUpdateFrame,
    Envelope,
    PlainLevel,
    PriceSize,
    Subject,
)
from exchanges.dialects.gate_v4.rest import BOOK_LEVELS
from exchanges.market.events import BookSnapshot, Notice, StreamEvent
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.facts import Stream
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Granted,
    Reader,
    Refused,
    Route,
    Said,
)

_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_BOOK_UPDATE: Final = msgspec.json.Decoder(BookUpdateFrame[PlainLevel], strict=False)

_BOOK: Final = "obu"
_JOINED_BOOK: Final = "order_book_update"
_PARTIAL_BOOK: Final = "order_book"
_KLINES: Final = "candlesticks"
# Of the two depths, 50 levels every 20 ms and 400 every 100 ms, the deeper and slower one. Nobody
# says whether levels that leave the depth are deleted, so the book cuts them off.
_LEVELS: Final = 400
# Candles go one to a request. Several books were never seen in one.
_ALONE: Final = frozenset({_BOOK, _KLINES})

_ANSWERS: Final = frozenset({"subscribe", "unsubscribe"})
# Said in the frame's event, or in the result of a channel `*.system`: the server is about to
# restart.
_UPGRADE: Final = "upgrade"

JoinedDecoder = msgspec.json.Decoder[BookUpdateFrame[PlainLevel] | BookUpdateFrame[PriceSize]]


class GateWire(MarketWire):
    """One connection. A key is the channel and what the frames call the market.

    A venue gives its `prefix` of channels, their `names` without it (a name that serves several
    stands first for the one that frames nobody subscribed are taken for), what reads frames of
    one result in `readers`, and its decoder of joined books.
    """

    candles: ClassVar = CANDLE_NAMES
    prefix: ClassVar[str]
    names: ClassVar[Mapping[Channel, str]]
    readers: ClassVar[Mapping[Channel, Reader]]
    joined_book: ClassVar[JoinedDecoder]

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._windows: dict[str, int] = {}  # levels a side that joined streams say they keep

    @abstractmethod
    def _partial_book(self, route: Route, frame: Frame, received_ns: int) -> BookSnapshot:
        """The best levels of a book, all of them in each frame."""

    def key(self, topic: Topic, instrument: Instrument) -> str:
        channel, native = f"{self.prefix}.{self.names[topic.channel]}", instrument.native
        match topic.channel:
            case Channel.BOOK:
                return f"{channel}:ob.{native}.{_LEVELS}"
            case Channel.KLINES:
                return f"{channel}:{self.candle(topic)}_{native}"
        return f"{channel}:{native}"

    def topic(self, key: str) -> Topic | None:
        name, native = _name(key), _subject(key)
        if not key.startswith(f"{self.prefix}."):
            return None
        interval = None
        if name == _BOOK:
            native = native.removeprefix("ob.").rpartition(".")[0]
        elif name == _KLINES:
            candle, _, native = native.partition("_")
            interval = INTERVALS[candle]
        channel, instrument = self._channel(name), self.instruments.native(self.stream.kind, native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def _channel(self, name: str) -> Channel | None:
        if name in (_JOINED_BOOK, _PARTIAL_BOOK):
            return Channel.BOOK
        return next((channel for channel, own in self.names.items() if own == name), None)

    def reader(self, topic: Topic) -> Reader:
        return self._book if topic.channel is Channel.BOOK else self.readers[topic.channel]

    def rule(self, key: str) -> BookRule:
        is_joined, is_whole = _name(key) == _JOINED_BOOK, _name(key) == _PARTIAL_BOOK
        recovery = Recovery.SNAPSHOT_BY_REQUEST if is_joined else Recovery.SNAPSHOT_IN_STREAM
        return BookRule(recovery, whole=is_whole)

    def group(self, route: Route) -> Hashable:
        """A request is about one channel; one unknown market refuses all of it."""
        name = _name(route.key)
        return route.key if name in _ALONE else name

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        channel, _, _ = routes[0].key.partition(":")
        payload = [_subject(route.key) for route in routes]
        if _name(routes[0].key) == _KLINES:
            payload = payload[0].split("_", 1)
        request = {
            "time": now_ns // NS_PER_S,
            "id": request_id,
            "channel": channel,
            "event": "subscribe" if subscribe else "unsubscribe",
            "payload": payload,
        }
        return msgspec.json.encode(request).decode()

    def ping(self, now_ns: int) -> Frame:
        ping = {"time": now_ns // NS_PER_S, "channel": f"{self.prefix}.ping"}
        return msgspec.json.encode(ping).decode()

    def said(self, frame: Frame) -> Iterable[Said]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.error or envelope.event in _ANSWERS:
            return self._answer(envelope)
        if envelope.channel == f"{self.prefix}.pong":
            return ()
        subject = envelope.result
        if isinstance(subject, list):
            return self._rows(envelope.channel, subject, frame)
        if envelope.event == _UPGRADE or (subject and subject.type == _UPGRADE):
            return (Notice(venue=self.venue, close_in_s=0.0, message="server upgrade"),)
        if subject is None:
            raise ValueError("neither data nor an answer")
        return (Data(f"{envelope.channel}:{subject.name}", frame),)

    def _rows(self, channel: str, subjects: list[Subject], frame: Frame) -> Iterable[Said]:
        """A frame with several results; where `subjects` are what each is about."""
        raise ValueError("several results at once")

    def _answer(self, envelope: Envelope) -> tuple[Said, ...]:
        """Old frames name no request."""
        request_id = -1 if envelope.id is None else envelope.id
        if error := envelope.error:
            return (Refused(request_id, error.message, str(error.code)),)
        return (Granted(request_id),)

    def fitted(self, route: Route, start: BookSnapshot) -> BookSnapshot:
        """What was fetched may be deeper than what the stream keeps up to date."""
        window = self._windows.get(route.key, start.window)
        return replace(start, window=min(start.window, window)) if window < start.window else start

    def _book(self, route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        name, instrument = _name(route.key), route.instrument
        if name == _PARTIAL_BOOK:
            return (self._partial_book(route, frame, received_ns),)
        is_joined = name == _JOINED_BOOK
        update = (self.joined_book if is_joined else _BOOK_UPDATE).decode(frame).result
        if is_joined and update.l:
            self._windows[route.key] = update.l
        if update.full:
            return (update.snapshot(instrument, update.l or _levels(route.key), received_ns),)
        return (update.delta(instrument, received_ns),)


def _name(key: str) -> str:
    """The channel of a key, without the prefix of its venue."""
    return key.partition(":")[0].partition(".")[2]


def _subject(key: str) -> str:
    """What the frames call the market."""
    return key.partition(":")[2]


def _levels(key: str) -> int:
    """How many levels a side the stream of a book keeps up to date."""
    if _name(key) == _JOINED_BOOK:
        return BOOK_LEVELS
    _, _, depth = key.rpartition(".")
    return int(depth)
