"""Tests of `actors.hub`: listeners hear what they want, and none holds up the speaker."""

import asyncio

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.edges.hub import LISTENER_ITEMS, Hub, Listener, ListenerTooSlow


async def test_listeners_hear_what_they_want_from_when_they_listen() -> None:
    hub: Hub[int] = Hub()
    hub.publish(1)
    with hub.listen() as everything, hub.listen(lambda item: item % 2 == 0) as even:
        for item in (2, 3, 4):
            hub.publish(item)
        hub.close()
        assert [item async for item in everything] == [2, 3, 4]
        assert [item async for item in even] == [2, 4]


async def test_a_listener_that_does_not_read_is_dropped_and_told(nursery: trio.Nursery) -> None:
    hub: Hub[int] = Hub()
    heard: list[int] = []
    slow = hub.listen()

    async def read(brisk: Listener[int]) -> None:
        async for item in brisk:
            heard.append(item)

    nursery.start_soon(read, hub.listen())
    for item in range(LISTENER_ITEMS + 1):
        hub.publish(item)
        if item % 1_000 == 0:
            await wait_all_tasks_blocked()
    with pytest.raises(ListenerTooSlow):
        async for _ in slow:
            pass
    await wait_all_tasks_blocked()
    assert len(heard) == LISTENER_ITEMS + 1, "the others missed nothing"
    nursery.cancel_scope.cancel()


async def test_a_closed_listener_hears_no_more() -> None:
    hub: Hub[int] = Hub()
    with hub.listen() as listener:
        hub.publish(1)
    hub.publish(2)
    assert [item async for item in listener] == [1]


@pytest.mark.parametrize(
    "failure", [KeyError("mine"), asyncio.CancelledError("mine"), GeneratorExit("mine")], ids=repr
)
async def test_a_filter_that_raises_is_told_to_its_own_listener_alone(
    failure: BaseException,
) -> None:
    hub: Hub[int] = Hub()

    def odd(item: int) -> bool:
        if item == 2:
            raise failure
        return True

    with hub.listen(odd) as hurt, hub.listen() as other:
        for item in (1, 2, 3):
            hub.publish(item)
        hub.close()
        assert await anext(hurt) == 1
        with pytest.raises(type(failure), match="mine"):
            await anext(hurt)
        assert [item async for item in other] == [1, 2, 3]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
async def test_what_ends_the_program_is_not_kept_for_a_listener(stop: type[BaseException]) -> None:
    hub: Hub[int] = Hub()

    def end(item: int) -> bool:
        raise stop

    with hub.listen(end), pytest.raises(stop):
        hub.publish(1)
