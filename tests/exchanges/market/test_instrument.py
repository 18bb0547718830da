from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exchanges.market.instrument import (
    Instrument,
    Instruments,
    Kind,
    kind_of,
    split_symbol,
    unified_symbol,
)
from exchanges.market.units import Unit
from tests.exchanges.transcripts import market

SYMBOLS = [
    ("BTC/USDT", ("BTC", "USDT", ""), Kind.SPOT),
    ("BTC/USDT:USDT", ("BTC", "USDT", "USDT"), Kind.PERPETUAL),
    ("BTC/USD:BTC", ("BTC", "USD", "BTC"), Kind.PERPETUAL),
    ("1000PEPE/USDT:USDT", ("1000PEPE", "USDT", "USDT"), Kind.PERPETUAL),
    ("币安人生/USDT", ("币安人生", "USDT", ""), Kind.SPOT),
]


@pytest.mark.parametrize(("symbol", "assets", "kind"), SYMBOLS)
def test_symbol_is_made_of_its_assets_and_tells_the_kind(
    symbol: str, assets: tuple[str, str, str], kind: Kind
) -> None:
    assert split_symbol(symbol) == assets
    assert unified_symbol(*assets) == symbol
    assert kind_of(symbol) is kind


@pytest.mark.parametrize(
    "text",
    ["", "BTC", "BTCUSDT", "BTC-USDT", "/USDT", "BTC/", "BTC/USDT:", "BTC/USDT/EUR", "BTC /USDT",
     "BTC/USDT:USDT:USDT", "BTC/USDT\n"],
)  # fmt: skip
def test_text_of_another_form_is_no_symbol(text: str) -> None:
    with pytest.raises(ValueError, match="is not a unified symbol"):
        split_symbol(text)


@pytest.mark.parametrize(
    ("step", "size", "tradable"),
    [
        ("0.001", "1.2345", "1.234"),
        ("0.001", "1.234", "1.234"),
        ("0.001", "0.0009", "0"),
        ("10", "129", "120"),
        ("0.25", "0.99", "0.75"),
        ("0", "1.23456789", "1.23456789"),  # no rule
    ],
)
def test_size_is_rounded_down_to_the_step(step: str, size: str, tradable: str) -> None:
    assert market("BTC/USDT", step=step).floor_size(Decimal(size)) == Decimal(tradable)


@pytest.mark.parametrize(
    ("tick", "digits", "price", "bid", "ask"),
    [
        ("0.01", 0, "100.005", "100.00", "100.01"),
        ("0.01", 0, "100.01", "100.01", "100.01"),
        ("0.5", 0, "100.3", "100.0", "100.5"),
        ("0.05", 0, "0.04", "0", "0.05"),
        # At most five significant digits, as well as the tick.
        ("0.0001", 5, "1.23456", "1.2345", "1.2346"),
        ("0.0001", 5, "12345.6", "12345", "12346"),
        ("0.0001", 5, "123456", "123450", "123460"),
        ("0.0001", 5, "9999.96", "9999.9", "10000"),
        ("0.01", 5, "1.23456", "1.23", "1.24"),
    ],
)
def test_bid_is_rounded_down_and_ask_up_to_valid_prices(
    tick: str, digits: int, price: str, bid: str, ask: str
) -> None:
    instrument = market("BTC/USDT", tick=tick, price_digits=digits)
    assert instrument.floor_price(Decimal(price)) == Decimal(bid)
    assert instrument.ceil_price(Decimal(price)) == Decimal(ask)


@given(
    tick=st.sampled_from(["0.00000001", "0.0001", "0.05", "0.3", "0.5", "1", "250"]).map(Decimal),
    price=st.decimals(min_value="1e-8", max_value="1e12", places=8),
)
def test_rounded_prices_are_the_nearest_multiples_of_the_tick(
    tick: Decimal, price: Decimal
) -> None:
    instrument = market("BTC/USDT", tick=tick)
    below, above = instrument.floor_price(price), instrument.ceil_price(price)
    assert below <= price <= above
    assert below % tick == above % tick == 0
    assert above - below == (0 if price % tick == 0 else tick)


