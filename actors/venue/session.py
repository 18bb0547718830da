"""One socket with one codec: frames in, events out, until the connection ends."""

from collections import deque
from collections.abc import Iterable, Sequence
from math import inf
from typing import Final

import trio

from actors.books.keeper import BookInbox, Resync
from actors.edges.background import open_background
from actors.edges.log import Log
from actors.network.websocket import HandshakeRefused, WebSocket, open_websocket
from actors.venue.commands import Command, Refresh, Subscribe, Unsubscribe
from actors.venue.context import VenueContext
from exchanges.errors import ExchangeError, RateLimited
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    Notice,
    StreamEvent,
    Subscription,
    VenueState,
)
from exchanges.market.topics import Topic
from exchanges.replies.errors import BAN_S, BANNED, FIREWALL_S, FORBIDDEN, TOO_MANY
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from exchanges.stream.books import ENDED_BY_US
from exchanges.stream.facts import Stream
from exchanges.stream.talk import UnreadableFrame
from exchanges.stream.wire import Frame

# A venue that sends nonsense this often within the window gets a new connection.
BAD_FRAMES: Final = 10
BAD_FRAMES_WINDOW_S: Final = 60.0
# Where a refused handshake does not say how long to stay away.
REFUSED_S: Final = {FORBIDDEN: FIREWALL_S, TOO_MANY: 60.0, BANNED: BAN_S}
# How a handshake is answered that asks for what the venue does not serve.
NOT_SERVED: Final = 400
_BOOK_EVENTS: Final = frozenset({BookDelta, BookLost, BookSnapshot})

log = Log(__name__)


