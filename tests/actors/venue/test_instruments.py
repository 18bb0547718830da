"""How a venue's lists become its instruments."""

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.sandbox.http import HttpRequest
from actors.venue.context import VenueContext
from actors.venue.instruments import InstrumentLoader
from exchanges import VENUES
from exchanges.errors import VenueUnavailable
from exchanges.market.events import InstrumentChange
from exchanges.market.instrument import Instruments, Kind, Status
from exchanges.market.units import Unit
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Odd, Request, Rows
from exchanges.sandbox.request import SandboxReply
from tests.actors.sandbox.sandboxes import venue_context
from tests.logs import capture_logs


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
            await InstrumentLoader(context).run(note, 60.0)
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
        changes = await InstrumentLoader(there).load()
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
        changes = await InstrumentLoader(there).load()
        assert {change.instrument.symbol for change in changes} == {one.symbol for one in others}


# Lists and rows that are odd.


def changed(context: VenueContext, change: Callable[[Listing], Listing]) -> VenueContext:
    """The same venue, whose lists say something else."""
    rest: Any = copy(context.venue.rest)
    whole = rest.instruments()

    def read_by(request: Request[Listing]) -> Request[Listing]:
        return replace(request, read=lambda response: change(request.read(response)))

    rest.instruments = lambda: tuple(read_by(request) for request in whole)
    return replace(context, venue=replace(context.venue, rest=rest))


def unanswered(context: VenueContext, kind: Kind) -> VenueContext:
    """The same venue, whose list of a kind of market cannot be had."""
    rest: Any = copy(context.venue.rest)
    whole = rest.instruments()

    def fail(response: Response) -> Listing:
        raise VenueUnavailable("503", venue=context.venue.name)

    rest.instruments = lambda: tuple(
        replace(request, read=fail) if kind in request.kinds else request for request in whole
    )
    return replace(context, venue=replace(context.venue, rest=rest))


WITH_LISTS = [name for name, venue in VENUES.items() if len(venue.rest.instruments()) > 1]
WITH_INTERVALS = [name for name, venue in VENUES.items() if venue.rest.funding_intervals()]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", WITH_LISTS)
async def test_a_list_that_is_not_answered_costs_no_market_of_another(
    name: str, kind: Kind, autojump_clock: MockClock
) -> None:
    """Its own markets stay as they were, and it is told."""
    async with venue_context(name) as (context, _):
        await InstrumentLoader(context).load()
        known = list(context.instruments)
        there = unanswered(replace(context, instruments=Instruments()), kind)
        loader = InstrumentLoader(there)
        await loader.load()
        assert {one.symbol for one in there.instruments} == {
            one.symbol for one in known if one.kind is not kind
        }
        assert list(loader.unlisted.values()) == [f"{name}: 503"]
        again = unanswered(context, kind)
        assert await InstrumentLoader(again).load() == []
        assert list(again.instruments) == known


@pytest.mark.parametrize("name", list(VENUES))
async def test_venue_that_answers_no_list_is_not_known(
    name: str, autojump_clock: MockClock
) -> None:
    async with venue_context(name) as (context, _):
        there = replace(context, instruments=Instruments())
        for kind in Kind:
            there = unanswered(there, kind)
        with pytest.raises(VenueUnavailable):
            await InstrumentLoader(there).load()


@pytest.mark.parametrize("name", WITH_INTERVALS)
async def test_intervals_of_funding_that_are_not_answered_cost_no_market(
    name: str, autojump_clock: MockClock
) -> None:
    async with venue_context(name) as (context, _):
        rest: Any = copy(context.venue.rest)
        asked = rest.funding_intervals()

        def fail(response: Response) -> Rows[tuple[str, float]]:
            raise VenueUnavailable("451", venue=name)

        rest.funding_intervals = lambda: replace(asked, read=fail)
        there = replace(context, venue=replace(context.venue, rest=rest), instruments=Instruments())
        loader = InstrumentLoader(there)
        await loader.load()
        assert {one.symbol for one in there.instruments} == {
            one.symbol for one in context.instruments
        }
        assert {one.funding_interval_s for one in there.instruments} == {None}
        assert len(loader.unlisted) == 1
        # What was known before stays known.
        assert await InstrumentLoader(replace(there, instruments=context.instruments)).load() == []


