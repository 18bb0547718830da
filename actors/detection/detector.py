"""Finds what can be bought on one market and sold on another for more than it costs.

The detector is told the newest tops, all that moved since it looked last at once, and compares each
with the others of its group. A pair that crosses is judged by its two tops alone where they are
enough; both books are walked only where there is something to tell. So the cost of a wake is
bounded by what moved and what is told, whatever the number of other symbols.

Markets of one group may be quoted in different assets of one family; they are compared by live
rates (`rates.py`), and where a rate moves, all that hangs on it is judged anew.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import count
from math import inf

from actors.books.order_book import MarketKey
from actors.detection.opportunity import (
    DetectorSettings,
    Opportunity,
    OpportunityChange,
    Phase,
    Reason,
)
from actors.detection.pairs import Pair, PairStatistics
from actors.detection.quotes import PAR, QuoteSettings, Rate
from actors.detection.rates import Rates
from actors.detection.sides import Group, Quoted, Side, Watch
from actors.detection.walk import Walk
from exchanges.market.events import Fault, Top
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S, NS_PER_US


class Detector:
    """Watches markets and tells the life of their opportunities. All times are our clock's.

    Attributes:
        refused: how many opportunities were not shown, by the first reason that spoke against
            each; one that stays refused for the same reason counts once.
        statistics: what each direction has brought, by market to sell and market to buy on.
        rates: what quote assets of one family are worth in each other.
    """

    def __init__(self, settings: DetectorSettings, quotes: QuoteSettings | None = None) -> None:
        self.settings = settings
        self.refused: Counter[Reason] = Counter()
        self.statistics: dict[tuple[MarketKey, MarketKey], PairStatistics] = {}
        self.rates = Rates(quotes or QuoteSettings())
        self._sides: dict[MarketKey, Side] = {}
        self._groups: dict[str, Group] = {}
        self._open: dict[tuple[MarketKey, MarketKey], Pair] = {}
        self._ids = count(1)
        self._open_factor = 1 + settings.open_bps / 1e4
        self._max_age_ns = settings.max_age_s * NS_PER_S
        self._deadline_ns = inf

    # What is watched.

    def add(self, watch: Watch) -> None:
        """Watch a market that is not watched yet."""
        side = Side(watch)
        if side.market in self._sides:
            raise ValueError(f"{side.market} is watched already")
        self._sides[side.market] = side
        if watch.group:
            self._groups.setdefault(watch.group, Group()).add(side)
        self._use_as_rate(watch)

    def change(self, watch: Watch, now_ns: int) -> list[OpportunityChange]:
        """Go by new rules, fees or another group of a market, if it is watched.

        One that is halted has no opportunity; all others are judged anew.
        """
        side = self._sides.get(watch.market)
        if side is None:
            return []
        if side.watch.group != watch.group:
            removed = self.remove(watch.market, now_ns)
            self.add(watch)
            return removed + (self.take({watch.market: side.top}, now_ns) if side.top else [])
        side.use(watch)
        self._use_as_rate(watch)
        changes: list[OpportunityChange] = []
        if not side.is_trading:
            self._end_pairs(side, Reason.HALTED, now_ns, changes)
        for pair in self._pairs_of(side):
            pair.use_rules()
        if side.is_trading and watch.group:
            self._compare(self._groups[watch.group], [side], now_ns, changes)
        return changes

    def remove(self, market: MarketKey, now_ns: int) -> list[OpportunityChange]:
        """Watch a market no longer; its open opportunities are closed."""
        side = self._sides.pop(market, None)
        if side is None:
            return []
        changes: list[OpportunityChange] = []
        self._end_pairs(side, Reason.REMOVED, now_ns, changes)
        if side.watch.group:
            self._groups[side.watch.group].remove(side)
        self.rates.remove(market)
        return changes

    def _use_as_rate(self, watch: Watch) -> None:
        one = watch.instrument
        if one.kind is Kind.SPOT and self.rates.settings.converts(one.base, one.quote):
            self.rates.add(one, watch.taker_fee)

    # What is heard.

    def take(self, tops: Mapping[MarketKey, Top | Fault], now_ns: int) -> list[OpportunityChange]:
        """The newest tops of markets, or the news that one has none; returns what comes of it."""
        changes: list[OpportunityChange] = []
        moved: dict[str, list[Side]] = {}
        rates_heard_ns = 0
        for market, top in tops.items():
            if market in self.rates and self.rates.put(market, top):
                rates_heard_ns = top.received_ns if isinstance(top, Top) else now_ns
            side = self._sides.get(market)
            if side is None:
                continue
            if isinstance(top, Top):
                side.put(top)
                moved.setdefault(side.watch.group, []).append(side)
            else:
                side.put(None)
                self._end_pairs(side, Reason.BOOK_LOST, now_ns, changes)
        for name, sides in moved.items():
            if group := self._groups.get(name):
                self._compare(group, sides, now_ns, changes)
        if rates_heard_ns:
            for group in self._groups.values():
                if group.has_rates:
                    self._compare_across(group, rates_heard_ns, now_ns, changes)
        return changes

    def expire(self, now_ns: int) -> list[OpportunityChange]:
        """Close what has grown too old without news, or judge it by a rate that has not."""
        changes: list[OpportunityChange] = []
        if now_ns < self._deadline_ns:
            return changes
        self._deadline_ns = inf
        for pair in list(self._open.values()):
            rate = self._rate(pair.sell.quoted, pair.buy.quoted, now_ns)
            if rate is not pair.rate:
                self._judge(pair.sell, pair.buy, rate, now_ns, changes, now_ns)
            elif reason := pair.too_old(self._max_age_ns, now_ns):
                self._close(pair, reason, now_ns, now_ns, changes)
                self._refuse(pair, reason)
            if pair.opportunity:
                self._await_end_of(pair)
        return changes

    def abandon(self, now_ns: int) -> list[OpportunityChange]:
        """Close all that is open: nobody will judge it any more."""
        ended = [pair.end(now_ns) for pair in self._open.values()]
        self._open.clear()
        return [_change(Phase.CLOSED, one, Reason.ABANDONED, now_ns, now_ns) for one in ended]

    @property
    def deadline_ns(self) -> float:
        """When `expire` may have news, by our clock; not later, but perhaps too early."""
        return self._deadline_ns if self._open else inf

    @property
    def open_count(self) -> int:
        """How many opportunities are open; `open` walks the books of each."""
        return len(self._open)

    def open(self, now_ns: int) -> list[Opportunity]:
        """The opportunities open now, as the books are now, best edge first."""
        for pair in self._open.values():
            found = pair.walked()
            if not isinstance(found, Reason):  # else the news that ends it is on its way
                self._show(pair, found, now_ns)
        shown = [pair.opportunity for pair in self._open.values() if pair.opportunity]
        return sorted(shown, key=lambda opportunity: -opportunity.edge_bps)

    # The pairs of a group.

    def _compare(
        self, group: Group, sides: list[Side], now_ns: int, changes: list[OpportunityChange]
    ) -> None:
        """Judge the pairs of sides that have moved, each once."""
        done: set[Side] = set()
        for side in sides:
            done.add(side)
            for quoted, part in group.parts.items():
                sold = self._rate(side.quoted, quoted, now_ns)
                bought = self._rate(quoted, side.quoted, now_ns)
                # What a price on the other side must be below, and above, to cross.
                low = side.net_bid * _value(sold) / self._open_factor
                high = side.net_ask * self._open_factor / _value(bought)
                for other in part:
                    if other in done or other.book == side.book:
                        continue
                    if low > other.net_ask or other in side.sells:
                        self._judge(side, other, sold, now_ns, changes)
                    if other.net_bid > high or side in other.sells:
                        self._judge(other, side, bought, now_ns, changes)

    def _compare_across(
        self, group: Group, heard_ns: int, now_ns: int, changes: list[OpportunityChange]
    ) -> None:
        """Judge the pairs of a group on which a rate has a say."""
        for sold, sells in group.parts.items():
            for bought, buys in group.parts.items():
                if sold[0] == bought[0]:
                    continue
                rate = self._rate(sold, bought, now_ns)
                lowest = min(buy.net_ask for buy in buys) * self._open_factor / _value(rate)
                for sell in sells:
                    if sell.net_bid <= lowest and not sell.sells:
                        continue
                    for buy in buys:
                        if buy.book == sell.book:
                            continue
                        crosses = sell.net_bid * _value(rate) > buy.net_ask * self._open_factor
                        if crosses or buy in sell.sells:
                            self._judge(sell, buy, rate, now_ns, changes, heard_ns)

    def _rate(self, sold: Quoted, bought: Quoted, now_ns: int) -> Rate | Reason:
        """At executable prices, unless of both sides the result alone has to be converted."""
        if sold[0] == bought[0]:
            return PAR
        is_executable = sold[1] or bought[1]
        return self.rates.of(sold[0], bought[0], now_ns, is_executable=is_executable)

    # The life of a pair.

    def _judge(
        self,
        sell: Side,
        buy: Side,
        rate: Rate | Reason,
        now_ns: int,
        changes: list[OpportunityChange],
        heard_ns: int = 0,
    ) -> None:
        """One of two sides that cross, or crossed a moment ago, has moved, or the rate has."""
        heard_ns = heard_ns or max(sell.received_ns, buy.received_ns)
        pair = sell.sells.get(buy) or Pair(sell, buy, self.settings)
        known = pair.rate
        edge_bps = pair.put(PAR if isinstance(rate, Reason) else rate)
        is_open = pair.opportunity is not None
        if is_open and pair.rate is not known:
            self._await_end_of(pair)
        if edge_bps <= (self.settings.close_bps if is_open else self.settings.open_bps):
            sell.sells.pop(buy, None)
            self._close(pair, Reason.EDGE_GONE, heard_ns, now_ns, changes)
            return
        sell.sells[buy] = pair
        reason = rate if isinstance(rate, Reason) else pair.barred(self._max_age_ns, now_ns)
        is_told = not is_open or edge_bps >= pair.told_edge_bps + self.settings.improve_bps
        if reason is None and not is_told and pair.pays_at_touch():
            return
        found = reason or pair.walked()
        if isinstance(found, Reason):
            self._close(pair, found, heard_ns, now_ns, changes)
            self._refuse(pair, found)
        elif is_told:
            phase = Phase.IMPROVED if is_open else Phase.OPENED
            pair.told_edge_bps = edge_bps
            opportunity = self._show(pair, found, now_ns)
            changes.append(_change(phase, opportunity, None, heard_ns, now_ns))

    def _show(self, pair: Pair, found: Walk, now_ns: int) -> Opportunity:
        """Open the pair's opportunity, or bring it up to date."""
        statistics = self.statistics.setdefault(pair.key, PairStatistics())
        if pair.opportunity is None:
            statistics.opened += 1
            pair.refused = None
            self._open[pair.key] = pair
            self._await_end_of(pair)
        opportunity = pair.show(found, now_ns, self._ids, statistics.usual_s)
        statistics.best_edge_bps = max(statistics.best_edge_bps, pair.best_edge_bps)
        return opportunity

    def _close(
        self,
        pair: Pair,
        reason: Reason,
        heard_ns: int,
        now_ns: int,
        changes: list[OpportunityChange],
    ) -> None:
        """End the pair's opportunity, if it has one."""
        if pair.opportunity is None:
            return
        ended = pair.end(now_ns)
        del self._open[pair.key]
        statistics = self.statistics[pair.key]
        statistics.closed += 1
        statistics.open_s += ended.lasted_s
        statistics.best_edge_bps = max(statistics.best_edge_bps, ended.best_edge_bps)
        changes.append(_change(Phase.CLOSED, ended, reason, heard_ns, now_ns))

    def _refuse(self, pair: Pair, reason: Reason) -> None:
        if pair.refused is not reason:
            self.refused[reason] += 1
            pair.refused = reason

    def _await_end_of(self, pair: Pair) -> None:
        """`expire` has to look at it once the oldest of what it hangs on is too old."""
        ends_ns = min(pair.sell.since_ns, pair.buy.since_ns) + self._max_age_ns
        if pair.rate.conversions:
            ends_ns = min(ends_ns, self.rates.until_ns)
        self._deadline_ns = min(self._deadline_ns, ends_ns + NS_PER_US)  # past it, not on it

    def _end_pairs(
        self, side: Side, reason: Reason, now_ns: int, changes: list[OpportunityChange]
    ) -> None:
        """Close and forget every pair of a side that can no longer be compared."""
        for pair in self._pairs_of(side):
            del pair.sell.sells[pair.buy]
            self._close(pair, reason, now_ns, now_ns, changes)

    def _pairs_of(self, side: Side) -> list[Pair]:
        group = self._groups.get(side.watch.group, ())
        bought = (other.sells[side] for other in group if side in other.sells)
        return [*side.sells.values(), *bought]


def _value(rate: Rate | Reason) -> float:
    """One to one where it is not known: what would cross then is refused for that, and counted."""
    return 1.0 if isinstance(rate, Reason) else rate.value


def _change(
    phase: Phase, opportunity: Opportunity, reason: Reason | None, heard_ns: int, now_ns: int
) -> OpportunityChange:
    return OpportunityChange(
        phase=phase, opportunity=opportunity, reason=reason, heard_ns=heard_ns, decided_ns=now_ns
    )
