"""Tests of `actors.detection.watcher`: the actor that judges what the books' actors tell."""

import trio
from trio.testing import MockClock

from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.detection.detector import Detector
from actors.detection.opportunity import DetectorSettings, OpportunityChange, Phase, Reason
from actors.detection.sides import Watch
from actors.detection.watcher import run_detector
from actors.edges.clock import TrioClock
from actors.edges.histogram import Histogram
from actors.edges.hub import Hub
from actors.venue.clock import VenueClock
from exchanges.market.numbers import NS_PER_S
from tests.actors.conftest import instrument, snapshot


class LateClock(TrioClock):
    """Each look at it takes a second, as on a machine that is busy with something else."""

    looks = 0

    def now_ns(self) -> int:
        self.looks += 1
        return super().now_ns() + self.looks * NS_PER_S


async def test_a_deadline_that_is_over_before_it_is_waited_for_ends_what_is_too_old(
    autojump_clock: MockClock,
) -> None:
    tops, news, clock = Tops(), Hub[OpportunityChange](), LateClock(0)
    detector = Detector(DetectorSettings(max_age_s=4.5, min_notional=0.0))
    for venue, price in (("a", 100.0), ("b", 101.0)):
        market = instrument(venue, "BTC/USDT")
        book = OrderBook(market)
        book.apply(snapshot(market, [(price, 1.0)], [(price + 0.1, 1.0)]))
        detector.add(
            Watch(
                instrument=market,
                quote="USDT",
                book=book,
                clock=VenueClock(),
                taker_fee=0.0,
                group="BTC/USDT",
            )
        )
        tops.tell(book)
    with news.listen() as heard, trio.fail_after(10.0):
        async with trio.open_nursery() as nursery:
            await nursery.start(run_detector, detector, tops, news, Histogram(), clock)
            changes = [await anext(heard), await anext(heard)]
            nursery.cancel_scope.cancel()
    assert [(one.phase, one.reason) for one in changes] == [
        (Phase.OPENED, None),
        (Phase.CLOSED, Reason.STALE),
    ]
