"""Tests of `actors.detector`: the life of an opportunity, and why one is refused."""

from decimal import Decimal
from math import inf
from typing import Any

import pytest

from actors.books.order_book import CROSSED_GRACE_NS, MarketKey, OrderBook
from actors.detection.detector import Detector
from actors.detection.opportunity import DetectorSettings, OpportunityChange, Phase, Reason
from actors.detection.sides import Watch
from actors.venue.clock import VenueClock
from exchanges.market.events import Fault, Level
from exchanges.market.instrument import Instrument, Status
from exchanges.market.numbers import NS_PER_S
from tests.actors.conftest import instrument, snapshot

SECOND = NS_PER_S


class Rig:
    """Two or more venues that quote one level a side, and the detector that watches them."""

    def __init__(self, *venues: str, fee: float = 0.0, **settings: Any) -> None:
        defaults: dict[str, Any] = {"open_bps": 5.0, "close_bps": 1.0, "min_notional": 0.0}
        self.detector = Detector(DetectorSettings(**(defaults | settings)))
        self.books: dict[str, OrderBook] = {}
        self.clocks: dict[str, VenueClock] = {}
        self.now_ns = 1_000 * SECOND
        self.fee = fee
        for venue in venues:
            self.watch(venue)

    def watch(self, venue: str, **facts: Any) -> Instrument:
        market = instrument(venue, "BTC/USDT", **facts)
        self.books[venue] = OrderBook(market)
        self.clocks[venue] = VenueClock()
        self.detector.add(self._watch(market))
        return market

    def change(self, venue: str, **facts: Any) -> list[OpportunityChange]:
        """The rules of a market or its fee are others now."""
        market = instrument(venue, "BTC/USDT", **facts)
        self.books[venue].change(market)
        return self.detector.change(self._watch(market), self.now_ns)

    def _watch(self, market: Instrument) -> Watch:
        return Watch(
            instrument=market,
            quote=market.quote,
            book=self.books[market.venue],
            clock=self.clocks[market.venue],
            taker_fee=self.fee,
            group="BTC/USDT",
        )

    def quote(
        self, venue: str, bid: float, ask: float, *, size: float = 1.0, venue_ns: int | None = None
    ) -> list[OpportunityChange]:
        book = self.books[venue]
        book.apply(
            snapshot(
                book.instrument,
                [(bid, size)],
                [(ask, size)],
                received_ns=self.now_ns,
                **({} if venue_ns is None else {"venue_ns": venue_ns}),
            )
        )
        if venue_ns is not None:
            self.clocks[venue].heard(venue_ns, self.now_ns, "BTC/USDT")  # as the book's actor tells
        return self.detector.take({self.market(venue): book.top()}, self.now_ns)

    def lose(self, venue: str) -> list[OpportunityChange]:
        self.books[venue].lose(Fault.GAP)
        return self.detector.take({self.market(venue): Fault.GAP}, self.now_ns)

    def market(self, venue: str) -> MarketKey:
        return venue, "BTC/USDT"


def only(changes: list[OpportunityChange]) -> OpportunityChange:
    (change,) = changes
    return change


def test_an_edge_above_the_threshold_opens_an_opportunity() -> None:
    rig = Rig("a", "b")
    assert rig.quote("a", 99.0, 100.0) == []
    change = only(rig.quote("b", 100.2, 100.3))
    found = change.opportunity
    assert change.phase is Phase.OPENED
    assert (found.sell.instrument.venue, found.buy.instrument.venue) == ("b", "a")
    assert (found.sell.price, found.buy.price) == (100.2, 100.0)
    assert found.edge_bps == pytest.approx(20.0)
    assert found.size == Decimal(1)
    assert found.profit == pytest.approx(0.2)
    assert rig.detector.open(rig.now_ns) == [found]


def test_fees_of_both_sides_come_off_the_edge() -> None:
    rig = Rig("a", "b", fee=0.0005)
    rig.quote("a", 99.0, 100.0)
    change = only(rig.quote("b", 100.2, 100.3))
    assert change.opportunity.edge_bps == pytest.approx((100.2 * 0.9995 / (100 * 1.0005) - 1) * 1e4)


def test_an_edge_at_the_threshold_opens_nothing() -> None:
    rig = Rig("a", "b", open_bps=0.0, close_bps=0.0)
    rig.quote("a", 99.0, 100.0)
    assert rig.quote("b", 100.0, 101.0) == []


