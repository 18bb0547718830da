"""Counts of ticks and lots as decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.market.scale import Scale

UNITS = st.sampled_from(["0.01", "0.10", "0.00001", "0.05", "2.5", "1", "100", "1E-8", "1E+2"])
COUNTS = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("unit", "count", "text"),
    [
        ("0.01", 12_345, "123.45"),
        ("0.01", 5, "0.05"),
        ("0.01", -5, "-0.05"),
        ("0.01", -123, "-1.23"),
        ("0.05", 3, "0.15"),
        ("0.10", 3, "0.30"),
        ("100", 7, "700"),
        ("1E-8", 1, "0.00000001"),
        ("1E+2", 7, "700"),
    ],
)
def test_text_has_all_digits_of_the_unit(unit: str, count: int, text: str) -> None:
    assert Scale(Decimal(unit)).text(count) == text


@given(UNITS, COUNTS)
def test_text_number_and_decimal_are_the_same_number(unit: str, count: int) -> None:
    scale = Scale(Decimal(unit))
    assert Decimal(scale.text(count)) == scale.decimal(count) == count * Decimal(unit)
    assert scale.number(count) == float(scale.text(count))
    assert scale.count(scale.decimal(count)) == count


def test_count_refuses_what_is_not_a_multiple() -> None:
    with pytest.raises(ValueError, match="not a multiple"):
        Scale(Decimal("0.05")).count(Decimal("0.07"))


def test_unit_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Scale(Decimal(0))
