"""Streams of one venue for whoever wants them: subscribed while somebody listens."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Generic, TypeVar

import structlog
import trio

from actors.books.keeper import BookInbox, run_book
from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.venue.connection import SESSION_FAILURES, Connection, Resync
from actors.venue.context import VenueContext
from actors.venue.placement import Placement
from exchanges.errors import CodecUsageError, ExchangeError
from exchanges.market.events import (
    Event,
    Fault,
    Kline,
    Notice,
    StreamEvent,
    Subscription,
    SubscriptionState,
)
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Channel, Topic

INBOX_BATCHES: Final = 64
PAUSE_S: Final = 1.0
PAUSE_CAP_S: Final = 60.0
"""The pause before a lost connection is opened again doubles from the first to the second."""

T = TypeVar("T")
N = TypeVar("N")
E = TypeVar("E", bound=Event)
Opening = AbstractAsyncContextManager[AsyncIterator[T]]
"""`async with` subscribes and gives an async iterator; its end unsubscribes."""

log = structlog.get_logger()


class LiveStreams:
    """The connections and books behind a venue's streams; their tasks run in `nursery`."""

    def __init__(self, context: VenueContext, nursery: trio.Nursery) -> None:
        self._context = context
        self._nursery = nursery
        self._placement = Placement(context, self._hold, self._let_go)
        self._scopes: dict[str, trio.CancelScope] = {}  # of connections and books, by name
        self._books: dict[str, OrderBook] = {}
        self._tops = Tops()
        self._places: dict[Topic, Connection] = {}
        self._users: dict[Topic, int] = {}
        self._turn = trio.Lock()

    @asynccontextmanager
    async def book(self, instrument: Instrument) -> AsyncIterator[AsyncIterator[OrderBook]]:
        """The live book, told at each change; what a slow reader missed is not told again."""
        symbol = instrument.symbol
        async with self._subscribed(Topic(Channel.BOOK, symbol), instrument):
            with self._tops.news.listen(
                lambda news: news.instrument.symbol == symbol, conflate=True
            ) as bell:
                book = self._books[symbol]
                yield _Reading(bell, lambda news: book)

    @asynccontextmanager
    async def events(
        self, kind: type[E], topic: Topic, instrument: Instrument
    ) -> AsyncIterator[AsyncIterator[E]]:
        """Every event of a topic, which are of one kind.

        Iterating raises `ExchangeError` when the venue refuses the topic.
        """

        def is_ours(event: StreamEvent) -> bool:
            if isinstance(event, Notice) or event.instrument.symbol != topic.symbol:
                return False
            if isinstance(event, Subscription):
                return event.topic == str(topic) and event.state is SubscriptionState.REFUSED
            if isinstance(event, Kline):
                return event.interval is topic.interval
            return isinstance(event, kind)

        with self._context.events.listen(is_ours) as news:
            async with self._subscribed(topic, instrument):
                yield _Reading(news, lambda event: _checked(event, kind))

    @asynccontextmanager
    async def _subscribed(self, topic: Topic, instrument: Instrument) -> AsyncIterator[None]:
        """The topic is subscribed while anybody uses it."""
        async with self._turn:
            if not self._users.get(topic):
                await self._subscribe(topic, instrument)
            self._users[topic] = self._users.get(topic, 0) + 1
        try:
            yield
        finally:
            with trio.CancelScope(shield=True):
                async with self._turn:
                    self._users[topic] -= 1
                    if not self._users[topic]:
                        await self._unsubscribe(topic)

    async def _subscribe(self, topic: Topic, instrument: Instrument) -> None:
        venue = self._context.venue
        stream = venue.stream_for(instrument.kind, topic.channel, topic.interval)
        if stream is None:
            what = f"{topic.channel} of {instrument.kind} markets"
            interval = f" and {topic.interval}" if topic.interval else ""
            raise CodecUsageError(f"{venue.name} streams no {what}{interval}")
        if topic.channel is Channel.BOOK:
            self._open_book(instrument)
        self._places[topic] = await self._placement.place(topic, stream)

    async def _unsubscribe(self, topic: Topic) -> None:
        await self._placement.take_away({topic: self._places.pop(topic)})
        if topic.channel is Channel.BOOK:
            self._close_book(topic.symbol)

    def _open_book(self, instrument: Instrument) -> None:
        symbol = instrument.symbol
        venue = self._context.venue
        book = self._books[symbol] = OrderBook(instrument, venue.checksum, venue.start_limit)
        inbox = self._context.books[symbol] = BookInbox(INBOX_BATCHES)
        scope = self._scopes[f"book {symbol}"] = trio.CancelScope()

        def resync(fault: Fault, detail: str) -> None:
            if connection := self._places.get(Topic(Channel.BOOK, symbol)):
                connection.tell(Resync(symbol, fault, detail))

        async def keep() -> None:
            with scope:
                await run_book(book, inbox, self._tops, resync)

        self._nursery.start_soon(keep, name=f"book {symbol}")

    def _close_book(self, symbol: str) -> None:
        del self._context.books[symbol]
        # At once: its actor will not see that it is cancelled before it runs again.
        self._books.pop(symbol).lose(Fault.UNSUBSCRIBED, "nobody listens any more")
        self._scopes.pop(f"book {symbol}").cancel(reason="nobody listens any more")

    async def _hold(self, name: str, connection: Connection) -> None:
        """Run a connection, and again whenever it ends."""
        scope = self._scopes[name] = trio.CancelScope()

        async def hold() -> None:
            pause_s = PAUSE_S
            with scope:
                while True:
                    before = connection.frames
                    try:
                        await connection.run()
                    except* SESSION_FAILURES as group:
                        log.warning("connection_lost", connection=name, reason=repr(group.exceptions))
                    if connection.frames > before:
                        pause_s = PAUSE_S
                    await trio.sleep(pause_s)
                    pause_s = min(2 * pause_s, PAUSE_CAP_S)

        self._nursery.start_soon(hold, name=name)

    async def _let_go(self, name: str) -> None:
        self._scopes.pop(name).cancel(reason="nobody listens any more")


class _Reading(AsyncIterator[T], Generic[N, T]):
    """What `read` makes of each piece of news."""

    def __init__(self, news: AsyncIterator[N], read: Callable[[N], T]) -> None:
        self._news = news
        self._read = read

    async def __anext__(self) -> T:
        return self._read(await anext(self._news))


def _checked(event: StreamEvent, kind: type[E]) -> E:
    """An event of a topic, which is of that kind, or else the news that the venue refuses it."""
    if isinstance(event, Subscription):
        venue = event.instrument.venue
        raise ExchangeError(f"refuses {event.topic}: {event.message}", venue=venue)
    assert isinstance(event, kind)
    return event
