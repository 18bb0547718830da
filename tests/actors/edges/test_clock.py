"""Tests of `actors.edges.clock`: our stamps when somebody sets the machine's clock."""

import time

import pytest

from actors.edges.clock import SystemClock
from exchanges.market.numbers import NS_PER_S


@pytest.mark.parametrize("step_s", [-30, 30])
def test_fault_26_ages_do_not_follow_a_wall_clock_that_steps(
    step_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, wall_ns = SystemClock(), time.time_ns
    before_ns = clock.now_ns()
    monkeypatch.setattr(time, "time_ns", lambda: wall_ns() + step_s * NS_PER_S)
    assert 0 <= clock.now_ns() - before_ns < 10 * NS_PER_S
    assert abs(SystemClock().now_ns() - before_ns - step_s * NS_PER_S) < 10 * NS_PER_S
