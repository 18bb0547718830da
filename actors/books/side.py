"""One side of an order book: all sizes by price, and the prices near the touch in order.

A book changes mostly near its best price and is read mostly there, so only those prices are
kept sorted; the rest lie unsorted in a dictionary and are sorted when the near ones run out. An
update costs some third of what it costs in fully sorted dictionaries (`make bench` compares them).
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from math import inf
from typing import Final

from exchanges.market.events import Level

# Prices kept sorted when the near part is made anew, and the bounds within which it may float.
# Half of KEEP would be made anew too often on a falling market; twice as many cost more per
# insertion than they save.
KEEP: Final = 64
LEAST: Final = 16
MOST: Final = 192


class BookSide:
    """Levels of one side. `window` limits their number (0: no limit), worst levels go first."""

    __slots__ = ("_best_at", "_high", "_low", "_near", "_window", "sizes")

    def __init__(self, *, is_bid: bool, levels: Iterable[Level] = (), window: int = 0) -> None:
        self.sizes = {price: size for price, size in levels if size}
        self._best_at = -1 if is_bid else 0
        self._window = window
        # Every price of the book from _low to _high is in _near, ascending.
        self._near: list[float] = []
        self._low = 0.0
        self._high = inf
        self._sort()

    def __len__(self) -> int:
        return len(self.sizes)

    def apply(self, levels: Iterable[Level]) -> None:
        """Set the sizes of some levels; zero removes one, also one that is not there."""
        sizes, near, low, high = self.sizes, self._near, self._low, self._high
        for price, size in levels:
            if size:
                if price not in sizes and low <= price <= high:
                    insort(near, price)
                sizes[price] = size
            elif sizes.pop(price, 0.0) and low <= price <= high:
                del near[bisect_left(near, price)]
        if self._window:
            self._cut()
        elif len(near) > MOST or LEAST > len(near) < len(sizes):
            self._sort()

    @property
    def best(self) -> Level | None:
        """Price and size at the touch, or None for an empty side."""
        if not self._near:
            return None
        price = self._near[self._best_at]
        return price, self.sizes[price]

    @property
    def horizon(self) -> float | None:
        """The worst price, where the window is full: nobody tells what is beyond."""
        if not self._window or len(self._near) < self._window:
            return None
        return self._near[0 if self._best_at else -1]

    def levels(self, limit: int) -> list[Level]:
        """At most `limit` levels, best first."""
        prices = self._near
        if limit > len(prices) < len(self.sizes):
            prices = sorted(self.sizes)
        if self._best_at:
            prices = prices[-limit:][::-1] if limit else []
        sizes = self.sizes
        return [(price, sizes[price]) for price in prices[:limit]]

    def _sort(self) -> None:
        """Choose the near prices anew."""
        prices = sorted(self.sizes)
        self._low, self._high = 0.0, inf
        if self._window:
            self._near = prices
            self._cut()
        elif len(prices) <= KEEP:
            self._near = prices
        elif self._best_at:
            self._near = prices[-KEEP:]
            self._low = self._near[0]
        else:
            self._near = prices[:KEEP]
            self._high = self._near[-1]

    def _cut(self) -> None:
        """Drop the levels that were pushed out of the window."""
        excess = len(self._near) - self._window
        if excess <= 0:
            return
        span = slice(0, excess) if self._best_at else slice(self._window, None)
        for price in self._near[span]:
            del self.sizes[price]
        del self._near[span]
