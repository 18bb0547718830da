"""What connections of one address may say together."""

from msgspec.structs import replace

from exchanges.limits import Rate, Scope
from exchanges.stream.allowance import RECHECK_S, Allowance
from tests.exchanges.stream.words import STREAM


class Speaker:
    """A connection with so many unanswered requests."""

    def __init__(self, unanswered: int = 0) -> None:
        self.unanswered = unanswered


def allowance_of(rate: Rate, unanswered: int = 0) -> Allowance:
    return Allowance(replace(STREAM, messages=rate, unanswered=unanswered))


def test_connections_share_what_the_venue_adds_up() -> None:
    shared, one, other = allowance_of(Rate(2, 1.0)), Speaker(), Speaker()
    shared.say(one, 0.0)
    shared.say(other, 0.5)
    assert shared.wait_s(0.5, is_request=True) > 0.5
    assert Allowance.is_shared(replace(STREAM, messages=Rate(2, 1.0)))
    assert not Allowance.is_shared(replace(STREAM, messages=Rate(2, 1.0, Scope.CONNECTION)))


def test_requests_wait_while_too_many_of_all_connections_are_unanswered() -> None:
    shared, one, other = allowance_of(Rate(100, 1.0), 3), Speaker(), Speaker()
    shared.say(one, 0.0)
    shared.say(other, 0.0)
    one.unanswered, other.unanswered = 2, 1
    assert shared.wait_s(0.0, is_request=True) == RECHECK_S
    assert shared.wait_s(0.0, is_request=False) == 0.0, "a sign of life is no request"
    one.unanswered = 1
    assert shared.wait_s(0.0, is_request=True) == 0.0


def test_what_an_ended_connection_asked_counts_no_more() -> None:
    shared, one, other = allowance_of(Rate(100, 1.0), 2), Speaker(2), Speaker()
    shared.say(one, 0.0)
    shared.say(other, 0.0)
    assert shared.wait_s(0.0, is_request=True) == RECHECK_S
    shared.leave(one)
    assert shared.wait_s(0.0, is_request=True) == 0.0


def test_requests_leave_room_for_signs_of_life_where_a_window_is_long() -> None:
    shared, one = allowance_of(Rate(20, 60.0)), Speaker()
    for _ in range(18):
        assert shared.wait_s(0.0, is_request=True) == 0.0
        shared.say(one, 0.0)
    assert shared.wait_s(0.0, is_request=True) > 59.0
    assert shared.wait_s(0.0, is_request=False) == 0.0
