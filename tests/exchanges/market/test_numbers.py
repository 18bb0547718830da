import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.market.numbers import (
    Millis,
    Percent,
    Price,
    Rate,
    Seconds,
    Size,
    Traded,
    best_level,
    exact,
    in_base_units,
    inverse_in_base_units,
    optional,
    plain,
    tick_of,
)


def read(text: str, kind: Any) -> Any:
    return msgspec.json.decode(text, type=kind, strict=False)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Price, '"0.00000001"', 1e-8),
        (Price, '"60650.01000000"', 60650.01),
        (Price, "42", 42.0),
        (Price, '"999999999999999"', 999999999999999.0),
        (Size, '"0.00000000"', 0.0),
        (Size, '"1e-8"', 1e-8),
        (Size, '"589000000000000"', 5.89e14),
        (Rate, '"-0.03750000"', -0.0375),
        (Rate, '"0"', 0.0),
        (Millis, "1672515782136", 1672515782136),
        (Millis, '"1672515782136"', 1672515782136),
        (Millis, "0", 0),
        (Seconds, "1672515782", 1672515782),
        (Traded, '"0.00000001"', 1e-8),
        (Percent, '"25000.5"', 25000.5),
        (Percent, '"-99.9"', -99.9),
    ],
)
def test_number_of_a_market_is_read_from_text_and_from_json(
    kind: Any, text: str, value: float
) -> None:
    assert read(text, kind) == value


NEVER = ['"nan"', '"inf"', '"-inf"', "NaN", "Infinity", '"1e308"', "1e309", '"-1"', "-1", '""',
         f'"{"9" * 40}"', "9" * 40, '"0x10"', '"1_0"', '"1,5"', "true", "null", "[]"]  # fmt: skip


@pytest.mark.parametrize("text", NEVER)
@pytest.mark.parametrize("kind", [Price, Size, Traded, Millis, Seconds])
def test_number_that_no_market_can_have_fails_in_the_decoder(kind: Any, text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read(text, kind)


@pytest.mark.parametrize("text", [text for text in NEVER if "-1" not in text])
@pytest.mark.parametrize("kind", [Rate, Percent])
def test_rate_that_no_market_can_have_fails_in_the_decoder(kind: Any, text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read(text, kind)


@pytest.mark.parametrize("text", ["0", '"0.00000000"', '"-0"', '"1e-400"'])
@pytest.mark.parametrize("kind", [Price, Traded])
def test_price_and_traded_size_must_be_above_zero(kind: Any, text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(text, kind)


@given(st.floats(0, exclude_min=True, allow_infinity=False))
def test_plain_text_of_a_number_reads_back_as_the_same_number(value: float) -> None:
    text = plain(value)
    assert float(text) == value
    assert not set(text) - set("0123456789.")
    assert not text.endswith(".0")


@given(st.integers(1, 10**15), st.integers(0, 8))
def test_plain_text_has_no_digit_more_than_the_decimal_it_came_from(
    digits: int, places: int
) -> None:
    written = format(Decimal(digits).scaleb(-places), "f")
    shortest = written.rstrip("0").rstrip(".") if "." in written else written
    assert plain(float(written)) == shortest


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.0, "0"), (100.0, "100"), (1e-7, "0.0000001"), (1e16, "10000000000000000"),
     (60650.01, "60650.01"), (1.5e-10, "0.00000000015")],
)  # fmt: skip
def test_plain_text_has_neither_exponent_nor_trailing_zero(value: float, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize(("decimals", "tick"), [(0, "1"), (2, "0.01"), (8, "1e-8"), (-1, "10")])
def test_tick_has_so_many_decimals(decimals: int, tick: str) -> None:
    assert tick_of(decimals) == Decimal(tick)


def test_contracts_become_base_units() -> None:
    assert in_base_units([(60_000.0, 5.0), (59_999.5, 0.0)], 0.01) == [
        (60_000.0, 0.05),
        (59_999.5, 0.0),
    ]
    assert inverse_in_base_units([(50_000.0, 10.0), (40_000.0, 0.0)], 100.0) == [
        (50_000.0, 0.02),
        (40_000.0, 0.0),
    ]


@given(st.lists(st.tuples(st.floats(1e-9, 1e9), st.just(0.0) | st.floats(1e-9, 1e9)), max_size=5))
def test_conversion_keeps_prices_and_deletions(levels: list[tuple[float, float]]) -> None:
    kept = [(price, size == 0) for price, size in levels]
    for converted in (in_base_units(levels, 0.1), inverse_in_base_units(levels, 100.0)):
        assert [(price, size == 0) for price, size in converted] == kept


@pytest.mark.parametrize(
    ("text", "number"), [("", None), ("0", 0.0), ("0.00000000", 0.0), ("60650.01", 60650.01)]
)
def test_number_that_may_be_missing_is_read(text: str, number: float | None) -> None:
    assert optional(text) == number


@pytest.mark.parametrize(
    "text", ["-1", "nan", "inf", "-inf", "1e308", "1e400", "9" * 40, "x", "1,5", "None"]
)
def test_number_that_may_be_missing_may_not_be_nonsense(text: str) -> None:
    with pytest.raises(ValueError, match=r"no price or size|could not convert"):
        optional(text)


@pytest.mark.parametrize(
    ("price", "size", "level"),
    [
        ("60000.5", "2", (60000.5, 2.0)),
        ("60000.5", "", (60000.5, 0.0)),
        ("", "", (math.inf, 0.0)),
        ("0", "0", (math.inf, 0.0)),
        ("0.00", "5", (math.inf, 0.0)),  # no price, so there is nothing to have
    ],
)
def test_missing_best_level_has_no_size(price: str, size: str, level: tuple[float, float]) -> None:
    assert best_level(price, size, math.inf) == level


@pytest.mark.parametrize(("price", "size"), [("nan", "1"), ("-1", "1"), ("1", "-1"), ("1", "inf")])
def test_best_level_may_not_be_nonsense(price: str, size: str) -> None:
    with pytest.raises(ValueError, match="no price or size"):
        best_level(price, size, 0.0)


@pytest.mark.parametrize(
    ("text", "number"), [("0.01000000", "0.01"), ("1e-8", "0.00000001"), ("", "0"), (None, "0")]
)
def test_rule_of_a_market_is_read_exactly(text: str | None, number: str) -> None:
    assert exact(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["NaN", "sNaN", "Infinity", "-0.01", "x", "1,5", "1e400", "1e999999"]
)
def test_rule_that_no_market_can_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no (number|rule of a market)"):
        exact(text)
