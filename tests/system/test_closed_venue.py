"""A venue that goes on telling books while it takes no orders."""

import pytest
import trio
from trio.testing import MockClock

from exchanges.market.instrument import Status
from tests.system.conftest import Rig, rig


def statuses(made: Rig, venue: str) -> set[Status]:
    return {one.instrument.status for one in made.engine.books() if one.instrument.venue == venue}


@pytest.mark.parametrize("name", ["kraken", "bitfinex"])
async def test_kraken_b8_nothing_is_to_be_taken_at_a_venue_that_is_closed(
    name: str, autojump_clock: MockClock
) -> None:
    async with rig(name, "okx", symbols=["BTC/USDT"], audit_s=0) as made:
        await made.until_live(2)
        made.servers[name].venue.is_open = False
        with trio.fail_after(10):
            while statuses(made, name) != {Status.HALTED}:
                await made.tick()
        assert statuses(made, "okx") == {Status.TRADING}
        for _ in range(50):
            await made.tick()
            assert made.engine.open_opportunities() == []
        made.servers[name].venue.is_open = True
        with trio.fail_after(30):
            while statuses(made, name) != {Status.TRADING}:
                await made.tick()
        await made.until_live(2)