@pytest.mark.parametrize("name", WITH_INTERVALS)
async def test_an_odd_row_of_the_intervals_costs_itself_alone(
    name: str, autojump_clock: MockClock
) -> None:
    async with venue_context(name) as (context, _):
        rest: Any = copy(context.venue.rest)
        asked = rest.funding_intervals()
        odd, *others = [one for one in context.instruments if one.settle]

        def read(response: Response) -> Rows[tuple[str, float]]:
            return Rows([(one.native, 3600.0) for one in others], [Odd(odd.native, "null")])

        rest.funding_intervals = lambda: replace(asked, read=read)
        there = replace(context, venue=replace(context.venue, rest=rest), instruments=Instruments())
        await InstrumentLoader(there).load()
        found = {one.native: one.funding_interval_s for one in there.instruments if one.settle}
        assert found == {odd.native: None, **{one.native: 3600.0 for one in others}}


@pytest.mark.parametrize("is_first", [True, False])
async def test_of_two_rows_of_one_symbol_the_one_that_trades_has_it(
    is_first: bool, autojump_clock: MockClock
) -> None:
    """In either order, and it is said once."""
    async with venue_context("okx") as (context, _):
        true, *_ = context.instruments
        rival = replace(true, native="A-LISTING", status=Status.HALTED)

        def with_rival(listing: Listing) -> Listing:
            if true not in listing.instruments:
                return listing
            rows = [rival, *listing.instruments] if is_first else [*listing.instruments, rival]
            return Listing(rows)

        there = changed(replace(context, instruments=Instruments()), with_rival)
        loader = InstrumentLoader(there)
        with capture_logs() as logs:
            await loader.load()
            await loader.load()
        assert there.instruments.get(true.symbol) == true
        said = [line for line in logs if line["event"] == "symbol_claimed_twice"]
        assert [(one["market"], one["others"]) for one in said] == [(true.native, ("A-LISTING",))]


async def test_of_two_that_trade_the_one_that_had_the_symbol_keeps_it(
    autojump_clock: MockClock,
) -> None:
    async with venue_context("okx") as (context, _):
        true, *_ = context.instruments
        rival = replace(true, native="A-FIRST-BY-NAME")

        def with_rival(listing: Listing) -> Listing:
            return Listing([rival, *listing.instruments])

        there = changed(context, with_rival)
        assert await InstrumentLoader(there).load() == []
        assert there.instruments.get(true.symbol) == true


def statuses(context: VenueContext) -> dict[str, Status]:
    return {one.symbol: one.status for one in context.instruments}


def emptied(listing: Listing) -> Listing:
    return Listing([])


def delisted(listing: Listing) -> Listing:
    """Every row stands there, and says that its market has gone."""
    return Listing([replace(one, status=Status.DELISTED) for one in listing.instruments])


class Told:
    """One loader of a venue, whose lists say now this and now that."""

    def __init__(self, context: VenueContext) -> None:
        self._context = copy(context)
        self._loader = InstrumentLoader(self._context)

    async def by(self, venue: VenueContext) -> list[InstrumentChange]:
        """What comes of its lists as they are there."""
        self._context.venue = venue.venue
        return await self._loader.load()

    @property
    def unlisted(self) -> dict[str, str]:
        return self._loader.unlisted


@pytest.mark.parametrize("shrink", [emptied, delisted])
@pytest.mark.parametrize("name", list(VENUES))
async def test_lists_that_have_lost_everything_at_once_are_believed_when_they_say_so_twice(
    name: str, shrink: Callable[[Listing], Listing], autojump_clock: MockClock
) -> None:
    """A list in maintenance is empty, too: it is told, and soon asked for again."""
    async with venue_context(name) as (context, _):
        told = Told(context)
        await told.by(context)
        known = statuses(context)
        assert not told.unlisted
        there = changed(context, shrink)
        assert await told.by(there) == []
        assert statuses(there) == known
        assert all("no longer" in why for why in told.unlisted.values())
        assert told.unlisted
        # It was a slip.
        assert await told.by(context) == []
        assert not told.unlisted
        # Told twice in a row it is true, and may be over soon.
        await told.by(there)
        changes = await told.by(there)
        assert {one.instrument.symbol for one in changes} == set(known)
        assert set(statuses(there).values()) == {Status.DELISTED}
        assert told.unlisted
        await told.by(context)
        assert statuses(context) == known
        assert not told.unlisted


async def test_list_that_has_lost_most_of_its_markets_is_believed_when_it_says_so_twice(
    autojump_clock: MockClock,
) -> None:
    symbols = [f"A{number}/USDT" for number in range(5)]
    async with venue_context("okx", symbols=symbols) as (context, _):
        told = Told(context)
        await told.by(context)
        most = changed(context, lambda listing: Listing(listing.instruments[:2]))
        assert await told.by(most) == []
        (why,) = told.unlisted.values()
        assert why == "lists 3 of its 5 markets no longer"
        assert len(await told.by(most)) == 3


