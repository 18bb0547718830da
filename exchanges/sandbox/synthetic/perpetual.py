"""What a synthetic perpetual has beyond its trades: mark price, funding and open interest."""

from typing import Final

import msgspec

from exchanges.chance import Chance
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.world import BP

_EIGHT_HOURS_S: Final = 28_800.0

# The usual formula, with numbers as venues publish them:
# clip(premium + clip(0.01 % - premium, +-0.05 %), +-cap), each for eight hours, and the premium
# averaged with a half-life of half an hour. Its cap is 2 % for the large assets, and its rates
# have eight decimals.
_INTEREST: Final = 1 * BP
_DAMPING: Final = 5 * BP
_CAP: Final = 200 * BP
_PREMIUM_HALF_LIFE_S: Final = 1_800.0
_RATE_DECIMALS: Final = 8


class PerpetualState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A perpetual at one moment; a positive funding rate means that longs pay."""

    mark: int
    """In ticks."""
    index: int
    """In ticks: the fundamental price."""
    funding_rate: float
    """Fraction of a position's value that will be charged at `next_funding_ns`."""
    funding_interval_s: float
    next_funding_ns: int
    open_interest: int
    """In lots, counted on one side."""


class Perpetual:
    """Averages the premium over the index, and counts the open contracts."""

    def __init__(
        self, interval_s: float | None, premium: float, open_interest: int, chance: Chance
    ) -> None:
        self._interval_s = interval_s or _EIGHT_HOURS_S
        self._premium = premium  # a fraction of the index
        self._open_interest = open_interest
        self._usual_interest = open_interest
        self._chance = chance

    def advance(self, premium: float, elapsed_s: float, traded_lots: int) -> None:
        """Take in the premium that has held, and the lots traded, for so many seconds."""
        keep = 0.5 ** (elapsed_s / _PREMIUM_HALF_LIFE_S)
        self._premium = premium + (self._premium - premium) * keep
        # Trades open and close positions alike, and the bounds keep hours of them plausible.
        opened = round(traded_lots * (2 * self._chance.random() - 1))
        usual = self._usual_interest
        self._open_interest = min(max(self._open_interest + opened, usual // 2), usual * 2)

    def state(self, index: float, now_ns: int) -> PerpetualState:
        """The state with the index at `index` ticks."""
        premium = self._premium
        rate = _clip(premium + _clip(_INTEREST - premium, _DAMPING), _CAP)
        interval_ns = int(self._interval_s * NS_PER_S)
        return PerpetualState(
            mark=round(index * (1 + premium)),
            index=round(index),
            funding_rate=round(rate * self._interval_s / _EIGHT_HOURS_S, _RATE_DECIMALS),
            funding_interval_s=self._interval_s,
            next_funding_ns=(now_ns // interval_ns + 1) * interval_ns,
            open_interest=self._open_interest,
        )


def _clip(value: float, bound: float) -> float:
    return max(-bound, min(value, bound))
