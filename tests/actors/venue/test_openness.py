"""A venue that takes no orders as a whole: its markets are halted while it does not."""

import trio
from msgspec.structs import replace
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.venue.context import VenueContext
from actors.venue.instruments import InstrumentLoader
from exchanges.market.events import InstrumentChange, VenueState
from exchanges.market.instrument import Instruments, Status
from tests.actors.sandbox.sandboxes import venue_context


def tell(context: VenueContext, word: str) -> bool:
    state = VenueState(venue=context.venue.name, takes_orders=word == "online", message=word)
    return context.openness.tell(state)


def statuses(context: VenueContext) -> set[Status]:
    return {one.status for one in context.instruments}


async def test_kraken_b8_markets_are_halted_until_the_venue_takes_orders_again(
    autojump_clock: MockClock,
) -> None:
    told: list[InstrumentChange] = []

    async def note(changes: list[InstrumentChange]) -> None:
        told.extend(changes)

    async with venue_context("kraken") as (context, _), trio.open_nursery() as nursery:
        loader = InstrumentLoader(context)
        await nursery.start(loader.run, note, 900.0)
        assert not tell(context, "online")  # as was thought
        told.clear()
        assert tell(context, "post_only")
        assert not tell(context, "cancel_only")
        await wait_all_tasks_blocked()
        assert [one.instrument.status for one in told] == [Status.HALTED] * len(context.instruments)
        assert loader.inspect()["takes no orders"] == "cancel_only"
        await loader.load()  # whose rows all trade
        assert statuses(context) == {Status.HALTED}
        told.clear()
        assert tell(context, "online")
        with trio.fail_after(60):
            while statuses(context) != {Status.TRADING}:
                await trio.sleep(0.1)
        assert len(told) == len(context.instruments)
        assert "takes no orders" not in loader.inspect()
        nursery.cancel_scope.cancel()


async def test_lists_that_are_loaded_while_a_venue_is_closed_are_of_halted_markets(
    autojump_clock: MockClock,
) -> None:
    async with venue_context("kraken") as (context, _):
        there = replace(context, instruments=Instruments())
        tell(there, "maintenance")
        await InstrumentLoader(there).load()
        assert statuses(there) == {Status.HALTED}
