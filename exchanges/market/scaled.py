"""From the units that a venue trades to the plain asset, for every kind of event.

The venue's frames and replies of a market of `1000PEPE` are read as they stand, and what they say
is converted here, once, before anybody else hears of it.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

from msgspec.structs import replace

from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Funding,
    FundingCharge,
    InstrumentChange,
    Kline,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Subscription,
    Ticker,
    Top,
    Trade,
)

E = TypeVar("E", bound=Event)


_DECIMALS: Final = 9
"""How many decimals most prices and sizes have at most."""
_FEW: Final = 1e6
"""A number below it has 15 digits with so many decimals."""
_WHOLE: Final = 2.0**53
"""Whole numbers below it are floats as they are."""
_POWERS: Final = tuple(10.0**power for power in range(23))  # all that a float holds exactly


class _Fields(NamedTuple):
    """Which fields are prices per unit, sizes in units, or lists of both; others stay."""

    prices: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()


_BOOK: Final = _Fields(levels=("bids", "asks"))
FIELDS: Final[Mapping[type[Event], _Fields]] = {
    BookSnapshot: _BOOK,
    BookDelta: _BOOK,
    BookLost: _Fields(),
    Top: _Fields(("bid", "ask"), ("bid_size", "ask_size")),
    Trade: _Fields(("price",), ("size",)),
    Ticker: _Fields(("last", "bid", "ask", "high", "low"), ("volume",)),
    Kline: _Fields(("open", "high", "low", "close"), ("volume",)),
    Funding: _Fields(),
    FundingCharge: _Fields(),
    MarkPrice: _Fields(("mark", "index")),
    OpenInterest: _Fields((), ("size",)),
    Liquidation: _Fields(("price",), ("size",)),
    InstrumentChange: _Fields(),
    Subscription: _Fields(),
}
"""For every event; a value in quote currency is the same in any unit."""


def unscaled(event: E) -> E:
    """An event with the venue's own numbers, told per base unit of its instrument.

    Raises:
        ValueError: it has a checksum, which is over the numbers that would be gone.
    """
    multiplier = event.instrument.multiplier
    if multiplier == 1:
        return event
    if getattr(event, "checksum", None) is not None:
        raise ValueError(f"a checksum over a book in units of {event.instrument.traded_as}")
    digits = len(str(multiplier)) - 1
    fields = FIELDS[type(event)]
    told: dict[str, Any] = {}
    for names, by in ((fields.prices, -digits), (fields.sizes, digits)):
        for name in names:
            value: float | None = getattr(event, name)
            if value is not None:
                told[name] = shifted(value, by)
    for name in fields.levels:
        levels: list[Level] = getattr(event, name)
        told[name] = [(shifted(price, -digits), shifted(size, digits)) for price, size in levels]
    return replace(event, **told) if told else event


def shifted(value: float, digits: int) -> float:
    """`value` times ten to the power of `digits`, as its decimal digits say.

    The result is the float that the shifted text reads as, so that prices stay equal to those of
    other markets, and whole ticks when they are made decimals; a product would be off by a bit.
    """
    if value < _FEW:
        # Up to 15 digits are one float and no other, and a quotient of whole numbers is exact.
        counted = round(value * _POWERS[_DECIMALS])
        if counted / _POWERS[_DECIMALS] == value:
            return counted / _POWERS[_DECIMALS - digits]
    elif digits > 0 and value < _WHOLE and value.is_integer():
        return value * _POWERS[digits]
    return float(Decimal(repr(value)).scaleb(digits))
