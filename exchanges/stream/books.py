"""Books on top of a conversation: a public market-data connection.

A `MarketCodec` is a `Talk` whose books pass on only what follows. Their sequence rules are in
`sequence.py`, and when to ask for a start is in `starts.py`. Beside what a `Talk` needs of its
actor, it wants snapshots fetched:

    requests = codec.requests(now_s)              # snapshots to fetch; answer() or fail() each
    events = codec.answer(request, snapshot)

Three things know whether a book is live. `BookFeed.is_live` is the judge of the stream, and
decides what is passed on; `Starts` only knows what was asked for and when; readers trust neither,
but `OrderBook.fault`, which hears of every loss and finds some by itself (checksums, crossing).
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final

from exchanges.errors import CodecUsageError, ExchangeError
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Fault,
    StreamEvent,
)
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Channel, Topic
from exchanges.replies.errors import ErrorTable
from exchanges.rest.request import Request
from exchanges.stream.allowance import Allowance
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.starts import BookRoute, Starts
from exchanges.stream.talk import Talk, UnaskedFrame, UnreadableFrame
from exchanges.stream.wire import Frame, Route, Wire

ENDED_BY_US: Final = "we have ended the connection"

BookRequest = Callable[[Instrument], Request[BookSnapshot]]
"""Makes the request for the start of a market's book."""


class MarketWire(Wire):
    """A wire that carries books."""

    def rule(self, key: str) -> BookRule:
        """How the book that frames call `key` is kept."""
        return BookRule(Recovery.SNAPSHOT_IN_STREAM)

    def pull(self, route: Route) -> Frame:
        """Asks for the start of a book, where this is done on the socket."""
        raise CodecUsageError(f"{self.venue} sends no starts of books on request")

    def fitted(self, route: Route, start: BookSnapshot) -> BookSnapshot:
        """A start as the stream goes on with it, where frames tell how deep they keep it."""
        return start


