from math import inf

import pytest

from exchanges.stream.facts import Heartbeat
from exchanges.stream.heartbeat import Pulse

ANSWERED = Heartbeat(idle_s=15.0, reply_s=10.0)  # the venue answers our ping
UNANSWERED = Heartbeat(idle_s=30.0)  # it does not, but its data never rests
REGULAR = Heartbeat(idle_s=15.0, reply_s=10.0, every_s=20.0)  # it also wants a ping that often


def started(facts: Heartbeat) -> Pulse:
    """A pulse first looked at when the connection opened, at 100 s."""
    pulse = Pulse(facts)
    assert not pulse.look(0, 100.0)
    return pulse


@pytest.mark.parametrize(
    ("facts", "deadline_s"), [(ANSWERED, 115.0), (UNANSWERED, 130.0), (REGULAR, 115.0)]
)
def test_deadline_counts_from_the_first_look(facts: Heartbeat, deadline_s: float) -> None:
    assert Pulse(facts).deadline == inf
    assert started(facts).deadline == deadline_s


def test_idle_connection_is_pinged_once() -> None:
    pulse = started(ANSWERED)
    assert not pulse.look(0, 114.9)
    assert pulse.look(0, 115.0)
    assert not pulse.look(0, 116.0)
    assert pulse.deadline == 125.0


def test_frames_put_the_ping_off() -> None:
    pulse = started(ANSWERED)
    assert not pulse.look(7, 114.0)
    assert not pulse.look(7, 128.0)
    assert pulse.look(7, 129.0)


def test_silence_counts_from_the_last_frame_and_not_from_the_look_that_found_it() -> None:
    pulse = started(ANSWERED)
    assert not pulse.look(7, 114.0, heard_s=102.0)
    assert pulse.deadline == 117.0
    assert pulse.look(7, 117.0)


def test_unanswered_ping_means_silence() -> None:
    pulse = started(ANSWERED)
    pulse.look(0, 115.0)
    assert pulse.silence_s(124.9) is None
    assert pulse.silence_s(125.0) == 25.0


def test_any_frame_answers_a_ping() -> None:
    pulse = started(ANSWERED)
    pulse.look(0, 115.0)
    assert not pulse.look(1, 124.0)
    assert pulse.silence_s(125.0) is None
    assert pulse.deadline == 139.0
    assert pulse.look(1, 139.0)


def test_ping_sent_late_still_gets_its_time_to_be_answered() -> None:
    pulse = started(ANSWERED)
    assert pulse.look(0, 500.0)
    assert pulse.silence_s(500.0) is None
    assert pulse.silence_s(510.0) == 410.0


def test_venue_that_answers_no_ping_is_silent_once_idle() -> None:
    pulse = started(UNANSWERED)
    assert not pulse.look(0, 130.0)
    assert pulse.silence_s(129.9) is None
    assert pulse.silence_s(130.0) == 30.0


def test_regular_pings_go_out_while_data_flows() -> None:
    pulse = started(REGULAR)
    sent_s = [second for second in range(101, 200) if pulse.look(second, float(second))]
    assert sent_s == [120, 140, 160, 180]


def test_regular_ping_does_not_hide_a_dead_connection() -> None:
    pulse = started(REGULAR)
    silent_s = None
    for second in range(101, 200):
        pulse.look(0, float(second))
        if pulse.silence_s(float(second)) is not None:
            silent_s = second
            break
    assert silent_s == 125


@pytest.mark.parametrize("facts", [ANSWERED, UNANSWERED, REGULAR])
def test_looking_at_each_deadline_alone_finds_a_dead_connection(facts: Heartbeat) -> None:
    pulse = started(facts)
    for _ in range(10):
        now_s = pulse.deadline
        pulse.look(0, now_s)
        if pulse.silence_s(now_s) is not None:
            break
    assert pulse.silence_s(now_s) == facts.idle_s + (facts.reply_s or 0.0)
