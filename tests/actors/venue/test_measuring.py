"""How a venue's clock is measured."""

from copy import copy

import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.venue.clock import VenueClock
from actors.venue.measuring import run_clock
from exchanges.market.numbers import NS_PER_S
from tests.actors.sandbox.sandboxes import venue_context


async def test_clock_that_tells_whole_seconds_is_not_asked(autojump_clock: MockClock) -> None:
    offsets: list[int | None] = []
    async with venue_context("okx") as (context, _):
        for step_ns in (NS_PER_S, NS_PER_S // 1_000):
            rest = copy(context.venue.rest)
            rest.clock_step_ns = step_ns
            clock = VenueClock()
            async with trio.open_nursery() as nursery:
                venue = replace(context.venue, rest=rest)
                there = replace(context, venue=venue, venue_clock=clock)
                await nursery.start(run_clock, there)
                await trio.sleep(1.0)
                nursery.cancel_scope.cancel()
            offsets.append(clock.offset_ns)
    assert offsets[0] is None
    assert offsets[1] is not None
