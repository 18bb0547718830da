"""Tests of `actors.venue_clock`: offsets from stamps of messages and of the time endpoint."""

from actors.venue.clock import SLOWEST_TRIP_NS, WINDOW_NS, VenueClock
from exchanges.market.numbers import NS_PER_MS

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
