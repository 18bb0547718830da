"""Who goes first, and how many at once: questions, and orders beside them."""

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.venue.gateway import CONCURRENT, CONCURRENT_ORDERS
from exchanges.limits import Rate
from exchanges.rest.request import Request
from tests.actors.network.scripted import (
    CANCEL,
    ORDER,
    PING,
    SPOT,
    after,
    costing,
    gateway_to,
    reply,
    script,
)


@pytest.mark.parametrize("request_", [ORDER, CANCEL])
async def test_orders_and_cancels_do_not_wait_for_a_burst_of_questions(
    request_: Request[None], autojump_clock: MockClock
) -> None:
    async def answer(target: str) -> bytes:
        if "cost" in target:
            await trio.sleep(10.0)
        return reply()

    async with gateway_to(answer) as (gateway, server), trio.open_nursery() as nursery:
        for _ in range(20 * CONCURRENT):
            nursery.start_soon(gateway.call, costing(1))
        await trio.sleep(1.0)
        for _ in range(3 * CONCURRENT_ORDERS):
            nursery.start_soon(gateway.call, request_)
        await wait_all_tasks_blocked()
        assert server.asked_s[CONCURRENT:] == [1.0] * 3 * CONCURRENT_ORDERS
        nursery.cancel_scope.cancel()


async def test_orders_are_paid_before_the_questions_that_wait(autojump_clock: MockClock) -> None:
    rates = {SPOT: Rate(10, 10.0)}
    order = msgspec.structs.replace(ORDER, costs=((SPOT, 1),), query=(("cost", "1"),))
    async with gateway_to(script(), rates=rates) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for cost in (10, 8, 1, 1):
                nursery.start_soon(gateway.call, costing(cost))
                await wait_all_tasks_blocked()
            await trio.sleep(0.5)
            for _ in range(3):
                nursery.start_soon(gateway.call, order)
        paid = [float(target.partition("=")[2]) for _, target in server.asked]
        assert paid == [10, 1, 1, 1, 8, 1, 1]
        assert server.asked_s == pytest.approx([0, *[10.05] * 3, *[20.1] * 3])


async def test_a_bucket_serves_in_the_order_of_asking(autojump_clock: MockClock) -> None:
    async with gateway_to(script(), rates={SPOT: Rate(8, 8.0)}) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for cost in (8, 1, 7, 2, 6, 3):
                nursery.start_soon(gateway.call, costing(cost))
                await wait_all_tasks_blocked()
        assert [float(target.partition("=")[2]) for _, target in server.asked] == [8, 1, 7, 2, 6, 3]
        assert server.asked_s == pytest.approx([0, 8.05, 8.05, 16.1, 16.1, 24.15])


async def test_many_small_requests_do_not_keep_a_large_one_waiting(
    autojump_clock: MockClock,
) -> None:
    async with gateway_to(script(), rates={SPOT: Rate(10, 1.0)}) as (gateway, server):

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


async def test_so_many_requests_are_under_way_and_no_more(autojump_clock: MockClock) -> None:
    async with gateway_to(after(6.0, reply())) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for _ in range(3 * CONCURRENT):
                nursery.start_soon(gateway.call, PING)
        assert server.busiest == CONCURRENT
        assert server.asked_s == [0.0] * CONCURRENT + [6.0] * CONCURRENT + [12.0] * CONCURRENT


async def test_an_order_cancelled_while_it_waits_for_its_turn_is_never_sent(
    autojump_clock: MockClock,
) -> None:
    order = msgspec.structs.replace(ORDER, costs=((SPOT, 1),))
    async with gateway_to(script(), rates={SPOT: Rate(1, 10.0)}) as (gateway, server):
        await gateway.call(order)
        with trio.move_on_after(1.0) as scope:
            await gateway.call(order)
        assert scope.cancelled_caught
        assert trio.current_time() == 1.0
        assert len(server.asked) == 1
        await gateway.call(costing(1))
        assert server.asked_s == pytest.approx([0.0, 10.05]), "and it holds back nobody"
