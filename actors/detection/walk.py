"""How much can be traded between two books at a profit."""

from collections.abc import Sequence
from decimal import Decimal
from math import inf
from typing import Final, Protocol

import msgspec

from exchanges.market.events import Level
from exchanges.market.instrument import Instrument

FIRST_LEVELS: Final = 10
MORE: Final = 4
"""Levels read at first, and by which factor more are read while all of them are profitable."""
# A sum of sizes may fall short of the true one by rounding errors; that must not cost a step.
_SLACK: Final = Decimal("1.000000000001")
# Steps that do not divide each other (0.3 and 0.2) are rounded in turn until both agree.
_ROUNDS: Final = 100


class ReadableBook(Protocol):
    """Levels best first; reading raises when they may be wrong."""

    def bids(self, limit: int) -> list[Level]: ...

    def asks(self, limit: int) -> list[Level]: ...


class Walk(msgspec.Struct, frozen=True):
    """What trading `size` base units through two books brings and costs, fees included."""

    size: float
    proceeds: float
    cost: float
    is_complete: bool
    """Whether the walk ended within the levels it was given."""


def walk(
    bids: Sequence[Level],
    asks: Sequence[Level],
    sell_factor: float,
    buy_factor: float,
    most: float = inf,
) -> Walk:
    """Sell into `bids` what is bought from `asks`, while each unit makes a profit.

    `sell_factor` and `buy_factor` are what one unit of price becomes after fees: 1 - fee and
    1 + fee. At most `most` base units are traded.
    """
    size = proceeds = cost = 0.0
    sold, bought = iter(bids), iter(asks)
    bid, bid_left = next(sold, (0.0, 0.0))
    ask, ask_left = next(bought, (inf, 0.0))
    while bid * sell_factor > ask * buy_factor and size < most:
        step = min(bid_left, ask_left, most - size)
        size += step
        proceeds += step * bid * sell_factor
        cost += step * ask * buy_factor
        bid_left -= step
        ask_left -= step
        if bid_left <= 0:
            bid, bid_left = next(sold, (0.0, 0.0))
        if ask_left <= 0:
            ask, ask_left = next(bought, (inf, 0.0))
    return Walk(size, proceeds, cost, is_complete=bid > 0 and ask < inf)


def walkable(
    sell: tuple[Instrument, ReadableBook, float],
    buy: tuple[Instrument, ReadableBook, float],
) -> tuple[Decimal, Walk]:
    """The size that both markets' steps allow, and what trading it brings.

    Each side is its instrument, its book, and its factor as in `walk`.
    """
    (sell_market, sell_book, sell_factor), (buy_market, buy_book, buy_factor) = sell, buy
    limit = FIRST_LEVELS
    while True:
        bids, asks = sell_book.bids(limit), buy_book.asks(limit)
        found = walk(bids, asks, sell_factor, buy_factor)
        if found.is_complete or max(len(bids), len(asks)) < limit:
            break
        limit *= MORE
    size = _floor_to_both(Decimal(repr(found.size)) * _SLACK, sell_market, buy_market)
    return size, walk(bids, asks, sell_factor, buy_factor, float(size))


def _floor_to_both(size: Decimal, one: Instrument, other: Instrument) -> Decimal:
    for _ in range(_ROUNDS):
        rounded = other.floor_size(one.floor_size(size))
        if rounded == one.floor_size(rounded):
            return rounded
        size = rounded
    return Decimal(0)
