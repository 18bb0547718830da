"""Finds what can be bought on one market and sold on another for more than it costs.

The detector is told the newest top of each market and reads depth from the books only where two
tops cross. A change of one market costs a scan of the markets it is compared with, whatever the
number of other symbols.
"""

from collections import Counter
from decimal import Decimal
from itertools import count
from math import inf

import msgspec

from actors.books.order_book import BookNotLive, MarketKey
from actors.detection.opportunity import (
    DetectorSettings,
    Leg,
    Opportunity,
    OpportunityChange,
    Phase,
    Reason,
)
from actors.detection.walk import ReadableBook, Walk, walkable
from actors.venue.clock import VenueClock
from exchanges.market.events import Fault, Top
from exchanges.market.instrument import Instrument, Status
from exchanges.market.numbers import NS_PER_S, NS_PER_US


class Watch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A market to be watched; those of one `group` are compared with each other.

    `clock` is that of its venue.
    """

    instrument: Instrument
    book: ReadableBook
    clock: VenueClock
    taker_fee: float
    group: str

    @property
    def market(self) -> MarketKey:
        return self.instrument.venue, self.instrument.symbol


class PairStatistics(msgspec.Struct):
    """What selling on one market and buying on another has brought; `open_s` is of the closed."""

    opened: int = 0
    closed: int = 0
    open_s: float = 0.0
    best_edge_bps: float = 0.0

    @property
    def usual_s(self) -> float | None:
        """How long an opportunity has lasted on average, None before the first has closed."""
        return self.open_s / self.closed if self.closed else None


class _Side:
    """A watched market, its newest top, and its prices net of taker fees.

    `book` names its book: two sides of one are no pair.
    """

    __slots__ = (
        "book",
        "buy_factor",
        "market",
        "net_ask",
        "net_bid",
        "sell_factor",
        "sells",
        "top",
        "watch",
    )

    def __init__(self, watch: Watch) -> None:
        self.sells: dict[_Side, _Pair] = {}  # crossed pairs, by the side to buy on
        self.top: Top | None = None
        self.go_by(watch)

    def go_by(self, watch: Watch) -> None:
        self.watch = watch
        self.market = watch.market
        instrument = watch.instrument
        self.book = instrument.venue, instrument.kind, instrument.book
        self.sell_factor = 1 - watch.taker_fee
        self.buy_factor = 1 + watch.taker_fee
        self.put(self.top)

    def put(self, top: Top | None) -> None:
        self.top = top
        self.net_bid = top.bid * self.sell_factor if top else 0.0
        self.net_ask = top.ask * self.buy_factor if top else inf


class _Pair:
    """Two sides that cross: an open opportunity, or a refused one."""

    __slots__ = ("buy", "opportunity", "refused", "sell", "told_edge_bps")

    def __init__(self, sell: _Side, buy: _Side) -> None:
        self.sell = sell
        self.buy = buy
        self.opportunity: Opportunity | None = None
        self.refused: Reason | None = None
        self.told_edge_bps = 0.0  # when listeners last heard of it

    @property
    def key(self) -> tuple[MarketKey, MarketKey]:
        return self.sell.market, self.buy.market

    @property
    def edge_bps(self) -> float:
        return (self.sell.net_bid / self.buy.net_ask - 1) * 1e4


class Detector:
    """Watches markets and tells the life of their opportunities. All times are our clock's.

    Attributes:
        refused: how many opportunities were not shown, by the first reason that spoke against
            each; one that stays refused for the same reason counts once.
        statistics: what each direction has brought, by market to sell and market to buy on.
    """

    def __init__(self, settings: DetectorSettings) -> None:
        self.settings = settings
        self.refused: Counter[Reason] = Counter()
        self.statistics: dict[tuple[MarketKey, MarketKey], PairStatistics] = {}
        self._sides: dict[MarketKey, _Side] = {}
        self._groups: dict[str, list[_Side]] = {}
        self._open: dict[tuple[MarketKey, MarketKey], _Pair] = {}
        self._ids = count(1)
        self._open_factor = 1 + settings.open_bps / 1e4
        max_age_s = settings.max_age_s
        self._max_age_ns = None if max_age_s == inf else round(max_age_s * NS_PER_S)

    def add(self, watch: Watch) -> None:
        """Watch a market that is not watched yet."""
        side = _Side(watch)
        if side.market in self._sides:
            raise ValueError(f"{side.market} is watched already")
        self._sides[side.market] = side
        self._groups.setdefault(watch.group, []).append(side)

    def remove(self, market: MarketKey, now_ns: int) -> list[OpportunityChange]:
        """Watch a market no longer; its open opportunities are closed."""
        side = self._sides.pop(market, None)
        if side is None:
            return []
        changes = self._end_pairs(side, Reason.REMOVED, now_ns)
        self._groups[side.watch.group].remove(side)
        return changes

    def change(self, watch: Watch, now_ns: int) -> list[OpportunityChange]:
        """Go by new rules and fees of a market of the same group, if it is watched.

        One that is halted has no opportunity; all others are judged anew.
        """
        side = self._sides.get(watch.market)
        if side is None:
            return []
        side.go_by(watch)
        if watch.instrument.status is not Status.TRADING:
            return self._end_pairs(side, Reason.HALTED, now_ns)
        return self._compare(side, now_ns, now_ns) if side.top else []

    def update(self, market: MarketKey, top: Top | Fault, now_ns: int) -> list[OpportunityChange]:
        """Take the newest top of a market, or the news that it has none."""
        side = self._sides.get(market)
        if side is None:
            return []
        if not isinstance(top, Top):
            side.put(None)
            return self._end_pairs(side, Reason.BOOK_LOST, now_ns)
        side.put(top)
        return self._compare(side, top.received_ns, now_ns)

    def expire(self, now_ns: int) -> list[OpportunityChange]:
        """Close what has grown too old without news."""
        changes: list[OpportunityChange] = []
        for pair in list(self._open.values()):
            if reason := self._too_old(pair, now_ns):
                changes += self._close(pair, reason, now_ns, now_ns)
                self._refuse(pair, reason)
        return changes

    def abandon(self, now_ns: int) -> list[OpportunityChange]:
        """Close all that is open: nobody will judge it any more."""
        opportunities, self._open = self.open(), {}
        return [
            _change(Phase.CLOSED, one, Reason.ABANDONED, now_ns, now_ns) for one in opportunities
        ]

    @property
    def deadline_ns(self) -> float:
        """When `expire` may have news, by our clock."""
        if self._max_age_ns is None:
            return inf
        oldest_ns = min(
            (self._since_ns(s) for one in self._open.values() for s in (one.sell, one.buy)),
            default=inf,
        )
        # Past the bound, not on it.
        return oldest_ns + self._max_age_ns + NS_PER_US

    def open(self) -> list[Opportunity]:
        """The opportunities open now, best edge first."""
        found = [pair.opportunity for pair in self._open.values() if pair.opportunity]
        return sorted(found, key=lambda opportunity: -opportunity.edge_bps)

    # The life of a pair.

    def _compare(self, side: _Side, heard_ns: int, now_ns: int) -> list[OpportunityChange]:
        """Judge a side that has changed against all others of its group."""
        changes: list[OpportunityChange] = []
        open_factor = self._open_factor
        for other in self._groups[side.watch.group]:
            if other is side or other.book == side.book:
                continue
            if side.net_bid > other.net_ask * open_factor or other in side.sells:
                changes += self._judge(side, other, heard_ns, now_ns)
            if other.net_bid > side.net_ask * open_factor or side in other.sells:
                changes += self._judge(other, side, heard_ns, now_ns)
        return changes

    def _judge(
        self, sell: _Side, buy: _Side, heard_ns: int, now_ns: int
    ) -> list[OpportunityChange]:
        """One of two sides that cross, or crossed a moment ago, has moved."""
        pair = sell.sells.get(buy) or _Pair(sell, buy)
        threshold_bps = self.settings.close_bps if pair.opportunity else self.settings.open_bps
        if pair.edge_bps <= threshold_bps:
            sell.sells.pop(buy, None)
            return self._close(pair, Reason.EDGE_GONE, heard_ns, now_ns)
        sell.sells[buy] = pair
        weighed = self._weigh(pair, now_ns)
        if isinstance(weighed, Reason):
            changes = self._close(pair, weighed, heard_ns, now_ns)
            self._refuse(pair, weighed)
            return changes
        return self._show(pair, *weighed, heard_ns, now_ns)

    def _weigh(self, pair: _Pair, now_ns: int) -> Reason | tuple[Decimal, Walk]:
        """What speaks against acting on a pair that crosses, or else what it would bring."""
        sell, buy, settings = pair.sell.watch, pair.buy.watch, self.settings
        if self._ratio(pair) > settings.max_ratio:
            return Reason.PRICE_RATIO
        if (
            Status.TRADING is not sell.instrument.status
            or Status.TRADING is not buy.instrument.status
        ):
            return Reason.HALTED
        if reason := self._too_old(pair, now_ns):
            return reason
        try:
            size, found = walkable(
                (sell.instrument, sell.book, pair.sell.sell_factor),
                (buy.instrument, buy.book, pair.buy.buy_factor),
            )
        except BookNotLive:
            return Reason.BOOK_LOST
        smallest = max(sell.instrument.min_size, buy.instrument.min_size)
        notional = max(
            settings.min_notional,
            float(sell.instrument.min_notional),
            float(buy.instrument.min_notional),
        )
        if not size or size < smallest or found.proceeds < notional or found.cost < notional:
            return Reason.TOO_SMALL
        if found.proceeds - found.cost < settings.min_profit:
            return Reason.TOO_SMALL
        return size, found

    def _ratio(self, pair: _Pair) -> float:
        """How far the two prices are apart, as a factor of at least 1."""
        bid = pair.sell.net_bid / pair.sell.sell_factor
        ask = pair.buy.net_ask / pair.buy.buy_factor
        return max(bid / ask, ask / bid)

    def _too_old(self, pair: _Pair, now_ns: int) -> Reason | None:
        if self._max_age_ns is None:
            return None
        for side in (pair.sell, pair.buy):
            age_ns, venue_age_ns = self._ages_ns(side, now_ns)
            if age_ns > self._max_age_ns:
                return Reason.STALE
            if venue_age_ns is not None and venue_age_ns > self._max_age_ns:
                return Reason.VENUE_STALE
        return None

    def _ages_ns(self, side: _Side, now_ns: int) -> tuple[int, int | None]:
        """Time since the side was heard of, and since its content by the venue's clock."""
        top = side.top
        assert top is not None
        venue_age_ns = side.watch.clock.age_ns(top.venue_ns, now_ns)
        return now_ns - top.received_ns, venue_age_ns

    def _since_ns(self, side: _Side) -> int:
        """When the side was as it is, by the older of its two stamps in our clock's time."""
        top = side.top
        assert top is not None
        if top.venue_ns is None:
            return top.received_ns
        return min(top.received_ns, side.watch.clock.stamped_ns(top.venue_ns))

    def _refuse(self, pair: _Pair, reason: Reason) -> None:
        if pair.refused is not reason:
            self.refused[reason] += 1
            pair.refused = reason

    def _show(
        self, pair: _Pair, size: Decimal, found: Walk, heard_ns: int, now_ns: int
    ) -> list[OpportunityChange]:
        """Open the pair's opportunity, or bring it up to date."""
        previous, edge_bps = pair.opportunity, pair.edge_bps
        statistics = self.statistics.setdefault(pair.key, PairStatistics())
        statistics.best_edge_bps = max(statistics.best_edge_bps, edge_bps)
        pair.refused = None
        pair.opportunity = Opportunity(
            id=previous.id if previous else next(self._ids),
            sell=self._leg(pair.sell, now_ns, is_sell=True),
            buy=self._leg(pair.buy, now_ns, is_sell=False),
            edge_bps=edge_bps,
            best_edge_bps=max(edge_bps, previous.best_edge_bps) if previous else edge_bps,
            size=size,
            proceeds=found.proceeds,
            cost=found.cost,
            opened_ns=previous.opened_ns if previous else now_ns,
            updated_ns=now_ns,
            usual_s=statistics.usual_s,
        )
        if previous is None:
            statistics.opened += 1
            self._open[pair.key] = pair
            phase = Phase.OPENED
        elif edge_bps >= pair.told_edge_bps + self.settings.improve_bps:
            phase = Phase.IMPROVED
        else:
            return []
        pair.told_edge_bps = edge_bps
        return [_change(phase, pair.opportunity, None, heard_ns, now_ns)]

    def _leg(self, side: _Side, now_ns: int, *, is_sell: bool) -> Leg:
        age_ns, venue_age_ns = self._ages_ns(side, now_ns)
        top = side.top
        assert top is not None
        return Leg(
            instrument=side.watch.instrument,
            price=top.bid if is_sell else top.ask,
            taker_fee=side.watch.taker_fee,
            age_s=age_ns / NS_PER_S,
            venue_age_s=None if venue_age_ns is None else venue_age_ns / NS_PER_S,
        )

    def _close(
        self, pair: _Pair, reason: Reason, heard_ns: int, now_ns: int
    ) -> list[OpportunityChange]:
        """End the pair's opportunity, if it has one."""
        opportunity = pair.opportunity
        if opportunity is None:
            return []
        opportunity = msgspec.structs.replace(opportunity, updated_ns=now_ns)
        pair.opportunity = None
        del self._open[pair.key]
        statistics = self.statistics[pair.key]
        statistics.closed += 1
        statistics.open_s += opportunity.lasted_s
        return [_change(Phase.CLOSED, opportunity, reason, heard_ns, now_ns)]

    def _end_pairs(self, side: _Side, reason: Reason, now_ns: int) -> list[OpportunityChange]:
        """Close and forget every pair of a side that can no longer be compared."""
        changes: list[OpportunityChange] = []
        for other in self._groups[side.watch.group]:
            for pair in (side.sells.pop(other, None), other.sells.pop(side, None)):
                if pair:
                    changes += self._close(pair, reason, now_ns, now_ns)
        return changes


def _change(
    phase: Phase, opportunity: Opportunity, reason: Reason | None, heard_ns: int, now_ns: int
) -> OpportunityChange:
    return OpportunityChange(
        phase=phase, opportunity=opportunity, reason=reason, heard_ns=heard_ns, decided_ns=now_ns
    )
