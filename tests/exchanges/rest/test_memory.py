"""Tests of `exchanges.rest.memory`: lists that suddenly tell next to nothing."""

from exchanges.market.instrument import Kind
from exchanges.rest.memory import BELIEVED, SETTLED, ListMemory, MarketName

LIST = "GET /markets"


def markets(count: int) -> frozenset[MarketName]:
    return frozenset((Kind.SPOT, f"M{number}") for number in range(count))


def after(*counts: int | None) -> ListMemory:
    """What is remembered of a list that told so many markets; None: it was not answered."""
    memory = ListMemory()
    for count in counts:
        memory.judge({} if count is None else {LIST: markets(count)})
    return memory


def test_a_list_that_loses_half_is_believed_and_one_that_loses_more_is_not() -> None:
    assert not after(10, 5).doubts
    memory = after(10, 4)
    assert memory.doubts == {LIST: "lists 6 of its 10 markets no longer"}
    assert memory.kept == markets(10) - markets(4)


def test_it_is_believed_when_it_says_so_again_and_stays_odd() -> None:
    memory = after(10, *[0] * BELIEVED)
    assert not memory.kept
    assert memory.doubts


def test_one_that_is_not_answered_in_between_starts_the_count_over() -> None:
    assert after(10, 0, None, 0).kept == markets(10)


def test_one_that_is_itself_again_is_no_longer_odd() -> None:
    assert not after(10, 0, 0, 10).doubts
    assert after(10, 0, 0, 10, 0).kept == markets(10)


def test_what_it_has_said_for_long_is_what_the_venue_lists() -> None:
    assert after(10, *[1] * (SETTLED - 1)).doubts
    memory = after(10, *[1] * SETTLED)
    assert not memory.doubts
    memory.judge({LIST: markets(1)})
    assert not memory.doubts
