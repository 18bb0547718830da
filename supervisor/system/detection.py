"""The detector as a part of the tree: it compares all watched markets."""

from collections.abc import Callable
from typing import Final

import trio

from actors.books.tops import Tops
from actors.detection.detector import Detector
from actors.detection.identity import AssetIdentity
from actors.detection.opportunity import DetectorSettings, Opportunity, OpportunityChange, Reason
from actors.detection.quotes import Rate
from actors.detection.sides import Watch
from actors.detection.watcher import run_detector
from actors.edges.clock import Clock
from actors.edges.histogram import Histogram
from actors.edges.hub import Hub
from exchanges.market.instrument import Instrument
from supervisor.supervision.child import ChildSpec
from supervisor.supervision.policy import Parking
from supervisor.system.markets import Follower, WatchedMarket

PARKING: Final = Parking(probe_after_s=30.0, cap_s=600.0)


class Detection(Follower):
    """The detector of the watched markets.

    Attributes:
        news: what becomes of opportunities.
        latency_ns: from the socket read to the telling of an opportunity.
        detector: the one that runs now.
    """

    def __init__(
        self,
        settings: DetectorSettings,
        identity: AssetIdentity,
        taker_fee: Callable[[Instrument], float],
        is_wished: Callable[[Instrument], bool],
        clock: Clock,
        tops: Tops,
    ) -> None:
        self.news: Hub[OpportunityChange] = Hub()
        self.latency_ns = Histogram()
        self.detector = Detector(settings, identity.quotes)
        self._settings = settings
        self._identity = identity
        self._taker_fee = taker_fee
        self._is_wished = is_wished
        self._clock = clock
        self._tops = tops
        self._markets: dict[tuple[str, str], WatchedMarket] = {}

    def as_child(self) -> ChildSpec:
        """For a place behind the books: it reads them, and outlives none.

        One that fails too often is parked and probed; the books, which it only reads, live on.
        """
        return ChildSpec(
            name="detector", run=self._run, inspect=self._tops.inspect, parking=PARKING
        )

    def open(self) -> list[Opportunity]:
        """The opportunities open now, as the books are now, best edge first."""
        return self.detector.open(self._clock.now_ns())

    def rate(self, sold: str, bought: str) -> Rate | Reason:
        """What one quote asset is worth in another now, at the mid, or why nobody knows."""
        now_ns = self._clock.now_ns()
        return self.detector.rates.of(sold, bought, now_ns, is_executable=False)

    def opened(self, market: WatchedMarket) -> None:
        self._markets[market.key] = market
        self.detector.add(self._watch(market))

    def closed(self, market: WatchedMarket) -> None:
        # Before its book is lost, so that its opportunities are not closed for that.
        del self._markets[market.key]
        for change in self.detector.remove(market.key, self._clock.now_ns()):
            self.news.publish(change)

    def changed(self, market: WatchedMarket) -> None:
        for change in self.detector.change(self._watch(market), self._clock.now_ns()):
            self.news.publish(change)

    async def _run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """A detector that failed starts anew, from the books as they are."""
        for market in self._markets.values():
            self._tops.tell(market.book)
        try:
            await run_detector(
                self.detector,
                self._tops,
                self.news,
                self.latency_ns,
                self._clock,
                task_status=task_status,
            )
        finally:
            self._renew()

    def _renew(self) -> None:
        """Put another detector in the place of one that ended: nobody tends what that had open."""
        now_ns = self._clock.now_ns()
        for change in self.detector.abandon(now_ns):
            self.news.publish(change)
        self.detector = Detector(self._settings, self._identity.quotes)
        for market in self._markets.values():
            self.detector.add(self._watch(market))

    def _watch(self, market: WatchedMarket) -> Watch:
        instrument = market.instrument
        return Watch(
            instrument=instrument,
            quote=self._identity.quote(instrument),
            book=market.book,
            clock=market.placement.context.venue_clock,
            taker_fee=self._taker_fee(instrument),
            group=self._identity.group(instrument) if self._is_wished(instrument) else "",
        )
