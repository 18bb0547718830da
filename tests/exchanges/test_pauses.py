"""Pauses that grow."""

from exchanges.pauses import Growing


def test_pauses_double_from_the_first_to_the_last() -> None:
    pauses = Growing(10.0, 60.0)
    assert [pauses.after(times) for times in range(1, 6)] == [10.0, 20.0, 40.0, 60.0, 60.0]


def test_what_fails_for_years_waits_no_longer_than_the_last() -> None:
    assert Growing(0.5, 30.0).after(10**9) == 30.0


def test_a_cap_below_the_first_pause_is_the_pause() -> None:
    assert Growing(10.0, 2.0).after(1) == 2.0
