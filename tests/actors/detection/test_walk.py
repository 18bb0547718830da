"""Tests of `actors.detection.walk`: by hand, and against a search for the best size."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.detection.walk import Walk, common_lot, in_lots, profitable, walk
from exchanges.market.events import Level
from tests.actors.conftest import book_of, instrument

SIZES = st.integers(1, 50).map(lambda lots: lots / 10)


def side(start: int, step: int) -> st.SearchStrategy[list[Level]]:
    """Levels that get worse from `start` by `step` times one to three."""
    gaps = st.lists(st.tuples(st.integers(1, 3), SIZES), max_size=30)

    def build(rows: list[tuple[int, float]]) -> list[Level]:
        price, levels = start, []
        for gap, size in rows:
            price += step * gap
            levels.append((float(price), size))
        return levels

    return gaps.map(build)


def walked(bids: list[Level], asks: list[Level], sell: float = 1.0, buy: float = 1.0) -> Walk:
    """Through two books of these levels, any size."""
    one, other = instrument("a", "X/USDT"), instrument("b", "X/USDT")
    books = book_of(one, bids, [(999.0, 1.0)]), book_of(other, [(1.0, 1.0)], asks)
    return walk(*books, sell, buy, Decimal(0))


def test_it_takes_level_by_level_while_each_unit_makes_a_profit() -> None:
    bids = [(105.0, 1.0), (103.0, 2.0), (100.0, 9.0)]
    asks = [(101.0, 2.0), (102.0, 5.0)]
    found = walked(bids, asks)
    # 1 at 105-101, 1 at 103-101, 1 at 103-102; the next bid is below the ask
    assert found.size == 3
    assert found.proceeds == 105 + 103 + 103
    assert found.cost == 101 + 101 + 102


def test_fees_count_on_both_sides() -> None:
    assert walked([(100.3, 1.0)], [(100.0, 1.0)], 1 - 0.001, 1 + 0.001).size == 1
    assert walked([(100.1, 1.0)], [(100.0, 1.0)], 1 - 0.001, 1 + 0.001).size == 0


def traded(bids: list[Level], asks: list[Level], size: float) -> float:
    """The profit of so many units, by level and level: the plainest way to count it."""
    profit, left = 0.0, size
    for price, units in bids:
        profit += min(units, left) * price * 0.999
        left -= min(units, left)
    left = size
    for price, units in asks:
        profit -= min(units, left) * price * 1.001
        left -= min(units, left)
    return profit


def _units(levels: list[Level]) -> float:
    return sum(size for _, size in levels)


@given(side(200, -1), side(100, 1))
def test_no_other_size_brings_more(bids: list[Level], asks: list[Level]) -> None:
    steps, size, is_used_up = profitable(bids, asks, 0.999, 1.001)
    assert size == pytest.approx(sum(units for units, _, _ in steps))
    assert is_used_up == (size >= min(_units(bids), _units(asks)) - 1e-9)
    profit = sum(units * (brings - costs) for units, brings, costs in steps)
    assert profit == pytest.approx(traded(bids, asks, size), abs=1e-9)
    total = min(_units(bids), _units(asks), 300.0)
    for share in range(21):
        assert traded(bids, asks, total * share / 20) <= profit + 1e-9


def test_the_size_is_of_whole_lots_of_both_markets() -> None:
    sell, buy = instrument("a", "X/USDT", step="0.3"), instrument("b", "X/USDT", step="0.2")
    books = (
        book_of(sell, [(105.0, 1.7)], [(110.0, 1.0)]),
        book_of(buy, [(90.0, 1.0)], [(100.0, 9.0)]),
    )
    found = walk(*books, 1.0, 1.0, common_lot(sell.step, buy.step))
    assert found.size == Decimal("1.2")
    assert found.proceeds == pytest.approx(1.2 * 105)
    assert found.cost == pytest.approx(1.2 * 100)


@given(*[st.decimals("0.00000001", "1000", places=8)] * 2, st.floats(0, 1e6))
def test_a_size_in_common_lots_fits_both_markets(one: Decimal, other: Decimal, size: float) -> None:
    lot = common_lot(one, other)
    for step in (one, other):
        assert lot % step == 0
        assert in_lots(size, lot) % step == 0
    assert in_lots(size, lot) <= Decimal(repr(size)) * (1 + Decimal("2e-12"))
    assert Decimal(repr(size)) - in_lots(size, lot) <= lot + Decimal(repr(size)) * Decimal("1e-12")


@pytest.mark.parametrize(
    ("one", "other", "lot"),
    [("0.3", "0.2", "0.6"), ("1", "0.01", "1"), ("10", "0.4", "10"), ("0", "0.1", "0.1")],
)
def test_common_lots(one: str, other: str, lot: str) -> None:
    assert common_lot(Decimal(one), Decimal(other)) == Decimal(lot)


def test_a_sum_of_sizes_that_falls_short_by_rounding_costs_no_lot() -> None:
    assert in_lots(0.1 + 0.7, Decimal("0.1")) == Decimal("0.8")
    assert in_lots(0.1 * 3 - 1e-17, Decimal("0.3")) == Decimal("0.3")


def test_deep_books_are_walked_to_the_end() -> None:
    bids: list[Level] = [(200.0 - level / 10, 1.0) for level in range(500)]
    asks: list[Level] = [(150.0 + level / 10, 1.0) for level in range(500)]
    assert walked(bids, asks).size == 250  # bid 200 - n/10 meets ask 150 + n/10 at n = 250
