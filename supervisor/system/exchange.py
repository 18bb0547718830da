"""One venue by itself: its public requests as methods, its streams as async iterators.

async with open_exchange("name of a venue") as exchange:
    print(await exchange.ticker("BTC/USDT"))
    async with exchange.stream_book("BTC/USDT") as books:
        async for book in books:
            print(book.top() if book.is_live else book.fault)
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from random import Random
from typing import TypeVar

import trio

from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.edges.background import open_background
from actors.edges.clock import Clock, SystemClock
from actors.edges.hub import Hub
from actors.network.network import Network, SocketNetwork
from actors.network.websocket import Transport
from actors.venue.context import Injected, VenueContext
from exchanges import Venue
from exchanges.market.events import (
    BookSnapshot,
    Event,
    Funding,
    FundingCharge,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument, Kind, Status
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Request
from exchanges.venue import PRODUCTION
from supervisor.settings.addresses import where_problems
from supervisor.settings.reader import ConfigError
from supervisor.supervision.child import Node
from supervisor.supervision.supervise import Supervisor
from supervisor.system.branch import VenueBranch
from supervisor.system.live_streams import LiveStreams, Opening
from supervisor.system.loading import load_venue
from supervisor.system.markets import Markets

T = TypeVar("T")
E = TypeVar("E", bound=Event)


@asynccontextmanager
async def open_exchange(
    name: str,
    *,
    environment: str = PRODUCTION,
    endpoints: Mapping[str, str] | None = None,
    network: Network | None = None,
    clock: Clock | None = None,
    chance: Random | None = None,
    transport: Transport = Transport.AUTO,
) -> AsyncIterator["PublicExchange"]:
    """A venue for as long as the `async with` block lasts; nothing is connected before it is used.

    `endpoints` replaces single URLs; network, clock and chance are real ones unless given.

    Raises:
        LookupError: there is no such venue.
        ConfigError: the venue has no such environment or endpoint, or a URL is none.
    """
    venue = await load_venue(name, network)
    given = Injected(
        network=network or SocketNetwork(""),
        clock=clock or SystemClock(),
        chance=chance or Random(),
        transport=transport,
    )
    own = endpoints or {}
    if problems := [f"{name}: {one}" for one in where_problems(venue, environment, own)]:
        raise ConfigError(problems)
    urls, headers = {**venue.endpoints[environment], **own}, venue.headers.get(environment, ())
    exchange = PublicExchange(VenueContext.open(venue, urls, Hub(), given, headers=headers))
    async with open_background("the exchange is closed") as nursery:
        await nursery.start(exchange.run)
        yield exchange


class PublicExchange:
    """The public side of one venue; made by `open_exchange`.

    Every request raises an `ExchangeError` if the venue refuses or cannot be reached, `RateLimited`
    at once, with `retry_after_s`, while the venue wants to be left alone,
    `InvalidSymbol` for markets it does not trade, and `CodecUsageError` for what it does not
    offer.
    """

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        markets = Markets(Tops(), context.chance)
        # No actor keeps the instruments: nothing is asked of the venue before it is needed.
        self._branch = VenueBranch(context, markets)
        self._streams = LiveStreams(self._branch, markets.tops)
        self._loading = trio.Lock()
        children = (markets.books.as_child(), self._branch.as_child(wait_ready=True))
        self._root = Supervisor("exchange", children, jitter=context.chance.random)

    @property
    def venue(self) -> Venue:
        """What is known of it beforehand."""
        return self._context.venue

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the books, the gateway and the connections until cancelled."""
        await self._root.run(task_status=task_status)

    def tree(self) -> Node:
        """Who runs since when, how often restarted and why, and what their inboxes hold."""
        return self._root.tree()

    # Requests.

    async def instruments(self) -> list[Instrument]:
        """Everything the venue lists now; streams that are open go by it from now on.

        They use new rules, start anew in a new unit, and end where the market is delisted.
        """
        async with self._loading:  # so that the newer answer is the one that counts
            await self._load()
        listed = self._context.instruments
        return [one for one in listed if one.status is not Status.DELISTED]

    async def order_book(self, symbol: str, depth: int = 0) -> BookSnapshot:
        """The book now, `depth` levels a side (0: as deep as the venue's stream is kept)."""
        return await self._about(symbol, lambda rest, one: rest.book(one, depth))

    async def trades(self, symbol: str, limit: int = 100) -> list[Trade]:
        """Recent trades, oldest first."""
        return await self._about(symbol, lambda rest, one: rest.trades(one, limit))

    async def ticker(self, symbol: str) -> Ticker:
        return await self._about(symbol, lambda rest, one: rest.ticker(one))

    async def tickers(self, kind: Kind = Kind.SPOT) -> list[Ticker]:
        """Those of all markets of a kind."""
        await self._loaded()
        request = self.venue.rest.tickers(kind, self._context.instruments.native)
        return await self._context.gateway.call(request)

    async def klines(
        self, symbol: str, interval: KlineInterval = KlineInterval.M1, limit: int = 100
    ) -> list[Kline]:
        """The latest candles, oldest first."""
        return await self._about(symbol, lambda rest, one: rest.klines(one, interval, limit))

    async def funding(self, symbol: str) -> Funding:
        return await self._about(symbol, lambda rest, one: rest.funding(one))

    async def funding_history(self, symbol: str, limit: int = 100) -> list[FundingCharge]:
        """The latest charges, oldest first.

        Where a venue charges all the time they are those of whole hours, and each is a request.
        """
        charges = await self._about(symbol, lambda rest, one: rest.funding_history(one, limit))
        while charges.more:
            charges = await self._context.gateway.call(charges.more)
        return charges

    async def mark_price(self, symbol: str) -> MarkPrice:
        return await self._about(symbol, lambda rest, one: rest.mark_price(one))

    async def open_interest(self, symbol: str) -> OpenInterest:
        return await self._about(symbol, lambda rest, one: rest.open_interest(one))

    async def server_time(self) -> int:
        """The venue's clock in UTC nanoseconds."""
        return await self._context.gateway.call(self.venue.rest.server_time())

    async def ping(self) -> None:
        """Return if the venue answers."""
        await self._context.gateway.call(self.venue.rest.ping())

    # Streams: `async with exchange.stream_trades(symbol) as trades: async for trade in trades: ...`
    # The iteration ends when the market is found to be delisted.

    def stream_book(self, symbol: str) -> Opening[OrderBook]:
        """The market's live book, each time that it has changed or was lost.

        It is always the newest state: a slow reader skips what has passed. Reading it raises
        `BookNotLive` while it may be wrong. It is the same object each time, until the venue
        changes the market's unit: then another one follows.
        """
        return self._open(symbol, lambda: self._streams.book(symbol))

    def stream_tops(self, symbol: str) -> Opening[Top]:
        """The venue's own best bid and ask; `stream_book` has them too, and proves them."""
        return self._stream(Top, Topic(Channel.TOP, symbol))

    def stream_trades(self, symbol: str) -> Opening[Trade]:
        return self._stream(Trade, Topic(Channel.TRADES, symbol))

    def stream_ticker(self, symbol: str) -> Opening[Ticker]:
        return self._stream(Ticker, Topic(Channel.TICKER, symbol))

    def stream_klines(
        self, symbol: str, interval: KlineInterval = KlineInterval.M1
    ) -> Opening[Kline]:
        return self._stream(Kline, Topic(Channel.KLINES, symbol, interval))

    def stream_funding(self, symbol: str) -> Opening[Funding]:
        return self._stream(Funding, Topic(Channel.FUNDING, symbol))

    def stream_mark_price(self, symbol: str) -> Opening[MarkPrice]:
        return self._stream(MarkPrice, Topic(Channel.MARK_PRICE, symbol))

    def stream_open_interest(self, symbol: str) -> Opening[OpenInterest]:
        return self._stream(OpenInterest, Topic(Channel.OPEN_INTEREST, symbol))

    def stream_liquidations(self, symbol: str) -> Opening[Liquidation]:
        return self._stream(Liquidation, Topic(Channel.LIQUIDATIONS, symbol))

    # How it works.

    async def _about(
        self, symbol: str, request: Callable[[PublicRest, Instrument], Request[T]]
    ) -> T:
        instrument = await self._instrument(symbol)
        return await self._context.gateway.call(request(self.venue.rest, instrument))

    async def _instrument(self, symbol: str) -> Instrument:
        await self._loaded(symbol)
        return self._branch.listings.known(symbol)

    async def _loaded(self, symbol: str = "") -> None:
        """Know the venue's markets; a symbol may stand in a list that was not answered."""
        async with self._loading:
            known, unlisted = self._context.instruments, self._branch.listings.loader.unlisted
            if not len(known) or (symbol and unlisted and not known.get(symbol)):
                await self._load()

    async def _load(self) -> None:
        await self._branch.changed(await self._branch.listings.loader.load())

    def _stream(self, kind: type[E], topic: Topic) -> Opening[E]:
        return self._open(topic.symbol, lambda: self._streams.events(kind, topic))

    @asynccontextmanager
    async def _open(
        self, symbol: str, stream: Callable[[], Opening[T]]
    ) -> AsyncIterator[AsyncIterator[T]]:
        await self._loaded(symbol)
        async with stream() as items:
            yield items
