"""The engine: venues, books and detector as one supervised tree, to run or to embed.

async with open_engine(config) as engine:
    async for change in engine.opportunities():
        print(change.opportunity)
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Final

import msgspec
import trio

from actors.book import Tops, run_book
from actors.channels import Latest
from actors.clock import Clock, SystemClock
from actors.detecting import run_detector
from actors.detector import Detector, Watch
from actors.histogram import Histogram
from actors.http import Gateway, HttpTap
from actors.hub import Hub, Listener
from actors.identity import AssetIdentity
from actors.network import Network, SocketNetwork
from actors.opportunity import Opportunity, OpportunityChange
from actors.order_book import BookNotLive, OrderBook
from actors.session import StreamTap, VenueContext
from actors.venue_clock import VenueClock
from exchanges import VENUES
from exchanges.events import Fault, StreamEvent
from exchanges.instrument import Instrument, Instruments
from exchanges.limits import TokenBucket
from supervisor.child import ChildSpec, Node
from supervisor.config import Config, VenueConfig, check_config
from supervisor.desk import MarketDesk, VenueDesk
from supervisor.policy import RestartLimit
from supervisor.settings import suggest
from supervisor.supervise import Supervisor

# A book's actor fails by our own bug only; many failing at once would be a wave of bad data.
BOOK_LIMIT: Final = RestartLimit(restarts=50, window_s=60.0)


class UnknownMarket(LookupError):
    """Nobody watches that market."""


class Taps(msgspec.Struct, frozen=True):
    """Who hears the raw traffic: frames by venue, and HTTP replies by venue."""

    stream: Callable[[str], StreamTap]
    http: Callable[[str], HttpTap]


class Engine:
    """The running system; made by `open_engine`.

    Attributes:
        config: what it was started with, venues added or removed since included.
        events: everything the venues' streams tell beside books.
        latency_ns: from the socket read to the telling of an opportunity.
    """

    def __init__(
        self,
        config: Config,
        *,
        network: Network | None,
        clock: Clock,
        chance: Random,
        taps: Taps | None,
    ) -> None:
        self.config = config
        self.clock = clock
        self.events: Hub[StreamEvent] = Hub()
        self.latency_ns = Histogram()
        self._network = network
        self._chance = chance
        self._taps = taps
        self._identity = AssetIdentity(config.assets, config.comparable)
        self._news: Hub[OpportunityChange] = Hub()
        self._tops: Tops = Latest()
        self._clocks: dict[str, VenueClock] = {}
        self._detector = Detector(config.detector, self._clocks)
        self._desks: dict[str, VenueDesk] = {}
        self._books = Supervisor("books", limit=BOOK_LIMIT, chance=chance)
        self._venues = Supervisor("venues", chance=chance)
        detector = ChildSpec(name="detector", run=self._run_detector, inspect=self._tops.inspect)
        children = (self._books.as_child(), detector, self._venues.as_child())
        self._root = Supervisor("arbitrio", children, chance=chance)

    # Using it.

    def opportunities(self) -> Listener[OpportunityChange]:
        """News of opportunities from now on, as an async iterator."""
        return self._news.listen()

    def open_opportunities(self) -> list[Opportunity]:
        """The opportunities open now, best edge first."""
        return self._detector.open()

    @property
    def refused(self) -> dict[str, int]:
        """How many opportunities were not shown, by reason."""
        return {str(reason): number for reason, number in self._detector.refused.items()}

    def book(self, venue: str, symbol: str) -> OrderBook:
        """The book of a watched market; reading it raises `BookNotLive` while it may be wrong.

        Raises:
            UnknownMarket: nobody watches that market, or the venue does not trade it.
            BookNotLive: the venue's instruments are still being loaded.
        """
        desk = self._desk(venue)
        if market := desk.markets.get(symbol):
            return market.book
        if symbol in desk.unknown:
            raise UnknownMarket(f"{venue} does not trade {symbol}")
        if symbol in desk.wished:
            detail = "the venue's instruments are being loaded"
            raise BookNotLive(venue, symbol, Fault.STARTING, detail)
        raise UnknownMarket(f"{venue} {symbol} is not watched; {suggest(symbol, desk.wished)}")

    def books(self) -> list[OrderBook]:
        """The books of all watched markets."""
        return [market.book for desk in self._desks.values() for market in desk.markets.values()]

    def tree(self) -> Node:
        """Who runs since when, how often restarted and why, and what their inboxes hold."""
        return self._root.tree()

    @property
    def frames(self) -> int:
        """Frames received so far, by all connections."""
        return sum(desk.frames for desk in self._desks.values())

    async def add(self, venue: str, *symbols: str) -> None:
        """Watch more symbols at a venue.

        Raises:
            UnknownMarket: the venue is not part of the engine; see `add_venue`.
            InvalidSymbol: the venue does not trade one of them.
        """
        await self._desk(venue).add(symbols)

    async def remove(self, venue: str, *symbols: str) -> None:
        """Watch symbols at a venue no longer.

        Raises:
            UnknownMarket: the venue is not part of the engine.
        """
        await self._desk(venue).remove(symbols)

    async def add_venue(self, name: str, own: VenueConfig) -> None:
        """Watch one more venue.

        Raises:
            ConfigError: the venue or its settings are wrong, or it is part of the engine.
        """
        config = msgspec.structs.replace(self.config, venues={**self.config.venues, name: own})
        check_config(config)
        self.config = config
        await self._open_desk(name)

    async def remove_venue(self, name: str) -> None:
        """Watch a venue no longer.

        Raises:
            UnknownMarket: the venue is not part of the engine.
        """
        desk = self._desk(name)
        await desk.close()
        await self._venues.remove(name)
        del self._desks[name]
        venues = {key: own for key, own in self.config.venues.items() if key != name}
        self.config = msgspec.structs.replace(self.config, venues=venues)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the tree until cancelled.

        Raises:
            RestartLimitReached: a part failed so often that the whole had to give up.
        """
        for name in self.config.venues:
            await self._open_desk(name)
        try:
            await self._root.run(task_status=task_status)
        finally:
            self._news.close()
            self.events.close()

    # What the venues' desks need.

    async def open_market(self, market: MarketDesk) -> None:
        instrument = market.instrument
        self._detector.add(self._watch(market))
        await self._books.add(
            ChildSpec(
                name=f"{instrument.venue} {instrument.symbol}",
                run=partial(run_book, market.book, market.inbox, self._tops, market.resync),
                inspect=market.inbox.inspect,
            )
        )

    async def close_market(self, market: MarketDesk) -> None:
        instrument = market.instrument
        await self._books.remove(f"{instrument.venue} {instrument.symbol}")
        changes = self._detector.remove((instrument.venue, instrument.symbol), self.clock.now_ns())
        for change in changes:
            self._news.publish(change)

    def update_instrument(self, instrument: Instrument) -> None:
        self._detector.update_instrument(instrument)

    # How it is put together.

    def _desk(self, venue: str) -> VenueDesk:
        if venue not in self._desks:
            raise UnknownMarket(f"{venue} is not watched; {suggest(venue, list(self._desks))}")
        return self._desks[venue]

    async def _open_desk(self, name: str) -> None:
        desk = self._desks[name] = self._make_desk(name)
        await self._venues.add(desk.as_child())

    def _make_desk(self, name: str) -> VenueDesk:
        venue, config, taps = VENUES[name], self.config, self._taps
        network = self._network or SocketNetwork(config.proxy_of(name))
        endpoints = config.endpoints_of(venue)
        http_tap = taps.http(name) if taps else None
        gateway = Gateway(venue, endpoints, network, self.clock, self._chance, http_tap)
        context = VenueContext(
            venue=venue,
            endpoints=endpoints,
            network=network,
            gateway=gateway,
            clock=self.clock,
            chance=self._chance,
            instruments=Instruments(),
            books={},
            events=self.events,
            transport=config.transport,
            connects=TokenBucket(venue.connects),
            tap=taps.stream(name) if taps else None,
        )
        return VenueDesk(
            context,
            self._clocks.setdefault(name, VenueClock()),
            self,
            symbols=config.symbols_of(name),
            channels=config.channels_of(name),
            refresh_s=config.refresh_s,
        )

    async def _run_detector(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """A detector that failed starts anew, from the books as they are."""
        self._detector = Detector(self.config.detector, self._clocks)
        for desk in self._desks.values():
            for symbol, market in desk.markets.items():
                self._detector.add(self._watch(market))
                book = market.book
                self._tops.put((desk.name, symbol), book.top() if book.is_live else Fault.STARTING)
        await run_detector(
            self._detector,
            self._tops,
            self._news,
            self.latency_ns,
            self.clock,
            task_status=task_status,
        )

    def _watch(self, market: MarketDesk) -> Watch:
        instrument = market.instrument
        fees = self.config.fees_of(VENUES[instrument.venue], instrument)
        return Watch(
            instrument=instrument,
            book=market.book,
            taker_fee=float(fees.taker),
            group=self._identity.group(instrument),
            is_mapped=self._identity.is_mapped(instrument),
        )


@asynccontextmanager
async def open_engine(
    config: Config,
    *,
    network: Network | None = None,
    clock: Clock | None = None,
    chance: Random | None = None,
    taps: Taps | None = None,
) -> AsyncIterator[Engine]:
    """The engine, running inside the `async with` block and stopped in order at its end.

    `network`, `clock` and `chance` are real ones unless given; a program in virtual time gives
    its own.

    Raises:
        ConfigError: the configuration is wrong; nothing was started.
        RestartLimitReached: a part failed so often that the whole had to give up.
    """
    check_config(config)
    engine = Engine(
        config,
        network=network,
        clock=clock or SystemClock(),
        chance=chance or Random(),
        taps=taps,
    )
    failure: Exception | None = None
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            try:
                yield engine
            except Exception as error:  # noqa: BLE001 - raised again below, outside of the nursery
                failure = error
            nursery.cancel_scope.cancel(reason="the engine's block has ended")
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None
    if failure:
        raise failure
