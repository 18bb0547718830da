"""Tests of `actors.edges.background`."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.edges.background import open_background
from exchanges.errors import RateLimited, VenueUnavailable

DOWN = VenueUnavailable("down", venue="okx")
LIMITED = RateLimited("slow down", venue="okx", retry_after_s=1.0)


async def fail(error: BaseException) -> None:
    raise error


async def fail_in_nurseries(error: BaseException) -> None:
    async with trio.open_nursery() as outer, trio.open_nursery():
        outer.start_soon(fail, error)


async def block_with(*tasks: Callable[[], Awaitable[None]], last: BaseException | None) -> None:
    """A block that waits for ever, and raises `last`, if anything, as it is cancelled."""
    async with open_background("test") as nursery:
        for task in tasks:
            nursery.start_soon(task)
        try:
            await trio.sleep_forever()
        finally:
            if last:
                raise last


@pytest.mark.parametrize("task", [fail, fail_in_nurseries])
async def test_what_a_task_raises_ends_the_block_and_comes_out_as_itself(
    task: Callable[[BaseException], Awaitable[None]],
) -> None:
    error = VenueUnavailable("down", venue="okx")
    error.__cause__ = OSError("network is down")
    with pytest.raises(VenueUnavailable) as caught:
        await block_with(partial(task, error), last=None)
    assert caught.value is error
    assert isinstance(error.__cause__, OSError)


async def test_two_failures_at_once_are_a_group() -> None:
    with pytest.RaisesGroup(VenueUnavailable, RateLimited):
        await block_with(partial(fail, LIMITED), last=DOWN)
    with pytest.RaisesGroup(VenueUnavailable, RateLimited):
        await block_with(partial(fail, LIMITED), partial(fail, DOWN), last=None)


async def test_a_failure_while_all_is_cancelled_is_no_group() -> None:
    with trio.CancelScope() as outer:
        outer.cancel()
        with pytest.raises(VenueUnavailable):
            await block_with(trio.sleep_forever, last=DOWN)


async def test_tasks_end_with_their_block() -> None:
    ended = trio.Event()

    async def run() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.set()

    async with open_background("test") as nursery:
        nursery.start_soon(run)
        await wait_all_tasks_blocked()
    assert ended.is_set()
