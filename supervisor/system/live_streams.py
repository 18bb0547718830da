"""Streams of one venue as async iterators: a topic is wanted while somebody iterates."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, TypeVar

from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.edges.hub import Listener
from exchanges.market.events import (
    BookLost,
    Event,
    InstrumentChange,
    Kline,
    StreamEvent,
    Subscription,
    SubscriptionState,
    Top,
)
from exchanges.market.instrument import Status
from exchanges.market.topics import Channel, Topic
from supervisor.system.branch import VenueBranch

T = TypeVar("T")
E = TypeVar("E", bound=Event)
Opening = AbstractAsyncContextManager[AsyncIterator[T]]
"""`async with` subscribes and gives an async iterator; its end unsubscribes."""


class LiveStreams:
    """What a venue's branch is wanted to have open, for as long as it is listened to.

    `tops` hears of every change of its books.
    """

    def __init__(self, branch: VenueBranch, tops: Tops) -> None:
        self._branch = branch
        self._tops = tops

    @asynccontextmanager
    async def book(self, symbol: str) -> AsyncIterator[AsyncIterator[OrderBook]]:
        """The live book, told at each change; what a slow reader missed is not told again.

        That it is delisted is told last.

        Raises:
            InvalidSymbol, CodecUsageError: as `VenueBranch.want` does.
        """
        async with self._wanted(Topic(Channel.BOOK, symbol)):
            with self._tops.news.listen(
                lambda news: news.instrument.symbol == symbol, conflate=True
            ) as bell:
                yield _Books(bell, self._branch, symbol)

    @asynccontextmanager
    async def events(self, kind: type[E], topic: Topic) -> AsyncIterator[AsyncIterator[E]]:
        """Every event of a topic, which are of one kind, until its market is delisted.

        Iterating raises what a request would raise, when the venue refuses the topic.

        Raises:
            InvalidSymbol, CodecUsageError: as `VenueBranch.want` does.
        """

        def is_ours(event: StreamEvent) -> bool:
            if not isinstance(event, Event) or event.instrument.symbol != topic.symbol:
                return False
            if isinstance(event, Subscription):
                return event.topic == str(topic) and event.state is SubscriptionState.REFUSED
            if isinstance(event, InstrumentChange):
                return event.instrument.status is Status.DELISTED
            if isinstance(event, Kline):
                return event.interval is topic.interval
            return isinstance(event, kind)

        with self._branch.context.events.listen(is_ours) as news:
            async with self._wanted(topic):
                yield _Events(news, kind)

    @asynccontextmanager
    async def _wanted(self, topic: Topic) -> AsyncIterator[None]:
        await self._branch.want(topic)
        try:
            yield
        finally:
            await self._branch.unwant(topic)


class _Books(AsyncIterator[OrderBook]):
    """The book that is kept of a market, each time that the bell rings."""

    def __init__(self, bell: Listener[Top | BookLost], branch: VenueBranch, symbol: str) -> None:
        self._bell = bell
        self._branch = branch
        self._symbol = symbol
        self._book = branch.markets[symbol].book

    async def __anext__(self) -> OrderBook:
        await anext(self._bell)
        if market := self._branch.markets.get(self._symbol):
            self._book = market.book
        elif self._branch.listings.now(self._symbol) is None:
            self._bell.close()
        return self._book


class _Events(AsyncIterator[E], Generic[E]):
    """The events of a topic, or what ends them."""

    def __init__(self, news: Listener[StreamEvent], kind: type[E]) -> None:
        self._news = news
        self._kind = kind

    async def __anext__(self) -> E:
        event = await anext(self._news)
        if isinstance(event, InstrumentChange):
            self._news.close()
            raise StopAsyncIteration
        if isinstance(event, Subscription):
            assert event.error is not None
            raise event.error
        assert isinstance(event, self._kind)
        return event
