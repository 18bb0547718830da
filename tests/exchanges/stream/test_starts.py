from itertools import pairwise
from math import inf

import pytest

from exchanges.market.events import BookSnapshot, Fault
from exchanges.market.topics import Channel, Topic
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.starts import (
    FIRST_UPDATE_S,
    PAUSE_CAP_S,
    PAUSE_S,
    PULL_S,
    QUIET_S,
    START_CAP_S,
    START_S,
    BookRoute,
    Starts,
)
from tests.exchanges.stream import words
from tests.exchanges.transcripts import RECEIVED_NS, market

FETCHED = Recovery.SNAPSHOT_BY_REQUEST
BY_REQUEST = BookRule(FETCHED)
IN_STREAM = BookRule(Recovery.SNAPSHOT_IN_STREAM)


def book_route(rule: BookRule, symbol: str = "BTC/USDT") -> BookRoute:
    route = BookRoute(market(symbol), symbol, lambda route, payload, now_ns: (), rule)
    route.topics.add(Topic(Channel.BOOK, symbol))
    return route


def subscribed(route: BookRoute, now_s: float = 100.0) -> Starts:
    """A book that is wanted, and whose subscription has just been sent."""
    starts = Starts()
    starts.want(route)
    starts.subscribed(route, now_s)
    return starts


def update(route: BookRoute, previous: int, last: int) -> None:
    route.feed.delta(words.delta(previous, last, route.instrument))


def hold(route: BookRoute, sequence: int) -> None:
    """The snapshot comes, and nothing that it could be joined to."""
    route.feed.snapshot(words.book(sequence, route.instrument))


def start(starts: Starts, route: BookRoute, sequence: int) -> None:
    """The snapshot comes, and the book is live."""
    snapshot = BookSnapshot(
        instrument=route.instrument, bids=[], asks=[], sequence=sequence, received_ns=RECEIVED_NS
    )
    update(route, sequence - 1, sequence)
    route.feed.snapshot(snapshot)
    starts.settle(route)


def lose(starts: Starts, route: BookRoute) -> None:
    route.feed.lose(route.instrument, Fault.GAP, "", RECEIVED_NS)
    starts.want_anew(route)


def test_book_is_not_started_before_its_subscription_is_sent() -> None:
    starts = Starts()
    starts.want(book_route(BY_REQUEST))
    assert starts
    assert starts.deadline == inf
    assert starts.due_requests(1e9, FETCHED) == []


# Books whose snapshot is requested.


def test_snapshot_is_requested_as_soon_as_an_update_has_come() -> None:
    route = book_route(BY_REQUEST)
    starts = subscribed(route)
    assert starts.due_requests(100.0, FETCHED) == []
    update(route, 1, 2)
    assert starts.due_requests(100.0, FETCHED) == [route]


def test_snapshot_of_a_quiet_market_is_requested_without_an_update() -> None:
    route = book_route(BY_REQUEST)
    starts = subscribed(route)
    assert starts.deadline == 100.0 + FIRST_UPDATE_S
    assert starts.due_requests(100.0 + FIRST_UPDATE_S, FETCHED) == [route]


def test_one_request_per_book_is_in_flight() -> None:
    route = book_route(BY_REQUEST)
    starts = subscribed(route)
    assert starts.due_requests(101.0, FETCHED) == [route]
    assert starts.due_requests(1e6, FETCHED) == []
    assert starts.deadline == inf
    starts.landed(route)
    assert starts.due_requests(1e6, FETCHED) == [route]


def test_pause_between_requests_doubles_up_to_its_cap() -> None:
    route = book_route(BY_REQUEST)
    starts, now_s, pauses = subscribed(route), 101.0, []
    for _ in range(9):
        assert starts.due_requests(now_s, FETCHED) == [route]
        starts.landed(route)
        assert starts.due_requests(starts.deadline - 0.01, FETCHED) == []
        pauses.append(starts.deadline - now_s)
        now_s = starts.deadline
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert (pauses[0], pauses[-1]) == (PAUSE_S, PAUSE_CAP_S)


