"""Units that venues trade: many of an asset as one, under a name that tells how many.

`1000PEPE` is a thousand PEPE. Venues that trade such units do it because the price of one PEPE has
too many zeros; for whoever compares markets it is PEPE.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

import msgspec


class Unit(NamedTuple):
    """What a venue trades as one: `multiplier` of `asset`."""

    asset: str
    multiplier: int = 1


class Naming(Enum):
    """A way to write how many: a pattern, and the number where the name does not spell it."""

    NUMBER = re.compile(r"(?P<number>10{3,7})(?P<asset>[A-Z][A-Z0-9]*)"), 0  # 1000PEPE
    SUFFIX = re.compile(r"(?P<asset>[A-Z]+)(?P<number>10{3,7})"), 0  # SHIB1000
    MILLION = re.compile(r"1M(?P<asset>[A-Z][A-Z0-9]{2,})"), 1_000_000  # 1MBABYDOGE
    THOUSAND = re.compile(r"k(?P<asset>[A-Z][A-Z0-9]*)"), 1_000  # kSHIB


class Units(msgspec.Struct, frozen=True):
    """How a venue names the units that it trades.

    `known` has the names that no rule reads, or reads wrongly: an asset whose own name looks like
    a number of another stands there as itself.
    """

    namings: tuple[Naming, ...] = ()
    known: Mapping[str, Unit] = {}

    def of(self, name: str) -> Unit:
        """What a name stands for; a name that tells no number is the asset itself."""
        if unit := self.known.get(name):
            return unit
        for naming in self.namings:
            pattern, number = naming.value
            if match := pattern.fullmatch(name):
                return Unit(match["asset"], number or int(match["number"]))
        return Unit(name)

    def __bool__(self) -> bool:
        return bool(self.namings or self.known)


PLAIN = Units()
"""A venue that trades assets as they are."""


MOST: Final = 10**9
"""So many are no unit of anything; the largest that is known are ten millions."""


def is_multiplier(number: int) -> bool:
    """Whether a unit may hold so many: a power of ten, by which decimals divide exactly."""
    return 0 < number <= MOST and str(number).rstrip("0") == "1"
