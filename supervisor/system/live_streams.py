"""Streams of one venue for whoever wants them: subscribed while somebody listens."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, TypeVar

import trio

from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from exchanges.market.events import (
    Event,
    Kline,
    Notice,
    StreamEvent,
    Subscription,
    SubscriptionState,
)
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Channel, Topic
from supervisor.system.branch import VenueBranch

T = TypeVar("T")
N = TypeVar("N")
E = TypeVar("E", bound=Event)
Opening = AbstractAsyncContextManager[AsyncIterator[T]]
"""`async with` subscribes and gives an async iterator; its end unsubscribes."""


class LiveStreams:
    """How many listen to what of a venue; what is watched, its branch knows.

    `tops` hears of every change of its books.
    """

    def __init__(self, branch: VenueBranch, tops: Tops) -> None:
        self._branch = branch
        self._tops = tops
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
                book = self._branch.markets[symbol].book
                yield _Reading(bell, lambda news: book)

    @asynccontextmanager
    async def events(
        self, kind: type[E], topic: Topic, instrument: Instrument
    ) -> AsyncIterator[AsyncIterator[E]]:
        """Every event of a topic, which are of one kind.

        Iterating raises what a request would raise, when the venue refuses the topic.
        """

        def is_ours(event: StreamEvent) -> bool:
            if isinstance(event, Notice) or event.instrument.symbol != topic.symbol:
                return False
            if isinstance(event, Subscription):
                return event.topic == str(topic) and event.state is SubscriptionState.REFUSED
            if isinstance(event, Kline):
                return event.interval is topic.interval
            return isinstance(event, kind)

        with self._branch.context.events.listen(is_ours) as news:
            async with self._subscribed(topic, instrument):
                yield _Reading(news, lambda event: _checked(event, kind))

    @asynccontextmanager
    async def _subscribed(self, topic: Topic, instrument: Instrument) -> AsyncIterator[None]:
        """The topic is subscribed while anybody uses it."""
        async with self._turn:
            if not self._users.get(topic):
                await self._branch.watch(topic, instrument)
            self._users[topic] = self._users.get(topic, 0) + 1
        try:
            yield
        finally:
            with trio.CancelScope(shield=True):
                async with self._turn:
                    self._users[topic] -= 1
                    if not self._users[topic]:
                        del self._users[topic]
                        await self._branch.leave(topic)


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
        assert event.error is not None
        raise event.error
    assert isinstance(event, kind)
    return event
