"""Whole ticks and lots as decimals, and back: how exact numbers are printed and read cheaply."""

from decimal import Decimal


class Scale:
    """Counts of one unit, such as a tick of 0.05: the count 3 is the decimal 0.15.

    `digits` after the point are printed at least, the unit's own if it has more.

    Raises:
        ValueError: the unit is not positive.
    """

    def __init__(self, unit: Decimal, digits: int = 0) -> None:
        if unit <= 0:
            raise ValueError(f"a unit must be positive, not {unit}")
        self.unit = unit
        self._digits = max(digits, -int(unit.as_tuple().exponent))
        self._divisor: int = 10**self._digits
        self._factor = int(unit * self._divisor)

    def text(self, count: int) -> str:
        """The exact decimal, always with as many digits after the point."""
        digits = self._digits
        if not digits:
            return str(count * self._factor)
        # `zfill` keeps a minus sign in front, and counts it.
        text = str(count * self._factor).zfill(digits + (2 if count < 0 else 1))
        return f"{text[:-digits]}.{text[-digits:]}"

    def number(self, count: int) -> float:
        """The float that the decimal's text reads as."""
        return count * self._factor / self._divisor

    def decimal(self, count: int) -> Decimal:
        return count * self.unit

    def count(self, value: Decimal) -> int:
        """How many units `value` is.

        Raises:
            ValueError: `value` is not a multiple of the unit.
        """
        count, rest = divmod(value, self.unit)
        if rest:
            raise ValueError(f"{value} is not a multiple of {self.unit}")
        return int(count)
