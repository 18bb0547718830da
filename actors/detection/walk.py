"""How much can be traded between two books at a profit."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from math import floor, lcm
from typing import Final, Protocol

import msgspec

from exchanges.market.events import Level

FIRST_LEVELS: Final = 10
MORE: Final = 4
"""Levels read at first, and by which factor more are read while all of them are profitable."""
# A sum of sizes may fall short of the true one by rounding errors; that must not cost a lot.
_SLACK: Final = 1 + 1e-12

NONE: Final = (0.0, 0.0)
"""A level that is not there."""
Step = tuple[float, float, float]
"""Base units, what each brings and what each costs, fees included."""


class ReadableBook(Protocol):
    """Levels best first; reading raises when they may be wrong."""

    def bids(self, limit: int) -> list[Level]: ...

    def asks(self, limit: int) -> list[Level]: ...


class Walk(msgspec.Struct, frozen=True):
    """What trading `size` base units through two books brings and costs, fees included."""

    size: Decimal
    proceeds: float
    cost: float

    @property
    def profit(self) -> float:
        return self.proceeds - self.cost


def walk(
    sell_book: ReadableBook,
    buy_book: ReadableBook,
    sell_factor: float,
    buy_factor: float,
    lot: Decimal,
) -> Walk:
    """Sell into the bids of one book what is bought from the asks of another, by whole lots,
    while each unit makes a profit.

    `sell_factor` and `buy_factor` are what one unit of price becomes after fees (1 - fee and
    1 + fee), and in the unit in which both sides are told.
    """
    limit = FIRST_LEVELS
    while True:
        bids, asks = sell_book.bids(limit), buy_book.asks(limit)
        steps, total, is_used_up = profitable(bids, asks, sell_factor, buy_factor)
        if not is_used_up or max(len(bids), len(asks)) < limit:
            return _taken(steps, in_lots(total, lot))
        limit *= MORE


def profitable(
    bids: Sequence[Level], asks: Sequence[Level], sell_factor: float, buy_factor: float
) -> tuple[list[Step], float, bool]:
    """What can be sold into `bids` and bought from `asks` while it pays, the best first; how much
    that is in all; and whether one side was used up, so that deeper levels may pay as well."""
    steps: list[Step] = []
    total = 0.0
    sold, bought = iter(bids), iter(asks)
    bid, bid_left = next(sold, NONE)
    ask, ask_left = next(bought, NONE)
    brings, costs = bid * sell_factor, ask * buy_factor
    while bid_left and ask_left and brings > costs:
        if bid_left < ask_left:
            steps.append((bid_left, brings, costs))
            total += bid_left
            ask_left -= bid_left
            bid, bid_left = next(sold, NONE)
            brings = bid * sell_factor
        else:
            steps.append((ask_left, brings, costs))
            total += ask_left
            bid_left -= ask_left
            ask, ask_left = next(bought, NONE)
            costs = ask * buy_factor
            if not bid_left:
                bid, bid_left = next(sold, NONE)
                brings = bid * sell_factor
    return steps, total, not (bid_left and ask_left)


def in_lots(size: float, lot: Decimal) -> Decimal:
    """The most whole lots that are not above `size`; all of it, if any size may be traded."""
    if not lot:
        return Decimal(repr(size))
    return floor(size / float(lot) * _SLACK) * lot


@lru_cache(maxsize=4096)
def common_lot(one: Decimal, other: Decimal) -> Decimal:
    """The smallest size that is made of whole steps of both markets; 0 is no step at all."""
    if not one or not other:
        return one or other
    exponent = min(_exponent(one), _exponent(other))
    lots = lcm(*(int(step.scaleb(-exponent)) for step in (one, other)))
    return Decimal(lots).scaleb(exponent)


def _exponent(step: Decimal) -> int:
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # a step is a finite number
    return exponent


def _taken(steps: Iterable[Step], size: Decimal) -> Walk:
    """Trade `size` units of the steps."""
    left, proceeds, cost = float(size), 0.0, 0.0
    for units, brings, costs in steps:
        taken = min(units, left)
        proceeds += taken * brings
        cost += taken * costs
        left -= taken
        if left <= 0:
            break
    return Walk(size, proceeds, cost)