class Session:
    """One connection from handshake to end.

    Attributes:
        source: number of the session; a later session of the venue has a higher one.
        is_primary: whether news other than books come from here.
        connected_s: when the handshake succeeded, by `trio.current_time()`; inf before.
        settled: set once every topic is answered and every book is live.
        waits_for: what stands between it and its connection.
        notice: set when the venue announced that it will end the connection.
        ended: set by the owner when `run` is over.
    """

    def __init__(
        self, context: VenueContext, stream: Stream, topics: Iterable[Topic], *, is_primary: bool
    ) -> None:
        self.source = next(context.sources)
        self.codec = context.venue.codec(
            stream, context.instruments, allowance=context.budget.allowance(stream)
        )
        self.codec.subscribe(sorted(topics))
        self.is_primary = is_primary
        self.connected_s = inf
        self.settled = trio.Event()
        self.notice = trio.Event()
        self.ended = trio.Event()
        self.bad_frames = 0
        self.waits_for = f"the turn of {context.venue.name} to connect again"
        self._context = context
        self._stream = stream
        self._url = context.endpoints[stream.name]
        self._name = f"{stream.name}.{self.source}"
        self._wake = trio.Event()
        self._bad_at_s: deque[float] = deque(maxlen=BAD_FRAMES)
        self._scope = trio.CancelScope()

    @property
    def is_connected(self) -> bool:
        """The handshake has succeeded; it stays true after the end."""
        return self.connected_s < inf

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Connect, say so, and pump until the connection ends or `retire` is called.

        Raises (in a group if two of them happen at once):
            OSError, trio.TooSlowError, HandshakeRefused: no connection.
            Disconnected: it ended.
            ExchangeError: it went silent, or sent nonsense too often.
        """
        with self._scope:
            detail = ""
            try:
                await self._connect(task_status)
            except trio.Cancelled:
                detail = ENDED_BY_US
                raise
            finally:
                self.codec.hang_up()
                self._deliver(self.codec.end(self._context.clock.now_ns(), detail))

    async def _connect(self, task_status: trio.TaskStatus[None]) -> None:
        """Ask for a connection in each way that there is, until one is taken, and hold it."""
        urls = self._stream.urls(self._url, self._context.taken.get(self._stream.name, ""))
        for self._url in urls:
            try:
                await self._hold(task_status)
            except HandshakeRefused as error:
                self._stay_away(error)
                if error.status != NOT_SERVED or self._url == urls[-1]:
                    raise
                asked = self._url.partition("?")[2]
                log.info("not_served", venue=self._context.venue.name, asked=asked)

    async def _hold(self, task_status: trio.TaskStatus[None]) -> None:
        """Connect, and pump until the connection ends."""
        context = self._context
        await context.budget.connect()
        self.waits_for = f"{self._url} to accept a connection"
        async with open_websocket(
            context.network,
            self._url,
            transport=context.transport,
            max_bytes=self._stream.max_frame_bytes,
            headers=self._stream.headers,
        ) as socket:
            log.info("connected", venue=context.venue.name, session=self._name)
            self.connected_s = trio.current_time()
            context.taken[self._stream.name] = self._url
            context.budget.connected()
            task_status.started()
            await self._pump(socket)

    def retire(self) -> None:
        """End the connection: a newer session has taken over."""
        self._scope.cancel(reason=f"{self._name} has been replaced")

    def obey(self, command: Command) -> None:
        """Do as told; what is to be sent for it goes out soon, and what is lost is told at once."""
        match command:
            case Subscribe(topics):
                self.codec.subscribe(topics)
            case Unsubscribe(topics):
                self.codec.unsubscribe(topics)
            case Resync(symbol, fault, detail):
                now_ns = self._context.clock.now_ns()
                self._deliver(self.codec.resync(symbol, fault, detail, now_ns))
            case Refresh(instrument):
                self.codec.update_instrument(instrument)
        self._wake.set()

    async def _pump(self, socket: WebSocket) -> None:
        async with open_background("the session has ended") as nursery:
            nursery.start_soon(self._keep, socket, nursery, name=f"{self._name} keeper")
            await self._read(socket)

    async def _read(self, socket: WebSocket) -> None:
        """Frames to events, one batch a read."""
        codec, clock, tap = self.codec, self._context.clock, self._context.tap
        while True:
            frames = await socket.receive()
            received_ns, codec.heard_s = clock.now_ns(), trio.current_time()
            events: list[StreamEvent] = []
            for frame in frames:
                if tap:
                    tap(self._name, "recv", self._url, frame)
                try:
                    events += codec.receive(frame, received_ns)
                except UnreadableFrame as error:
                    events += error.told
                    events += self._bad_frame(frame, error, received_ns)
            self._deliver(events)
            if codec.has_work:
                self._wake.set()

    async def _keep(self, socket: WebSocket, nursery: trio.Nursery) -> None:
        """What the codec wants besides reading: frames sent, snapshots fetched, time watched."""
        context, codec = self._context, self.codec
        while True:
            now_s = trio.current_time()
            self._deliver(codec.expire(now_s, context.clock.now_ns()))
            for frame in codec.outgoing(now_s):
                if context.tap:
                    context.tap(self._name, "send", self._url, frame)
                await socket.send(frame)
            for request in codec.requests(now_s):
                nursery.start_soon(self._fetch, request, name=f"{self._name} {request}")
            if codec.is_settled:
                self.settled.set()
            with trio.move_on_at(codec.deadline):
                await self._wake.wait()
            self._wake = trio.Event()

    async def _fetch(self, request: Request[BookSnapshot]) -> None:
        try:
            snapshot = await self._context.gateway.call(request)
        except ExchangeError as error:
            log.warning("snapshot_failed", venue=error.venue, asked=error.asked, reason=str(error))
            if isinstance(error, RateLimited):
                await trio.sleep(error.retry_after_s)
            self.codec.fail(request)
        else:
            self._deliver(self.codec.answer(request, snapshot))
        self._wake.set()

    def _deliver(self, events: Sequence[StreamEvent]) -> None:
        """Book events to their books, in order; other news to whoever listens."""
        batches: dict[str, list[Event]] = {}
        for event in events:
            if type(event) in _BOOK_EVENTS and isinstance(event, Event):
                symbol = event.instrument.symbol
                if symbol in batches:
                    batches[symbol].append(event)
                else:
                    batches[symbol] = [event]
            else:
                self._publish(event)
        for symbol, batch in batches.items():
            inbox = self._context.inboxes.get(symbol)
            if inbox and not inbox.offer((self.source, batch)):
                self._overflow(symbol, inbox, batch[-1])

    def _overflow(self, symbol: str, inbox: BookInbox, last: Event) -> None:
        """The book has fallen behind and lost its backlog: it must start anew, and know it."""
        received_ns, detail = last.received_ns, "the book's actor fell behind"
        log.warning("book_overflow", venue=self._context.venue.name, symbol=symbol)
        self.codec.resync(symbol, Fault.OVERFLOW, detail, received_ns)
        lost = BookLost(
            instrument=last.instrument, fault=Fault.OVERFLOW, detail=detail, received_ns=received_ns
        )
        inbox.offer((self.source, (lost,)))
        self._wake.set()

    def _publish(self, event: StreamEvent) -> None:
        if isinstance(event, VenueState):
            self._take_state(event)
            return
        if isinstance(event, Notice):
            log.warning("notice", venue=event.venue, message=event.message)
            self.notice.set()
        elif isinstance(event, Subscription) and event.error:
            log.warning(
                "subscription",
                venue=event.instrument.venue,
                topic=event.topic,
                state=str(event.state),
                error=type(event.error).__name__,
                reason=str(event.error),
            )
        if self.is_primary:
            self._context.events.publish(event)

    def _take_state(self, state: VenueState) -> None:
        """Every connection is told how the venue is; what it said before is no news."""
        if self._context.openness.tell(state):
            word = "venue_opened" if state.takes_orders else "venue_closed"
            log.warning(word, venue=state.venue, state=state.message)
            self._context.events.publish(state)

    def _bad_frame(
        self, frame: Frame, error: UnreadableFrame, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """Count an unreadable frame; the books that it may have been for start anew."""
        self.bad_frames += 1
        now_s = trio.current_time()
        self._bad_at_s.append(now_s)
        log.warning("bad_frame", venue=error.venue, symbol=error.symbol, reason=str(error))
        if len(self._bad_at_s) == BAD_FRAMES and now_s - self._bad_at_s[0] <= BAD_FRAMES_WINDOW_S:
            raise error
        return self.codec.distrust(frame, error, received_ns)

    def _stay_away(self, error: HandshakeRefused) -> None:
        """Let no connection of the venue try again before it allows one."""
        budget, table = self._context.budget, self._context.venue.rest.errors
        refusal = Response(
            status=error.status,
            headers=error.headers,
            body=error.body,
            received_ns=self._context.clock.now_ns(),
        )
        told_s = table.told_s(refusal)
        if error.status in REFUSED_S:
            budget.shut_connects(told_s or REFUSED_S[error.status], str(error))
            return
        budget.connected()
        if told_s:  # the sockets are out of order, which says nothing of us
            budget.connects.close(trio.current_time() + told_s)
