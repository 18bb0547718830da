"""How a venue's lists become its instruments."""

from contextlib import suppress
from copy import copy
from decimal import Decimal
from typing import Any

import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.venue.clock import VenueClock
from actors.venue.instruments import load_instruments, run_instruments
from exchanges.market.events import InstrumentChange
from exchanges.market.instrument import Instruments, Status
from exchanges.market.numbers import NS_PER_S
from exchanges.market.units import Unit
from exchanges.rest.request import Listing, Odd, Request, Response
from tests.actors.sandbox.sandboxes import venue_context


def in_pages(request: Request[Listing]) -> Request[Listing]:
    """The same list with one instrument a page."""

    def page(number: int) -> Request[Listing]:
        def read(response: Response) -> Listing:
            listing = request.read(response)
            is_last = number + 1 == len(listing.instruments)
            return Listing(
                listing.instruments[number : number + 1],
                more=None if is_last else page(number + 1),
            )

        return replace(request, read=read)

    return page(0)


async def test_list_that_comes_in_pages_is_read_to_its_end(autojump_clock: MockClock) -> None:
    told: list[InstrumentChange] = []

    async def note(changes: list[InstrumentChange]) -> None:
        told.extend(changes)
        raise EOFError

    async with venue_context("okx") as (context, server):
        rest: Any = copy(context.venue.rest)
        whole = rest.instruments()
        rest.instruments = lambda: tuple(in_pages(request) for request in whole)
        context = replace(
            context, venue=replace(context.venue, rest=rest), instruments=Instruments()
        )
        with suppress(EOFError):
            await run_instruments(context, note, 60.0)
    assert {change.instrument.symbol for change in told} == set(server.venue.markets)


async def test_market_whose_row_is_odd_for_once_stays_as_it_was(
    autojump_clock: MockClock,
) -> None:
    """One that is listed no more is delisted."""
    async with venue_context("okx") as (context, _):
        before = {one.symbol: one for one in context.instruments}
        odd, gone, *_ = before.values()
        rest: Any = copy(context.venue.rest)
        whole = rest.instruments()

        def without(request: Request[Listing]) -> Request[Listing]:
            def read(response: Response) -> Listing:
                listed = request.read(response).instruments
                rows = tuple(Odd(one.native, "odd") for one in listed if one == odd)
                return Listing([one for one in listed if one not in (odd, gone)], rows)

            return replace(request, read=read)

        rest.instruments = lambda: tuple(without(request) for request in whole)
        there = replace(context, venue=replace(context.venue, rest=rest))
        changes = await load_instruments(there)
        assert [(one.instrument.symbol, one.instrument.status) for one in changes] == [
            (gone.symbol, Status.DELISTED)
        ]
        assert context.instruments.get(odd.symbol) == odd


async def test_a_rule_too_large_for_the_users_unit_costs_no_market_but_its_own(
    autojump_clock: MockClock,
) -> None:
    async with venue_context("okx") as (context, _):
        rest: Any = copy(context.venue.rest)
        (whole, *_) = rest.instruments()
        huge, *others = [one for one in context.instruments if not one.settle]

        def read(response: Response) -> Listing:
            return Listing([replace(huge, step=Decimal("9e999999")), *others])

        rest.instruments = lambda: (replace(whole, read=read),)
        units = {huge.base: Unit("PLAIN", 1000)}
        there = replace(
            context,
            venue=replace(context.venue, rest=rest),
            instruments=Instruments(units=units),
        )
        changes = await load_instruments(there)
        assert {change.instrument.symbol for change in changes} == {one.symbol for one in others}


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
                await nursery.start(run_instruments, there, ignore, 60.0)
                nursery.cancel_scope.cancel()
            offsets.append(clock.offset_ns)
    assert offsets[0] is None
    assert offsets[1] is not None


async def ignore(changes: list[InstrumentChange]) -> None:
    """What is listed is of no interest."""
