"""Where the markets of all venues meet: an actor for each book, and the detector."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

import msgspec
import trio

from actors.books.keeper import BookInbox, run_book
from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.detection.detector import Detector, Watch
from actors.detection.identity import AssetIdentity
from actors.detection.opportunity import DetectorSettings, OpportunityChange
from actors.detection.watcher import run_detector
from actors.edges.clock import Clock
from actors.edges.histogram import Histogram
from actors.edges.hub import Hub
from actors.venue.clock import VenueClock
from actors.venue.connection import Connection, Resync
from exchanges.market.events import Fault
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Channel, Topic
from supervisor.supervision.child import ChildSpec
from supervisor.supervision.policy import RestartLimit
from supervisor.supervision.supervise import Supervisor

# A book's actor fails by our own bug only; many failing at once would be a wave of bad data.
BOOK_LIMIT: Final = RestartLimit(restarts=50, window_s=60.0)


class MarketDesk(msgspec.Struct, eq=False):
    """One watched market: its book, the inbox of the book's actor, and where its topics are."""

    instrument: Instrument
    book: OrderBook
    inbox: BookInbox
    places: dict[Topic, Connection]

    @property
    def key(self) -> tuple[str, str]:
        return self.instrument.venue, self.instrument.symbol

    def resync(self, fault: Fault, detail: str) -> None:
        """Ask for a new start of the book."""
        symbol = self.instrument.symbol
        if connection := self.places.get(Topic(Channel.BOOK, symbol)):
            connection.tell(Resync(symbol, fault, detail))


class Floor:
    """The books of all watched markets, and the detector that compares them.

    Attributes:
        tops: what the books' actors tell.
        news: what becomes of opportunities.
        latency_ns: from the socket read to the telling of an opportunity.
        clocks: each venue's clock against ours.
    """

    def __init__(
        self,
        settings: DetectorSettings,
        identity: AssetIdentity,
        taker_fee: Callable[[Instrument], float],
        clock: Clock,
        chance: Random,
    ) -> None:
        self.tops = Tops()
        self.news: Hub[OpportunityChange] = Hub()
        self.latency_ns = Histogram()
        self.clocks: dict[str, VenueClock] = {}
        self.detector = Detector(settings, self.clocks)
        self._settings = settings
        self._identity = identity
        self._taker_fee = taker_fee
        self._clock = clock
        self._markets: dict[tuple[str, str], MarketDesk] = {}
        self._books = Supervisor("books", limit=BOOK_LIMIT, jitter=chance.random)

    def as_children(self) -> tuple[ChildSpec, ...]:
        """Books first: the detector reads them, and outlives none."""
        detector = ChildSpec(name="detector", run=self._run_detector, inspect=self.tops.inspect)
        return self._books.as_child(), detector

    async def open_market(self, market: MarketDesk) -> None:
        """Keep the market's book, and compare it."""
        self._markets[market.key] = market
        self.detector.add(self._watch(market))
        await self._books.add(
            ChildSpec(
                name=" ".join(market.key),
                run=partial(run_book, market.book, market.inbox, self.tops, market.resync),
                inspect=market.inbox.inspect,
            )
        )

    async def close_market(self, market: MarketDesk) -> None:
        """Keep and compare the market's book no longer."""
        del self._markets[market.key]
        # First, so that its opportunities are not closed for the loss of its book.
        for change in self.detector.remove(market.key, self._clock.now_ns()):
            self.news.publish(change)
        await self._books.remove(" ".join(market.key))

    def update_instrument(self, instrument: Instrument) -> None:
        """Use new rules for a watched market."""
        self.detector.update_instrument(instrument)

    async def _run_detector(self, *, task_status: trio.TaskStatus[None]) -> None:
        """A detector that failed starts anew, from the books as they are."""
        self.detector = Detector(self._settings, self.clocks)
        for market in self._markets.values():
            self.detector.add(self._watch(market))
            self.tops.tell(market.book)
        await run_detector(
            self.detector,
            self.tops,
            self.news,
            self.latency_ns,
            self._clock,
            task_status=task_status,
        )

    def _watch(self, market: MarketDesk) -> Watch:
        return Watch(
            instrument=market.instrument,
            book=market.book,
            taker_fee=self._taker_fee(market.instrument),
            group=self._identity.group(market.instrument),
            is_mapped=self._identity.is_mapped(market.instrument),
        )
