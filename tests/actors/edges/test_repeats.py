"""How often a failure that repeats itself is told."""

from actors.edges.repeats import Repeats


def test_what_fails_on_and_on_is_told_less_and_less_often() -> None:
    repeats = Repeats()
    told = [number for number in range(1, 121) if repeats.failed()]
    assert told == [1, 2, 4, 8, 16, 32, 64]
    repeats.succeeded()
    assert repeats.failed()
