from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.limits import Rate, TokenBucket

PAUSES = st.lists(st.floats(0, 3), max_size=60)
ROUNDING = 1e-6  # of floats; a token is a whole request


def takes(bucket: TokenBucket, cost: float, pauses: Iterable[float]) -> list[float]:
    """When a caller who waits as told, and sometimes longer, may go."""
    times, now_s = [], 0.0
    for pause_s in pauses:
        now_s += pause_s
        now_s += bucket.wait_s(cost, now_s)
        assert bucket.wait_s(cost, now_s) == 0.0
        bucket.take(cost, now_s)
        times.append(now_s)
    return times


def test_full_bucket_grants_its_burst_at_once_and_then_one_by_one() -> None:
    bucket = TokenBucket(Rate(burst=3, per_s=2))
    assert takes(bucket, 1, [0.0] * 5) == [0.0, 0.0, 0.0, 0.5, 1.0]


def test_bucket_refills_up_to_its_burst_and_no_further() -> None:
    bucket = TokenBucket(Rate(burst=2, per_s=1))
    takes(bucket, 1, [0.0, 0.0])
    assert bucket.wait_s(2, 1.5) == 0.5
    assert bucket.wait_s(2, 1_000_000.0) == 0.0
    bucket.take(2, 1_000_000.0)
    assert bucket.wait_s(1, 1_000_000.0) == 1.0


def test_cost_above_the_burst_is_granted_once_and_paid_off_afterwards() -> None:
    bucket = TokenBucket(Rate(burst=2, per_s=1))
    assert bucket.wait_s(5, 0.0) == 0.0
    bucket.take(5, 0.0)
    assert bucket.wait_s(1, 0.0) == 4.0
    assert bucket.wait_s(5, 0.0) == 5.0


def test_closed_bucket_grants_nothing_before_the_venue_allows() -> None:
    bucket = TokenBucket(Rate(burst=2, per_s=1))
    bucket.close(until_s=30.0)
    bucket.close(until_s=10.0)  # an earlier end does not shorten a ban
    assert bucket.wait_s(1, 5.0) == 25.0
    assert bucket.wait_s(1, 30.0) == 0.0


def test_time_that_stands_still_or_falls_back_refills_nothing() -> None:
    bucket = TokenBucket(Rate(burst=1, per_s=1))
    bucket.take(1, 100.0)
    assert bucket.wait_s(1, 100.0) == 1.0
    assert bucket.wait_s(1, 90.0) == 1.0


@pytest.mark.parametrize("rate", [Rate(0, 1), Rate(1, 0), Rate(-1, 1)])
def test_rate_that_never_grants_is_refused(rate: Rate) -> None:
    with pytest.raises(ValueError, match="positive"):
        TokenBucket(rate)


@given(pauses=PAUSES, burst=st.floats(1, 20), per_s=st.floats(0.1, 20))
def test_no_span_of_time_gets_more_than_burst_and_refill(
    pauses: list[float], burst: float, per_s: float
) -> None:
    times = takes(TokenBucket(Rate(burst, per_s)), 1, pauses)
    for first, start_s in enumerate(times):
        for last, end_s in enumerate(times[first:], first):
            assert last - first + 1 <= burst + per_s * (end_s - start_s) + ROUNDING


@given(pauses=PAUSES, limit=st.integers(1, 20), window_s=st.floats(0.1, 10))
def test_rate_within_a_limit_never_passes_it_in_any_window(
    pauses: list[float], limit: int, window_s: float
) -> None:
    times = takes(TokenBucket(Rate.within(limit, window_s)), 1, pauses)
    for start_s in times:
        inside = [at_s for at_s in times if start_s <= at_s < start_s + window_s - ROUNDING]
        assert len(inside) <= limit


@given(pauses=PAUSES)
def test_waiting_as_told_is_enough_and_not_too_much(pauses: list[float]) -> None:
    times = takes(TokenBucket(Rate(burst=1, per_s=2)), 1, pauses)
    earliest_s = 0.0
    now_s = 0.0
    for pause_s, at_s in zip(pauses, times, strict=True):
        now_s = max(now_s + pause_s, earliest_s)
        assert at_s == pytest.approx(now_s)
        now_s, earliest_s = at_s, at_s + 0.5
    assert all(before <= after for before, after in pairwise(times))
