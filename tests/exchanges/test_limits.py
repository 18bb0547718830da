"""Rates are kept to, however the venue counts, and used up by who needs all of them."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges import VENUES
from exchanges.limits import Bucket, Rate
from tests.exchanges.transcripts import PRESENT

PAUSES = st.lists(st.floats(0, 3), max_size=60)
ROUNDING = 1e-6  # of floats
SLACK = 1.05  # of a window, for what is under way for longer or less long


def rates_of(name: str) -> dict[str, Rate]:
    """Every limit that our client keeps at a venue."""
    venue = VENUES[name]
    messages = {f"{stream.name} messages": stream.messages for stream in venue.streams}
    return {**venue.buckets, "connects": venue.connects, **messages}


RATES = {
    f"{name} {limit}": rate for name in PRESENT for limit, rate in rates_of(name).items()
}  # fmt: skip
DIFFERENT = sorted({(rate.limit, rate.window_s) for rate in RATES.values()})


def takes(
    bucket: Bucket, cost: float, pauses: Iterable[float], start_s: float = 0.0
) -> list[float]:
    """When a caller who waits as told, and sometimes longer, may go."""
    times, now_s = [], start_s
    for pause_s in pauses:
        now_s += pause_s
        while wait_s := bucket.wait_s(cost, now_s):
            now_s += wait_s
        bucket.take(cost, now_s)
        times.append(now_s)
    return times


def most_in_any(times: list[float], window_s: float) -> int:
    """The most times that fall into any window of that length."""
    most = first = 0
    for last, at_s in enumerate(times):
        while times[first] <= at_s - window_s + ROUNDING:
            first += 1
        most = max(most, last - first + 1)
    return most


def most_by_the_clock(times: list[float], window_s: float, phase_s: float) -> int:
    """The most times that fall into one window of a clock, wherever its windows begin."""
    counts: dict[int, int] = {}
    for at_s in times:
        number = int((at_s + phase_s) // window_s)
        counts[number] = counts.get(number, 0) + 1
    return max(counts.values(), default=0)


def test_full_budget_is_granted_at_once_and_then_as_the_past_leaves_the_window() -> None:
    bucket = Bucket(Rate(3, 1.0))
    assert takes(bucket, 1, [0.0] * 7) == pytest.approx([0, 0, 0, 1.05, 1.05, 1.05, 2.1])


def test_what_was_spread_comes_back_one_by_one() -> None:
    bucket = Bucket(Rate(2, 10.0))
    takes(bucket, 1, [0.0, 4.0])
    assert bucket.wait_s(1, 5.0) == pytest.approx(5.05)
    assert bucket.wait_s(2, 5.0) == pytest.approx(9.05)


def test_cost_above_the_limit_is_granted_once_and_counts_for_longer() -> None:
    bucket = Bucket(Rate(2, 1.0))
    assert bucket.wait_s(5, 0.0) == 0.0
    bucket.take(5, 0.0)
    assert bucket.wait_s(1, 0.0) == pytest.approx(2.5 * 1.05)
    assert bucket.wait_s(5, 0.0) == pytest.approx(2.5 * 1.05)


def test_closed_bucket_grants_nothing_before_the_venue_allows() -> None:
    bucket = Bucket(Rate(2, 1.0))
    bucket.close(until_s=30.0)
    bucket.close(until_s=10.0)  # an earlier end does not shorten a ban
    assert bucket.wait_s(1, 5.0) == 25.0
    assert bucket.wait_s(1, 30.0) == 0.0


def test_time_that_stands_still_or_falls_back_frees_nothing() -> None:
    bucket = Bucket(Rate(1, 1.0))
    bucket.take(1, 100.0)
    assert bucket.wait_s(1, 100.0) == pytest.approx(1.05)
    assert bucket.wait_s(1, 90.0) == pytest.approx(1.05)


@pytest.mark.parametrize("rate", [Rate(0, 1), Rate(1, 0), Rate(-1, 1)])
def test_rate_that_never_grants_is_refused(rate: Rate) -> None:
    with pytest.raises(ValueError, match="positive"):
        Bucket(rate)


@given(pauses=PAUSES, limit=st.integers(1, 20), window_s=st.floats(0.1, 10), phase=st.floats(0, 1))
def test_no_window_holds_more_than_the_limit_however_the_venue_counts(
    pauses: list[float], limit: int, window_s: float, phase: float
) -> None:
    times = takes(Bucket(Rate(limit, window_s)), 1, pauses)
    assert most_in_any(times, window_s) <= limit
    assert most_by_the_clock(times, window_s, phase * window_s) <= limit


@given(costs=st.lists(st.floats(0.1, 10), max_size=80), window_s=st.floats(0.1, 10))
def test_costs_of_any_size_stay_within_the_limit(costs: list[float], window_s: float) -> None:
    bucket, now_s, paid = Bucket(Rate(10, window_s)), 0.0, list[tuple[float, float]]()
    for cost in costs:
        (now_s,) = takes(bucket, cost, [0.0], now_s)
        paid.append((now_s, cost))
        recent = [one for at_s, one in paid if at_s > now_s - window_s + ROUNDING]
        assert sum(recent) <= 10 + ROUNDING


@pytest.mark.parametrize(("limit", "window_s"), DIFFERENT)
@settings(max_examples=8)
@given(
    phase=st.floats(0, 1),
    haste=st.floats(0.5, 4),
    idle=st.lists(st.tuples(st.integers(0, 400), st.floats(0, 2)), max_size=4),
)
def test_every_limit_of_every_venue_is_kept(
    limit: float, window_s: float, phase: float, haste: float, idle: list[tuple[int, float]]
) -> None:
    """A caller who always wants more, with breaks; of a budget of thousands in larger parts."""
    cost = max(limit // 200, 1)
    count = 3 * int(limit / cost)
    pauses = [cost * window_s / limit / haste] * count
    for at, windows in idle:
        pauses[at % count] += windows * window_s
    times = takes(Bucket(Rate(limit, window_s)), cost, pauses, start_s=phase * window_s)
    assert cost * most_in_any(times, window_s) <= limit
    assert cost * most_by_the_clock(times, window_s, 0.0) <= limit


@pytest.mark.parametrize(("limit", "window_s"), DIFFERENT)
def test_every_limit_of_every_venue_is_used_up_by_who_needs_it(
    limit: float, window_s: float
) -> None:
    times = takes(Bucket(Rate(limit, window_s)), 1, [0.0] * (3 * int(limit) + 1))
    assert times[int(limit) - 1] == 0.0
    assert times[-1] <= 3 * window_s * SLACK + ROUNDING


@pytest.mark.parametrize("name", PRESENT)
def test_a_request_of_each_venue_fits_its_limits(name: str) -> None:
    for rate in rates_of(name).values():
        assert Bucket(rate).wait_s(1, 0.0) == 0.0
        assert rate.most_in(rate.window_s) == rate.limit


@given(pauses=PAUSES)
def test_waiting_as_told_is_enough_and_not_too_much(pauses: list[float]) -> None:
    times = takes(Bucket(Rate(1, 0.5)), 1, pauses)
    earliest_s = now_s = 0.0
    for pause_s, at_s in zip(pauses, times, strict=True):
        now_s = max(now_s + pause_s, earliest_s)
        assert at_s == pytest.approx(now_s)
        now_s, earliest_s = at_s, at_s + 0.525
    assert all(before <= after for before, after in pairwise(times))