def test_it_stays_open_between_the_thresholds_and_closes_below_the_lower() -> None:
    rig = Rig("a", "b")
    rig.quote("a", 99.0, 100.0)
    rig.quote("b", 100.2, 100.3)
    rig.now_ns += 2 * SECOND
    assert rig.quote("b", 100.02, 100.3) == []  # 2 bp: above closing
    rig.now_ns += 1 * SECOND
    change = only(rig.quote("b", 100.01, 100.3))  # 1 bp: at closing
    assert (change.phase, change.reason) == (Phase.CLOSED, Reason.EDGE_GONE)
    assert change.opportunity.lasted_s == 3.0
    assert rig.detector.open(rig.now_ns) == []


def test_a_better_edge_is_told_once_it_is_worth_telling() -> None:
    rig = Rig("a", "b", improve_bps=3.0)
    rig.quote("a", 99.0, 100.0)
    rig.quote("b", 100.2, 100.3)
    assert rig.quote("b", 100.22, 100.3) == []
    change = only(rig.quote("b", 100.24, 100.3))
    assert change.phase is Phase.IMPROVED
    assert change.opportunity.best_edge_bps == pytest.approx(24.0)
    assert change.opportunity.id == rig.detector.open(rig.now_ns)[0].id


def test_both_directions_are_found() -> None:
    rig = Rig("a", "b")
    rig.quote("b", 99.0, 100.0)
    change = only(rig.quote("a", 100.2, 100.3))
    assert change.opportunity.sell.instrument.venue == "a"


def test_every_pair_of_venues_is_compared() -> None:
    rig = Rig("a", "b", "c")
    rig.quote("a", 99.0, 100.0)
    rig.quote("b", 99.1, 100.1)
    changes = rig.quote("c", 101.0, 101.1)
    bought = {change.opportunity.buy.instrument.venue for change in changes}
    assert bought == {"a", "b"}


def test_a_lost_book_closes_what_depends_on_it_and_nothing_else() -> None:
    rig = Rig("a", "b", "c")
    rig.quote("a", 99.0, 100.0)
    rig.quote("b", 99.0, 100.0)
    rig.quote("c", 101.0, 101.1)
    change = only(rig.lose("a"))
    assert (change.phase, change.reason) == (Phase.CLOSED, Reason.BOOK_LOST)
    assert [one.buy.instrument.venue for one in rig.detector.open(rig.now_ns)] == ["b"]


def test_a_stale_side_is_refused_and_counted_once() -> None:
    rig = Rig("a", "b", max_age_s=2.0)
    rig.quote("a", 99.0, 100.0)
    rig.now_ns += 3 * SECOND
    assert rig.quote("b", 100.2, 100.3) == []
    assert rig.quote("b", 100.3, 100.4) == []
    assert rig.detector.refused == {Reason.STALE: 1}
    assert only(rig.quote("a", 99.0, 100.0)).phase is Phase.OPENED


def test_an_open_opportunity_is_closed_when_a_side_grows_stale_in_silence() -> None:
    rig = Rig("a", "b", max_age_s=2.0)
    rig.quote("a", 99.0, 100.0)
    rig.now_ns += 1 * SECOND
    rig.quote("b", 100.2, 100.3)
    deadline_ns = rig.detector.deadline_ns
    assert 0 < deadline_ns - rig.now_ns - SECOND < SECOND / 1000
    assert rig.detector.expire(rig.now_ns + SECOND) == []
    change = only(rig.detector.expire(int(deadline_ns)))
    assert (change.phase, change.reason) == (Phase.CLOSED, Reason.STALE)
    assert rig.detector.deadline_ns == inf


def test_content_that_is_old_by_the_venues_clock_is_refused() -> None:
    rig = Rig("a", "b", max_age_s=2.0)
    rig.quote("a", 99.0, 100.0, venue_ns=rig.now_ns)
    rig.now_ns += 10 * SECOND
    frozen_ns = rig.now_ns - 10 * SECOND  # frames arrive, their content does not move on
    rig.quote("a", 99.0, 100.0, venue_ns=frozen_ns)
    assert rig.quote("b", 100.2, 100.3) == []
    assert rig.detector.refused == {Reason.VENUE_STALE: 1}


def test_a_venue_whose_clock_is_ahead_is_not_stale() -> None:
    rig = Rig("a", "b", max_age_s=2.0)
    ahead_ns = 5 * SECOND
    rig.quote("a", 99.0, 100.0, venue_ns=rig.now_ns + ahead_ns)
    rig.now_ns += 1 * SECOND
    rig.quote("a", 99.0, 100.0, venue_ns=rig.now_ns + ahead_ns)
    change = only(rig.quote("b", 100.2, 100.3))
    assert change.opportunity.buy.venue_age_s == pytest.approx(0.0)
    assert change.opportunity.sell.venue_age_s is None


