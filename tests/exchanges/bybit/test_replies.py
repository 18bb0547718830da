"""Bybit's lists of instruments: pages, states, and rows that are odd."""

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.rest.request import Listing
from tests.exchanges.bybit.test_rest import LINEAR_ROW, PERP_RULES, linear_page
from tests.exchanges.transcripts import ok

_, LINEAR_LIST = VENUES["bybit"].rest.instruments()


def test_linear_contracts_come_in_pages() -> None:
    row = LINEAR_ROW % ("BTCUSDT", "LinearPerpetual", "Trading", "BTC", "")
    page = LINEAR_LIST.read(ok(linear_page(row, cursor="first%3DA%26last%3DB")))
    assert page.more is not None
    # The cursor is encoded once, as it came.
    assert page.more.target.endswith("category=linear&limit=1000&cursor=first%3DA%26last%3DB")
    last = page.more.read(ok(linear_page(row)))
    assert last == Listing([PERP_RULES])


def test_an_empty_page_ends_the_list_whatever_its_cursor() -> None:
    row = LINEAR_ROW % ("BTCUSDT", "LinearPerpetual", "Trading", "BTC", "")
    page = LINEAR_LIST.read(ok(linear_page(row, cursor="again")))
    assert page.more is not None
    assert page.more.read(ok(linear_page(cursor="again"))).more is None


@pytest.mark.parametrize(
    ("cursor", "told"), [("again", "asks for itself again"), ("other", "brings no market")]
)
def test_pages_that_repeat_themselves_are_an_error(cursor: str, told: str) -> None:
    """A list that ends there would leave out, and so delist, whatever the venue did not tell."""
    row = LINEAR_ROW % ("BTCUSDT", "LinearPerpetual", "Trading", "BTC", "")
    page = LINEAR_LIST.read(ok(linear_page(row, cursor="again")))
    assert page.more is not None
    with pytest.raises(VenueProtocolError, match=f"page 2 of the list {told}"):
        page.more.read(ok(linear_page(row, cursor=cursor)))


@pytest.mark.parametrize(
    ("status", "unified"),
    [
        ("Trading", "trading"),
        ("PreLaunch", "halted"),
        ("Delivering", "halted"),
        ("Closed", "delisted"),
        ("News", "halted"),
    ],
)
def test_only_markets_that_trade_are_trading(status: str, unified: str) -> None:
    row = LINEAR_ROW % ("BTCUSDT", "LinearPerpetual", status, "BTC", "innovation")
    (instrument,) = LINEAR_LIST.read(ok(linear_page(row))).instruments
    assert instrument.status == unified


@pytest.mark.parametrize(
    ("part", "spoiled"),
    [
        ('"tickSize":"0.10"', '"tickSize":""'),
        ('"qtyStep":"0.001"', '"qtyStep":"0"'),
        ('"qtyStep":"0.001",', ""),
        ('"fundingInterval":240', '"fundingInterval":-1'),
        ('"minNotionalValue":"5"', '"minNotionalValue":"NaN"'),
    ],
)
def test_contract_without_its_rules_costs_no_other(part: str, spoiled: str) -> None:
    good = LINEAR_ROW % ("BTCUSDT", "LinearPerpetual", "Trading", "BTC", "")
    listing = LINEAR_LIST.read(ok(linear_page(good.replace(part, spoiled), good)))
    assert listing.instruments == [PERP_RULES]
    assert len(listing.odd) == 1
