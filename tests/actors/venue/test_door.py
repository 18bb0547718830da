"""A ban shuts out all that comes from our address, and one of us tries when it is over."""

from actors.venue.door import PAUSES, PROBE_S, Door


def test_nobody_waits_where_there_is_no_ban() -> None:
    door = Door()
    for now_s in (0.0, 0.0, 1.0):
        assert door.wait_s(now_s) == door.banned_s(now_s) == 0.0
        door.enter(now_s)


def test_several_who_hear_of_one_ban_are_told_it_once_and_the_latest_end_counts() -> None:
    door = Door()
    assert door.shut(60.0, 0.0) == 60.0
    assert door.shut(60.0, 0.5) == 60.0
    assert door.shut(7.0, 1.0) == 59.5
    assert door.banned_s(1.0) == 59.5


def test_after_a_ban_one_goes_first_and_opens_for_all() -> None:
    door = Door()
    door.shut(60.0, 0.0)
    door.answered()
    assert door.banned_s(1.0) == 59.0, "what was sent before it says nothing"
    door.enter(60.0)
    assert door.wait_s(61.0) == PROBE_S - 1.0
    assert door.banned_s(61.0) == 0.0, "nobody knows yet"
    door.answered()
    assert door.wait_s(61.0) == 0.0
    door.enter(61.0)
    assert door.wait_s(61.0) == 0.0


def test_whoever_tries_and_hears_nothing_is_followed_by_another() -> None:
    door = Door()
    door.shut(60.0, 0.0)
    door.enter(60.0)
    assert door.wait_s(60.0 + PROBE_S) == 0.0
    door.enter(60.0 + PROBE_S)
    assert door.wait_s(61.0 + PROBE_S) == PROBE_S - 1.0


def test_a_ban_that_is_met_again_lasts_longer_but_never_less_than_the_venue_says() -> None:
    door, now_s, waits_s = Door(), 0.0, []
    for told_s in (60.0, 60.0, 60.0, 7200.0, 60.0):
        waits_s.append(door.shut(told_s, now_s))
        now_s += waits_s[-1]
        door.enter(now_s)
    assert waits_s == [60.0, 120.0, 240.0, 7200.0, PAUSES.after(5)]
    door.answered()
    assert door.shut(60.0, now_s) == 60.0, "and from the first pause on"
