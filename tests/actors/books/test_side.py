"""Tests of `actors.book_side`: against a dictionary that is sorted anew for each question."""

from hypothesis import given
from hypothesis import strategies as st

from actors.books.side import KEEP, MOST, BookSide
from exchanges.market.events import Level

# Few prices, so that levels are changed and removed often, and more than are kept sorted.
PRICES = st.integers(1, 4 * MOST).map(lambda ticks: ticks / 4)
LEVELS = st.tuples(PRICES, st.sampled_from([0.0, 0.5, 1.0, 2.5]))
UPDATES = st.lists(st.lists(LEVELS, max_size=60), max_size=12)


def reference(levels: dict[float, float], *, is_bid: bool) -> list[Level]:
    return sorted(levels.items(), reverse=is_bid)


@given(st.booleans(), st.lists(LEVELS, max_size=3 * KEEP), UPDATES)
def test_side_holds_what_the_updates_say(
    is_bid: bool, start: list[Level], updates: list[list[Level]]
) -> None:
    side = BookSide(is_bid=is_bid, levels=start)
    expected = {price: size for price, size in start if size}
    for update in updates:
        side.apply(update)
        for price, size in update:
            if size:
                expected[price] = size
            else:
                expected.pop(price, None)
        ordered = reference(expected, is_bid=is_bid)
        assert side.best == (ordered[0] if ordered else None)
        for limit in (0, 1, 5, KEEP + 1, 10_000):
            assert side.levels(limit) == ordered[:limit]
        assert len(side) == len(expected)


@given(st.booleans(), st.integers(1, 30), st.lists(LEVELS, max_size=50), UPDATES)
def test_levels_pushed_out_of_the_window_are_gone(
    is_bid: bool, window: int, start: list[Level], updates: list[list[Level]]
) -> None:
    side = BookSide(is_bid=is_bid, levels=start, window=window)
    expected = dict(reference({p: s for p, s in start if s}, is_bid=is_bid)[:window])
    for update in updates:
        side.apply(update)
        for price, size in update:
            if size:
                expected[price] = size
            else:
                expected.pop(price, None)
        expected = dict(reference(expected, is_bid=is_bid)[:window])
        assert side.levels(10_000) == reference(expected, is_bid=is_bid)


def test_a_level_of_the_start_with_size_zero_is_none() -> None:
    assert BookSide(is_bid=True, levels=[(1.0, 0.0)]).best is None


def test_depth_is_right_while_the_market_runs_away_from_the_sorted_prices() -> None:
    side = BookSide(is_bid=False, levels=[(float(price), 1.0) for price in range(1, 501)])
    for price in range(1, 500):
        side.apply([(float(price), 0.0)])
        assert side.best == (price + 1.0, 1.0)