class MarketCodec(Talk):
    """Client side of one public connection; see the module's head.

    `book_request` makes the requests for starts, where these are fetched.
    """

    wire: MarketWire

    def __init__(
        self,
        wire: MarketWire,
        errors: ErrorTable,
        book_request: BookRequest,
        allowance: Allowance | None = None,
    ) -> None:
        super().__init__(wire, errors, allowance)
        self._book_request = book_request
        self._starts = Starts()

    @property
    def is_settled(self) -> bool:
        """Every topic has been answered and every book is live."""
        return super().is_settled and not self._starts

    @property
    def has_work(self) -> bool:
        """Something may be waiting to be sent or fetched."""
        return super().has_work or bool(self._starts)

    @property
    def deadline(self) -> float:
        """Monotonic seconds by which to call `expire`, `outgoing` and `requests` again."""
        return min(super().deadline, self._starts.deadline)

    def expire(self, now_s: float, now_ns: int) -> tuple[StreamEvent, ...]:
        """Act on the time that passed; books that get nothing to start from are told why."""
        events = super().expire(now_s, now_ns)
        silent = self._starts.silent(now_s)
        told = (self._silent(route, silence_s, now_ns) for route, silence_s in silent)
        return events + tuple(chain.from_iterable(told))

    def outgoing(self, now_s: float) -> list[Frame]:
        """The frames that the venue's message limit lets us send now, in order."""
        for route in self._starts.due_subscriptions(now_s):
            self._subscriptions.wish(route, subscribe=False)
        for route in self._starts.due_requests(now_s, Recovery.SNAPSHOT_ON_SOCKET):
            self._outbox.add(self.wire.pull(route))
        return super().outgoing(now_s)

    def requests(self, now_s: float) -> list[Request[BookSnapshot]]:
        """Snapshots to fetch now, one in flight per book; report each to `answer` or `fail`."""
        due = self._starts.due_requests(now_s, Recovery.SNAPSHOT_BY_REQUEST)
        return [self._book_request(route.instrument) for route in due]

    def answer(
        self, request: Request[BookSnapshot], snapshot: BookSnapshot
    ) -> tuple[StreamEvent, ...]:
        """Start a book from a fetched snapshot."""
        self._landed(request)
        return self.start(snapshot)

    def fail(self, request: Request[BookSnapshot]) -> None:
        """A snapshot could not be had; it is asked for again after a pause."""
        self._landed(request)

    def start(self, snapshot: BookSnapshot) -> tuple[StreamEvent, ...]:
        """Start a book from a snapshot that came in another way than in the stream."""
        route = self._book(snapshot.instrument.symbol)
        if route is None or not route.feed.needs_start:
            return ()  # it has started meanwhile, and the stream keeps it
        return self._snapshot(route, snapshot)

    def resync(
        self, symbol: str, fault: Fault, detail: str, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """Start the symbol's book anew; the events say that it is lost, if that is news.

        With `Fault.DEPTH` it is not: a live book goes on until its new start is there.
        """
        route = self._book(symbol)
        if route is None:
            return ()
        self._starts.want_anew(route)
        if fault is Fault.DEPTH and route.feed.is_live:
            route.feed.refresh()
            return ()
        return route.feed.lose(route.instrument, fault, detail, received_ns)

    def resync_all(self, fault: Fault, detail: str, received_ns: int) -> tuple[StreamEvent, ...]:
        """`resync` for every book of the connection."""
        self.wire.lost()
        symbols = [
            route.instrument.symbol for route in self._subscriptions if isinstance(route, BookRoute)
        ]
        lost = (self.resync(symbol, fault, detail, received_ns) for symbol in symbols)
        return tuple(chain.from_iterable(lost))

    def distrust(
        self, frame: Frame, error: UnreadableFrame, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """Start anew every book that an unreadable frame may have been for.

        That is the one whose data were being read; else those whose name the frame writes; else
        all of the connection. A frame that says what it is about, and that it is nothing of ours,
        was for none.
        """
        if isinstance(error, UnaskedFrame):
            return ()
        if error.symbol:
            return self.resync(error.symbol, Fault.BAD_FRAME, error.message, received_ns)
        books = [route for route in self._subscriptions if isinstance(route, BookRoute)]
        named = [route for route in books if _is_named(route.instrument.book, frame)]
        lost = (
            self.resync(route.instrument.symbol, Fault.BAD_FRAME, error.message, received_ns)
            for route in named or books
        )
        return tuple(chain.from_iterable(lost))

    def end(self, received_ns: int, detail: str = "") -> tuple[StreamEvent, ...]:
        """The connection has ended; it is news of books that were not live as well."""
        self.wire.lost()
        books = [route for route in self._subscriptions if isinstance(route, BookRoute)]
        for route in books:
            route.feed.lose(route.instrument, Fault.DISCONNECTED, detail, received_ns)
        return tuple(_lost(route, Fault.DISCONNECTED, detail, received_ns) for route in books)

    # What a `Talk` leaves to be filled in.

    def _new_route(self, topic: Topic, instrument: Instrument, key: str) -> Route:
        if topic.channel is not Channel.BOOK:
            return super()._new_route(topic, instrument, key)
        route = BookRoute(instrument, key, self.wire.reader(topic), self.wire.rule(key))
        self._starts.want(route)
        return route

    def on_subscribed(self, route: Route, now_s: float) -> None:
        if isinstance(route, BookRoute):
            self._starts.subscribed(route, now_s)

    def on_ended(self, route: Route) -> None:
        if isinstance(route, BookRoute):
            self._starts.settle(route)

    def on_refused(
        self, route: Route, error: ExchangeError, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        if not isinstance(route, BookRoute):
            return ()
        self._starts.settle(route)
        route.feed.lose(route.instrument, Fault.REFUSED, str(error), received_ns)
        # Of a book that was not live it is news as well.
        return (_lost(route, Fault.REFUSED, str(error), received_ns),)

    def on_unanswered(
        self, route: Route, error: ExchangeError, now_ns: int
    ) -> tuple[StreamEvent, ...] | None:
        if not isinstance(route, BookRoute):
            return None
        if route.ended or route.feed.is_live:
            return ()
        return (_lost(route, Fault.STARTING, str(error), now_ns),)  # `Starts` asks again

    def on_unstarted(self, route: Route) -> None:
        if isinstance(route, BookRoute):
            self._starts.landed(route)

    def on_gap(self, detail: str, received_ns: int) -> tuple[StreamEvent, ...]:
        return self.resync_all(Fault.GAP, detail, received_ns)

    # How books are kept.

    def _silent(self, route: BookRoute, silence_s: float, now_ns: int) -> tuple[StreamEvent, ...]:
        """A book that has been granted, as far as that is told, and has nothing to start from."""
        is_unanswered = self.stream.acknowledges and not route.answered
        if is_unanswered or route.feed.is_live:
            return ()
        granted = "acknowledged, but " if self.stream.acknowledges else ""
        missing = "start" if route.starts_in_stream else "update"
        detail = f"{granted}no {missing} for {silence_s:.0f} s"
        return (_lost(route, Fault.STARTING, detail, now_ns),)

    def passed_on(self, route: Route, events: tuple[StreamEvent, ...]) -> tuple[StreamEvent, ...]:
        if type(route) is not BookRoute:
            return events
        if len(events) == 1 and type(update := events[0]) is BookDelta:  # nearly always
            return self._delta(route, update)
        told = (
            self._delta(route, event) if type(event) is BookDelta else self._whole(route, event)
            for event in events
        )
        return tuple(chain.from_iterable(told))

    def _delta(self, route: BookRoute, update: BookDelta) -> tuple[StreamEvent, ...]:
        feed = route.feed
        was_live = feed.is_live
        events = feed.delta(update)
        if not (feed.is_live and was_live):
            self._follow_up(route, events)
        return events

    def _whole(self, route: BookRoute, snapshot: StreamEvent) -> tuple[StreamEvent, ...]:
        assert isinstance(snapshot, BookSnapshot)  # books tell nothing else
        feed = route.feed
        self._starts.landed(route)
        if not route.starts_in_stream and feed.is_live and snapshot.sequence <= feed.last:
            return ()  # the stream has brought the book further meanwhile
        is_answer = feed.rule.recovery is Recovery.SNAPSHOT_ON_SOCKET
        return self._snapshot(route, snapshot, in_stream=not is_answer)

    def _snapshot(
        self, route: BookRoute, snapshot: BookSnapshot, *, in_stream: bool = False
    ) -> tuple[StreamEvent, ...]:
        """Start the route's feed from a snapshot."""
        feed = route.feed
        if self._starts.is_ending(route):
            return ()  # no updates will follow it; the next subscription brings another
        events = feed.snapshot(self.wire.fitted(route, snapshot), in_stream=in_stream)
        if not feed.needs_start:
            self._starts.settle(route)
        elif not feed.has_start:
            self._starts.want_anew(route)
        return events

    def _follow_up(self, route: BookRoute, events: Iterable[StreamEvent]) -> None:
        """An update has lost the book, or made it live, or neither while it is not live."""
        if route.feed.is_live:
            self._starts.settle(route)
        elif any(type(event) is BookLost for event in events):
            self._starts.want_anew(route)
        else:
            self._starts.want(route)

    def _book(self, symbol: str) -> BookRoute | None:
        route = self._subscriptions.get(Topic(Channel.BOOK, symbol))
        return route if isinstance(route, BookRoute) else None

    def _landed(self, request: Request[BookSnapshot]) -> BookRoute | None:
        route = self._book(request.instrument.symbol) if request.instrument else None
        if route:
            self._starts.landed(route)
        return route


def _lost(route: BookRoute, fault: Fault, detail: str, received_ns: int) -> BookLost:
    return BookLost(
        instrument=route.instrument, fault=fault, detail=detail, received_ns=received_ns
    )


def _is_named(native: str, frame: Frame) -> bool:
    """The frame writes the name; numbers that serve as names stand in any frame."""
    text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
    return not native.isdecimal() and native.casefold() in text.casefold()
