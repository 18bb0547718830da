"""Tests of `actors.walk`: sizes and profits by hand, and against a search for the best size."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.detection.walk import walk, walkable
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


def test_it_takes_level_by_level_while_each_unit_makes_a_profit() -> None:
    bids = [(105.0, 1.0), (103.0, 2.0), (100.0, 9.0)]
    asks = [(101.0, 2.0), (102.0, 5.0)]
    found = walk(bids, asks, 1.0, 1.0)
    # 1 at 105-101, 1 at 103-101, 1 at 103-102; the next bid is below the ask
    assert found.size == 3.0
    assert found.proceeds == 105 + 103 + 103
    assert found.cost == 101 + 101 + 102
    assert found.is_complete


def test_fees_count_on_both_sides() -> None:
    assert walk([(100.3, 1.0)], [(100.0, 1.0)], 1 - 0.001, 1 + 0.001).size == 1.0
    assert walk([(100.1, 1.0)], [(100.0, 1.0)], 1 - 0.001, 1 + 0.001).size == 0.0


def test_a_walk_that_used_up_a_side_says_so() -> None:
    assert not walk([(105.0, 1.0)], [(101.0, 5.0)], 1.0, 1.0).is_complete


@given(side(200, -1), side(100, 1))
def test_no_other_size_brings_more(bids: list[Level], asks: list[Level]) -> None:
    found = walk(bids, asks, 0.999, 1.001)
    profit = found.proceeds - found.cost
    total = min(sum(size for _, size in bids), sum(size for _, size in asks), 300.0)
    for share in range(21):
        other = walk(bids, asks, 0.999, 1.001, total * share / 20)
        assert other.proceeds - other.cost <= profit + 1e-9


def test_the_size_fits_the_steps_of_both_markets() -> None:
    sell, buy = instrument("a", "X/USDT", step="0.3"), instrument("b", "X/USDT", step="0.2")
    books = (
        book_of(sell, [(105.0, 1.7)], [(110.0, 1.0)]),
        book_of(buy, [(90.0, 1.0)], [(100.0, 9.0)]),
    )
    size, found = walkable((sell, books[0], 1.0), (buy, books[1], 1.0))
    assert size == Decimal("1.2")
    assert found.proceeds == pytest.approx(1.2 * 105)
    assert found.cost == pytest.approx(1.2 * 100)


def test_deep_books_are_walked_to_the_end() -> None:
    one, other = instrument("a", "X/USDT"), instrument("b", "X/USDT")
    bids: list[Level] = [(200.0 - level / 10, 1.0) for level in range(500)]
    asks: list[Level] = [(150.0 + level / 10, 1.0) for level in range(500)]
    sell, buy = book_of(one, bids, [(300.0, 1.0)]), book_of(other, [(100.0, 1.0)], asks)
    size, _ = walkable((one, sell, 1.0), (other, buy, 1.0))
    assert size == 250  # bid 200 - n/10 meets ask 150 + n/10 at n = 250
