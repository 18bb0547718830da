"""What is ordered and what became of it."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from exchanges.market.orders import Order, OrderStatus, OrderType, Side, TimeInForce
from tests.exchanges.transcripts import market

ORDER = Order(
    instrument=market("BTC/USDT", "BTCUSDT"),
    side=Side.BUY,
    type=OrderType.LIMIT,
    size=Decimal(3),
    price=Decimal(100),
    time_in_force=TimeInForce.GTC,
    client_id="a1",
    order_id="7",
    status=OrderStatus.PARTIALLY_FILLED,
    filled=Decimal(1),
)


def test_sides_are_opposites_whose_values_sign_a_size() -> None:
    assert Side.BUY.opposite is Side.SELL
    assert Side.SELL.opposite is Side.BUY
    assert Side.SELL * Decimal(2) == -2


@pytest.mark.parametrize("status", OrderStatus)
def test_only_an_end_is_final(status: OrderStatus) -> None:
    ends = {"FILLED", "CANCELED", "PARTIALLY_CANCELED", "REJECTED", "EXPIRED"}
    assert status.is_final == (status.name in ends)


@pytest.mark.parametrize(
    ("status", "remaining"),
    [
        (OrderStatus.UNKNOWN, 2),
        (OrderStatus.INTENDED, 2),
        (OrderStatus.SENT, 2),
        (OrderStatus.NEW, 2),
        (OrderStatus.PARTIALLY_FILLED, 2),
        (OrderStatus.PARTIALLY_CANCELED, 0),
        (OrderStatus.FILLED, 0),
    ],
)
def test_what_remains_can_still_be_filled(status: OrderStatus, remaining: int) -> None:
    assert replace(ORDER, status=status).remaining == remaining


def test_an_order_by_quote_remains_until_its_size_is_told() -> None:
    by_quote = replace(ORDER, size=None, quote_size=Decimal(300), price=None)
    assert by_quote.remaining is None
    assert replace(by_quote, status=OrderStatus.FILLED).remaining == 0


@pytest.mark.parametrize(
    ("kind", "has_trigger", "has_limit"),
    [
        (OrderType.MARKET, False, False),
        (OrderType.LIMIT, False, True),
        (OrderType.STOP_MARKET, True, False),
        (OrderType.STOP_LIMIT, True, True),
        (OrderType.TAKE_PROFIT_MARKET, True, False),
        (OrderType.TAKE_PROFIT_LIMIT, True, True),
    ],
)
def test_types_tell_what_an_order_must_name(
    kind: OrderType, has_trigger: bool, has_limit: bool
) -> None:
    assert (kind.has_trigger, kind.has_limit) == (has_trigger, has_limit)