def test_book_that_fails_for_a_day_is_still_asked_for() -> None:
    route = book_route(BY_REQUEST)
    starts, now_s, asked = subscribed(route), 101.0, 0
    while now_s < 86_400:
        asked += len(starts.due_requests(now_s, FETCHED))
        starts.landed(route)
        now_s = starts.deadline
    assert asked == pytest.approx(86_400 / PAUSE_CAP_S, rel=0.01)


def test_book_that_was_live_for_long_begins_with_the_first_pause_again() -> None:
    route = book_route(BY_REQUEST)
    starts, now_s = subscribed(route), 101.0
    for _ in range(5):
        starts.due_requests(now_s, FETCHED)
        starts.landed(route)
        now_s = starts.deadline
    start(starts, route, 100)
    now_s += QUIET_S + 1
    lose(starts, route)
    assert starts.due_requests(now_s, FETCHED) == [route]
    starts.landed(route)
    assert starts.deadline == now_s + PAUSE_S


def test_book_that_is_lost_again_at_once_waits_out_its_pause() -> None:
    route = book_route(BY_REQUEST)
    starts = subscribed(route)
    starts.due_requests(101.0, FETCHED)
    starts.landed(route)
    start(starts, route, 100)
    lose(starts, route)
    assert starts.deadline == 101.0 + PAUSE_S


def test_live_book_needs_no_start() -> None:
    route = book_route(BY_REQUEST)
    starts = subscribed(route)
    start(starts, route, 100)
    assert not starts
    assert starts.deadline == inf
    assert starts.due_requests(1e9, FETCHED) == starts.due_subscriptions(1e9) == []


def test_start_that_was_asked_for_on_the_socket_is_not_waited_for_for_ever() -> None:
    pulled = Recovery.SNAPSHOT_ON_SOCKET
    route = book_route(BookRule(pulled))
    starts = subscribed(route)
    assert starts.due_requests(101.0, FETCHED) == []
    assert starts.due_requests(101.0, pulled) == [route]
    assert starts.deadline == 101.0 + PULL_S
    assert starts.due_requests(101.0 + PULL_S - 0.01, pulled) == []
    assert starts.due_requests(101.0 + PULL_S, pulled) == [route]


def test_books_are_started_in_the_order_they_were_wanted() -> None:
    routes = [book_route(BY_REQUEST, f"A{number}/USDT") for number in range(50)]
    starts = Starts()
    for route in routes:
        starts.want(route)
        starts.subscribed(route, 100.0)
    assert starts.due_requests(101.0, FETCHED) == routes


@pytest.mark.parametrize("recovery", [FETCHED, Recovery.SNAPSHOT_ON_SOCKET])
def test_subscription_that_brings_no_update_to_a_start_is_made_anew_ever_more_rarely(
    recovery: Recovery,
) -> None:
    route = book_route(BookRule(recovery))
    starts, now_s, waits = subscribed(route), 101.0, []
    starts.due_requests(now_s, recovery)
    hold(route, 100)
    starts.landed(route)
    for _ in range(7):
        wait_s = starts.deadline - now_s
        now_s += wait_s
        waits.append(wait_s)
        assert starts.due_subscriptions(now_s - 0.01) == []
        assert starts.silent(now_s) == [(route, wait_s)]
        assert starts.due_subscriptions(now_s) == [route]
        assert starts.deadline == inf  # until the subscription has been sent
        starts.subscribed(route, now_s)
    assert waits == [15, 30, 60, 120, 240, 240, 240]
    assert (waits[0], waits[-1]) == (START_S, START_CAP_S)


def test_topic_that_answers_neither_on_the_socket_nor_in_the_stream_is_subscribed_anew() -> None:
    pulled = Recovery.SNAPSHOT_ON_SOCKET
    route = book_route(BookRule(pulled))
    starts = subscribed(route)
    assert starts.due_requests(101.0, pulled) == [route]
    assert starts.due_requests(101.0 + PULL_S, pulled) == [route]
    assert starts.due_subscriptions(101.0 + START_S - 0.01) == []
    assert starts.silent(101.0 + START_S) == [(route, START_S)]
    assert starts.due_subscriptions(101.0 + START_S) == [route]


