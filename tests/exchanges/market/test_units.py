"""Names of units: which of them tell a number, and which are assets of their own."""

import pytest

from exchanges.market.units import PLAIN, Naming, Unit, Units, is_multiplier

EVERY = Units(tuple(Naming))


@pytest.mark.parametrize(
    ("name", "asset", "multiplier"),
    [
        ("1000PEPE", "PEPE", 1_000),
        ("10000LADYS", "LADYS", 10_000),
        ("100000X", "X", 100_000),
        ("1000000MOG", "MOG", 1_000_000),
        ("10000000AIDOGE", "AIDOGE", 10_000_000),
        ("1000X", "X", 1_000),
        ("SHIB1000", "SHIB", 1_000),
        ("1MBABYDOGE", "BABYDOGE", 1_000_000),
        ("kSHIB", "SHIB", 1_000),
    ],
)
def test_a_name_that_tells_a_number_is_so_many_of_an_asset(
    name: str, asset: str, multiplier: int
) -> None:
    assert EVERY.of(name) == Unit(asset, multiplier)
    assert PLAIN.of(name) == Unit(name)


@pytest.mark.parametrize(
    "name",
    ["BTC", "1INCH", "4EVER", "100X", "1000", "10001X", "2000X", "1MX", "1M", "k", "KSM", "kshib",
     "KAVA", "C98", "X100", "1CAT", "币安人生", "AAPL.US", ""],
)  # fmt: skip
def test_any_other_name_is_the_asset_itself(name: str) -> None:
    assert EVERY.of(name) == Unit(name)


def test_a_venue_knows_names_that_no_rule_reads_or_reads_wrongly() -> None:
    units = Units((Naming.NUMBER,), {"MDOGE": Unit("DOGE", 10**6), "1000X": Unit("1000X")})
    assert units.of("MDOGE") == Unit("DOGE", 10**6)
    assert units.of("1000X") == Unit("1000X"), "an asset of that name"
    assert units.of("1000PEPE") == Unit("PEPE", 1_000)
    assert units
    assert not PLAIN


def test_powers_of_ten_are_multipliers() -> None:
    assert [number for number in range(-10, 1002) if is_multiplier(number)] == [1, 10, 100, 1000]
    assert is_multiplier(10**9)
    assert not is_multiplier(10**10)
