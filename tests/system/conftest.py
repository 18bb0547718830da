"""A running engine over sandbox venues in memory, and what a test asks of it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
import trio

from actors.books.order_book import OrderBook
from actors.edges.clock import TrioClock
from actors.network.network import MemoryNetwork
from actors.recording.recorder import Recorder
from actors.sandbox.server import STEP_S, SandboxServer
from supervisor.settings.config import Config
from supervisor.settings.reader import read_struct
from supervisor.supervision.child import Node
from supervisor.system.engine import Engine, Taps, open_engine
from tests.actors.sandbox.sandboxes import EPOCH_NS, SYMBOLS, levels_of, sandboxes

FREE = {"spot": {"maker_bps": 0, "taker_bps": 0}, "perpetual": {"maker_bps": 0, "taker_bps": 0}}
"""Fees of nothing, so that opportunities appear."""


class Rig:
    """The engine, and the venues it watches."""

    def __init__(
        self, engine: Engine, network: MemoryNetwork, servers: Mapping[str, SandboxServer]
    ) -> None:
        self.engine = engine
        self.network = network
        self.servers = servers
        self._truth: dict[tuple[str, str, int], Any] = {}

    async def tick(self) -> None:
        """Wait until half-way between two steps of the sandboxes, when all is quiet."""
        steps = int(trio.current_time() / STEP_S)
        await trio.sleep_until((steps + 1.5) * STEP_S)
        for name, server in self.servers.items():
            for symbol, market in server.venue.markets.items():
                self._truth[name, symbol, market.depth(0).last_id] = levels_of(market, 20)

    async def until_live(self, count: int, within_s: float = 20.0) -> None:
        """Wait until so many books are live, and no others are there."""
        with trio.fail_after(within_s):
            await self.tick()
            while len(self.live()) < count or len(self.engine.books()) != count:
                await self.tick()

    def live(self) -> list[OrderBook]:
        return [book for book in self.engine.books() if book.is_live]

    async def watch(self, duration_s: float) -> None:
        """Let time pass; every book that can be read is the venue's as it was at its id."""
        for _ in range(round(duration_s / STEP_S)):
            await self.tick()
            for book in self.live():
                instrument = book.instrument
                true = self._truth[instrument.venue, instrument.symbol, book.sequence]
                for ours, theirs in zip((book.bids(20), book.asks(20)), true, strict=True):
                    # Sizes that were counted in contracts may differ in their last bit. To
                    # compare so takes a hundred times as long as to see that nothing differs.
                    assert ours == theirs or ours == [
                        pytest.approx(level, rel=1e-12) for level in theirs
                    ]

    def nodes(self) -> dict[str, Node]:
        """All nodes of the tree by name."""
        return dict(_by_name(self.engine.tree()))


def _by_name(node: Node) -> list[tuple[str, Node]]:
    below = [pair for child in node.children for pair in _by_name(child)]
    return [(node.name, node), *below]


@asynccontextmanager
async def rig(
    *names: str, seed: int = 1, absent: str = "", recorder: Recorder | None = None, **settings: Any
) -> AsyncIterator[Rig]:
    """An engine that watches the named sandboxes; the `absent` one refuses connections."""
    async with sandboxes(*names, seed=seed) as (network, servers, endpoints):
        if absent:
            network.hang_up(f"{absent}.sandbox")
        venues = {name: {"endpoints": endpoints[name], "fees": fees_of(name)} for name in names}
        config = read_struct(Config, {"symbols": list(SYMBOLS), "venues": venues} | settings)
        taps = Taps(recorder.stream_tap, recorder.http_tap) if recorder else None
        clock, chance = TrioClock(EPOCH_NS), Random(seed)
        async with open_engine(
            config, network=network, clock=clock, chance=chance, taps=taps
        ) as engine:
            yield Rig(engine, network, servers)


def fees_of(name: str) -> dict[str, Any]:
    """No fees for the kinds of market that the venue has."""
    from exchanges import VENUES

    return {str(kind): FREE[str(kind)] for kind in VENUES[name].kinds}
