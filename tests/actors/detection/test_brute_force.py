"""What the detector tells, against the plainest count of every pair at every wake.

The count knows nothing of groups, caches, deadlines or touches that are enough: it walks both books
of each pair, unit by unit of the smallest lot, with the rate that all markets of it tell.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import permutations
from math import ceil, sqrt
from random import Random
from typing import NamedTuple

import pytest

from actors.books.order_book import MarketKey, OrderBook
from actors.detection.detector import Detector
from actors.detection.opportunity import (
    DetectorSettings,
    Opportunity,
    OpportunityChange,
    Phase,
    Reason,
)
from actors.detection.quotes import QuoteSettings
from actors.detection.sides import Watch
from actors.venue.clock import VenueClock
from exchanges.market.events import Fault, Level, Top
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S
from tests.actors.conftest import instrument, snapshot

SETTINGS = DetectorSettings(
    open_bps=4.0, close_bps=-1.0, improve_bps=2.0, max_age_s=5.0, min_notional=40.0, max_ratio=1.05
)
QUOTES = QuoteSettings(max_age_s=4.0, band_bps=100.0, agree_bps=20.0)
MARKETS = (
    *("X/USDT", "X/USDC", "X/USD", "X/USDT:USDT", "X/USDC:USDC", "X/EUR"),
    *("USDC/USDT", "USDT/USD"),
)
STEPS = {"a": "0.02", "b": "0.03", "c": "0.01"}
FEES = {"a": 0.0001, "b": 0.0003, "c": 0.0}
WAKES = 200


class Told(NamedTuple):
    """What matters of a change, or of an open opportunity."""

    sell: MarketKey
    buy: MarketKey
    phase: Phase
    reason: Reason | None
    edge_bps: float
    size: float
    profit: float


class World:
    """Books of three venues that wander, and what the detector makes of them."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.detector = Detector(SETTINGS, QUOTES)
        self.books: dict[MarketKey, OrderBook] = {}
        self.heard_ns: dict[MarketKey, int] = {}
        self.now_ns = 1_000 * NS_PER_S
        for venue in STEPS:
            for symbol in self.chance.sample(MARKETS, 5):
                self.watch(instrument(venue, symbol, step=STEPS[venue], min_size=Decimal("0.05")))

    def watch(self, market: Instrument) -> None:
        key = (market.venue, market.symbol)
        book = self.books[key] = OrderBook(market)
        self.detector.add(
            Watch(
                instrument=market,
                quote=market.quote,
                book=book,
                clock=VenueClock(),
                taker_fee=FEES[market.venue],
                group=f"{market.base}/{QUOTES.family(market.quote)}",
            )
        )

    def move(self) -> dict[MarketKey, Top | Fault]:
        """Some books move, and now and then one is lost."""
        chance = self.chance
        told: dict[MarketKey, Top | Fault] = {}
        for key in chance.sample(sorted(self.books), chance.choice((1, 1, 1, 2, 4))):
            book = self.books[key]
            if chance.random() < 0.05:
                book.lose(Fault.GAP)
                told[key] = Fault.GAP
                continue
            book.apply(snapshot(book.instrument, *self.levels(key), received_ns=self.now_ns))
            self.heard_ns[key] = self.now_ns
            told[key] = book.top()
        return told

    def levels(self, key: MarketKey) -> tuple[list[Level], list[Level]]:
        chance = self.chance
        is_rate = not key[1].startswith("X/")
        mid = chance.gauss(1.0, 0.0006) if is_rate else chance.gauss(100.0, 0.12)
        mid *= 1.02 if is_rate and chance.random() < 0.04 else 1.0  # a peg that breaks
        unit = 0.0001 if is_rate else 0.01
        bids, asks = [], []
        bid, ask = mid - unit, mid + unit
        for _ in range(chance.choice((1, 3, 14))):
            bids.append((round(bid, 6), round(chance.uniform(0.03, 1.5), 2)))
            asks.append((round(ask, 6), round(chance.uniform(0.03, 1.5), 2)))
            bid -= unit * chance.randint(1, 4)
            ask += unit * chance.randint(1, 4)
        return bids, asks