def test_prices_too_far_apart_are_two_assets_unless_the_bound_is_wider() -> None:
    rig = Rig("a", "b", max_ratio=1.1)
    rig.quote("a", 9.0, 10.0)
    assert rig.quote("b", 100.2, 100.3) == []
    assert rig.detector.refused == {Reason.PRICE_RATIO: 1}

    wider = Rig("a", "b", max_ratio=20.0)
    wider.quote("a", 9.0, 10.0)
    assert only(wider.quote("b", 100.2, 100.3)).phase is Phase.OPENED


def test_a_market_that_takes_no_orders_is_refused() -> None:
    rig = Rig("a")
    rig.watch("b", status=Status.HALTED)
    rig.quote("a", 99.0, 100.0)
    assert rig.quote("b", 100.2, 100.3) == []
    assert rig.detector.refused == {Reason.HALTED: 1}
    assert only(rig.change("b")).phase is Phase.OPENED


def test_fault_19_a_crossed_book_gives_no_opportunity() -> None:
    """However good its prices look; one that stays crossed wants a new start."""
    rig = Rig("a", "b")
    rig.quote("a", 99.0, 100.0)
    assert only(rig.quote("b", 100.2, 100.3)).phase is Phase.OPENED
    book = rig.books["b"]
    for _ in range(3):
        rig.now_ns += CROSSED_GRACE_NS
        levels: list[Level] = [(105.0, 1.0)]
        book.apply(snapshot(book.instrument, levels, [(104.0, 1.0)], received_ns=rig.now_ns))
        assert book.fault is Fault.CROSSED
        changes = rig.detector.take({rig.market("b"): Fault.CROSSED}, rig.now_ns)
        assert {one.reason for one in changes} <= {Reason.BOOK_LOST}
        assert rig.detector.open(rig.now_ns) == []
        assert rig.quote("a", 99.0, 100.0) == []
    assert rig.detector.statistics[rig.market("b"), rig.market("a")].opened == 1


def test_fault_23_a_market_that_is_halted_closes_its_opportunity_at_once() -> None:
    rig = Rig("a", "b")
    rig.quote("a", 99.0, 100.0)
    rig.quote("b", 100.2, 100.3)
    change = only(rig.change("a", status=Status.HALTED))
    assert (change.phase, change.reason) == (Phase.CLOSED, Reason.HALTED)
    assert rig.detector.open(rig.now_ns) == []
    assert rig.quote("b", 100.2, 100.3) == []
    assert rig.detector.refused == {Reason.HALTED: 1}


def test_another_fee_counts_at_once() -> None:
    rig = Rig("a", "b")
    rig.quote("a", 99.0, 100.0)
    rig.quote("b", 100.2, 100.3)
    rig.fee = 0.01
    change = only(rig.change("a"))
    assert (change.phase, change.reason) == (Phase.CLOSED, Reason.EDGE_GONE)
    assert rig.quote("b", 100.2, 100.3) == []
    rig.fee = 0.0001
    change = only(rig.change("a"))
    assert change.phase is Phase.OPENED
    assert change.opportunity.buy.taker_fee == 0.0001


def test_rules_of_a_market_that_nobody_watches_are_no_news() -> None:
    rig = Rig("a", "b")
    rig.detector.remove(rig.market("a"), rig.now_ns)
    assert rig.change("a") == []


def test_fault_24_an_asset_of_the_same_name_is_refused_by_its_price() -> None:
    rig = Rig("a", "b")
    rig.quote("a", 0.0009, 0.001)
    assert rig.quote("b", 0.05, 0.051) == []
    assert rig.detector.refused == {Reason.PRICE_RATIO: 1}


def test_fault_25_a_feed_that_freezes_closes_what_is_open_though_frames_arrive() -> None:
    rig = Rig("a", "b", max_age_s=2.0)
    frozen_ns = rig.now_ns
    rig.quote("a", 99.0, 100.0, venue_ns=frozen_ns)
    assert only(rig.quote("b", 100.2, 100.3)).phase is Phase.OPENED
    closed: list[OpportunityChange] = []
    for _ in range(30):
        rig.now_ns += SECOND // 10
        closed += rig.quote("a", 99.0, 100.0, venue_ns=frozen_ns)
        closed += rig.quote("b", 100.2, 100.3)
    assert [(one.phase, one.reason) for one in closed] == [(Phase.CLOSED, Reason.VENUE_STALE)]
    assert rig.detector.refused == {Reason.VENUE_STALE: 1}


