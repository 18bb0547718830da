"""What a venue fills in of a stream: its frames, read and written, as values.

A `Wire` is the dialect of one connection. It says how frames name topics, writes requests and
reads frames; what a frame says comes back as values, on which `talk.py` acts. It keeps only what
the protocol itself makes a client keep (ids of channels, counts of frames) and never knows what
is wished for, granted or live.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from exchanges.errors import CodecUsageError
from exchanges.market.events import Event, Notice, StreamEvent, VenueState
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.scaled import unscaled
from exchanges.market.topics import KlineInterval, Topic
from exchanges.stream.facts import Stream

Frame = str | bytes
"""A text frame is `str`, a binary frame is `bytes`."""

Reader = Callable[["Route", Any, int], tuple[StreamEvent, ...]]
"""Reads the payload of a topic's data, received at so many UTC nanoseconds.

Prices and sizes are those of the frame; where the venue trades many of an asset as one, the route
converts them. Book readers give `BookSnapshot` and `BookDelta` as the frame tells them; whether
these follow what came before is judged elsewhere.
"""


class Route:
    """One native stream of a connection: the topics it serves, and what reads its frames.

    Some venues put several channels into one stream (funding beside the mark price), or all
    markets (liquidations), so that several topics may share a route.
    """

    __slots__ = ("_reader", "answered", "ended", "instrument", "key", "read", "topics")

    def __init__(self, instrument: Instrument, key: str, read: Reader) -> None:
        self.topics: set[Topic] = set()
        self.instrument = instrument
        self.key = key
        self.read = read
        self.answered = False  # acknowledged, or data came
        self.ended = False  # no topic needs it any more
        self._reader = read
        self.carry(instrument)

    def carry(self, instrument: Instrument) -> None:
        """Frames may tell of this market; where its unit is the venue's, they are converted."""
        if instrument.symbol == self.instrument.symbol:
            self.instrument = instrument
        if instrument.multiplier != 1:
            self.read = self._read_unscaled

    def _read_unscaled(
        self, route: "Route", payload: Any, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        told = self._reader(route, payload, received_ns)
        return tuple(unscaled(event) if isinstance(event, Event) else event for event in told)

    def __repr__(self) -> str:
        state = "ended" if self.ended else "answered" if self.answered else "asked"
        return f"<{type(self).__name__} {self.key} {state}>"


class Data(msgspec.Struct, frozen=True, gc=False):
    """Data for the reader of what frames call `key`.

    With `is_shared` the frame tells of markets that nobody asked for as well. With `is_answer` it
    answers a question, and does not prove that the topic is pushed.
    """

    key: str
    payload: Any
    is_shared: bool = False
    is_answer: bool = False


class Granted(msgspec.Struct, frozen=True):
    """A whole request was granted.

    Where answers name no request (`request_id` None) it is the oldest one; `subscribe` tells
    whether of those that subscribe or that end, if the venue says so.
    """

    request_id: int | None
    subscribe: bool | None = None


class GrantedKey(msgspec.Struct, frozen=True):
    """One topic of some request was granted."""

    key: str
    subscribe: bool = True


class Refused(msgspec.Struct, frozen=True):
    """A whole request was refused, in the venue's words; see `Granted` for `request_id`.

    The venue's `errors.py` says what `code` and words mean.
    """

    request_id: int | None
    message: str
    code: str = ""
    subscribe: bool | None = None


class RefusedKey(msgspec.Struct, frozen=True):
    """One topic of some request was refused, in the venue's words."""

    key: str
    message: str
    code: str = ""


class Unstarted(msgspec.Struct, frozen=True):
    """The start of a book that was asked for on the socket will not come."""

    key: str


class Reply(msgspec.Struct, frozen=True):
    """The venue wants to hear this at once; of several that wait only the newest is sent."""

    frame: Frame


class Gap(msgspec.Struct, frozen=True):
    """Frames of the connection are missing, nobody can say of which topic."""

    detail: str


Said = (
    Data
    | Granted
    | GrantedKey
    | Refused
    | RefusedKey
    | Unstarted
    | Reply
    | Gap
    | Notice
    | VenueState
)


class IncompleteState(ValueError):
    """A frame that cannot be read, on which later ones build: subscribe the topic anew."""


class Wire(ABC):
    """The dialect of one connection.

    With `listening` it reads frames that somebody else asked for, as a replay must.

    Attributes:
        is_open: whether the venue listens yet; some speak first.
    """

    venue: ClassVar[str]
    candles: ClassVar[Mapping[KlineInterval, str]] = {}
    """How the venue names the intervals of the candles that it streams."""

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        self.stream = stream
        self.instruments = instruments
        self.listening = listening
        self.is_open = True

    @abstractmethod
    def key(self, topic: Topic, instrument: Instrument) -> str:
        """How the venue's frames name the topic, as in `Data.key`.

        Raises:
            CodecUsageError: the venue does not stream it.
        """

    @abstractmethod
    def reader(self, topic: Topic) -> Reader:
        """What reads the topic's data."""

    @abstractmethod
    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        """The frame that asks for the routes, or asks to end them."""

    @abstractmethod
    def said(self, frame: Frame) -> Iterable[Said]:
        """What a frame says, in order.

        Raises:
            UNREADABLE: the venue's documentation does not allow it.
        """

    def topic(self, key: str) -> Topic | None:
        """The topic that a key names, for listening to frames that nobody here asked for."""
        return None

    def group(self, route: Route) -> Hashable:
        """Only routes of one group may share a request."""
        return None

    def candle(self, topic: Topic) -> str:
        """The venue's name of a topic's interval.

        Raises:
            CodecUsageError: it streams no such candles.
        """
        interval, streamed = topic.interval, self.stream.klines
        name = self.candles.get(interval) if interval else None
        if name is None or (streamed and interval not in streamed):
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")
        return name

    def greeting(self) -> Iterable[Frame]:
        """What a client says first."""
        return ()

    def ping(self, now_ns: int) -> Frame | None:
        """The client's heartbeat, where the venue answers one."""
        return None

    def lost(self) -> None:
        """Everything that frames of this connection built up starts anew."""
