"""How much can be traded between two books at a profit."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from math import floor, inf, lcm
from typing import Final, Protocol

import msgspec

from exchanges.market.events import Level

FIRST_LEVELS: Final = 10
MORE: Final = 4
"""Levels read at first, and by which factor more are read while all of them are profitable."""
# A sum of sizes may fall short of the true one by rounding errors; that must not cost a lot.
_SLACK: Final = 1 + 1e-12

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
        steps = list(profitable(bids, asks, sell_factor, buy_factor))
        total = sum(step[0] for step in steps)
        is_used_up = total >= min(_total(bids), _total(asks)) / _SLACK
        if not is_used_up or max(len(bids), len(asks)) < limit:
            break
        limit *= MORE
    return _taken(steps, in_lots(total, lot))


def profitable(
    bids: Sequence[Level], asks: Sequence[Level], sell_factor: float, buy_factor: float
) -> Iterator[Step]:
    """What can be sold into `bids` and bought from `asks`, the best first, while it pays."""
    sold, bought = iter(bids), iter(asks)
    bid, bid_left = next(sold, (0.0, 0.0))
    ask, ask_left = next(bought, (inf, 0.0))
    while bid * sell_factor > ask * buy_factor:
        step = min(bid_left, ask_left)
        yield step, bid * sell_factor, ask * buy_factor
        bid_left -= step
        ask_left -= step
        if bid_left <= 0:
            bid, bid_left = next(sold, (0.0, 0.0))
        if ask_left <= 0:
            ask, ask_left = next(bought, (inf, 0.0))


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


def _total(levels: Iterable[Level]) -> float:
    return sum(size for _, size in levels)
