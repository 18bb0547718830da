"""Books that start from a limited snapshot are given another one before it runs out."""

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.market.events import Fault
from tests.actors.sandbox.sandboxes import levels_of
from tests.system.conftest import Rig, rig

LEVELS = 50
SYMBOL = "BTC/USDT:USDT"


@pytest.fixture
def _shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A venue that tells only fifty levels."""
    shallow = replace(VENUES["binance"], start_limit=LEVELS)
    monkeypatch.setattr("exchanges.dialects.mbx.rest.SYNC_LEVELS", LEVELS)
    monkeypatch.setattr("supervisor.settings.venues.VENUES", {"binance": shallow})


async def check(made: Rig, book: OrderBook) -> None:
    """What can be read is the venue's, as far as it goes."""
    await made.tick()
    true = levels_of(made.servers["binance"].venue.markets[SYMBOL], LEVELS)
    for ours, theirs in zip((book.bids(LEVELS), book.asks(LEVELS)), true, strict=True):
        assert ours
        assert ours == [pytest.approx(level, rel=1e-12) for level in theirs[: len(ours)]]


@pytest.mark.usefixtures("_shallow")
async def test_a_moving_market_is_followed(autojump_clock: MockClock) -> None:
    async with rig("binance", symbols=[SYMBOL], audit_s=0) as made:
        await made.until_live(1)
        (book,) = made.engine.books()
        for _ in range(400):
            await trio.sleep(1.0)
            await made.until_live(1)
            await check(made, book)
        # At times the synthetic market jumps over all of it at once.
        assert set(book.losses) <= {Fault.DEPTH}
        assert book.snapshots - 1 > book.losses.total()


@pytest.mark.usefixtures("_shallow")
async def test_a_venue_that_gives_no_other_start_in_time_costs_the_book(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", symbols=[SYMBOL], audit_s=0) as made:
        await made.until_live(1)
        (book,) = made.engine.books()
        made.servers["binance"].venue.busy = 10**6
        while book.is_live:
            await check(made, book)
            await trio.sleep(1.0)
        assert book.fault is Fault.DEPTH
        made.servers["binance"].venue.busy = 0
        await made.until_live(1, within_s=90)
        await check(made, book)
