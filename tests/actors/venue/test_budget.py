"""The budget of requests is used in full and never passed."""

from collections.abc import Iterable
from random import Random

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.venue.budget import take_turn
from actors.venue.gateway import Gateway
from exchanges.limits import Bucket, Rate
from exchanges.rest.request import Effect, Request
from tests.actors.network.scripted import (
    SPOT,
    UM,
    ScriptedServer,
    costing,
    gateway_to,
    reply,
)


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
    chance, rates = Random(seed), {SPOT: Rate(40, 10.0), UM: Rate(20, 1.0)}

    async def answer(target: str) -> bytes:
        await trio.sleep(chance.uniform(0, 2))
        return reply()

    def some_request() -> Request[None]:
        buckets = chance.choice([(SPOT,), (SPOT, UM), (UM, SPOT)])
        request = costing(chance.randint(1, 8), *buckets)
        return msgspec.structs.replace(request, effect=chance.choice(list(Effect)))

    async with gateway_to(answer, rates=rates) as (gateway, server):
        requests = [some_request() for _ in range(100)]
        sent = await sent_costs(gateway, server, requests, chance)
        total = sum(cost for _, cost in sent)
        assert len(sent) == 100
        assert most_within(sent, 10.0) <= 40
        ended_s = max(at_s for at_s, _ in sent)
        assert ended_s <= 20 + total / 4 + 12, "and the budget is used, but for late answers"


async def test_a_cost_above_the_limit_waits_for_a_full_budget(autojump_clock: MockClock) -> None:
    bucket = Bucket(Rate(10, 10.0))
    await take_turn([(bucket, 4)])
    await take_turn([(bucket, 25)])
    assert trio.current_time() == pytest.approx(10.05)
    await take_turn([(bucket, 1)])
    assert trio.current_time() == pytest.approx(3.5 * 10.05), "it counts for longer"


async def test_a_turn_needs_every_bucket_and_pays_all_at_once(autojump_clock: MockClock) -> None:
    quick, slow = Bucket(Rate(1, 0.1)), Bucket(Rate(1, 2.0))
    for expected_s in (0.0, 2.05, 4.1):
        await take_turn([(quick, 1), (slow, 1)])
        assert trio.current_time() == pytest.approx(expected_s)
    assert quick.wait_s(1, trio.current_time()) == pytest.approx(0.105)
