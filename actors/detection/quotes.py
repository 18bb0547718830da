"""Quote assets: which stand for one currency, and what one is worth in another."""

from typing import Final

import msgspec

from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S

US_DOLLARS: Final = (
    *("USD", "USDT", "USDC", "FDUSD", "USDE", "USDe", "USDS", "USD1", "PYUSD", "RLUSD", "TUSD"),
    "DAI",
)


class QuoteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Families of quote assets, and when a rate between two members is believed.

    Members of one family are meant to be worth one of its currency each; that they are is never
    assumed. If they are `comparable`, markets that are quoted in them are compared by live rates:
    each not older than `max_age_s`, at most `band_bps` from one to one, and where several markets
    tell it, within `agree_bps` of each other.
    """

    comparable: bool = True
    families: dict[str, tuple[str, ...]] = msgspec.field(
        default_factory=lambda: {"USD": US_DOLLARS}
    )
    max_age_s: float = 30.0
    band_bps: float = 100.0
    agree_bps: float = 20.0

    def family(self, asset: str) -> str:
        """The family of an asset; what is in none, or not to be compared, is its own."""
        if self.comparable:
            for name, members in self.families.items():
                if asset in members:
                    return name
        return asset

    def members(self, asset: str) -> tuple[str, ...]:
        """All that an asset may be exchanged with at a rate that is watched, itself included."""
        if self.comparable:
            for members in self.families.values():
                if asset in members:
                    return members
        return ()

    def converts(self, base: str, quote: str) -> bool:
        """Whether a market of these two tells a rate between members of one family."""
        return base != quote and quote in self.members(base)


class Conversion(msgspec.Struct, frozen=True):
    """One market on the way from an asset to another: its base is sold, or bought."""

    instrument: Instrument
    is_sale: bool
    price: float
    """In the market's own terms: of the touch, or the mid."""
    heard_ns: int


class Rate(msgspec.Struct, frozen=True):
    """What one unit of an asset brings in another; without conversions it is one to one."""

    value: float
    conversions: tuple[Conversion, ...] = ()

    def age_s(self, now_ns: int) -> float | None:
        """How old the oldest of its prices is; None where there is none."""
        heard_ns = min((one.heard_ns for one in self.conversions), default=None)
        return None if heard_ns is None else (now_ns - heard_ns) / NS_PER_S

    def __str__(self) -> str:
        if not self.conversions:
            return "1"
        told = (f"{one.instrument} {one.price:.6g}" for one in self.conversions)
        return f"{self.value:.6g} by {' and '.join(told)}"


PAR: Final = Rate(1.0)
