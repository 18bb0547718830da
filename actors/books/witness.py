"""Is a book what the venue says it is? A comparison with a snapshot that was fetched.

The snapshot is of some moment between our asking and its arrival, and stream and snapshot need not
come from one machine of the venue. So a `Witness` watches the book from some time before to some
time after: a level is explained if the book had that size at that price at any moment of it.
"""

from collections.abc import Iterable
from math import inf, isclose

import msgspec

from exchanges.market.events import BookDelta, BookSnapshot, Level

# Sizes that were counted in contracts may differ in their last bits.
_TOLERANCE = 1e-9


class Mismatch(msgspec.Struct, frozen=True):
    """A level that the venue has and our book never had, or the other way round."""

    is_bid: bool
    price: float
    ours: float
    theirs: float

    def __str__(self) -> str:
        side = "bid" if self.is_bid else "ask"
        return f"{side} {self.price:g}: ours {self.ours:g}, theirs {self.theirs:g}"


class Finding(msgspec.Struct, frozen=True):
    """How many levels were compared, and which of them differ."""

    levels: int
    mismatches: list[Mismatch]


class Witness:
    """Remembers every size that a book's levels had since it began."""

    def __init__(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        self._bids = {price: [size] for price, size in bids}
        self._asks = {price: [size] for price, size in asks}
        self._bid_horizon, self._ask_horizon = -inf, inf

    def saw(self, delta: BookDelta) -> None:
        """The book has applied an update."""
        for sizes, levels in ((self._bids, delta.bids), (self._asks, delta.asks)):
            for price, size in levels:
                sizes.setdefault(price, [0.0]).append(size)

    def looked(self, bid_horizon: float | None, ask_horizon: float | None) -> None:
        """How far the book reached at a moment, where that is bounded; the least of it counts."""
        if bid_horizon is not None:
            self._bid_horizon = max(self._bid_horizon, bid_horizon)
        if ask_horizon is not None:
            self._ask_horizon = min(self._ask_horizon, ask_horizon)

    def judge(self, snapshot: BookSnapshot) -> Finding:
        """Compare, as far down as both know the market."""
        bids = _differences(self._bids, snapshot.bids, self._bid_horizon, is_bid=True)
        asks = _differences(self._asks, snapshot.asks, self._ask_horizon, is_bid=False)
        return Finding(bids.levels + asks.levels, bids.mismatches + asks.mismatches)


def confirmed(first: Finding, second: Finding) -> list[Mismatch]:
    """The levels that were wrong twice; what is under way passes, what was lost stays."""
    before = {(one.is_bid, one.price, one.ours) for one in first.mismatches}
    return [one for one in second.mismatches if (one.is_bid, one.price, one.ours) in before]


def _differences(
    seen: dict[float, list[float]], theirs: list[Level], horizon: float, *, is_bid: bool
) -> Finding:
    if not theirs or not seen:
        return Finding(0, [])
    sign = 1.0 if is_bid else -1.0
    # Either side may end above the other; beyond its last level neither says anything.
    last = max(sign * theirs[-1][0], min(sign * price for price in seen), sign * horizon)
    told = {price: size for price, size in theirs if sign * price >= last}
    mismatches = [
        Mismatch(is_bid, price, seen.get(price, [0.0])[-1], size)
        for price, size in told.items()
        if not any(isclose(size, had, rel_tol=_TOLERANCE) for had in seen.get(price, [0.0]))
    ]
    stayed = [price for price, sizes in seen.items() if sign * price >= last and all(sizes)]
    missing = [price for price in stayed if price not in told]
    mismatches += [Mismatch(is_bid, price, seen[price][-1], 0.0) for price in missing]
    return Finding(len(told) + len(missing), mismatches)