def test_what_is_open_is_closed_when_its_content_grows_old_by_the_venues_clock() -> None:
    """The last frame came later than what it tells, and nothing follows."""
    rig = Rig("a", "b", max_age_s=2.0)
    for _ in range(5):
        rig.quote("a", 99.0, 100.0, venue_ns=rig.now_ns)
        rig.now_ns += SECOND // 10
    stamped_ns = rig.now_ns - SECOND
    rig.quote("a", 99.0, 100.0, venue_ns=stamped_ns)
    rig.quote("b", 100.2, 100.3)
    deadline_ns = rig.detector.deadline_ns
    assert stamped_ns + 2 * SECOND < deadline_ns < rig.now_ns + 2 * SECOND
    change = only(rig.detector.expire(int(deadline_ns)))
    assert change.reason is Reason.VENUE_STALE


@pytest.mark.parametrize("apart_s", [-3600, -60, 60, 3600])
def test_feed_whose_stamps_are_all_far_from_our_clock_is_not_fresh(apart_s: int) -> None:
    """It was frozen before we came, or a clock is wrong."""
    rig = Rig("a", "b", max_age_s=2.0)
    for _ in range(20):
        rig.quote("a", 99.0, 100.0, venue_ns=rig.now_ns + apart_s * SECOND)
        assert rig.quote("b", 100.2, 100.3) == []
        rig.now_ns += SECOND // 10
    assert rig.detector.refused == {Reason.VENUE_STALE: 1}
    assert f"{apart_s:+d} s from our clock" in rig.clocks["a"].complaint


def test_one_stamp_far_ahead_costs_no_book_beside_its_own() -> None:
    rig = Rig("a", "b", max_age_s=2.0)
    rig.quote("a", 99.0, 100.0, venue_ns=rig.now_ns)
    rig.quote("a", 99.0, 100.0, venue_ns=rig.now_ns + 3600 * SECOND)
    rig.quote("a", 99.0, 100.0, venue_ns=rig.now_ns)
    assert only(rig.quote("b", 100.2, 100.3)).phase is Phase.OPENED


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        ({"min_notional": 101.0}, {}),
        ({"min_profit": 0.21}, {}),
        ({}, {"min_size": Decimal(2)}),
        ({}, {"min_notional": Decimal(150)}),
        ({}, {"step": "3"}),  # the size rounds to nothing
    ],
)
def test_what_is_too_small_to_trade_is_refused(
    settings: dict[str, float], facts: dict[str, Any]
) -> None:
    rig = Rig("a", **settings)
    rig.watch("b", **facts)
    rig.quote("a", 99.0, 100.0)
    assert rig.quote("b", 100.2, 100.3) == []
    assert rig.detector.refused == {Reason.TOO_SMALL: 1}


def test_a_refused_opportunity_counts_again_after_the_edge_was_gone() -> None:
    rig = Rig("a", "b", min_notional=1e6)
    rig.quote("a", 99.0, 100.0)
    for bid in (100.2, 100.3, 99.0, 100.2):
        rig.quote("b", bid, 101.0)
    assert rig.detector.refused == {Reason.TOO_SMALL: 2}


def test_how_long_opportunities_usually_last_is_told() -> None:
    rig = Rig("a", "b")
    rig.quote("a", 99.0, 100.0)
    for lasts_s in (1, 3):
        rig.quote("b", 100.2, 100.3)
        rig.now_ns += lasts_s * SECOND
        rig.quote("b", 99.0, 100.3)
    change = only(rig.quote("b", 100.2, 100.3))
    assert change.opportunity.usual_s == 2.0
    statistics = rig.detector.statistics[rig.market("b"), rig.market("a")]
    assert (statistics.opened, statistics.closed, statistics.open_s) == (3, 2, 4.0)
    assert statistics.best_edge_bps == pytest.approx(20.0)


def test_a_market_that_is_removed_closes_its_opportunities() -> None:
    rig = Rig("a", "b")
    rig.quote("a", 99.0, 100.0)
    rig.quote("b", 100.2, 100.3)
    change = only(rig.detector.remove(rig.market("a"), rig.now_ns))
    assert (change.phase, change.reason) == (Phase.CLOSED, Reason.REMOVED)
    assert rig.quote("b", 101.0, 101.1) == []
    assert rig.detector.remove(rig.market("a"), rig.now_ns) == []


def test_a_market_is_watched_once() -> None:
    with pytest.raises(ValueError, match="watched already"):
        Rig("a", "a")


def test_latency_is_counted_from_the_bytes_that_caused_it() -> None:
    rig = Rig("a", "b")
    rig.quote("a", 99.0, 100.0)
    heard_ns, rig.now_ns = rig.now_ns, rig.now_ns + 7_000
    book = rig.books["b"]
    book.apply(snapshot(book.instrument, [(100.2, 1.0)], [(100.3, 1.0)], received_ns=heard_ns))
    change = only(rig.detector.take({rig.market("b"): book.top()}, rig.now_ns))
    assert (change.heard_ns, change.decided_ns) == (heard_ns, heard_ns + 7_000)
