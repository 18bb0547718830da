"""Tests of `actors.venue_clock`: offsets from stamps of messages and of the time endpoint."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.venue.clock import AGREE_NS, SLOWEST_TRIP_NS, TELLING, WINDOW_NS, VenueClock
from exchanges.market.numbers import NS_PER_MS, NS_PER_S

MS = NS_PER_MS


def test_nothing_is_known_before_anything_was_heard() -> None:
    clock = VenueClock()
    assert clock.offset_ns is None
    assert clock.age_ns(5, 10) is None


def test_the_fastest_message_bounds_the_offset() -> None:
    clock = VenueClock()
    for delay_ms in (30, 5, 80):  # the venue is 1270 ms ahead
        clock.heard((1_000 + 1_270) * MS, (1_000 + delay_ms) * MS)
    assert clock.offset_ns == (1_270 - 5) * MS


def test_a_venue_ahead_of_us_gives_no_negative_ages() -> None:
    clock = VenueClock()
    clock.heard(2_270 * MS, 1_005 * MS)
    assert clock.age_ns(2_270 * MS, 1_005 * MS) == 0
    assert clock.age_ns(2_270 * MS, 1_105 * MS) == 100 * MS


def test_a_measurement_beats_messages_and_a_faster_one_a_slower_one() -> None:
    clock = VenueClock()
    clock.heard(1_000 * MS, 1_050 * MS)
    clock.measured(0, 500 * MS + 100 * MS, 200 * MS)  # half-way at 100: offset 500
    assert clock.offset_ns == 500 * MS
    clock.measured(1_000 * MS, 1_510 * MS, 1_020 * MS)  # round trip 20: offset 500
    clock.measured(2_000 * MS, 2_700 * MS, 2_300 * MS)  # slower: ignored
    assert clock.offset_ns == 500 * MS


def test_a_slow_time_endpoint_says_nothing() -> None:
    clock = VenueClock()
    clock.measured(0, 10**12, SLOWEST_TRIP_NS + 1)
    assert clock.offset_ns is None


def test_old_evidence_is_forgotten() -> None:
    clock = VenueClock()
    clock.heard(1_000 * MS, 500 * MS)
    for window in (1, 2, 3):
        received_ns = 500 * MS + window * (WINDOW_NS + 1)
        clock.heard(received_ns + 100 * MS, received_ns)
    assert clock.offset_ns == 100 * MS


# Stamps that are wrong.

SECOND = NS_PER_S
NOW_NS = 1_790_000_000 * SECOND


def hear(clock: VenueClock, bounds_s: Mapping[str, float], times: int, from_ns: int) -> int:
    """Messages of some markets, one a second each, and the time after them."""
    for number in range(times):
        now_ns = from_ns + number * SECOND
        for market, bound_s in bounds_s.items():
            clock.heard(now_ns + round(bound_s * SECOND), now_ns, market)
    return from_ns + times * SECOND


@pytest.mark.parametrize("wrong_s", [-3600.0, -9.0, 2.0, 9.0, 60.0, 3600.0])
def test_a_single_stamp_moves_nothing(wrong_s: float) -> None:
    clock = VenueClock()
    now_ns = hear(clock, {"a": -0.05}, 20, NOW_NS)
    clock.heard(now_ns + round(wrong_s * SECOND), now_ns, "a")
    now_ns = hear(clock, {"a": -0.05}, 20, now_ns)
    assert clock.offset_ns == round(-0.05 * SECOND)


@pytest.mark.parametrize("wrong_s", [-3600.0, -9.0, 2.0, 9.0, 60.0, 3600.0])
@pytest.mark.parametrize("others", [1, 2, 5])
def test_the_stamps_of_a_single_market_move_nothing(others: int, wrong_s: float) -> None:
    clock = VenueClock()
    right = {f"right {number}": -0.05 - number / 100 for number in range(others)}
    hear(clock, {**right, "wrong": wrong_s}, 100, NOW_NS)
    assert clock.offset_ns == round(-0.05 * SECOND)


def test_the_time_endpoint_rules_over_what_stamps_say() -> None:
    clock = VenueClock()
    clock.measured(NOW_NS, NOW_NS + 2 * SECOND + 50 * MS, NOW_NS + 100 * MS)
    hear(clock, {"a": -5.0, "b": 4.0}, 50, NOW_NS)
    assert clock.offset_ns == 2 * SECOND


def test_fault_27_a_venue_two_seconds_ahead_is_measured_by_a_slow_endpoint() -> None:
    """The fastest of the answers that agree counts; one that lies and one that is late do not."""
    clock = VenueClock()
    ahead_ns, now_ns = 2 * SECOND, NOW_NS
    for there_ms, back_ms, lie_s in ((900, 200, 0), (300, 300, 0), (5, 5, 40), (100, 1_500, 0)):
        sent_ns = now_ns
        venue_ns = sent_ns + there_ms * MS + ahead_ns + lie_s * SECOND
        clock.measured(sent_ns, venue_ns, sent_ns + (there_ms + back_ms) * MS)
        now_ns += 60 * SECOND
    clock.measured(now_ns, now_ns + 3600 * SECOND, now_ns + SLOWEST_TRIP_NS + 1)
    assert clock.offset_ns == ahead_ns
    assert clock.age_ns(now_ns + ahead_ns, now_ns + 100 * MS) == 100 * MS
    assert clock.complaint == ""


def test_one_measurement_far_from_our_clock_needs_another() -> None:
    clock = VenueClock()
    clock.measured(NOW_NS, NOW_NS + 60 * SECOND, NOW_NS + 10 * MS)
    assert clock.offset_ns is None
    clock.measured(NOW_NS + SECOND, NOW_NS + 61 * SECOND, NOW_NS + SECOND + 10 * MS)
    assert clock.offset_ns == 60 * SECOND - 5 * MS
    assert "+60 s" in clock.complaint


def test_a_feed_frozen_before_we_came_is_as_old_as_it_looks() -> None:
    clock = VenueClock()
    for number in range(TELLING):
        clock.heard(NOW_NS - 60 * SECOND, NOW_NS + number * MS, "a")
    assert clock.age_ns(NOW_NS - 60 * SECOND, NOW_NS) == 60 * SECOND
    assert clock.offset_ns is None
    assert "-60 s" in clock.complaint
    clock.heard(NOW_NS, NOW_NS + SECOND, "b")
    assert clock.complaint == ""


@given(
    data=st.data(),
    offset_s=st.floats(-5, 5),
    wrong=st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=20),
)
def test_wrong_stamps_of_one_market_never_move_those_of_three(
    data: st.DataObject, offset_s: float, wrong: list[float]
) -> None:
    """Whatever they are, and however the messages mix; deliveries take up to 200 ms."""
    clock = VenueClock()
    now_ns = NOW_NS
    delays = st.floats(0.0, 0.2)
    for bound_s in wrong:
        for market in data.draw(st.permutations(["a", "b", "c", "wrong"])):
            now_ns += 10 * MS
            told_s = bound_s if market == "wrong" else offset_s - data.draw(delays)
            clock.heard(now_ns + round(told_s * SECOND), now_ns, market)
    assert clock.offset_ns is not None
    apart_s = clock.offset_ns / SECOND - offset_s
    # A wrong stamp that agrees with the others is not known as one.
    assert -0.2 - 1e-6 <= apart_s <= AGREE_NS / SECOND + 1e-6


def test_evidence_that_nobody_asked_for_in_time_is_still_evidence() -> None:
    clock = VenueClock()
    clock.heard(NOW_NS, NOW_NS, "a")
    later_ns = NOW_NS + 2 * WINDOW_NS
    clock.heard(NOW_NS, later_ns, "a")
    assert clock.offset_ns == 0
    assert clock.age_ns(NOW_NS, later_ns) == 2 * WINDOW_NS
