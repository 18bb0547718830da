"""The contract of a stream: frames in, events out; wishes in, frames out.

A `StreamCodec` is the client's side of one connection. It is told what arrived and when, and
keeps protocol state only: no I/O, no clock, no logging. The actor that owns the connection does
these on its behalf:

    events = codec.receive(frame, received_ns)    # what the frame says
    events = codec.expire(now_s, now_ns)          # what time alone says; may raise StreamStale
    frames = codec.outgoing(now_s)                # what may be sent now
    requests = codec.requests(now_s)              # snapshots to fetch; answer() or fail() each
    wake_at = codec.deadline                      # monotonic seconds; call again by then

A venue's `public.py` fills in the wire format. Wishes and acknowledgements are kept in
`subscriptions.py`, starts of books in `starts.py`, signs of life in `heartbeat.py`.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from math import inf
from typing import Any, ClassVar

from exchanges.errors import UNREADABLE, CodecUsageError, StreamStale, VenueProtocolError
from exchanges.limits import TokenBucket
from exchanges.market.events import (
    BookSnapshot,
    Event,
    Fault,
    Level,
    StreamEvent,
    Subscription,
    SubscriptionState,
)
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.rest.request import Request
from exchanges.stream.facts import Stream
from exchanges.stream.heartbeat import Pulse
from exchanges.stream.sequence import BookFeed, BookRule
from exchanges.stream.starts import Starts
from exchanges.stream.subscriptions import ACK_S, Handler, Route, Subscriptions

Frame = str | bytes
"""A text frame is `str`, a binary frame is `bytes`."""


class StreamCodec(ABC):
    """Client side of one public stream connection; see the module's head for its use.

    With `listening` it takes frames of markets that nobody subscribed, as a replay must.
    """

    venue: ClassVar[str]

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        self.stream = stream
        self.instruments = instruments
        self.frames = 0
        self._listening = listening
        self._subscriptions = Subscriptions(
            stream.batch, self._group, acknowledges=stream.acknowledges
        )
        self._granted_already: list[tuple[Topic, Route]] = []  # not by an answer; to be told
        self._starts = Starts()
        self._pulse = Pulse(stream.heartbeat)
        self._ready: deque[Frame] = deque()  # pongs and pings, sent before anything else
        self._messages = TokenBucket(stream.messages)
        self._blocked_until_s = inf  # by the message limit, while something waits
        self._now_ns = 0  # wall clock at the last `expire`, for frames that carry the time
        self._current: Route | None = None  # whose frame is being read

    # What a venue fills in.

    @abstractmethod
    def _key(self, topic: Topic, instrument: Instrument) -> str:
        """How the venue's frames name the topic; equal to the key given to `_dispatch`."""

    @abstractmethod
    def _handler(self, topic: Topic) -> Handler:
        """What reads the frames of the topic."""

    @abstractmethod
    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        """The frame that asks for the routes, or asks to end them."""

    @abstractmethod
    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        """Read one frame; data goes through `_dispatch`."""

    @abstractmethod
    def _rule(self, key: str) -> BookRule:
        """How the book of the key is kept."""

    def _snapshot_request(self, route: Route) -> Request[BookSnapshot]:
        """The request for a start of the route's book, where starts come by request."""
        raise CodecUsageError(f"{self.venue} sends book snapshots in its stream")

    def _topic_of(self, key: str) -> Topic | None:
        """The topic that a key names, for listening to frames that nobody subscribed."""
        return None

    def _group(self, route: Route) -> Hashable:
        """Only routes of one group may share a request."""
        return None

    def _ping(self) -> Frame | None:
        """The client's heartbeat frame, where the venue answers one."""
        return None

    # What the connection's actor uses.

    @property
    def topics(self) -> tuple[Topic, ...]:
        return self._subscriptions.topics

    @property
    def is_settled(self) -> bool:
        """Every topic has been answered and every book is live."""
        return self._subscriptions.is_settled and not self._starts

    @property
    def has_work(self) -> bool:
        """Something may be waiting to be sent or fetched."""
        return bool(self._ready) or self._subscriptions.has_wishes or bool(self._starts)

    def subscribe(self, topics: Iterable[Topic]) -> None:
        """Wish to be told about `topics`; those already wished for are left alone.

        Raises:
            CodecUsageError: the venue has no such instrument, or this stream no such channel.
        """
        for topic in topics:
            if self._subscriptions.get(topic) is None:
                route = self._route(topic)
                if not route.topics:
                    self._subscriptions.wish(route, subscribe=True)
                elif route.answered:
                    self._granted_already.append((topic, route))
                self._subscriptions.add(topic, route)

    def unsubscribe(self, topics: Iterable[Topic]) -> None:
        """Wish to hear no more about `topics`."""
        for topic in topics:
            if route := self._subscriptions.end(topic):
                self._starts.settle(route)

    def receive(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        """What one frame says, in order.

        Raises:
            VenueProtocolError: the venue's documentation does not allow the frame. It names the
                symbol if the frame told it; call `resync` for that one.
        """
        self.frames += 1
        self._current = None
        try:
            return self._decode(frame, received_ns)
        except UNREADABLE as error:
            raise self._protocol_error(str(error), frame) from error

    def resync(self, symbol: str, fault: Fault, detail: str, received_ns: int) -> tuple[Event, ...]:
        """Start the symbol's book anew; the events say that it is lost, if that is news.

        With `Fault.DEPTH` it is not: a live book goes on until its new start is there.
        """
        route = self._subscriptions.get(Topic(Channel.BOOK, symbol))
        if route is None or route.feed is None:
            return ()
        self._starts.want(route)
        if fault is Fault.DEPTH and route.feed.is_live:
            route.feed.refresh()
            return ()
        return route.feed.lose(fault, detail, received_ns)

    def resync_all(self, fault: Fault, detail: str, received_ns: int) -> tuple[Event, ...]:
        """`resync` for every book of the connection."""
        symbols = [route.instrument.symbol for route in self._subscriptions if route.feed]
        lost = [self.resync(symbol, fault, detail, received_ns) for symbol in symbols]
        return tuple(event for events in lost for event in events)

    def update_instrument(self, instrument: Instrument) -> None:
        """Use new rules for an instrument that is subscribed."""
        for route in self._subscriptions:
            if route.instrument.symbol == instrument.symbol:
                route.instrument = instrument
                if route.feed:
                    route.feed.instrument = instrument

    def outgoing(self, now_s: float) -> list[Frame]:
        """The frames that the venue's message limit lets us send now, in order."""
        for route in self._starts.due_subscriptions(now_s):
            self._subscriptions.wish(route, subscribe=False)
        frames: list[Frame] = []
        while self._ready or self._subscriptions.has_wishes:
            wait_s = self._messages.wait_s(1, now_s)
            if wait_s > 0:
                self._blocked_until_s = now_s + wait_s
                return frames
            self._messages.take(1, now_s)
            frames.append(self._ready.popleft() if self._ready else self._next_request(now_s))
        self._blocked_until_s = inf
        return frames

    def requests(self, now_s: float) -> list[Request[BookSnapshot]]:
        """Snapshots to fetch now, one in flight per book; report each to `answer` or `fail`."""
        return [self._snapshot_request(route) for route in self._starts.due_requests(now_s)]

    def answer(
        self, request: Request[BookSnapshot], snapshot: BookSnapshot
    ) -> tuple[StreamEvent, ...]:
        """Start a book from a fetched snapshot."""
        self._landed(request)
        return self.start(snapshot)

    def start(self, snapshot: BookSnapshot) -> tuple[StreamEvent, ...]:
        """Start a book from a snapshot that came in another way than in the stream."""
        route = self._subscriptions.get(Topic(Channel.BOOK, snapshot.instrument.symbol))
        feed = route.feed if route else None
        if route is None or feed is None or (feed.is_live and not feed.wants_start):
            return ()  # it has started meanwhile, and the stream keeps it
        return self._snapshot(route, snapshot)

    def fail(self, request: Request[BookSnapshot]) -> None:
        """A snapshot could not be had; it is asked for again after a pause."""
        self._landed(request)

    def expire(self, now_s: float, now_ns: int) -> tuple[StreamEvent, ...]:
        """Act on the time that passed: unanswered requests, heartbeats, silence.

        Raises:
            StreamStale: the connection shows no sign of life.
        """
        self._now_ns = now_ns
        if self._pulse.look(self.frames, now_s) and (ping := self._ping()) is not None:
            self._ready.append(ping)
        if (silence_s := self._pulse.silence_s(now_s)) is not None:
            raise StreamStale(
                f"no frame for {silence_s:.1f} s", venue=self.venue, asked=self.stream.name
            )
        granted = tuple(
            _state(route, topic, SubscriptionState.SUBSCRIBED, now_ns)
            for topic, route in self._granted_already
        )
        self._granted_already.clear()
        unanswered = self._subscriptions.overdue(now_s)
        message = f"no answer within {ACK_S:g} s"
        return granted + self._tell(unanswered, SubscriptionState.UNANSWERED, now_ns, message)

    @property
    def deadline(self) -> float:
        """Monotonic seconds by which to call `expire`, `outgoing` and `requests` again."""
        return min(
            self._blocked_until_s,
            self._pulse.deadline,
            self._subscriptions.deadline,
            self._starts.deadline,
        )

    # What a venue's decoder uses.

    def _dispatch(self, key: str, payload: Any, received_ns: int) -> tuple[StreamEvent, ...]:
        """Let the topic's handler read the payload; an unknown key is the venue's mistake."""
        route = self._subscriptions.by_key(key) or self._adopt(key)
        self._current = route
        if route.ended:
            return ()
        if not route.answered:
            route.answered = True
            if not self.stream.acknowledges:
                self._granted_already += [(topic, route) for topic in sorted(route.topics)]
        return route.handle(route, payload, received_ns)

    def _delta(
        self,
        route: Route,
        previous: int,
        last: int,
        bids: list[Level],
        asks: list[Level],
        venue_ns: int | None,
        received_ns: int,
        checksum: int | None = None,
    ) -> tuple[Event, ...]:
        """Let the route's feed judge an update."""
        feed = route.feed
        assert feed is not None
        events = feed.delta(previous, last, bids, asks, venue_ns, received_ns, checksum)
        if not feed.is_live:
            self._starts.want(route)
        return events

    def _snapshot(self, route: Route, snapshot: BookSnapshot) -> tuple[Event, ...]:
        """Start the route's feed from a snapshot."""
        feed = route.feed
        assert feed is not None
        if self._starts.is_ending(route):
            return ()  # no updates will follow it; the next subscription brings another
        events = feed.snapshot(snapshot)
        if feed.is_live and not feed.wants_start:
            self._starts.settle(route)
        else:
            self._starts.want(route)
        return events

    def _granted(self, request_id: int, received_ns: int) -> tuple[StreamEvent, ...]:
        routes = self._subscriptions.granted(request_id)
        return self._tell(routes, SubscriptionState.SUBSCRIBED, received_ns)

    def _granted_one(
        self, key: str, received_ns: int, *, subscribe: bool
    ) -> tuple[StreamEvent, ...]:
        routes = self._subscriptions.granted_one(key, subscribe=subscribe)
        return self._tell(routes, SubscriptionState.SUBSCRIBED, received_ns)

    def _refused(self, request_id: int, message: str, received_ns: int) -> tuple[StreamEvent, ...]:
        return self._drop(self._subscriptions.refused(request_id), message, received_ns)

    def _refused_one(self, key: str, message: str, received_ns: int) -> tuple[StreamEvent, ...]:
        return self._drop(self._subscriptions.refused_one(key), message, received_ns)

    def _protocol_error(self, message: str, payload: Frame) -> VenueProtocolError:
        symbol = self._current.instrument.symbol if self._current else ""
        return VenueProtocolError(
            message, venue=self.venue, payload=payload, symbol=symbol, asked=self.stream.name
        )

    # How it fits together.

    def _route(self, topic: Topic, key: str = "") -> Route:
        """The route that serves the topic; a new one serves none yet."""
        instrument = self.instruments.get(topic.symbol)
        if instrument is None:
            raise CodecUsageError(f"{self.venue} has no instrument {topic.symbol}")
        if instrument.kind not in self.stream.kinds:
            raise CodecUsageError(
                f"{self.venue} {self.stream.name} has no {instrument.kind} markets"
            )
        if topic.channel not in self.stream.channels and not self._listening:
            raise CodecUsageError(f"{self.venue} {self.stream.name} has no channel {topic.channel}")
        key = key or self._key(topic, instrument)
        route = self._subscriptions.by_key(key)
        if route is not None and not route.ended:
            return route
        is_book = topic.channel is Channel.BOOK
        feed = BookFeed(instrument, self._rule(key)) if is_book else None
        route = Route(instrument, key, self._handler(topic), feed)
        if feed:
            self._starts.want(route)
        return route

    def _adopt(self, key: str) -> Route:
        """A route for frames that nobody subscribed."""
        topic = self._topic_of(key) if self._listening else None
        if topic is None:
            raise self._protocol_error("unknown channel or symbol", key)
        route = self._route(topic, key)
        self._subscriptions.add(topic, route)
        return route

    def _next_request(self, now_s: float) -> Frame:
        request_id, routes, subscribe = self._subscriptions.next_request(now_s)
        for route in routes:
            if subscribe and route.feed:
                self._starts.subscribed(route, now_s)
        return self._request(routes, subscribe, request_id)

    def _landed(self, request: Request[BookSnapshot]) -> Route | None:
        if request.instrument is None:
            return None
        route = self._subscriptions.get(Topic(Channel.BOOK, request.instrument.symbol))
        if route:
            self._starts.landed(route)
        return route

    def _drop(self, routes: list[Route], message: str, received_ns: int) -> tuple[StreamEvent, ...]:
        """The venue will not send these topics."""
        events: list[StreamEvent] = []
        for route in routes:
            self._subscriptions.drop(route)
            self._starts.settle(route)
            if route.feed:
                events += route.feed.lose(Fault.REFUSED, message, received_ns)
        return (*events, *self._tell(routes, SubscriptionState.REFUSED, received_ns, message))

    def _tell(
        self,
        routes: Iterable[Route],
        state: SubscriptionState,
        received_ns: int,
        message: str = "",
    ) -> tuple[StreamEvent, ...]:
        return tuple(
            _state(route, topic, state, received_ns, message)
            for route in routes
            for topic in sorted(route.topics)
        )


def _state(
    route: Route, topic: Topic, state: SubscriptionState, received_ns: int, message: str = ""
) -> Subscription:
    return Subscription(
        instrument=route.instrument,
        topic=str(topic),
        state=state,
        message=message,
        received_ns=received_ns,
    )