class Count:
    """Every pair of the world, one by one, as the settings say."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open: dict[tuple[MarketKey, MarketKey], float] = {}  # and the edge last told

    def wake(self, moved: Iterable[MarketKey] = ()) -> Iterator[Told]:
        """What comes of news of these markets; time alone only closes what is open."""
        moved = set(moved)
        for pair in permutations(sorted(self.world.books), 2):
            quotes = {self.world.books[key].instrument.quote for key in pair}
            hangs = len(quotes) > 1 and any(not symbol.startswith("X/") for _, symbol in moved)
            is_judged = pair in self.open or moved & {*pair} or hangs
            if is_judged and (told := self.judge(*pair)):
                yield told

    def judge(self, sell: MarketKey, buy: MarketKey) -> Told | None:
        pair = sell, buy
        one, other = (self.world.books[key].instrument for key in pair)
        families = [QUOTES.family(market.quote) for market in (one, other)]
        if one.base != other.base or families[0] != families[1]:
            return None
        bids, asks = self.side(sell, is_bid=True), self.side(buy, is_bid=False)
        is_open = pair in self.open
        if not bids or not asks:
            return self.close(pair, Reason.BOOK_LOST) if is_open else None
        rate = self.rate(one, other)
        value = 1.0 if isinstance(rate, Reason) else rate
        sell_factor, buy_factor = (1 - FEES[sell[0]]) * value, 1 + FEES[buy[0]]
        edge_bps = (bids[0][0] * sell_factor / (asks[0][0] * buy_factor) - 1) * 1e4
        if edge_bps <= (SETTINGS.close_bps if is_open else SETTINGS.open_bps):
            return self.close(pair, Reason.EDGE_GONE) if is_open else None
        reason = rate if isinstance(rate, Reason) else self.barred(pair, bids, asks, value)
        size, profit = 0.0, 0.0
        if reason is None:
            size, profit, is_enough = self.brings(pair, bids, asks, value)
            reason = None if is_enough else Reason.TOO_SMALL
        if reason:
            return self.close(pair, reason) if is_open else None
        if is_open and edge_bps < self.open[pair] + SETTINGS.improve_bps:
            return None
        self.open[pair] = edge_bps
        return Told(
            *pair, Phase.IMPROVED if is_open else Phase.OPENED, None, edge_bps, size, profit
        )

    def close(self, pair: tuple[MarketKey, MarketKey], reason: Reason) -> Told:
        del self.open[pair]
        return Told(*pair, Phase.CLOSED, reason, 0.0, 0.0, 0.0)

    def side(self, key: MarketKey, *, is_bid: bool) -> list[Level]:
        book = self.world.books[key]
        if book.fault:
            return []
        return book.bids(1000) if is_bid else book.asks(1000)

    def barred(
        self, pair: tuple[MarketKey, MarketKey], bids: list[Level], asks: list[Level], value: float
    ) -> Reason | None:
        ratio = bids[0][0] * value / asks[0][0]
        if max(ratio, 1 / ratio) > SETTINGS.max_ratio:
            return Reason.PRICE_RATIO
        if any(self.age_s(key) > SETTINGS.max_age_s for key in pair):
            return Reason.STALE
        return None

    def age_s(self, key: MarketKey) -> float:
        return (self.world.now_ns - self.world.heard_ns[key]) / NS_PER_S

    def brings(
        self, pair: tuple[MarketKey, MarketKey], bids: list[Level], asks: list[Level], value: float
    ) -> tuple[float, float, bool]:
        """By the smallest lot, the dearest bid against the cheapest ask, while it pays."""
        unit = Decimal("0.01")
        lots = [Decimal(STEPS[key[0]]) for key in pair]
        prices = [
            [price for price, size in levels for _ in range(round(size / float(unit)))]
            for levels in (bids, asks)
        ]
        factors = (1 - FEES[pair[0][0]]) * value, 1 + FEES[pair[1][0]]
        units = [
            (bid * factors[0], ask * factors[1])
            for bid, ask in zip(*prices, strict=False)
            if bid * factors[0] > ask * factors[1]
        ]
        size = len(units) * unit
        while any(size % lot for lot in lots):
            size -= unit
        taken = units[: round(size / unit)]
        proceeds, cost = (
            (sum(one) * float(unit) for one in zip(*taken, strict=True)) if taken else (0, 0)
        )
        is_enough = size >= Decimal("0.05") and min(proceeds, cost) >= SETTINGS.min_notional
        return float(size), proceeds - cost, is_enough and proceeds - cost >= SETTINGS.min_profit

    def rate(self, one: Instrument, other: Instrument) -> float | Reason:
        sold, bought = one.quote, other.quote
        if sold == bought:
            return 1.0
        is_executable = not (one.settle and other.settle)
        direct = self.direct(sold, bought, is_executable)
        if not isinstance(direct, Reason) or direct in (Reason.RATE_BAND, Reason.RATE_DISPUTED):
            return direct
        ways = [
            there * onward
            for third in ("USD", "USDT", "USDC")
            if third not in (sold, bought)
            and not isinstance(there := self.direct(sold, third, is_executable), Reason)
            and not isinstance(onward := self.direct(third, bought, is_executable), Reason)
        ]
        return ways[0] if ways else direct  # of three assets there is one way round

    def direct(self, sold: str, bought: str, is_executable: bool) -> float | Reason:
        world, values, mids, is_stale = self.world, [], [], False
        for key, book in world.books.items():
            one = book.instrument
            if {one.base, one.quote} != {sold, bought} or book.fault:
                continue
            if self.age_s(key) > QUOTES.max_age_s:
                is_stale = True
                continue
            bid, ask, fee = book.bids(1)[0][0], book.asks(1)[0][0], FEES[key[0]]
            is_sale = one.base == sold
            mids.append(sqrt(bid * ask) if is_sale else 1 / sqrt(bid * ask))
            values.append(bid * (1 - fee) if is_sale else 1 / (ask * (1 + fee)))
        if not mids:
            return Reason.RATE_STALE if is_stale else Reason.NO_RATE
        if max(mids) > 1.01 or min(mids) < 1 / 1.01:
            return Reason.RATE_BAND
        if max(mids) > min(mids) * 1.002:
            return Reason.RATE_DISPUTED
        return max(values) if is_executable else sorted(mids)[(len(mids) - 1) // 2]


def told(change: OpportunityChange) -> Told:
    one = change.opportunity
    is_closed = change.phase is Phase.CLOSED
    figures = (0.0, 0.0, 0.0) if is_closed else (one.edge_bps, float(one.size), one.profit)
    return Told(*pair_of(one), change.phase, change.reason, *figures)


def pair_of(one: Opportunity) -> tuple[MarketKey, MarketKey]:
    sold, bought = one.sell.instrument, one.buy.instrument
    return (sold.venue, sold.symbol), (bought.venue, bought.symbol)


def alike(one: Told, other: Told) -> bool:
    return one[:4] == other[:4] and one[4:] == pytest.approx(other[4:], abs=1e-9, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_is_what_a_count_of_every_pair_finds(seed: int) -> None:
    world = World(seed)
    detector, count, seen = world.detector, Count(world), set[object]()
    for _ in range(WAKES):
        until_ns = world.now_ns + round(world.chance.expovariate(1 / 0.4) * NS_PER_S)
        while (deadline_ns := detector.deadline_ns) <= until_ns:
            assert deadline_ns > world.now_ns  # else it would be woken for ever
            world.now_ns = ceil(deadline_ns)
            assert_same(detector.expire(world.now_ns), count.wake())
        world.now_ns = until_ns
        moved = world.move()
        found = detector.take(moved, world.now_ns) + detector.expire(world.now_ns)
        assert_same(found, count.wake(moved))
        assert {pair_of(one) for one in detector.open(world.now_ns)} == set(count.open)
        seen |= {(one.phase, one.reason) for one in found}
    assert {(Phase.OPENED, None), (Phase.IMPROVED, None), (Phase.CLOSED, Reason.EDGE_GONE)} <= seen


def assert_same(found: list[OpportunityChange], expected: Iterable[Told]) -> None:
    ours, counted = sorted(map(told, found), key=str), sorted(expected, key=str)
    assert len(ours) == len(counted), (ours, counted)
    for one, other in zip(ours, counted, strict=True):
        assert alike(one, other), (one, other)