def test_book_whose_stream_speaks_is_not_subscribed_anew() -> None:
    route = book_route(BY_REQUEST)
    starts = subscribed(route)
    update(route, 1, 2)
    assert starts.due_subscriptions(1e9) == []  # a snapshot will do
    starts.due_requests(101.0, FETCHED)
    start(starts, route, 100)
    assert starts.due_subscriptions(1e9) == []
    lose(starts, route)
    assert starts.due_subscriptions(1e9) == []


def test_live_book_that_is_to_start_anew_is_not_subscribed_anew() -> None:
    route = book_route(BY_REQUEST)
    starts = subscribed(route)
    start(starts, route, 100)
    starts.want_anew(route)
    route.feed.refresh()
    assert starts.due_requests(200.0, FETCHED) == [route]
    hold(route, 105)
    starts.landed(route)
    assert starts.due_subscriptions(1e9) == []
    assert starts.silent(1e9) == []


# Books whose snapshot comes with the subscription.


def test_book_in_the_stream_is_never_requested() -> None:
    starts = subscribed(book_route(IN_STREAM))
    assert starts.due_requests(1e9, FETCHED) == []


def test_subscription_that_brings_no_snapshot_is_made_anew() -> None:
    route = book_route(IN_STREAM)
    starts = subscribed(route)
    assert starts.deadline == 100.0 + START_S
    assert starts.due_subscriptions(100.0 + START_S - 0.01) == []
    assert starts.due_subscriptions(100.0 + START_S) == [route]


def test_subscription_that_brings_no_snapshot_is_made_anew_ever_more_rarely() -> None:
    route = book_route(IN_STREAM)
    starts, now_s, waits = subscribed(route), 100.0, []
    for _ in range(7):
        waits.append(starts.deadline - now_s)
        now_s = starts.deadline
        assert starts.silent(now_s) == [(route, waits[-1])]
        assert starts.due_subscriptions(now_s) == [route]
        starts.subscribed(route, now_s)
    assert waits == [15, 30, 60, 120, 240, 240, 240]
    start(starts, route, 100)
    lose(starts, route)
    assert starts.silent(now_s + 1.0) == []
    assert starts.due_subscriptions(now_s + 1.0) == [route]
    starts.subscribed(route, now_s + 1.0)
    assert starts.deadline == now_s + 1.0 + START_S  # it has been live


def test_lost_book_in_the_stream_is_subscribed_anew_at_once() -> None:
    route = book_route(IN_STREAM)
    starts = subscribed(route)
    start(starts, route, 100)
    lose(starts, route)
    assert starts.due_subscriptions(200.0) == [route]


def test_new_subscription_of_a_lost_book_gets_as_much_time_as_the_first() -> None:
    route = book_route(IN_STREAM)
    starts = subscribed(route)
    start(starts, route, 100)
    lose(starts, route)
    starts.due_subscriptions(200.0)
    starts.subscribed(route, 200.2)  # the old one has been ended, the new one is sent
    assert starts.due_subscriptions(200.2 + START_S - 0.01) == []
    assert starts.due_subscriptions(200.2 + START_S) == [route]


def test_book_in_the_stream_that_keeps_failing_is_subscribed_ever_more_rarely() -> None:
    route = book_route(IN_STREAM)
    starts, now_s, made = subscribed(route), 100.0, []
    while now_s < 400.0:
        start(starts, route, 100)
        lose(starts, route)
        now_s = max(now_s, starts.deadline)
        assert starts.due_subscriptions(now_s) == [route]
        starts.subscribed(route, now_s)
        made.append(now_s)
    pauses = [after - before for before, after in pairwise(made)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == PAUSE_CAP_S
