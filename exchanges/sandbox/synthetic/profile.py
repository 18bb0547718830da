"""The character of a synthetic market, as data."""

from typing import Final

import msgspec

SYNTHETIC: Final = "synthetic"
"""Owner of all orders that no user placed."""


class MarketProfile(msgspec.Struct, frozen=True, kw_only=True):
    """How one market is quoted and traded. Values of orders are dollars.

    Raises:
        ValueError: without a spread makers would trade with each other.
    """

    lag_s: float = 0.1
    """How late the venue's makers see the fundamental price."""
    basis_bp: float = 0.0
    """How far the venue's price lies above the fundamental in the long run."""
    noise_bp: float = 2.0
    """Standard deviation of the venue's mid about that."""
    noise_half_life_s: float = 30.0
    dislocations_per_hour: float = 20.0
    """Sudden moves of this venue alone, up or down, that decay."""
    dislocation_bp: float = 30.0
    dislocation_half_life_s: float = 5.0
    half_spread_bp: float = 1.0
    """Distance of the best quotes from the mid."""
    levels: int = 60
    """Price levels a side, and up to a quarter more."""
    spacing_bp: float = 0.5
    """Average distance of neighbouring levels, where the tick is not larger."""
    level_value: float = 10_000.0
    """Average value of a level near the top; deeper ones are larger."""
    makers_per_s: float = 20.0
    """Quotes replaced a second, besides those that have to follow the mid."""
    takers_per_s: float = 2.0
    taker_value: float = 2_000.0
    """Median value of a taker's order."""

    def __post_init__(self) -> None:
        if self.half_spread_bp <= 0:
            raise ValueError(f"half_spread_bp must be positive, not {self.half_spread_bp}")
