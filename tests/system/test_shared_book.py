"""One book with two settlements: both are watched, and never compared with each other."""

from random import Random
from typing import Any

import trio
from trio.testing import MockClock

from actors.edges.clock import TrioClock
from supervisor.settings.config import Config
from supervisor.settings.reader import read_struct
from supervisor.system.engine import open_engine
from tests.actors.sandbox.sandboxes import EPOCH_NS, sandboxes
from tests.system.conftest import FREE

SYMBOLS = ["BTC/USD", "BTC/USDC", "ETH/USD"]
ALWAYS: dict[str, Any] = {"open_bps": 0.0, "close_bps": 0.0, "min_notional": 0.0}
"""Whatever crosses is an opportunity."""


async def test_coinbase_c8_two_settlements_of_a_book_are_two_books_and_no_pair(
    autojump_clock: MockClock,
) -> None:
    async with sandboxes("coinbase", "bitfinex", symbols=SYMBOLS) as (network, servers, endpoints):
        settings = {
            "symbols": SYMBOLS,
            "venues": {name: {"endpoints": endpoints[name], "fees": FREE} for name in servers},
            "assets": {f"{name}:USDC": "USD" for name in servers},  # all in one group
            "detector": ALWAYS,
            "audit_s": 0,
        }
        async with open_engine(
            read_struct(Config, settings),
            network=network,
            clock=TrioClock(EPOCH_NS),
            chance=Random(1),
        ) as engine:
            with trio.fail_after(20):
                usd = await engine.until_live("coinbase", "BTC/USD")
                usdc = await engine.until_live("coinbase", "BTC/USDC")
            await trio.sleep(5)
            await trio.sleep_until(round(trio.current_time()) + 0.55)
            assert (usd.bids(20), usd.asks(20)) == (usdc.bids(20), usdc.asks(20))
            pairs = set[tuple[str, str]]()
            with engine.opportunities() as changes, trio.move_on_after(60):
                async for change in changes:
                    one = change.opportunity
                    pairs.add((one.sell.instrument.venue, one.buy.instrument.venue))
            assert pairs
            assert ("coinbase", "coinbase") not in pairs
            assert len(servers["coinbase"].venue.sessions) == 2
