"""Audits of a running engine: right books pass, a wrong one is found and starts anew."""

from collections import Counter

import msgspec
import trio
from trio.testing import MockClock

from exchanges.market.events import Fault
from tests.actors.sandbox.sandboxes import SYMBOLS
from tests.system.conftest import Rig, rig

VENUES = ("binance", "okx", "gateio", "mexc")


def counts(made: Rig) -> Counter[str]:
    """What the audits of all venues have found."""
    total = Counter[str]()
    for count in made.engine.audits.values():
        total.update(msgspec.structs.asdict(count))
    return total


async def test_right_books_pass(autojump_clock: MockClock) -> None:
    async with rig(*VENUES, audit_s=1.0) as made:
        await made.until_live(10)
        await trio.sleep(120)
        found = counts(made)
        assert found["audits"] > 20
        assert found["levels"] > 500
        assert found["mismatches"] == found["lost"] == 0


async def test_a_wrong_book_is_found_and_starts_anew(autojump_clock: MockClock) -> None:
    async with rig("binance", audit_s=1.0) as made:
        await made.until_live(3)
        book = made.engine.book("binance", SYMBOLS[0])
        # As if an update that nothing counts had been lost: a level that is not there.
        ghost = book.bids(5)[3][0] + float(book.instrument.tick) / 2
        book._bids.apply([(ghost, 123.0)])
        with trio.fail_after(120):
            while not book.losses[Fault.AUDIT]:
                await trio.sleep(1)
        await made.until_live(3)
        assert ghost not in [price for price, _ in book.bids(20)]
        assert sum(one.losses[Fault.AUDIT] for one in made.engine.books()) == 1


async def test_audits_can_be_turned_off(autojump_clock: MockClock) -> None:
    async with rig("okx", audit_s=0) as made:
        await made.until_live(3)
        assert "auditor" not in made.nodes()
        assert not made.engine.audits
