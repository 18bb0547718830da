"""Two sides that cross: what speaks against acting on them, and what acting would bring."""

from collections.abc import Iterator

import msgspec

from actors.books.order_book import BookNotLive, MarketKey
from actors.detection.opportunity import DetectorSettings, Leg, Opportunity, Reason
from actors.detection.quotes import PAR, Rate
from actors.detection.sides import Side
from actors.detection.walk import Walk, common_lot, walk
from exchanges.market.numbers import NS_PER_S


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


class Pair:
    """Sells on one side and buys on another: an open opportunity, or a refused one.

    Attributes:
        rate: what the sale's quote brings in that of the purchase, in which all is told.
        edge_bps: of the newest tops, net of fees and rate.
        opportunity: as it was last told or read; None if none is open.
        told_edge_bps: the edge when listeners last heard of it.
        refused: why it was last not shown.
    """

    __slots__ = (
        "_least_bought",
        "_least_size",
        "_least_sold",
        "_lot",
        "_lot_size",
        "_settings",
        "best_edge_bps",
        "buy",
        "edge_bps",
        "opportunity",
        "rate",
        "refused",
        "sell",
        "told_edge_bps",
    )

    def __init__(self, sell: Side, buy: Side, settings: DetectorSettings) -> None:
        self.sell = sell
        self.buy = buy
        self.rate: Rate = PAR
        self.edge_bps = self.best_edge_bps = self.told_edge_bps = 0.0
        self.opportunity: Opportunity | None = None
        self.refused: Reason | None = None
        self._settings = settings
        self.use_rules()

    @property
    def key(self) -> tuple[MarketKey, MarketKey]:
        return self.sell.market, self.buy.market

    def use_rules(self) -> None:
        """Take the rules of both markets as they are now."""
        sold, bought = self.sell.watch.instrument, self.buy.watch.instrument
        self._lot = common_lot(sold.step, bought.step)
        self._lot_size = float(self._lot)
        self._least_size = float(max(sold.min_size, bought.min_size))
        self._least_sold = float(sold.min_notional)
        self._least_bought = float(bought.min_notional)

    def put(self, rate: Rate) -> float:
        """Take the newest tops at a rate; returns the edge in basis points."""
        self.rate = rate
        self.edge_bps = edge_bps = (self.sell.net_bid * rate.value / self.buy.net_ask - 1) * 1e4
        if edge_bps > self.best_edge_bps:
            self.best_edge_bps = edge_bps
        return edge_bps

    # What speaks against it.

    def barred(self, max_age_ns: float, now_ns: int) -> Reason | None:
        """What forbids it whatever the size."""
        max_ratio = self._settings.max_ratio
        sell, buy = self.sell, self.buy
        bid, ask = sell.net_bid / sell.sell_factor, buy.net_ask / buy.buy_factor
        ratio = bid * self.rate.value / ask
        if ratio > max_ratio or ratio * max_ratio < 1:
            return Reason.PRICE_RATIO
        if not (sell.is_trading and buy.is_trading):
            return Reason.HALTED
        return self.too_old(max_age_ns, now_ns)

    def too_old(self, max_age_ns: float, now_ns: int) -> Reason | None:
        for side in (self.sell, self.buy):
            if now_ns - side.received_ns > max_age_ns:
                return Reason.STALE
            stamped_ns = side.stamped_ns
            if stamped_ns is not None and now_ns - stamped_ns > max_age_ns:
                return Reason.VENUE_STALE
        return None

    def pays_at_touch(self) -> bool:
        """Whether the best levels alone are enough, so that no deeper level can change that.

        Each further unit of a walk makes a profit, and rounding takes less than a lot.
        """
        sell, buy = self.sell, self.buy
        size = min(sell.bid_size, buy.ask_size) - self._lot_size
        proceeds = size * sell.net_bid * self.rate.value
        return self.edge_bps > 0 and self._is_enough(size, proceeds, size * buy.net_ask)

    def walked(self) -> Walk | Reason:
        """What acting on it would bring, or why it cannot be acted on."""
        sell, buy = self.sell, self.buy
        factor = sell.sell_factor * self.rate.value
        try:
            found = walk(sell.watch.book, buy.watch.book, factor, buy.buy_factor, self._lot)
        except BookNotLive:
            return Reason.BOOK_LOST
        is_enough = self._is_enough(float(found.size), found.proceeds, found.cost)
        return found if is_enough else Reason.TOO_SMALL

    def _is_enough(self, size: float, proceeds: float, cost: float) -> bool:
        settings = self._settings
        return (
            size > 0
            and size >= self._least_size
            and proceeds >= self._least_sold * self.rate.value
            and cost >= self._least_bought
            and min(proceeds, cost) >= settings.min_notional
            and proceeds - cost >= settings.min_profit
        )

    # What it is.

    def show(
        self, found: Walk, now_ns: int, new_ids: Iterator[int], usual_s: float | None
    ) -> Opportunity:
        """The opportunity, new or brought up to date."""
        before = self.opportunity
        if before is None:
            self.best_edge_bps = self.edge_bps
        self.opportunity = Opportunity(
            id=before.id if before else next(new_ids),
            sell=self._leg(self.sell, now_ns, is_sell=True),
            buy=self._leg(self.buy, now_ns, is_sell=False),
            rate=self.rate,
            edge_bps=self.edge_bps,
            best_edge_bps=self.best_edge_bps,
            size=found.size,
            proceeds=found.proceeds,
            cost=found.cost,
            opened_ns=before.opened_ns if before else now_ns,
            updated_ns=now_ns,
            usual_s=usual_s,
        )
        return self.opportunity

    def end(self, now_ns: int) -> Opportunity:
        """The open opportunity as it ends: its edge is the newest, its size as last told."""
        assert self.opportunity
        ended = msgspec.structs.replace(
            self.opportunity, best_edge_bps=self.best_edge_bps, updated_ns=now_ns
        )
        self.opportunity = None
        return ended

    def _leg(self, side: Side, now_ns: int, *, is_sell: bool) -> Leg:
        top = side.top
        assert top
        stamped_ns = side.stamped_ns
        return Leg(
            instrument=side.watch.instrument,
            price=top.bid if is_sell else top.ask,
            taker_fee=side.watch.taker_fee,
            age_s=(now_ns - side.received_ns) / NS_PER_S,
            venue_age_s=None if stamped_ns is None else (now_ns - stamped_ns) / NS_PER_S,
        )
