"""Tests of `actors.books.keeper`: what the actor of a book tells beside its top."""

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.books.keeper import SAMPLE_NS, BookInbox, Resync, run_book
from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from exchanges.market.events import BookLost, Event, Fault
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S
from tests.actors.conftest import snapshot

NOW_NS = 1_000 * NS_PER_S


class Rig:
    """A book with its actor, and the stamps that this has told."""

    def __init__(self, market: Instrument) -> None:
        self.market = market
        self.book = OrderBook(market)
        self.inbox = BookInbox(64)
        self.stamps: list[tuple[int, int, str]] = []
        self.commands: list[Resync] = []

    async def start(self, nursery: trio.Nursery) -> None:
        await nursery.start(
            run_book, self.book, self.inbox, Tops(), self.commands.append, self.note
        )

    def note(self, venue_ns: int, received_ns: int, symbol: str) -> None:
        self.stamps.append((venue_ns, received_ns, symbol))

    async def tell(self, *events: Event) -> None:
        self.inbox.offer((0, events))
        await wait_all_tasks_blocked()

    async def quote(self, received_ns: int, **facts: int) -> None:
        bids, asks = [(99.0, 1.0)], [(101.0, 1.0)]
        await self.tell(snapshot(self.market, bids, asks, received_ns=received_ns, **facts))


async def test_a_start_in_another_unit_is_told_to_the_connection(
    btc: Instrument, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """It believes that all is well."""
    rig = Rig(btc)
    await rig.start(nursery)
    await rig.quote(NOW_NS)
    assert rig.commands == []
    larger = replace(btc, contract_size=btc.contract_size * 10)
    await rig.tell(snapshot(larger, [(99.0, 10.0)], [(101.0, 10.0)]))
    (command,) = rig.commands
    assert (command.symbol, command.fault) == (btc.symbol, Fault.UNIT)
    await rig.quote(NOW_NS)
    assert rig.book.is_live
    nursery.cancel_scope.cancel()


async def test_a_sample_of_the_venues_stamps_is_told(
    btc: Instrument, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    rig = Rig(btc)
    await rig.start(nursery)
    step_ns = SAMPLE_NS // 5
    for number in range(11):
        await rig.quote(NOW_NS + number * step_ns, venue_ns=NOW_NS - number)
    expected = [(NOW_NS - n, NOW_NS + n * step_ns, btc.symbol) for n in (0, 5, 10)]
    assert rig.stamps == expected
    nursery.cancel_scope.cancel()


async def test_a_clock_that_is_set_back_ends_no_sampling(
    btc: Instrument, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    rig = Rig(btc)
    await rig.start(nursery)
    for received_ns in (NOW_NS, NOW_NS - 3600 * NS_PER_S):
        await rig.quote(received_ns, venue_ns=NOW_NS)
    assert len(rig.stamps) == 2
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("is_lost", [True, False])
async def test_what_no_venue_has_stamped_or_is_not_live_says_nothing_of_its_clock(
    is_lost: bool, btc: Instrument, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    rig = Rig(btc)
    await rig.start(nursery)
    await rig.quote(NOW_NS)
    if is_lost:
        await rig.quote(NOW_NS, venue_ns=NOW_NS)
        rig.stamps.clear()
        later_ns = NOW_NS + 10 * NS_PER_S
        await rig.tell(BookLost(instrument=btc, fault=Fault.GAP, received_ns=later_ns))
    assert rig.stamps == []
    nursery.cancel_scope.cancel()
