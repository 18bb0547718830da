"""A synthetic market as a venue prints it."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from exchanges.chance import Chance
from exchanges.market.instrument import Instrument
from exchanges.market.scale import Scale
from exchanges.sandbox.matching import Depth, Level
from exchanges.sandbox.synthetic import MarketProfile, SyntheticMarket
from exchanges.sandbox.world import World

_PRINTED: Final = 1024
"""Numbers of a market that are remembered as text; a step changes some tens of levels."""


class SandboxMarket:
    """A synthetic market with what a venue needs to print it.

    `price`, `size` and `value` print ticks, lots and their products as exact decimals; `wire_size`
    prints lots as the venue counts sizes, which is contracts in markets that have them. At least
    `digits` stand after the point of prices and sizes. `price_number` and `size_number` are for
    venues that print numbers. `base` and `quote` are the assets as the venue calls them, which
    `own_name` tells. Where the venue trades many of an asset as one, all of them are in that unit,
    as is the instrument as `listed`.
    """

    def __init__(
        self,
        instrument: Instrument,
        world: World,
        profile: MarketProfile,
        chance: Chance,
        now_ns: int,
        own_name: Callable[[str], str],
        digits: int = 0,
    ) -> None:
        self.instrument = instrument
        self.synthetic = SyntheticMarket(instrument, world, profile, chance, now_ns)
        self.listed = instrument.as_traded()
        self.base, self.quote = own_name(self.listed.base), own_name(self.listed.quote)
        self.price = _printer(self.listed.tick, digits)
        self.size = _printer(self.listed.step, digits)
        self.price_number = Scale(self.listed.tick, digits).number
        self.size_number = Scale(self.listed.step, digits).number
        self.value = self.synthetic.values.text
        self.wire_size = _printer(instrument.step / instrument.contract_size, digits)

    def join(self, other: "SandboxMarket") -> None:
        """Be another settlement of a market from now on: one book, and one set of rules."""
        own = self.instrument
        self.instrument = replace(
            other.instrument,
            symbol=own.symbol,
            native=own.native,
            quote=own.quote,
            book_of=other.instrument.native,
        )
        self.synthetic = other.synthetic
        self.price, self.price_number = other.price, other.price_number
        self.size, self.size_number = other.size, other.size_number
        self.value, self.wire_size = other.value, other.wire_size

    def depth(self, levels: int) -> Depth:
        return self.synthetic.depth(levels)

    def levels(self, levels: Iterable[tuple[int, int]]) -> list[list[str]]:
        """Levels as most venues print them: price and size as decimal strings."""
        price, size = self.price, self.wire_size
        return [[price(ticks), size(lots)] for ticks, lots in levels]


def _printer(unit: Decimal, digits: int) -> Callable[[int], str]:
    """Every session of a market prints the same numbers, so each is printed once."""
    return lru_cache(_PRINTED)(Scale(unit, digits).text)


def level_changes(before: Depth, after: Depth) -> Depth:
    """What turns the levels a client has been told into those of now; size 0 deletes one."""
    return Depth(
        last_id=after.last_id,
        bids=_differences(before.bids, after.bids),
        asks=_differences(before.asks, after.asks),
    )


def _differences(before: Iterable[Level], after: Iterable[Level]) -> list[Level]:
    old, new = dict(before), dict(after)
    return [(price, new.get(price, 0)) for price in old | new if old.get(price) != new.get(price)]
