"""Short conversations with a venue, written out, and the values expected of them.

`tests/exchanges/<venue>/test_public.py` lists `TRANSCRIPTS` and `test_rest.py` lists `REPLIES`.
They are checked there for the exact values, and `test_fuzz.py` takes them as frames to spoil.
"""

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any, Final

import msgspec

from exchanges import VENUES
from exchanges.errors import ExchangeError
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Level,
    StreamEvent,
    Subscription,
    SubscriptionState,
)
from exchanges.market.instrument import Instrument, Instruments, kind_of, split_symbol
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from exchanges.stream.books import MarketCodec
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame
from exchanges.venue import Venue

PRESENT: Final = [
    name for name in VENUES if (spec := find_spec(f"exchanges.{name}")) and spec.origin
]
"""The venues to test; a name whose folder is missing fails in one test, not in all."""

RECEIVED_NS: Final = 1_700_000_000_000_000_000
"""Our clock in all transcripts."""


def market(symbol: str, native: str = "", *, venue: str = "test", **facts: Any) -> Instrument:
    """An instrument of which only the name matters, unless `facts` say more."""
    base, quote, settle = split_symbol(symbol)
    names = {"base": base, "quote": quote, "settle": settle, "kind": kind_of(symbol)}
    rules = {"tick": "0.01", "step": "0.001"}
    return msgspec.convert(
        {"venue": venue, "symbol": symbol, "native": native or base, **names, **rules, **facts},
        Instrument,
    )


def besides(kind: type, events: Iterable[StreamEvent]) -> list[StreamEvent]:
    """The events that are of another kind, in order."""
    return [event for event in events if not isinstance(event, kind)]


def _unpacked(frame: Frame) -> Frame:
    return frame


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue sends about one topic, and the events expected, in order.

    `start` is the snapshot that a book fetched by request starts from; the events begin with it.
    `pack` turns a frame as it is written here into the one on the wire (compression).
    """

    name: str
    stream: str
    instrument: Instrument
    channel: Channel
    interval: KlineInterval | None = None
    start: BookSnapshot | None = None
    frames: tuple[Frame, ...]
    events: tuple[StreamEvent, ...]
    pack: Callable[[Frame], Frame] = _unpacked

    @property
    def topic(self) -> Topic:
        return Topic(self.channel, self.instrument.symbol, self.interval)

    def __str__(self) -> str:
        return self.name


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The body that a venue answers a request with, and the value expected of it."""

    request: Request[Any]
    body: bytes
    value: object

    def __str__(self) -> str:
        about = self.request.instrument.symbol if self.request.instrument else self.request.path
        return f"{self.request.name} {about}"


def snapshot(
    instrument: Instrument, sequence: int, bids: list[Level], asks: list[Level], **facts: Any
) -> BookSnapshot:
    return BookSnapshot(
        instrument=instrument,
        bids=bids,
        asks=asks,
        sequence=sequence,
        received_ns=RECEIVED_NS,
        **facts,
    )


class AnError(ExchangeError):
    """Equal to whatever error is of that class and has these words and that code."""

    def __init__(self, kind: type[ExchangeError], message: str, code: str = "") -> None:
        super().__init__(message, venue="", code=code)
        self._kind = kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExchangeError) and (type(other), other.code, other.message) == (
            self._kind,
            self.code,
            self.message,
        )

    __hash__ = ExchangeError.__hash__


def news(
    instrument: Instrument,
    topic: Topic,
    state: SubscriptionState,
    error: AnError | None = None,
) -> Subscription:
    return Subscription(
        instrument=instrument,
        topic=str(topic),
        state=state,
        error=error,
        received_ns=RECEIVED_NS,
    )


def ids(events: Iterable[StreamEvent]) -> list[object]:
    """The id of a snapshot, `previous, id` of an update, the fault of a loss."""
    told: list[object] = []
    for event in events:
        match event:
            case BookSnapshot():
                told.append(event.sequence)
            case BookDelta():
                told.append((event.previous, event.sequence))
            case BookLost():
                told.append(event.fault)
    return told


def ok(body: bytes) -> Response:
    return Response(status=200, body=body, received_ns=RECEIVED_NS)


def stream_of(venue: Venue, name: str) -> Stream:
    return next(stream for stream in venue.streams if stream.name == name)


def open_codec(
    venue: Venue, stream: str, transcripts: Iterable[Transcript], *, listening: bool = False
) -> MarketCodec:
    """A codec that has asked for the topics of the transcripts (or for none, to listen)."""
    transcripts = tuple(transcripts)
    instruments = Instruments(transcript.instrument for transcript in transcripts)
    codec = venue.codec(stream_of(venue, stream), instruments, listening=listening)
    if not listening:
        codec.subscribe(transcript.topic for transcript in transcripts)
        send_all(codec)
    return codec


def send_all(codec: MarketCodec) -> list[Frame]:
    """What the codec sends within ten seconds, so that no message limit holds it back."""
    codec.expire(0.0, RECEIVED_NS)
    return [frame for second in range(10) for frame in codec.outgoing(float(second))]


def play(codec: MarketCodec, transcript: Transcript) -> tuple[StreamEvent, ...]:
    """The events of a transcript."""
    events = list(codec.start(transcript.start)) if transcript.start else []
    for frame in transcript.frames:
        events += codec.receive(transcript.pack(frame), RECEIVED_NS)
    return tuple(events)
