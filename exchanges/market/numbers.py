"""Readers of the numbers that venues send, and writers of those that their checksums are made of.

Wire structs decode the venue's decimal strings straight to `float` with these types; a number
that no market can have (NaN, infinite, zero or negative price, absurd magnitude) fails in the
decoder, so that it cannot reach a book.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta

from exchanges.market.events import Level

# No market trades at a quadrillion, and no level holds 10^18 units: the smallest-priced tokens
# trade some 10^15 at once. What is larger is a mistake or an attack.
Price = Annotated[float, Meta(gt=0, lt=1e15)]
Size = Annotated[float, Meta(ge=0, lt=1e18)]
Traded = Annotated[float, Meta(gt=0, lt=1e18)]
_MOST_RATE: Final = 1e3
Rate = Annotated[float, Meta(gt=-_MOST_RATE, lt=_MOST_RATE)]
# New listings rise by more than a thousand per cent in a day.
Percent = Annotated[float, Meta(gt=-1e6, lt=1e6)]
Millis = Annotated[int, Meta(ge=0, lt=1 << 53)]
Seconds = Annotated[int, Meta(ge=0, lt=1 << 43)]
Digits = Annotated[int, Meta(ge=0, le=30)]

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
NS_PER_US: Final = 1_000


def optional(text: str) -> float | None:
    """A non-negative number, or None for the empty string that some venues write for no number.

    Raises:
        ValueError: it is neither.
    """
    if not text:
        return None
    value = float(text)
    if not 0 <= value < 1e18:
        raise ValueError(f"{text!r} is no price or size")
    return value


def optional_rate(text: str | None) -> float | None:
    """A fraction of either sign, or None where the venue writes none.

    Raises:
        ValueError: it is neither.
    """
    if not text:
        return None
    value = float(text)
    if not abs(value) < _MOST_RATE:
        raise ValueError(f"{text[:40]!r} is no rate")
    return value


def best_level(price: str, size: str, no_price: float) -> Level:
    """The level at the touch; `no_price` at size 0 where the venue writes no price, or zero.

    Raises:
        ValueError: they are no numbers.
    """
    value = optional(price)
    return (value, optional(size) or 0.0) if value else (no_price, 0.0)


_LARGEST_RULE: Final = Decimal("1e30")  # of the cheapest coin there is less


def exact(text: str | None) -> Decimal:
    """A number of a market's rules, exactly; 0 where the venue states none.

    Raises:
        ValueError: it is no number from 0 up that a market can have.
    """
    try:
        value = Decimal(text or 0)
    except ArithmeticError as error:
        raise ValueError(f"{text!r} is no number") from error
    if not value.is_finite() or not 0 <= value < _LARGEST_RULE:
        raise ValueError(f"{str(text)[:40]!r} is no rule of a market")
    return value


def tick_of(decimals: int) -> Decimal:
    """The increment of a number with so many decimals: 2 gives 0.01."""
    return Decimal(1).scaleb(-decimals)


def plain(value: float) -> str:
    """The shortest decimal that reads back as `value`, without exponent or trailing `.0`."""
    text = repr(value)
    if "e" in text:
        return format(Decimal(text), "f")
    return text.removesuffix(".0")


def in_base_units(levels: Iterable[Level], base_per_contract: float) -> list[Level]:
    """Levels counted in contracts, as base units (linear contracts)."""
    return [(price, size * base_per_contract) for price, size in levels]


def inverse_in_base_units(levels: Iterable[Level], contract_value: float) -> list[Level]:
    """Levels counted in contracts worth `contract_value` quote units each, as base units."""
    return [(price, size * contract_value / price) for price, size in levels]
