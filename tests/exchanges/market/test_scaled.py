"""Events of markets that are traded by the thousand, told per base unit."""

from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    Funding,
    FundingCharge,
    InstrumentChange,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Subscription,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.orders import Side
from exchanges.market.scaled import FIELDS, shifted, unscaled
from exchanges.market.topics import KlineInterval
from exchanges.market.units import Unit
from tests.exchanges.transcripts import market

OWN = market("1000PEPE/USDT:USDT", "1000PEPEUSDT", tick="0.0000001", step="1")
PEPE = OWN.per_base_of(Unit("PEPE", 1000))
AT: dict[str, Any] = {"instrument": PEPE, "received_ns": 2, "venue_ns": 1}


@dataclass(frozen=True)
class Case:
    """What the venue says of a thousand PEPE, and what is told of one."""

    said: Event
    told: dict[str, Any]


CASES = (
    Case(
        BookSnapshot(bids=[(0.006, 7.0)], asks=[(0.0061, 1.5)], sequence=1, **AT),
        {"bids": [(6e-06, 7000.0)], "asks": [(6.1e-06, 1500.0)]},
    ),
    Case(
        BookDelta(bids=[(0.006, 0.0)], asks=[], previous=1, sequence=2, **AT),
        {"bids": [(6e-06, 0.0)], "asks": []},
    ),
    Case(BookLost(fault=Fault.GAP, **AT), {}),
    Case(
        Top(bid=0.0123457, bid_size=2.0, ask=inf, ask_size=0.0, **AT),
        {"bid": 1.23457e-05, "bid_size": 2000.0, "ask": inf, "ask_size": 0.0},
    ),
    Case(
        Trade(price=0.0123457, size=4.35, side=Side.BUY, **AT),
        {"price": 1.23457e-05, "size": 4350.0},
    ),
    Case(
        Ticker(
            last=0.01, bid=0.009, high=0.02, low=0.005, volume=3.0, quote_volume=0.03, change=0.1,
            **AT,
        ),
        {"last": 1e-05, "bid": 9e-06, "ask": None, "high": 2e-05, "low": 5e-06, "volume": 3000.0,
         "quote_volume": 0.03, "change": 0.1},
    ),
    Case(
        Kline(
            interval=KlineInterval.M1, open_ns=0, open=0.01, high=0.04, low=0.005, close=0.02,
            volume=8.0, quote_volume=0.16, trades=3, **AT,
        ),
        {"open": 1e-05, "high": 4e-05, "low": 5e-06, "close": 2e-05, "volume": 8000.0,
         "quote_volume": 0.16, "trades": 3},
    ),
    Case(Funding(rate=0.0001, interval_s=28800.0, next_ns=5, **AT), {"rate": 0.0001}),
    Case(FundingCharge(rate=0.0001, charged_ns=5, **AT), {"rate": 0.0001}),
    Case(MarkPrice(mark=0.01, index=0.011, **AT), {"mark": 1e-05, "index": 1.1e-05}),
    Case(MarkPrice(mark=0.01, **AT), {"mark": 1e-05, "index": None}),
    Case(OpenInterest(size=12.5, value=0.125, **AT), {"size": 12500.0, "value": 0.125}),
    Case(Liquidation(price=0.01, size=2.0, side=Side.SELL, **AT), {"price": 1e-05, "size": 2000.0}),
    Case(InstrumentChange(previous=None, **AT), {}),
    Case(Subscription(topic="book", state=SubscriptionState.SUBSCRIBED, **AT), {}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.said).__name__)
def test_event_is_told_per_base_unit(case: Case) -> None:
    assert unscaled(case.said) == msgspec.structs.replace(case.said, **case.told)
    plain = msgspec.structs.replace(case.said, instrument=market("PEPE/USDT"))
    assert unscaled(plain) is plain, "nothing is done where the unit is the asset"


def test_every_kind_of_event_is_known() -> None:
    assert set(FIELDS) == set(Event.__subclasses__()) == {type(case.said) for case in CASES}


def test_every_number_of_an_event_is_a_price_a_size_or_the_same_in_any_unit() -> None:
    same = {
        "quote_volume", "change", "rate", "interval_s", "predicted", "value", "received_ns",
        "venue_ns", "sequence", "previous", "window", "verified", "checksum", "open_ns", "trades",
        "next_ns", "charged_ns",
    }  # fmt: skip
    for kind, fields in FIELDS.items():
        scaled = {*fields.prices, *fields.sizes, *fields.levels}
        for field in msgspec.structs.fields(kind):
            if any(number in str(field.type) for number in ("float", "int")):
                assert (field.name in scaled) is not (field.name in same), (kind, field.name)


def test_a_checksum_over_numbers_that_would_be_gone_is_an_error() -> None:
    for book in (
        BookSnapshot(bids=[], asks=[], sequence=1, checksum=5, **AT),
        BookDelta(bids=[], asks=[], previous=1, sequence=2, checksum=5, **AT),
    ):
        with pytest.raises(ValueError, match="a checksum over a book in units of 1000PEPE"):
            unscaled(book)


decimals = st.decimals(
    min_value=0, max_value=10**12, places=8, allow_nan=False, allow_infinity=False
).filter(lambda number: len(number.as_tuple().digits) <= 15)


@given(decimals, st.integers(1, 9))
def test_shifted_number_is_what_its_digits_read_as_and_shifts_back(
    number: Decimal, digits: int
) -> None:
    value = float(number)
    assert shifted(value, -digits) == float(number.scaleb(-digits))
    assert shifted(value, digits) == float(number.scaleb(digits))
    assert shifted(shifted(value, -digits), digits) == value
    assert Decimal(repr(shifted(value, -digits))) == number.scaleb(-digits), "no bit is off"


@given(st.lists(st.tuples(decimals, decimals), max_size=5))
def test_books_keep_their_levels_apart_and_in_order(levels: list[tuple[Decimal, Decimal]]) -> None:
    own = [(float(price), float(size)) for price, size in levels]
    told = unscaled(BookSnapshot(bids=own, asks=own, sequence=1, **AT))
    assert [(shifted(price, 3), shifted(size, -3)) for price, size in told.bids] == own
    order = sorted(range(len(own)), key=lambda place: own[place][0])
    assert sorted(range(len(own)), key=lambda place: told.bids[place][0]) == order
