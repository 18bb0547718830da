"""Funding, mark price and open interest of a synthetic perpetual."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.synthetic.perpetual import Perpetual

HOUR_NS = 3600 * NS_PER_S
NOW = 1_700_000_000 * NS_PER_S


def perpetual(premium: float = 0.0, interval_s: float | None = None) -> Perpetual:
    return Perpetual(interval_s, premium, 1000, Random(1))


@pytest.mark.parametrize(
    ("premium_bp", "rate_bp"),
    [(0, 1), (3, 1), (6, 1), (10, 5), (-3, 1), (-10, -5), (500, 200), (-500, -200)],
)
def test_rate_is_the_interest_as_long_as_the_premium_is_small(
    premium_bp: float, rate_bp: float
) -> None:
    state = perpetual(premium_bp / 1e4).state(100_000, NOW)
    assert state.funding_rate == pytest.approx(rate_bp / 1e4, abs=1e-8)
    assert state.mark == 100_000 + 10 * premium_bp


def test_rate_is_in_proportion_to_its_interval() -> None:
    hourly = perpetual(0.0010, 3600.0).state(100_000, NOW)
    assert hourly.funding_rate == pytest.approx(0.0005 / 8, abs=1e-8)
    assert hourly.funding_interval_s == 3600


@given(st.integers(0, 10**6))
def test_funding_is_next_charged_at_a_multiple_of_the_interval(later_s: int) -> None:
    now_ns = NOW + later_s * NS_PER_S
    next_ns = perpetual().state(100_000, now_ns).next_funding_ns
    assert next_ns % (8 * HOUR_NS) == 0
    assert 0 < next_ns - now_ns <= 8 * HOUR_NS


def test_premium_is_averaged_alike_in_small_and_large_steps() -> None:
    small, large = perpetual(), perpetual()
    for _ in range(1800):
        small.advance(0.0040, 1.0, 0)
    large.advance(0.0040, 1800.0, 0)
    assert small.state(100_000, NOW) == large.state(100_000, NOW)
    assert large.state(100_000, NOW).mark == 100_200


def test_open_interest_moves_with_trades_but_not_far() -> None:
    market = perpetual()
    seen = set()
    for _ in range(2000):
        market.advance(0.0, 1.0, 50)
        seen.add(market.state(100_000, NOW).open_interest)
    assert 500 <= min(seen) < max(seen) <= 2000
    assert len(seen) > 100
