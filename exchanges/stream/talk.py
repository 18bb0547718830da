"""The conversation with a socket: wishes in, frames out; frames in, events out.

A `Talk` is the client's side of one connection, whatever it carries. It is told what arrived and
when, and keeps protocol state only: no I/O, no clock, no logging. The actor that owns the
connection does these on its behalf:

    events = talk.receive(frame, received_ns)    # what the frame says
    events = talk.expire(now_s, now_ns)          # what time alone says; may raise StreamStale
    frames = talk.outgoing(now_s)                # what may be sent now
    wake_at = talk.deadline                      # monotonic seconds; call again by then

What is said is the venue's `Wire`. Wishes and requests are kept in `subscriptions.py`, what became
of them is told in `answers.py`; what goes out, and how fast, is in `outbox.py`, signs of life in
`heartbeat.py`. What is built on top (books in `books.py`) fills in the hooks at the end; nothing
here knows what the data are.
"""

from collections.abc import Iterable
from functools import partial

from exchanges.errors import (
    UNREADABLE,
    CodecUsageError,
    ExchangeError,
    StreamStale,
    VenueProtocolError,
)
from exchanges.market.events import Notice, StreamEvent, VenueState
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Topic
from exchanges.replies.errors import ErrorTable
from exchanges.stream.allowance import Allowance
from exchanges.stream.answers import Answers
from exchanges.stream.heartbeat import Pulse
from exchanges.stream.outbox import Outbox
from exchanges.stream.subscriptions import Subscriptions
from exchanges.stream.wire import (
    Data,
    Frame,
    Gap,
    Granted,
    GrantedKey,
    IncompleteState,
    Refused,
    RefusedKey,
    Reply,
    Route,
    Said,
    Unstarted,
    Wire,
)


class UnreadableFrame(VenueProtocolError):
    """A frame that the venue's documentation does not allow.

    It names the symbol if the frame told it. `told` is what was read of it before.
    """

    told: tuple[StreamEvent, ...] = ()


class UnaskedFrame(UnreadableFrame):
    """A frame that can be read, of something that nobody here asked for."""


