from collections.abc import Hashable
from math import inf

import pytest

from exchanges.market.topics import Channel, Topic
from exchanges.stream.subscriptions import ACK_S, Subscriptions
from exchanges.stream.wire import Route
from tests.exchanges.transcripts import market


def route(name: str) -> Route:
    return Route(market(f"{name}/USDT"), name, lambda route, payload, now_ns: ())


def topic_of(route: Route, channel: Channel = Channel.TRADES) -> Topic:
    return Topic(channel, route.instrument.symbol)


def wished(
    *names: str, batch: int = 10, acknowledges: bool = True, together: bool = True
) -> tuple[Subscriptions, list[Route]]:
    """Subscriptions with one topic for each name, none of them asked for yet."""

    def group(route: Route) -> Hashable:
        return None if together else route.key[0]

    subscriptions = Subscriptions(batch, group, acknowledges=acknowledges)
    routes = [route(name) for name in names]
    for each in routes:
        subscriptions.wish(each, subscribe=True)
        subscriptions.add(topic_of(each), each)
    return subscriptions, routes


def asked(subscriptions: Subscriptions, now_s: float = 0.0) -> list[tuple[int, list[Route], bool]]:
    """Every request that the wishes come to."""
    requests = []
    while subscriptions.has_wishes:
        requests.append(subscriptions.next_request(now_s))
    return requests


def test_wishes_share_requests_up_to_the_batch_and_in_order() -> None:
    subscriptions, (a, b, c, d, e) = wished("A", "B", "C", "D", "E", batch=2)
    assert asked(subscriptions) == [(1, [a, b], True), (2, [c, d], True), (3, [e], True)]


def test_wishes_of_different_groups_do_not_share_a_request() -> None:
    subscriptions, (a1, a2, b1, a3) = wished("A1", "A2", "B1", "A3", together=False)
    assert asked(subscriptions) == [(1, [a1, a2], True), (2, [b1], True), (3, [a3], True)]


def test_subscribing_and_unsubscribing_do_not_share_a_request() -> None:
    subscriptions, (a, b) = wished("A", "B")
    assert asked(subscriptions) == [(1, [a, b], True)]
    assert subscriptions.end(topic_of(a)) is a
    subscriptions.wish(b, subscribe=True)
    assert asked(subscriptions) == [(2, [a], False), (3, [b], True)]


def test_wishes_that_cancel_out_are_not_sent_and_leave_nothing_behind() -> None:
    subscriptions, (a, b) = wished("A", "B")
    assert subscriptions.end(topic_of(a)) is a
    assert asked(subscriptions) == [(1, [b], True)]
    assert list(subscriptions.routes.values()) == [b]


def test_oldest_unanswered_request_is_known_by_its_kind() -> None:
    subscriptions, (a, _) = wished("A", "B", batch=1)
    assert subscriptions.oldest(subscribe=True) == -1
    asked(subscriptions)
    subscriptions.end(topic_of(a))
    asked(subscriptions, now_s=1.0)
    assert (subscriptions.oldest(subscribe=True), subscriptions.oldest(subscribe=False)) == (1, 3)
    subscriptions.granted(1)
    assert subscriptions.oldest(subscribe=True) == 2
    subscriptions.overdue(ACK_S)
    assert (subscriptions.oldest(subscribe=True), subscriptions.oldest(subscribe=False)) == (-1, 3)


def test_granted_request_tells_its_routes_once() -> None:
    subscriptions, routes = wished("A", "B")
    asked(subscriptions)
    assert not subscriptions.is_settled
    assert subscriptions.granted(1) == routes
    assert subscriptions.granted(1) == []
    assert subscriptions.is_settled
    assert all(each.answered for each in routes)


def test_answer_to_an_unknown_request_tells_nothing() -> None:
    subscriptions, _ = wished("A")
    asked(subscriptions)
    assert subscriptions.granted(99) == subscriptions.refused(99) == []
    assert subscriptions.granted_one("Z", subscribe=True) == subscriptions.refused_one("Z") == []
    assert not subscriptions.is_settled


def test_topics_of_a_request_may_be_answered_one_by_one() -> None:
    subscriptions, (a, b, c) = wished("A", "B", "C")
    asked(subscriptions)
    assert subscriptions.granted_one("B", subscribe=True) == [b]
    assert subscriptions.refused_one("C") == [c]
    assert not subscriptions.is_settled
    assert subscriptions.granted_one("A", subscribe=True) == [a]
    assert subscriptions.is_settled


def test_refused_request_for_one_topic_tells_it() -> None:
    subscriptions, (a,) = wished("A")
    asked(subscriptions)
    assert subscriptions.refused(1) == [a]
    assert subscriptions.is_settled


def test_refused_request_for_several_topics_is_made_again_one_by_one() -> None:
    subscriptions, (a, b, c) = wished("A", "B", "C")
    asked(subscriptions)
    assert subscriptions.refused(1) == []
    assert asked(subscriptions) == [(2, [a], True), (3, [b], True), (4, [c], True)]
    assert subscriptions.granted(2) == [a]
    assert subscriptions.refused(3) == [b]
    assert subscriptions.granted(4) == [c]


