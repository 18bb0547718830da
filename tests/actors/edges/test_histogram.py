"""Tests of `actors.histogram`."""

from hypothesis import given
from hypothesis import strategies as st

from actors.edges.histogram import Histogram


@given(st.lists(st.integers(0, 10**12), min_size=1), st.sampled_from([1, 50, 99, 99.9, 100]))
def test_a_percentile_is_told_to_within_six_percent(values: list[int], percent: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    ordered = sorted(values)
    rank = max(-(-len(ordered) * percent // 100), 1)
    exact = ordered[int(rank) - 1]
    assert exact <= histogram.percentile(percent) <= exact * 17 / 16 + 1
    assert histogram.most == ordered[-1]
    assert histogram.count == len(values)


def test_without_values_everything_is_zero() -> None:
    assert Histogram().percentile(99) == 0
