"""A synthetic market as a venue prints it."""

from collections.abc import Iterable

from exchanges.chance import Chance
from exchanges.market.instrument import Instrument
from exchanges.market.scale import Scale
from exchanges.sandbox.matching import Depth, Level
from exchanges.sandbox.synthetic import MarketProfile, SyntheticMarket
from exchanges.sandbox.world import World


class SandboxMarket:
    """A synthetic market with what a venue needs to print it.

    `price`, `size` and `value` print ticks, lots and their products as exact decimals; `wire_size`
    prints lots as the venue counts sizes, which is contracts in markets that have them. At least
    `digits` stand after the point of prices and sizes. `price_number` and `size_number` are for
    venues that print numbers. Where the venue trades many of an asset as one, all of them are in
    that unit, as is the instrument as `listed`.
    """

    def __init__(
        self,
        instrument: Instrument,
        world: World,
        profile: MarketProfile,
        chance: Chance,
        now_ns: int,
        digits: int = 0,
    ) -> None:
        self.instrument = instrument
        self.synthetic = SyntheticMarket(instrument, world, profile, chance, now_ns)
        self.listed = instrument.as_traded()
        prices, sizes = Scale(self.listed.tick, digits), Scale(self.listed.step, digits)
        self.price, self.price_number = prices.text, prices.number
        self.size, self.size_number = sizes.text, sizes.number
        self.value = self.synthetic.values.text
        self.wire_size = Scale(instrument.step / instrument.contract_size, digits).text

    def depth(self, levels: int) -> Depth:
        return self.synthetic.depth(levels)

    def levels(self, levels: Iterable[tuple[int, int]]) -> list[list[str]]:
        """Levels as most venues print them: price and size as decimal strings."""
        price, size = self.price, self.wire_size
        return [[price(ticks), size(lots)] for ticks, lots in levels]


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
