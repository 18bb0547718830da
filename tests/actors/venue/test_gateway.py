"""Tests of `actors.http`: limits, retries and errors of the gateway, against a scripted venue."""

from collections.abc import Iterable
from random import Random

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.edges.clock import TrioClock
from actors.network.network import MemoryNetwork
from actors.venue.gateway import ATTEMPTS, CONCURRENT, REQUEST_S, Gateway, take_turn
from exchanges.errors import (
    ExchangeError,
    OutcomeUnknown,
    RateLimited,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.limits import Rate, TokenBucket
from exchanges.rest.request import Request
from tests.actors.network.scripted import (
    BINANCE,
    ORDER,
    PING,
    SPOT,
    UM,
    Always,
    ScriptedServer,
    after,
    gateway_to,
    reply,
    script,
)


def costing(cost: float, *buckets: str) -> Request[None]:
    """A ping at another price, which stands in its query."""
    costs = tuple((bucket, cost) for bucket in buckets or (SPOT,))
    return msgspec.structs.replace(PING, costs=costs, query=(("cost", f"{cost:g}"),))


async def test_parameters_that_depend_on_the_time_are_made_when_it_is_asked(
    autojump_clock: MockClock,
) -> None:
    dated = msgspec.structs.replace(PING, dated=lambda now_ns: (("now", str(now_ns)),))
    async with gateway_to(script(reply())) as (gateway, server):
        await gateway.call(dated)
        ((_, target),) = server.asked
        assert target.endswith(f"{PING.target}?now=0")


# Trying again.


async def test_an_error_of_the_venue_is_not_tried_again(autojump_clock: MockClock) -> None:
    answer = script(reply(400, b'{"code":-1100,"msg":"Illegal characters"}'))
    async with gateway_to(answer) as (gateway, server):
        with pytest.raises(ExchangeError, match=r"binance \[-1100\]: Illegal characters"):
            await gateway.call(PING)
        assert len(server.asked) == 1


async def test_an_unreadable_answer_is_not_tried_again(autojump_clock: MockClock) -> None:
    async with gateway_to(script(reply(body=b"<html>"))) as (gateway, server):
        with pytest.raises(VenueProtocolError, match="<html>"):
            await gateway.call(PING)
        assert len(server.asked) == 1


BROKEN = {
    "unavailable": reply(503, b"<html>"),
    "hangs up": b"",
    "cut off": reply(body=b"{}", connection="close")[:-1],
    "no HTTP": b"what?\r\n\r\n",
    "damaged gzip": reply(body=b"not gzip", content_encoding="gzip"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_what_may_be_repeated_is_tried_again_after_growing_pauses(
    broken: bytes, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(broken, broken)) as (gateway, server):
        await gateway.call(PING)
        assert server.asked_s == [0.0, 0.5, 1.5]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_after_the_last_attempt_the_venue_counts_as_unavailable(
    broken: bytes, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(*[broken] * ATTEMPTS)) as (gateway, server):
        with pytest.raises(VenueUnavailable, match=r"binance.*\(GET /api/v3/ping\)"):
            await gateway.call(PING)
        assert len(server.asked) == ATTEMPTS


@pytest.mark.parametrize(("chance", "second_s", "third_s"), [(0.0, 0.25, 0.75), (1.0, 0.75, 2.25)])
async def test_pauses_are_spread_by_chance(
    chance: float, second_s: float, third_s: float, autojump_clock: MockClock
) -> None:
    answer = script(reply(503), reply(503))
    async with gateway_to(answer, chance=chance) as (gateway, server):
        await gateway.call(PING)
        assert server.asked_s == [0.0, second_s, third_s]


async def test_a_silent_venue_is_given_up_and_asked_again(autojump_clock: MockClock) -> None:
    async with gateway_to(after(REQUEST_S + 1, reply())) as (gateway, server):
        with pytest.raises(VenueUnavailable, match="no answer within 15 s"):
            await gateway.call(PING)
        assert server.asked_s == [0.0, REQUEST_S + 0.5, 2 * REQUEST_S + 1.5]


async def test_a_host_that_cannot_be_reached_is_unavailable(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        urls = {"spot_rest": "http://nowhere"}
        gateway = Gateway(BINANCE, urls, network, TrioClock(0), Always())
        await nursery.start(gateway.run)
        with pytest.raises(VenueUnavailable, match="nobody listens on nowhere:80"):
            await gateway.call(PING)
        assert gateway.sent == ATTEMPTS
        nursery.cancel_scope.cancel()


# What must not be repeated.


@pytest.mark.parametrize("broken", list(BROKEN.values())[1:], ids=list(BROKEN)[1:])
async def test_an_order_without_an_answer_has_an_unknown_outcome(
    broken: bytes, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(broken)) as (gateway, server):
        with pytest.raises(OutcomeUnknown, match=r"\(POST /api/v3/ping\)"):
            await gateway.call(ORDER)
        assert len(server.asked) == 1


async def test_an_order_answered_too_late_has_an_unknown_outcome(autojump_clock: MockClock) -> None:
    async with gateway_to(after(REQUEST_S + 1, reply())) as (gateway, server):
        with pytest.raises(OutcomeUnknown, match="no answer within 15 s"):
            await gateway.call(ORDER)
        assert trio.current_time() == REQUEST_S
        assert len(server.asked) == 1


async def test_a_refused_order_is_not_sent_again(autojump_clock: MockClock) -> None:
    async with gateway_to(script(reply(429, retry_after="7"))) as (gateway, server):
        with pytest.raises(RateLimited) as caught:
            await gateway.call(ORDER)
        assert caught.value.retry_after_s == 7.0
        assert len(server.asked) == 1


# Staying away.


@pytest.mark.parametrize("status", [429, 418])
async def test_a_rate_limit_closes_the_bucket_for_all_its_callers(
    status: int, autojump_clock: MockClock
) -> None:
    answer = script(reply(status, retry_after="30"))
    async with gateway_to(answer) as (gateway, server), trio.open_nursery() as nursery:
        nursery.start_soon(gateway.call, PING)
        await trio.sleep(1)
        for cost in range(1, 4):
            nursery.start_soon(gateway.call, costing(cost))
        nursery.start_soon(gateway.call, costing(9, UM))
        await trio.sleep(60)
        assert sorted(server.asked_s) == [0.0, 1.0, 30.0, 30.0, 30.0, 30.0]
        assert server.asked[1] == (1.0, "/spot/api/v3/ping?cost=9"), "another bucket"


async def test_what_waits_for_a_slot_is_not_sent_after_a_rate_limit(
    autojump_clock: MockClock,
) -> None:
    answer = after(1.0, reply(429, retry_after="30"))
    async with gateway_to(answer) as (gateway, server), trio.open_nursery() as nursery:
        for _ in range(3 * CONCURRENT):
            nursery.start_soon(gateway.call, PING)
        await trio.sleep(30)
        assert server.asked_s == [0.0] * CONCURRENT
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("text", ["", "soon", "Fri, 20 Nov 2026 12:00:00 GMT", "inf", "1e999"])
async def test_an_unreadable_retry_after_counts_as_a_second(
    text: str, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(reply(429, retry_after=text))) as (gateway, server):
        await gateway.call(PING)
        assert server.asked_s == [0.0, 1.0]


# The budget.


async def sent_costs(
    gateway: Gateway, server: ScriptedServer, requests: Iterable[Request[None]], chance: Random
) -> list[tuple[float, float]]:
    """Send requests at random instants; gives when each arrived, and its cost."""

    async def send(request: Request[None]) -> None:
        await trio.sleep(chance.uniform(0, 20))
        await gateway.call(request)

    async with trio.open_nursery() as nursery:
        for request in requests:
            nursery.start_soon(send, request)
    return [(at_s, float(target.partition("=")[2])) for at_s, target in server.asked]


def most_within(sent: Iterable[tuple[float, float]], window_s: float) -> float:
    """The highest sum of costs in any window."""
    sent = list(sent)
    return max(
        sum(cost for at_s, cost in sent if from_s <= at_s < from_s + window_s) for from_s, _ in sent
    )


@pytest.mark.parametrize("seed", range(5))
async def test_no_window_ever_sees_more_than_the_venue_allows(
    seed: int, autojump_clock: MockClock
) -> None:
    chance, rates = Random(seed), {SPOT: Rate.within(40, 10.0), UM: Rate.within(20, 1.0)}

    async def answer(target: str) -> bytes:
        await trio.sleep(chance.uniform(0, 2))
        return reply()

    async with gateway_to(answer, rates=rates) as (gateway, server):
        requests = [
            costing(chance.randint(1, 8), *chance.choice([(SPOT,), (SPOT, UM), (UM, SPOT)]))
            for _ in range(100)
        ]
        sent = await sent_costs(gateway, server, requests, chance)
        total = sum(cost for _, cost in sent)
        assert len(sent) == 100
        assert most_within(sent, 10.0) <= 40
        ended_s = max(at_s for at_s, _ in sent)
        assert ended_s <= 20 + total / 2 + 2, "and the budget is used, but for late answers"


async def test_a_bucket_serves_in_the_order_of_asking(autojump_clock: MockClock) -> None:
    async with gateway_to(script(), rates={SPOT: Rate(8, 1)}) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for cost in (8, 1, 7, 2, 6, 3):
                nursery.start_soon(gateway.call, costing(cost))
                await wait_all_tasks_blocked()
        assert [float(target.partition("=")[2]) for _, target in server.asked] == [8, 1, 7, 2, 6, 3]
        assert server.asked_s == pytest.approx([0, 1, 8, 10, 16, 19])


async def test_many_small_requests_do_not_keep_a_large_one_waiting(
    autojump_clock: MockClock,
) -> None:
    async with gateway_to(script(), rates={SPOT: Rate(10, 10)}) as (gateway, server):

        async def ask_for_ever() -> None:
            while True:
                await gateway.call(costing(1))

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask_for_ever)
            await trio.sleep(5)
            with trio.fail_after(2):
                await gateway.call(costing(10))
            nursery.cancel_scope.cancel()
        assert "/spot/api/v3/ping?cost=10" in [target for _, target in server.asked]


async def test_a_cost_above_the_burst_waits_for_a_full_bucket(autojump_clock: MockClock) -> None:
    bucket = TokenBucket(Rate(10, 1))
    await take_turn([(bucket, 4)])
    await take_turn([(bucket, 25)])
    assert trio.current_time() == 4.0
    await take_turn([(bucket, 1)])
    assert trio.current_time() == 20.0, "it is paid off first"


async def test_a_turn_needs_every_bucket_and_pays_all_at_once(autojump_clock: MockClock) -> None:
    quick, slow = TokenBucket(Rate(1, 10)), TokenBucket(Rate(1, 0.5))
    for expected_s in (0.0, 2.0, 4.0):
        await take_turn([(quick, 1), (slow, 1)])
        assert trio.current_time() == expected_s
    assert quick.wait_s(1, 4.0) == pytest.approx(0.1)


async def test_so_many_requests_are_under_way_and_no_more(autojump_clock: MockClock) -> None:
    async with gateway_to(after(6.0, reply())) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for _ in range(3 * CONCURRENT):
                nursery.start_soon(gateway.call, PING)
        assert server.busiest == CONCURRENT
        assert server.asked_s == [0.0] * CONCURRENT + [6.0] * CONCURRENT + [12.0] * CONCURRENT
