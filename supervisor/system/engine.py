"""The engine: venues, books and detector as one supervised tree, to run or to embed.

async with open_engine(config) as engine:
    async for change in engine.opportunities():
        print(change.opportunity)
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from random import Random

import msgspec
import trio

from actors.books.order_book import BookNotLive, OrderBook
from actors.books.tops import Tops
from actors.detection.opportunity import Opportunity, OpportunityChange, Reason
from actors.detection.quotes import Rate
from actors.edges.background import open_background
from actors.edges.clock import Clock, SystemClock
from actors.edges.hub import Hub, Listener
from actors.edges.taps import HttpTap, StreamTap
from actors.edges.watchdog import Watchdog
from actors.network.network import Network, SocketNetwork
from actors.venue.auditor import AuditCount
from actors.venue.context import Injected, VenueContext
from exchanges.market.events import BookLost, Fault, StreamEvent, Top
from exchanges.market.instrument import Instrument
from supervisor.settings.checking import check_config
from supervisor.settings.config import Config, VenueConfig
from supervisor.settings.reader import ConfigError, suggest
from supervisor.supervision.child import ChildSpec, Node
from supervisor.supervision.supervise import Supervisor
from supervisor.system.branch import VenueBranch
from supervisor.system.conversions import Conversions
from supervisor.system.detection import Detection
from supervisor.system.loading import load_venue
from supervisor.system.markets import Markets


class UnknownMarket(LookupError):
    """Nobody watches that market."""


class NoSuchKind(UnknownMarket):
    """The venue has no markets of that kind at all, so that none is missing."""


class Taps(msgspec.Struct, frozen=True):
    """Who hears the raw traffic: frames by venue, and HTTP replies by venue."""

    stream: Callable[[str], StreamTap]
    http: Callable[[str], HttpTap]


class Engine:
    """The running system; made by `open_engine`.

    Attributes:
        config: what it was started with, venues added or removed since included; what is watched
            now, `wished` tells.
        tops: every change of a watched book's best bid and ask, and every loss of a book.
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
        self._network = network
        self._chance = chance
        self._taps = taps
        tops = Tops()
        self.tops = tops.news
        self._detection = Detection(
            config.detector, config.identity(), self._taker_fee, self._is_wished, clock, tops
        )
        self.latency_ns = self._detection.latency_ns
        self._markets = Markets(tops, chance, self._detection)
        self._branches: dict[str, VenueBranch] = {}
        self._conversions = Conversions(config.quotes, self._branches)
        self._venues = Supervisor("venues", jitter=chance.random)
        children = (
            *_watchdog(config.blocked_s),
            self._markets.books.as_child(),
            self._detection.as_child(),
            self._venues.as_child(),
            ChildSpec(name="conversions", run=self._conversions.run),
        )
        self._root = Supervisor("arbitrio", children, jitter=chance.random)

    # Using it.

    def opportunities(self) -> Listener[OpportunityChange]:
        """News of opportunities from now on, as an async iterator."""
        return self._detection.news.listen()

    def open_opportunities(self) -> list[Opportunity]:
        """The opportunities open now, best edge first."""
        return self._detection.open()

    @property
    def open_count(self) -> int:
        """How many opportunities are open, without reading the books of each."""
        return self._detection.detector.open_count

    def rates(self) -> dict[tuple[str, str], Rate | Reason]:
        """What quote assets that are compared are worth in each other now, at the mid.

        They come from books that the engine keeps for that, two venues for each where there are
        two; where there is no rate, why.
        """
        return {pair: self._detection.rate(*pair) for pair in self._conversions.pairs}

    @property
    def refused(self) -> dict[str, int]:
        """How many opportunities were not shown, by reason."""
        return {str(reason): number for reason, number in self._detection.detector.refused.items()}

    @property
    def audits(self) -> dict[str, AuditCount]:
        """What audits of books have found, by venue; empty if they are turned off."""
        return {name: branch.audits for name, branch in self._branches.items() if branch.audits}

    @property
    def wished(self) -> dict[str, tuple[str, ...]]:
        """The symbols that are to be watched now, by venue; `book` tells how each stands."""
        return {name: tuple(branch.wished) for name, branch in self._branches.items()}

    @property
    def unlisted(self) -> dict[str, set[str]]:
        """The symbols that are to be watched and that the venue does not list, by venue.

        `book` says more about each.
        """
        return {name: set(branch.unknown) for name, branch in self._branches.items()}

    def book(self, venue: str, symbol: str) -> OrderBook:
        """The book of a watched market; reading it raises `BookNotLive` while it may be wrong.

        Raises:
            UnknownMarket: nobody watches that market, or the venue does not trade it; it is
                `NoSuchKind` where the venue has no such markets at all.
            BookNotLive: the venue's instruments are still being loaded.
        """
        branch = self._branch(venue)
        if market := branch.markets.get(symbol):
            return market.book
        if branch.listings.has_no_such(symbol):
            raise NoSuchKind(f"{venue} {branch.listings.not_traded(symbol)}")
        if symbol in branch.unknown:
            raise UnknownMarket(f"{venue} {branch.listings.not_traded(symbol)}")
        if symbol in branch.wished:
            detail = "the venue's instruments are being loaded"
            raise BookNotLive(venue, symbol, Fault.STARTING, detail)
        raise UnknownMarket(f"{venue} {symbol} is not watched; {suggest(symbol, branch.wished)}")

    def books(self) -> list[OrderBook]:
        """The books of all watched markets."""
        return [
            market.book for branch in self._branches.values() for market in branch.markets.values()
        ]

    async def until_live(self, venue: str, symbol: str) -> OrderBook:
        """Wait until a watched book can be read.

        Raises:
            UnknownMarket: as `book` does.
            BookNotLive: the engine has ended.
        """

        def is_about(news: Top | BookLost) -> bool:
            return (news.instrument.venue, news.instrument.symbol) == (venue, symbol)

        with self.tops.listen(is_about) as news:
            while True:
                try:
                    book = self.book(venue, symbol)
                    book.require_live()
                except BookNotLive:
                    if await anext(news, None) is None:
                        raise  # the engine has ended
                else:
                    return book

    def tree(self) -> Node:
        """Who runs since when, how often restarted and why, and what their inboxes hold."""
        return self._root.tree()

    @property
    def frames(self) -> int:
        """Frames received so far, by all connections."""
        return sum(branch.frames for branch in self._branches.values())

    async def add(self, venue: str, *symbols: str) -> None:
        """Watch more symbols at a venue.

        Raises:
            UnknownMarket: the venue is not part of the engine; see `add_venue`.
            InvalidSymbol: the venue does not trade one of them.
        """
        await self._branch(venue).add(symbols)

    async def remove(self, venue: str, *symbols: str) -> None:
        """Watch symbols at a venue no longer.

        Raises:
            UnknownMarket: the venue is not part of the engine.
        """
        await self._branch(venue).remove(symbols)

    async def add_venue(self, name: str, own: VenueConfig) -> None:
        """Watch one more venue.

        Raises:
            ConfigError: the venue or its settings are wrong, or it is part of the engine.
        """
        with suppress(LookupError):  # told below, with all else that is wrong
            await load_venue(own.module or name, self._network)
        # Nothing waits from here on until the venue is part of the engine.
        if name in self._branches:
            raise ConfigError([f"venues.{name}: is watched already"])
        config = msgspec.structs.replace(self.config, venues={**self.config.venues, name: own})
        check_config(config)
        self.config = config
        await self._open_branch(name)

    async def remove_venue(self, name: str) -> None:
        """Watch a venue no longer.

        Raises:
            UnknownMarket: the venue is not part of the engine.
        """
        branch = self._branch(name)
        with trio.CancelScope(shield=True):  # half a venue could not be removed again
            await branch.close()
            await self._venues.remove(name)
        del self._branches[name]
        self._conversions.look_again()
        venues = {key: own for key, own in self.config.venues.items() if key != name}
        self.config = msgspec.structs.replace(self.config, venues=venues)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the tree until cancelled.

        Raises:
            RestartLimitReached: a part failed so often that the whole had to give up.
        """
        for name in self.config.venues:
            await self._open_branch(name)
        try:
            await self._root.run(task_status=task_status)
        finally:
            for hub in (self._detection.news, self.tops, self.events):
                hub.close()

    # How it is put together.

    def _branch(self, venue: str) -> VenueBranch:
        if venue not in self._branches or self._branches[venue].is_closed:
            raise UnknownMarket(f"{venue} is not watched; {suggest(venue, list(self._branches))}")
        return self._branches[venue]

    async def _open_branch(self, name: str) -> None:
        branch = self._branches[name] = self._make_branch(name)
        await self._venues.add(branch.as_child(wait_ready=False))

    def _make_branch(self, name: str) -> VenueBranch:
        config, taps = self.config, self._taps
        venue = config.venue(name)
        given = Injected(
            network=self._network or SocketNetwork(config.proxy_of(name)),
            clock=self.clock,
            chance=self._chance,
            transport=config.transport,
            stream_tap=taps.stream(name) if taps else None,
            http_tap=taps.http(name) if taps else None,
        )
        context = VenueContext.open(
            venue,
            config.endpoints_of(venue),
            self.events,
            given,
            config.units_of(name),
            config.headers_of(venue),
        )
        return VenueBranch(
            context,
            self._markets,
            symbols=config.symbols_of(name),
            wishes=config.wishes_of(venue),
            refresh_s=config.refresh_s,
            audit_s=config.audit_s,
            on_news=self._conversions.look_again,
        )

    def _is_wished(self, instrument: Instrument) -> bool:
        return instrument.symbol in self._branches[instrument.venue].wished

    def _taker_fee(self, instrument: Instrument) -> float:
        return float(self.config.fees_of(self.config.venue(instrument.venue), instrument).taker)


def _watchdog(bound_s: float) -> Iterator[ChildSpec]:
    """Who tells of tasks that keep all others waiting, if that is wanted."""
    if bound_s:
        watchdog = Watchdog(bound_s)
        yield ChildSpec(name="watchdog", run=watchdog.run, inspect=watchdog.inspect)


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
    its own. The venues are imported before anything runs, up to 40 ms each, if they were not yet
    (`load_config` has done so); one that is added later stalls nothing.

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
    async with open_background("the engine's block has ended") as nursery:
        await nursery.start(engine.run)
        yield engine