def test_refused_request_does_not_blame_the_topic_that_happens_to_be_left() -> None:
    subscriptions, (a, b) = wished("A", "B")
    asked(subscriptions)
    subscriptions.end(topic_of(b))
    assert subscriptions.refused(1) == []  # it may have been B that the venue minded
    assert (3, [a], True) in asked(subscriptions)


def test_refused_route_is_forgotten_and_may_be_wished_for_again() -> None:
    subscriptions, (a,) = wished("A")
    asked(subscriptions)
    subscriptions.drop(a)
    assert subscriptions.topics == ()
    assert subscriptions.routes.get("A") is None
    again = route("A")
    subscriptions.wish(again, subscribe=True)
    subscriptions.add(topic_of(again), again)
    assert subscriptions.routes.get("A") is again


def test_unanswered_request_is_told_once_and_keeps_its_topics() -> None:
    subscriptions, routes = wished("A", "B")
    asked(subscriptions, now_s=100.0)
    assert subscriptions.deadline == 100.0 + ACK_S
    assert subscriptions.overdue(100.0 + ACK_S - 0.01) == []
    assert subscriptions.overdue(100.0 + ACK_S) == routes
    assert subscriptions.overdue(1e9) == []
    assert subscriptions.deadline == inf
    assert subscriptions.topics == tuple(topic_of(each) for each in routes)


def test_ended_topic_is_unsubscribed_and_forgotten_once_the_venue_agrees() -> None:
    subscriptions, (a,) = wished("A")
    asked(subscriptions)
    subscriptions.granted(1)
    assert subscriptions.end(topic_of(a)) is a
    assert subscriptions.topics == ()
    assert list(subscriptions) == []
    assert subscriptions.routes.get("A") is a  # frames may still be under way
    assert asked(subscriptions) == [(2, [a], False)]
    assert subscriptions.granted(2) == []
    assert subscriptions.routes.get("A") is None


@pytest.mark.parametrize("answer", ["granted", "granted one", "refused", "never"])
def test_ended_route_is_forgotten_however_the_venue_answers(answer: str) -> None:
    subscriptions, (a,) = wished("A")
    asked(subscriptions)
    subscriptions.granted(1)
    subscriptions.end(topic_of(a))
    asked(subscriptions)
    match answer:
        case "granted":
            assert subscriptions.granted(2) == []
        case "granted one":
            assert subscriptions.granted_one("A", subscribe=False) == []
        case "refused":
            assert subscriptions.refused(2) == []
        case "never":
            assert subscriptions.overdue(ACK_S) == []
    assert subscriptions.routes.get("A") is None
    assert subscriptions.is_settled


def test_route_lives_until_its_last_topic_ends() -> None:
    subscriptions, (a,) = wished("A")
    funding = topic_of(a, Channel.FUNDING)
    subscriptions.add(funding, a)
    asked(subscriptions)
    assert subscriptions.end(topic_of(a)) is None
    assert not subscriptions.has_wishes
    assert subscriptions.get(funding) is a
    assert subscriptions.end(funding) is a
    assert asked(subscriptions) == [(2, [a], False)]


def test_end_of_an_unknown_topic_asks_nothing() -> None:
    subscriptions, (a,) = wished("A")
    assert subscriptions.end(topic_of(a, Channel.BOOK)) is None
    assert len(asked(subscriptions)) == 1


def test_topic_wished_for_again_survives_the_end_of_the_old_route() -> None:
    subscriptions, (old,) = wished("A")
    asked(subscriptions)
    subscriptions.granted(1)
    subscriptions.end(topic_of(old))
    new = route("A")
    subscriptions.wish(new, subscribe=True)
    subscriptions.add(topic_of(new), new)
    assert asked(subscriptions) == [(2, [old], False), (3, [new], True)]
    subscriptions.granted(2)
    assert subscriptions.routes.get("A") is new
    assert subscriptions.granted(3) == [new]


def test_route_unsubscribed_for_a_new_start_is_subscribed_again() -> None:
    subscriptions, (a,) = wished("A")
    asked(subscriptions)
    subscriptions.granted(1)
    subscriptions.wish(a, subscribe=False)
    assert asked(subscriptions) == [(2, [a], False)]
    assert subscriptions.granted(2) == []
    assert asked(subscriptions) == [(3, [a], True)]


def test_venue_that_acknowledges_nothing_is_taken_at_once() -> None:
    subscriptions, (a,) = wished("A", acknowledges=False)
    assert asked(subscriptions) == [(1, [a], True)]
    assert subscriptions.is_settled
    assert subscriptions.overdue(1e9) == []
    subscriptions.end(topic_of(a))
    assert asked(subscriptions) == [(2, [a], False)]
    assert subscriptions.routes.get("A") is a  # frames may be under way for ever
    assert list(subscriptions) == []


def test_route_that_is_still_sent_stays_known_when_its_key_is_wanted_anew_for_a_moment() -> None:
    subscriptions, (a,) = wished("A")
    asked(subscriptions)
    subscriptions.granted(1)
    subscriptions.end(topic_of(a))
    anew = route("A")
    subscriptions.wish(anew, subscribe=True)
    subscriptions.add(topic_of(anew), anew)
    subscriptions.end(topic_of(anew))
    assert subscriptions.routes == {"A": a}
    ((number, routes, subscribe),) = asked(subscriptions)
    assert (routes, subscribe) == ([a], False)
    subscriptions.granted(number)
    assert not subscriptions.routes
