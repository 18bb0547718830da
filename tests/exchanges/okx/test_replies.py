"""What a row of OKX's instrument lists means, checked against "Get instruments"."""

import json
from decimal import Decimal
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.instrument import Instrument, Kind, Status
from tests.exchanges.transcripts import ok

SPOT_LIST, SWAP_LIST = VENUES["okx"].rest.instruments()

SPOT_ROW = {
    "instType": "SPOT",
    "instId": "BTC-USDT",
    "baseCcy": "BTC",
    "quoteCcy": "USDT",
    "settleCcy": "",
    "uly": "",
    "ctType": "",
    "ctVal": "",
    "ctMult": "",
    "tickSz": "0.1",
    "lotSz": "0.00000001",
    "minSz": "0.00001",
    "maxLmtSz": "9999999999",
    "state": "live",
}
SWAP_ROW = {
    "instType": "SWAP",
    "instId": "BTC-USDT-SWAP",
    "baseCcy": "",
    "quoteCcy": "",
    "settleCcy": "USDT",
    "uly": "BTC-USDT",
    "ctType": "linear",
    "ctVal": "0.01",
    "ctMult": "1",
    "tickSz": "0.1",
    "lotSz": "0.01",
    "minSz": "0.02",
    "maxLmtSz": "100000000",
    "state": "live",
}


def read(*rows: dict[str, Any]) -> list[Instrument]:
    return SWAP_LIST.read(
        ok(json.dumps({"code": "0", "msg": "", "data": rows}).encode())
    ).instruments


def read_one(row: dict[str, Any], **changes: Any) -> Instrument:
    (instrument,) = read({**row, **changes})
    return instrument


def test_spot_market_counts_in_base_units() -> None:
    spot = read_one(SPOT_ROW)
    assert (spot.symbol, spot.kind, spot.settle) == ("BTC/USDT", Kind.SPOT, "")
    assert (spot.contract_size, spot.inverse) == (Decimal(1), False)
    assert (spot.tick, spot.step) == (Decimal("0.1"), Decimal("0.00000001"))
    assert (spot.min_size, spot.max_size) == (Decimal("0.00001"), Decimal(9999999999))
    assert spot.min_notional == 0  # the venue publishes none


def test_rules_of_a_linear_swap_are_turned_into_base_units() -> None:
    swap = read_one(SWAP_ROW)
    assert (swap.symbol, swap.kind, swap.settle) == ("BTC/USDT:USDT", Kind.PERPETUAL, "USDT")
    assert (swap.contract_size, swap.inverse) == (Decimal("0.01"), False)
    assert (swap.step, swap.min_size) == (Decimal("0.0001"), Decimal("0.0002"))
    assert swap.max_size == 1_000_000


@pytest.mark.parametrize(
    ("value", "multiplier", "size"),
    [("0.01", "1", "0.01"), ("0.1", "10", "1"), ("1000000", "1", "1000000"), ("10", "", "10")],
)
def test_contract_is_its_value_times_its_multiplier(value: str, multiplier: str, size: str) -> None:
    swap = read_one(SWAP_ROW, ctVal=value, ctMult=multiplier)
    assert swap.contract_size == Decimal(size)
    assert swap.step == Decimal("0.01") * Decimal(size)


def test_lots_of_an_inverse_swap_have_no_size_of_their_own() -> None:
    inverse = read_one(
        SWAP_ROW,
        instId="BTC-USD-SWAP",
        uly="BTC-USD",
        settleCcy="BTC",
        ctType="inverse",
        ctVal="100",
        lotSz="1",
        minSz="1",
    )
    assert (inverse.symbol, inverse.settle, inverse.inverse) == ("BTC/USD:BTC", "BTC", True)
    assert inverse.contract_size == 100
    assert inverse.step == inverse.min_size == 0
    assert inverse.max_size is None
    assert inverse.units_per_contract(50_000.0) == 0.002


def test_settle_asset_is_not_inferred_from_the_name() -> None:
    swap = read_one(SWAP_ROW, instId="BTC-USD-SWAP", uly="BTC-USD", settleCcy="USD")
    assert (swap.symbol, swap.inverse) == ("BTC/USD:USD", False)


@pytest.mark.parametrize("row", [SPOT_ROW, SWAP_ROW], ids=["spot", "swap"])
@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("live", Status.TRADING),
        ("suspend", Status.HALTED),
        ("preopen", Status.HALTED),
        ("test", Status.HALTED),
        ("rebase", Status.HALTED),
        ("post_only", Status.HALTED),
        ("expired", Status.DELISTED),
        ("a state of next year", Status.HALTED),
    ],
)
def test_only_live_markets_take_part(row: dict[str, Any], state: str, status: Status) -> None:
    assert read_one(row, state=state).status is status


def test_only_spot_and_swaps_of_crypto_are_listed() -> None:
    listed = read(
        {**SPOT_ROW, "instCategory": "1"},
        {**SWAP_ROW, "instType": "FUTURES", "instId": "BTC-USDT-250328"},
        {**SWAP_ROW, "instType": "FUTURES", "ruleType": "xperp"},
        {**SWAP_ROW, "instType": "OPTION", "instId": "BTC-USD-250328-60000-C"},
        {**SWAP_ROW, "instId": "TSLA-USDT-SWAP", "instCategory": "3"},
        {**SWAP_ROW, "instId": "XAU-USDT-SWAP", "instCategory": "4"},
        SWAP_ROW,
    )
    assert [instrument.native for instrument in listed] == ["BTC-USDT", "BTC-USDT-SWAP"]


def test_market_without_a_largest_order_has_none() -> None:
    assert read_one(SPOT_ROW, maxLmtSz="").max_size is None


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-0.01", "one"])
@pytest.mark.parametrize("name", ["tickSz", "lotSz", "minSz", "maxLmtSz", "ctVal", "ctMult"])
@pytest.mark.parametrize("kind", ["linear", "inverse"])
def test_rule_that_no_market_can_have_is_not_taken(kind: str, name: str, number: str) -> None:
    with pytest.raises(VenueProtocolError):
        read_one(SWAP_ROW, **{"ctType": kind, name: number})


@pytest.mark.parametrize("changes", [{"ctVal": "0"}, {"ctMult": "0"}, {"ctVal": ""}])
def test_contract_of_nothing_is_not_taken(changes: dict[str, str]) -> None:
    with pytest.raises(VenueProtocolError):
        read_one(SWAP_ROW, **changes)


def test_list_is_recognised_by_what_was_asked() -> None:
    hosts = ("https://openapi.okx.com", "https://www.okx.com")
    for host in hosts:
        for kind, request in (("SPOT", SPOT_LIST), ("SWAP", SWAP_LIST)):
            url = f"{host}/api/v5/public/instruments?instType={kind}"
            found = VENUES["okx"].rest.recognise(url, lambda *_: None)
            assert found is not None
            assert found.target == request.target
        url = f"{host}/api/v5/public/instruments?instType=OPTION&uly=BTC-USD"
        assert VENUES["okx"].rest.recognise(url, lambda *_: None) is None