@given(
    step=st.sampled_from(["1e-18", "1e-8", "0.001", "0.3", "1", "1000"]).map(Decimal),
    size=st.decimals(min_value=0, max_value="1e18", places=8),
)
def test_rounded_size_is_the_largest_tradable_one_not_above_it(
    step: Decimal, size: Decimal
) -> None:
    rounded = Fraction(market("SHIB/USDT", step=step).floor_size(size))
    assert Fraction(size) - Fraction(step) < rounded <= Fraction(size)
    assert rounded % Fraction(step) == 0


@pytest.mark.parametrize(
    ("facts", "price", "base_units"),
    [
        ({}, 60_000.0, 1.0),
        ({"contract_size": "0.01"}, 60_000.0, 0.01),
        # An inverse contract is worth 100 USD, whatever the price.
        ({"contract_size": "100", "inverse": True}, 50_000.0, 0.002),
    ],
)
def test_contract_stands_for_base_units(
    facts: dict[str, Any], price: float, base_units: float
) -> None:
    assert market("BTC/USD:BTC", **facts).units_per_contract(price) == base_units


def test_instruments_are_found_by_symbol_and_by_native_name_of_their_kind() -> None:
    spot = market("BTC/USDT", "BTCUSDT")
    perpetual = market("BTC/USDT:USDT", "BTCUSDT")
    instruments = Instruments([spot, perpetual])
    assert instruments.get("BTC/USDT") is spot
    assert instruments.get("BTC/USDT:USDT") is perpetual
    assert instruments.get("BTCUSDT") is None
    assert instruments.native(Kind.SPOT, "BTCUSDT") is spot
    assert instruments.native(Kind.PERPETUAL, "BTCUSDT") is perpetual
    assert instruments.native(Kind.SPOT, "ETHUSDT") is None
    assert list(instruments) == [spot, perpetual]


def test_instrument_of_the_same_symbol_replaces_the_old_one() -> None:
    old, new = market("BTC/USDT", tick="0.01"), market("BTC/USDT", tick="0.1")
    instruments = Instruments([old])
    instruments.add(new)
    assert instruments.get("BTC/USDT") is new
    assert instruments.native(Kind.SPOT, "BTC") is new
    assert len(instruments) == 1


# Units of many.


def thousand(symbol: str = "1000PEPE/USDT:USDT", **facts: Any) -> Instrument:
    """A market of a thousand PEPE as the venue lists it, told per PEPE."""
    return market(symbol, "1000PEPEUSDT", **facts).per_base_of(Unit("PEPE", 1000))


def test_market_of_a_thousand_is_told_per_unit_of_the_asset() -> None:
    told = thousand(tick="0.0000001", step="1", min_size="2", max_size="5", min_notional="5")
    assert (told.symbol, told.base, told.native) == ("PEPE/USDT:USDT", "PEPE", "1000PEPEUSDT")
    assert (told.multiplier, told.traded_as) == (1000, "1000PEPE")
    assert [told.tick, told.step] == [Decimal("1E-10"), 1000]
    assert [told.min_size, told.max_size, told.min_notional] == [2000, 5000, 5]
    assert [told.contract_size, told.contract_units] == [1000, 1]
    assert told.per_base_of(Unit("PEPE")) is told


def test_contracts_of_a_unit_are_counted_as_the_venue_does() -> None:
    told = thousand(contract_size="10")
    assert (float(told.contract_size), told.units_per_contract(0.01)) == (10_000.0, 10.0)
    inverse = thousand(contract_size="1", inverse=True)
    assert (float(inverse.contract_size), inverse.units_per_contract(0.01)) == (1.0, 100.0)