class Talk:
    """Client side of one connection; see the module's head for its use.

    `errors` says what the venue means by a refusal. `allowance` is what the connection shares with
    others that the venue counts together; without one it has its own.

    Attributes:
        wire: the venue's dialect of it.
        frames: how many were received.
        heard_s: when the last of them was read, monotonic; None where the reader does not say.
    """

    def __init__(self, wire: Wire, errors: ErrorTable, allowance: Allowance | None = None) -> None:
        stream = wire.stream
        self.wire = wire
        self.stream = stream
        self.frames = 0
        self.heard_s: float | None = None
        self._subscriptions = Subscriptions(
            stream.batch, wire.group, acknowledges=stream.acknowledges
        )
        self._routes = self._subscriptions.routes
        self._answers = Answers(wire, errors, self._subscriptions, self)
        self._pulse = Pulse(stream.heartbeat)
        greeting = () if wire.listening else wire.greeting()
        self._outbox = Outbox(self, allowance or Allowance(stream), greeting)
        self._now_s, self._now_ns = 0.0, 0  # at the last `expire`, for what is not told the time
        self._about: Route | None = None  # whose data is being read

    @property
    def topics(self) -> tuple[Topic, ...]:
        return self._subscriptions.topics

    @property
    def is_settled(self) -> bool:
        """Every topic has been answered."""
        return self._subscriptions.is_settled

    @property
    def unanswered(self) -> int:
        """Requests that the venue has not answered yet."""
        return self._subscriptions.unanswered

    @property
    def has_work(self) -> bool:
        """Something may be waiting to be sent or told."""
        is_news = self._answers.is_news or self._subscriptions.has_wishes
        return is_news or self._outbox.has_frames

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
                    self._answers.share(topic, route)
                self._subscriptions.add(topic, route)

    def unsubscribe(self, topics: Iterable[Topic]) -> None:
        """Wish to hear no more about `topics`."""
        for topic in topics:
            self._answers.discard(topic)
            if route := self._subscriptions.end(topic):
                self.on_ended(route)

    def update_instrument(self, instrument: Instrument) -> None:
        """Use new rules for an instrument that is subscribed.

        What frames tell from now on is in its unit; a live book would hold levels in the old one,
        so that a market whose unit has changed is subscribed anew.
        """
        for route in self._subscriptions:
            if any(topic.symbol == instrument.symbol for topic in route.topics):
                route.carry(instrument)
        self._answers.hurry(instrument.symbol)

    def receive(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        """What one frame says, in order.

        Raises:
            UnreadableFrame: the venue's documentation does not allow the frame.
        """
        self.frames += 1
        self._about = None
        events: tuple[StreamEvent, ...] = ()
        routes = self._routes
        try:
            for said in self.wire.said(frame):
                if type(said) is Data:
                    route = routes.get(said.key)
                    if route is None or route.ended or not route.answered:
                        route = self._opened(said, route)
                    if route is not None:
                        self._about = route
                        told = route.read(route, said.payload, received_ns)
                        events += self.passed_on(route, told)
                else:
                    events += self._news(said, received_ns)
        except UnreadableFrame as error:
            error.told = events
            raise
        except UNREADABLE as error:
            if isinstance(error, IncompleteState) and self._about:
                self._subscriptions.wish(self._about, subscribe=False)
            raise self._unreadable(str(error), frame, events) from error
        return events

    def expire(self, now_s: float, now_ns: int) -> tuple[StreamEvent, ...]:
        """Act on the time that passed: unanswered requests, heartbeats, silence.

        Raises:
            StreamStale: the connection shows no sign of life.
        """
        self._now_s, self._now_ns = now_s, now_ns
        self._ask_again(now_s)
        heard_s = now_s if self.heard_s is None else self.heard_s
        wants_ping = self._pulse.look(self.frames, now_s, heard_s)
        if wants_ping and (ping := self.wire.ping(now_ns)) is not None:
            self._outbox.add(ping)
        if (silence_s := self._pulse.silence_s(now_s)) is not None:
            raise StreamStale(
                f"no frame for {silence_s:.1f} s", venue=self.wire.venue, asked=self.stream.name
            )
        return self._answers.overdue(now_s, now_ns)

    def outgoing(self, now_s: float) -> list[Frame]:
        """The frames that the venue's message limit lets us send now, in order."""
        if not self.wire.is_open:
            return []
        take = partial(self._outbox.take, now_s, self._subscriptions, self._next_request)
        return list(iter(take, None))

    def hang_up(self) -> None:
        """The connection has ended: what it asked counts no more for others."""
        self._outbox.hang_up()

    @property
    def deadline(self) -> float:
        """Monotonic seconds by which to call `expire` and `outgoing` again."""
        return min(
            self._outbox.deadline,
            self._pulse.deadline,
            self._subscriptions.deadline,
            self._answers.deadline,
        )

    # What was said.

    def _news(self, said: Said, received_ns: int) -> tuple[StreamEvent, ...]:
        """News of the connection and of requests."""
        match said:
            case Granted() | GrantedKey() | Refused() | RefusedKey():
                return self._answers.hear(said, received_ns, self._now_s)
            case Unstarted():
                if route := self._routes.get(said.key):
                    self.on_unstarted(route)
            case Reply():
                self._outbox.answer(said.frame)
            case Gap():
                return self.on_gap(said.detail, received_ns)
            case Notice() | VenueState():
                return (said,)
        return ()

    def _opened(self, data: Data, route: Route | None) -> Route | None:
        """The route of data that is not under way yet; None if nobody wants it."""
        route = route or self._adopt(data)
        if route is None or route.ended:
            return None
        if not route.answered and not data.is_answer:
            self._answers.sent(route)
        return route

    def _ask_again(self, now_s: float) -> None:
        """Wish anew for what was refused, and for what was not answered.

        The venue may have granted that without a word, and refuses to do so twice: it is ended
        before.
        """
        due = self._answers.due(now_s)
        unanswered = dict.fromkeys(map(self._subscriptions.get, due))
        self.subscribe(due)
        for route in unanswered:
            if route:
                self._subscriptions.wish(route, subscribe=False)

    # How it fits together.

    def _route(self, topic: Topic, key: str = "") -> Route:
        """The route that serves the topic; a new one serves none yet."""
        wire = self.wire
        instrument = wire.instruments.get(topic.symbol)
        if instrument is None:
            raise CodecUsageError(f"{wire.venue} has no instrument {topic.symbol}")
        if instrument.kind not in self.stream.kinds:
            raise CodecUsageError(
                f"{wire.venue} {self.stream.name} has no {instrument.kind} markets"
            )
        if topic.channel not in self.stream.channels and not wire.listening:
            raise CodecUsageError(f"{wire.venue} {self.stream.name} has no channel {topic.channel}")
        key = key or wire.key(topic, instrument)
        route = self._routes.get(key)
        if route is None or route.ended:
            return self._new_route(topic, instrument, key)
        route.carry(instrument)
        return route

    def _adopt(self, data: Data) -> Route | None:
        """A route for frames that nobody here asked for; None if they are to be left out."""
        topic = self.wire.topic(data.key) if self.wire.listening else None
        if topic is None:
            if data.is_shared:
                return None
            raise UnaskedFrame(
                "unknown channel or symbol",
                venue=self.wire.venue,
                payload=data.key,
                asked=self.stream.name,
            )
        route = self._route(topic, data.key)
        self._subscriptions.add(topic, route)
        return route

    def _next_request(self, now_s: float) -> Frame:
        request_id, routes, subscribe = self._subscriptions.next_request(now_s)
        if subscribe:
            for route in routes:
                self.on_subscribed(route, now_s)
        return self.wire.request(routes, subscribe, request_id, self._now_ns)

    def _unreadable(
        self, message: str, payload: Frame, told: tuple[StreamEvent, ...] = ()
    ) -> UnreadableFrame:
        error = UnreadableFrame(
            message,
            venue=self.wire.venue,
            payload=payload,
            symbol=self._about.instrument.symbol if self._about else "",
            asked=self.stream.name,
        )
        error.told = told
        return error

    # What is built on top fills these in.

    def _new_route(self, topic: Topic, instrument: Instrument, key: str) -> Route:
        return Route(instrument, key, self.wire.reader(topic))

    def passed_on(self, route: Route, events: tuple[StreamEvent, ...]) -> tuple[StreamEvent, ...]:
        """What reaches the listeners of that which a route has told."""
        return events

    def on_subscribed(self, route: Route, now_s: float) -> None:
        """A request to subscribe goes out."""

    def on_ended(self, route: Route) -> None:
        """Nobody wants it any more."""

    def on_refused(
        self, route: Route, error: ExchangeError, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """The venue will not send it."""
        return ()

    def on_unanswered(
        self, route: Route, error: ExchangeError, now_ns: int
    ) -> tuple[StreamEvent, ...] | None:
        """The venue does not say whether it will send it; None: ask again as for a refused one."""
        return None

    def on_unstarted(self, route: Route) -> None:
        """A start that was asked for on the socket will not come."""

    def on_gap(self, detail: str, received_ns: int) -> tuple[StreamEvent, ...]:
        """Frames are missing."""
        return ()