async def test_list_that_loses_less_than_half_of_its_markets_is_believed_at_once(
    autojump_clock: MockClock,
) -> None:
    symbols = [f"A{number}/USDT" for number in range(5)]
    async with venue_context("okx", symbols=symbols) as (context, _):
        told = Told(context)
        await told.by(context)
        few = changed(context, lambda listing: Listing(listing.instruments[:3]))
        assert len(await told.by(few)) == 2
        assert not told.unlisted


@pytest.mark.parametrize("name", WITH_LISTS)
async def test_an_empty_list_between_others_is_no_answer_either(
    name: str, autojump_clock: MockClock
) -> None:
    async with venue_context(name) as (context, _):
        told = Told(context)
        await told.by(context)
        known = statuses(context)

        def without_spot(listing: Listing) -> Listing:
            return Listing([one for one in listing.instruments if one.kind is not Kind.SPOT])

        there = changed(context, without_spot)
        assert await told.by(there) == []
        assert statuses(there) == known
        assert len(told.unlisted) == 1


async def test_a_list_that_was_not_answered_meanwhile_says_nothing_twice_in_a_row(
    autojump_clock: MockClock,
) -> None:
    async with venue_context("okx") as (context, _):
        told = Told(context)
        await told.by(context)
        there = changed(context, emptied)
        assert await told.by(there) == []
        await told.by(unanswered(context, Kind.SPOT))
        assert await told.by(there) == []


async def test_venue_that_lists_nothing_at_first_is_soon_asked_again(
    autojump_clock: MockClock,
) -> None:
    asked_s: list[float] = []
    async with venue_context("okx") as (context, _):
        there = changed(replace(context, instruments=Instruments()), emptied)

        async def note(changes: list[InstrumentChange]) -> None:
            asked_s.append(trio.current_time())

        with trio.move_on_after(60.0):
            loader = InstrumentLoader(there)
            await loader.run(note, 900.0)
        assert len(asked_s) > 2
        assert "all lists" in loader.inspect()


async def test_list_that_is_not_answered_is_asked_for_again_after_growing_pauses(
    autojump_clock: MockClock,
) -> None:
    asked_s: list[float] = []
    async with venue_context("okx", step_s=10.0) as (context, _):
        loader = InstrumentLoader(unanswered(context, Kind.PERPETUAL))

        async def note(changes: list[InstrumentChange]) -> None:
            asked_s.append(trio.current_time())

        with capture_logs() as logs, trio.move_on_after(3600.0):
            await loader.run(note, 600.0)
    pauses = [later - earlier for earlier, later in pairwise(asked_s)]
    assert 5.0 <= pauses[0] <= 30.0
    assert pauses[0] < pauses[2] < pauses[4]
    assert max(pauses) <= 610.0
    stale = [line for line in logs if line["event"] == "instruments_stale"]
    assert 2 <= len(stale) < len(asked_s)
    assert "SWAP" in stale[0]["asked"]
    assert loader.inspect()["instruments"] == len(context.instruments)
    assert len(loader.inspect()) == 2


@pytest.mark.parametrize("name", VENUES)
async def test_lists_are_asked_for_when_a_ban_is_over_and_their_actor_lives_through_it(
    name: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with venue_context(name, symbols=["BTC/USDT", "BTC/USDT:USDT"]) as (context, server):
        asked_s: list[float] = []
        answer, ban_s = server.answer, 300

        def banned(request: HttpRequest) -> SandboxReply:
            asked_s.append(trio.current_time())
            if not 300.0 <= trio.current_time() < 1000.0:
                headers = (("Retry-After", str(ban_s)),)
                return SandboxReply(status=418, body=b"", headers=headers)
            return answer(request)

        async def note(changes: list[InstrumentChange]) -> None:
            pass

        monkeypatch.setattr(server, "answer", banned)
        monkeypatch.setattr(server.venue, "advance", lambda now_ns: {})  # prices matter to nobody
        async with trio.open_nursery() as nursery:
            loader = InstrumentLoader(context)
            await nursery.start(loader.run, note, 60.0)
            assert asked_s[0] == 0.0
            assert all(time_s >= 300.0 for time_s in asked_s[1:])
            assert trio.current_time() < 302.0
            await trio.sleep_until(1400.0)
            late = [time_s for time_s in asked_s if time_s >= 1000.0]
            first_s = late[0]
            assert [one for one in late if one < first_s + ban_s] == [first_s]
            assert len(late) >= 2
            assert loader.unlisted
            nursery.cancel_scope.cancel()
