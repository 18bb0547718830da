"""Tests of `actors.identity`."""

from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.quotes import QuoteSettings
from exchanges.market.units import Unit
from tests.actors.conftest import instrument

SPOT = instrument("mexc", "GAS/USDT")
PERPETUAL = instrument("okx", "GAS/USDT:USDT")


def test_one_symbol_at_two_venues_is_one_group() -> None:
    identity = AssetIdentity({}, Comparable.SAME_SYMBOL)
    assert identity.group(SPOT) == identity.group(instrument("okx", "GAS/USDT"))
    assert identity.group(SPOT) != identity.group(PERPETUAL)


def test_spot_and_perpetual_are_one_group_if_declared_comparable() -> None:
    identity = AssetIdentity({}, Comparable.SPOT_PERP)
    assert identity.group(SPOT) == identity.group(PERPETUAL)
    assert identity.group(SPOT) != identity.group(instrument("okx", "GAS/EUR:EUR"))


def test_quotes_of_one_family_are_one_group_unless_they_are_kept_apart() -> None:
    symbols = ("GAS/USDT", "GAS/USDC", "GAS/USD")
    identity = AssetIdentity({}, Comparable.SAME_SYMBOL)
    assert len({identity.group(instrument("okx", symbol)) for symbol in symbols}) == 1
    assert identity.group(PERPETUAL) == identity.group(instrument("paradex", "GAS/USD:USDC"))
    apart = AssetIdentity({}, Comparable.SAME_SYMBOL, QuoteSettings(comparable=False))
    assert len({apart.group(instrument("okx", symbol)) for symbol in symbols}) == 3


def test_an_asset_goes_by_the_name_that_the_map_gives_it() -> None:
    identity = AssetIdentity({"mexc:GAS": "GASDAO"}, Comparable.SAME_SYMBOL)
    assert identity.group(SPOT) == "GASDAO/USD"


def test_fault_24_an_asset_that_only_shares_its_name_is_compared_with_no_other() -> None:
    identity = AssetIdentity({"mexc:NEIRO": "NEIROETH"}, Comparable.SPOT_PERP)
    groups = {venue: identity.group(instrument(venue, "NEIRO/USDT")) for venue in ("mexc", "okx")}
    assert groups == {"mexc": "NEIROETH/USD", "okx": "NEIRO/USD"}


def test_an_asset_goes_by_its_venues_own_name_of_a_thousand_as_well() -> None:
    cat = instrument("mexc", "1000CAT/USDT").per_base_of(Unit("CAT", 1000))
    for key in ("mexc:1000CAT", "mexc:CAT"):
        identity = AssetIdentity({key: "SIMONSCAT"}, Comparable.SAME_SYMBOL)
        assert identity.group(cat) == "SIMONSCAT/USD"
