"""Whoever blocks the loop is named; what that costs is next to nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio

from actors.edges.watchdog import Watchdog
from tests.logs import capture_logs

BOUND_S = 0.05


async def compute(duration_s: float) -> None:
    end_s = time.perf_counter() + duration_s
    while time.perf_counter() < end_s:
        pass


async def test_fault_29_whoever_blocks_the_loop_is_named_with_where_it_was() -> None:
    watchdog = Watchdog(BOUND_S)
    with told() as entries:
        async with trio.open_nursery() as nursery:
            await nursery.start(watchdog.run)
            nursery.start_soon(compute, 0.5, name="strategy of somebody")
            await trio.sleep(1.0)
            nursery.cancel_scope.cancel()
    mine = [entry for entry in entries if entry["task"] == "strategy of somebody"]
    (entry,) = mine
    assert entry["event"] == "loop_blocked"
    assert entry["for_ms"] >= 500
    assert entry["where"].startswith("compute (")
    assert "test_watchdog.py" in entry["where"]
    assert watchdog.inspect()["blocked"] == len(entries)
    assert watchdog.longest_s >= 0.5


async def test_many_short_steps_are_no_block() -> None:
    watchdog = Watchdog(10 * BOUND_S)
    async with trio.open_nursery() as nursery:
        await nursery.start(watchdog.run)
        for _ in range(10_000):
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    assert not watchdog.blocked


async def test_a_watchdog_leaves_nothing_behind_and_can_run_again() -> None:
    watchdog = Watchdog(BOUND_S)
    for _ in range(2):
        async with trio.open_nursery() as nursery:
            await nursery.start(watchdog.run)
            nursery.cancel_scope.cancel()
    await compute(3 * BOUND_S)
    await trio.lowlevel.checkpoint()
    assert not watchdog.blocked


@contextmanager
def told() -> Iterator[list[dict[str, Any]]]:
    with capture_logs() as entries:
        yield entries
