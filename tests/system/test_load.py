"""More than usual: a burst of traffic, and a consumer that does not keep up."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors.edges import hub
from actors.edges.hub import Listener, ListenerTooSlow
from actors.sandbox.server import STEP_S
from exchanges.market.events import Trade
from exchanges.market.numbers import NS_PER_S
from tests.system.conftest import Rig, rig

VENUES = ("binance", "okx")
BURST_S = 30.0
CALM_S = 6.0
STEPS = 15  # in the time of one; many of them send nothing: 3.5 times the frames


class Ledger:
    """Trades as the sandboxes made them, and as the engine told them."""

    def __init__(self, made: Rig) -> None:
        self.made = 0
        self.told = 0
        for one in made.servers.values():
            self._count(one.venue)

    def _count(self, venue: Any) -> None:
        advance = venue.advance

        def counted(now_ns: int) -> Any:
            updates = advance(now_ns)
            self.made += sum(len(update.matches) for update in updates.values())
            return updates

        venue.advance = counted

    async def hear(self, events: Listener[Any]) -> None:
        async for _ in events:
            self.told += 1


def is_trade(event: object) -> bool:
    return isinstance(event, Trade)


async def test_fault_28_a_burst_loses_no_trade_and_is_over_within_a_second(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        rig(*VENUES, channels=["trades"]) as made,
        trio.open_nursery() as nursery,
    ):
        await made.until_live(6)
        await made.watch(3.0)
        usual = await frames_in(made, CALM_S)
        await made.tick()
        with made.engine.events.listen(is_trade) as events:
            ledger = Ledger(made)
            nursery.start_soon(ledger.hear, events)
            step_by(made, STEP_S / STEPS)
            burst = await frames_in(made, BURST_S)
            step_by(made, STEP_S)
            await trio.sleep(1.0)
            assert len(made.live()) == 6
            assert not any(book.losses for book in made.live())
            assert made.engine.latency_ns.most < NS_PER_S
            await made.watch(5.0)
            assert ledger.told == ledger.made > 200
            nursery.cancel_scope.cancel()
    assert burst / BURST_S > 3 * usual / CALM_S


def step_by(made: Rig, step_s: float) -> None:
    for one in made.servers.values():
        one.step_s = step_s


async def frames_in(made: Rig, duration_s: float) -> int:
    before = made.engine.frames
    await trio.sleep(duration_s)
    return made.engine.frames - before


async def test_fault_30_a_consumer_that_stops_reading_loses_its_listener_and_nobody_else_anything(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LISTENER_ITEMS", 100)
    async with (
        rig(*VENUES, channels=["trades"]) as made,
        trio.open_nursery() as nursery,
    ):
        await made.until_live(6)
        await made.tick()
        with (
            made.engine.events.listen(is_trade) as idle,
            made.engine.events.listen(is_trade) as one,
        ):
            ledger = Ledger(made)
            nursery.start_soon(ledger.hear, one)
            await made.watch(60.0)
            assert len(made.live()) == 6
            assert not any(book.losses for book in made.live())
            assert ledger.told == ledger.made > 200
            for _ in range(100):  # what it was told before it fell behind
                await anext(idle)
            with pytest.raises(ListenerTooSlow):
                await anext(idle)
            nursery.cancel_scope.cancel()