def test_market_is_told_in_the_venues_unit_again_to_the_last_digit() -> None:
    own = market("1000PEPE/USDT:USDT", "1000PEPEUSDT", tick="0.0000001", step="0.1", max_size="7")
    again = own.per_base_of(Unit("PEPE", 1000)).as_traded()
    assert again == own
    assert str(again.tick) == str(own.tick)
    assert str(again.step) == str(own.step)
    assert own.as_traded() is own


@pytest.mark.parametrize("multiplier", [0, -10, 3, 250, 1001])
def test_unit_that_decimals_cannot_be_divided_by_is_refused(multiplier: int) -> None:
    with pytest.raises(ValueError, match="is no power of ten up to"):
        market("PEPE/USDT", multiplier=multiplier)


@given(
    st.decimals(min_value="1e-12", max_value=10, places=14),
    st.decimals(min_value="0.001", max_value=10**9, places=6),
    st.sampled_from([1, 10, 1000, 10**6]),
    st.sampled_from(["0.0000001", "0.00005", "0.01"]),
    st.sampled_from(["1", "0.1", "50"]),
    st.sampled_from([0, 5]),
)
def test_rounded_prices_and_sizes_are_whole_ticks_and_steps_of_the_venue(
    price: Decimal, size: Decimal, multiplier: int, tick: str, step: str, digits: int
) -> None:
    own = market("X/USDT", tick=tick, step=step, price_digits=digits)
    told = own.per_base_of(Unit("PEPE", multiplier))
    for rounded in (told.floor_price(price), told.ceil_price(price)):
        sent = rounded * multiplier
        assert sent % Decimal(tick) == 0
        assert own.floor_price(sent) == sent
    assert told.floor_price(price) <= price <= told.ceil_price(price)
    sent = told.floor_size(size) / multiplier
    assert sent % Decimal(step) == 0
    assert own.floor_size(sent) == sent
    assert told.floor_size(size) <= size


@pytest.mark.parametrize("is_plain_first", [True, False])
def test_of_two_markets_of_one_asset_the_larger_unit_keeps_the_venues_name(
    is_plain_first: bool,
) -> None:
    plain, scaled = market("PEPE/USDT:USDT", "PEPEUSDT"), thousand()
    instruments = Instruments([plain, scaled] if is_plain_first else [scaled, plain])
    assert instruments.get("PEPE/USDT:USDT") == plain
    assert instruments.get("1000PEPE/USDT:USDT") == scaled.as_traded()
    assert instruments.native(Kind.PERPETUAL, "1000PEPEUSDT") == scaled.as_traded()
    assert instruments.native(Kind.PERPETUAL, "PEPEUSDT") == plain
    assert len(instruments) == 2


def test_market_of_a_thousand_that_is_listed_anew_replaces_the_old_one() -> None:
    old, new = thousand(), replace(thousand(), native="2")
    instruments = Instruments([old, new])
    assert instruments.get("PEPE/USDT:USDT") == new
    assert len(instruments) == 1


def test_user_knows_of_units_that_no_rule_reads() -> None:
    units = {"SATSK": Unit("SATS", 1000), "1000PEPE": Unit("PEPE2", 100)}
    instruments = Instruments([market("SATSK/USDT", "SATSKUSDT"), thousand()], units)
    sats = instruments.get("SATS/USDT")
    assert sats is not None
    assert (sats.native, sats.multiplier, sats.traded_as) == ("SATSKUSDT", 1000, "SATSK")
    other = instruments.get("PEPE2/USDT:USDT")
    assert other is not None, "who says so knows better than the rule"
    assert (other.multiplier, other.traded_as) == (100, "1000PEPE")


def test_market_is_found_by_the_symbol_that_it_has_in_the_venues_unit() -> None:
    instruments = Instruments([market("BTC/USDT"), thousand()])
    assert instruments.traded_as("1000PEPE/USDT:USDT") == thousand()
    assert instruments.traded_as("PEPE/USDT:USDT") is None
    assert instruments.traded_as("BTC/USDT") is None
