"""Streams of one venue for whoever wants them: subscribed while somebody listens."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, TypeVar

import trio

from actors.books.order_book import OrderBook
from actors.venue.connection import Connection, Refresh
from exchanges.errors import ExchangeError
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
from supervisor.system.branch import is_same_stream
from supervisor.system.markets import Market, Markets
from supervisor.system.placement import Placement

T = TypeVar("T")
N = TypeVar("N")
E = TypeVar("E", bound=Event)
Opening = AbstractAsyncContextManager[AsyncIterator[T]]
"""`async with` subscribes and gives an async iterator; its end unsubscribes."""


class LiveStreams:
    """Who listens to what of a venue; its connections and books are kept elsewhere."""

    def __init__(self, placement: Placement, markets: Markets) -> None:
        self._placement = placement
        self._markets = markets
        self._watched: dict[str, Market] = {}
        self._places: dict[Topic, tuple[Connection, Instrument]] = {}
        self._users: dict[Topic, int] = {}
        self._turn = trio.Lock()

    def change(self, instrument: Instrument) -> None:
        """Use new rules of an instrument; what is open of another market goes on as it is."""
        market = self._watched.get(instrument.symbol)
        if market and is_same_stream(market.instrument, instrument):
            self._markets.change(market, instrument)
        for topic, (connection, before) in self._places.items():
            if topic.symbol == instrument.symbol and is_same_stream(before, instrument):
                connection.tell(Refresh(instrument))

    @asynccontextmanager
    async def book(self, instrument: Instrument) -> AsyncIterator[AsyncIterator[OrderBook]]:
        """The live book, told at each change; what a slow reader missed is not told again."""
        symbol = instrument.symbol
        async with self._subscribed(Topic(Channel.BOOK, symbol), instrument):
            with self._markets.tops.news.listen(
                lambda news: news.instrument.symbol == symbol, conflate=True
            ) as bell:
                book = self._watched[symbol].book
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

        with self._placement.context.events.listen(is_ours) as news:
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
        if topic.channel is Channel.BOOK:
            market = await self._markets.open(self._placement, instrument)
            self._watched[topic.symbol] = market
        else:
            stream = self._placement.stream_of(topic, instrument.kind)
            self._places[topic] = await self._placement.place(topic, stream), instrument

    async def _unsubscribe(self, topic: Topic) -> None:
        if topic.channel is Channel.BOOK:
            await self._markets.close(self._watched.pop(topic.symbol))
        else:
            connection, _ = self._places.pop(topic)
            await self._placement.take_away({topic: connection})


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
