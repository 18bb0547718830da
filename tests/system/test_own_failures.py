"""What fails of ours, or of the program around us, ends itself alone."""

import time
from collections.abc import Callable

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.detection.detector import Detector
from actors.detection.opportunity import OpportunityChange, Phase, Reason
from actors.edges.taps import Direction, harmless
from actors.venue.commands import Subscribe
from actors.venue.connection import Connection
from exchanges.market.events import StreamEvent, Top
from exchanges.market.topics import Channel, Topic
from exchanges.stream.wire import Frame
from supervisor.supervision.child import Node, State
from tests.actors.sandbox.sandboxes import venue_context
from tests.logs import capture_logs
from tests.system.conftest import rig
from tests.system.test_engine import BTC, PARTING, gathered


async def test_a_detector_that_always_fails_is_parked_and_books_live_on(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        await made.until_live(6)
        while not made.engine.open_opportunities():
            await made.tick()
        with made.engine.opportunities() as changes, capture_logs() as told:
            with monkeypatch.context() as patched:
                patched.setattr(Detector, "take", fail)
                await until(made.nodes, State.PARKED)
                assert not made.engine.open_opportunities(), "of which nobody knows"
                await made.watch(5.0)
                assert len(made.live()) == 6
                assert "out of order" in made.nodes()["detector"].last_failure
            heard: list[OpportunityChange] = await gathered(changes)
        assert heard
        assert {(one.phase, one.reason) for one in heard} == {(Phase.CLOSED, Reason.ABANDONED)}
        alarms = [entry for entry in told if entry["log_level"] == "error"]
        assert [(one["event"], one["child"]) for one in alarms] == [("child_parked", "detector")]
        await until(made.nodes, State.RUNNING)
        with trio.fail_after(300):
            while not made.engine.open_opportunities():
                await made.tick()
        assert not any(book.losses for book in made.engine.books())


async def test_a_filter_that_raises_ends_its_own_listener_and_no_book(
    autojump_clock: MockClock,
) -> None:
    def no_top(news: object) -> bool:
        if isinstance(news, Top):
            raise KeyError("mine")
        return True

    def no_event(news: StreamEvent) -> bool:
        raise KeyError("mine too")

    async with rig("okx", channels=["trades"]) as made:
        await made.until_live(3)
        with (
            made.engine.tops.listen(no_top) as tops,
            made.engine.events.listen(no_event) as events,
            made.engine.tops.listen() as others,
        ):
            await made.watch(5.0)
            with pytest.raises(KeyError, match="'mine'"):
                async for _ in tops:
                    pass
            with pytest.raises(KeyError, match="'mine too'"):
                async for _ in events:
                    pass
            assert await gathered(others)
        assert not any(book.losses for book in made.engine.books())
        assert not any(node.restarts for node in made.nodes().values())


async def test_fault_29_a_strategy_that_blocks_the_loop_is_named_and_feeds_survive(
    autojump_clock: MockClock,
) -> None:
    async def think() -> None:
        time.sleep(0.5)  # noqa: ASYNC251 - as a strategy that computes

    async with rig("okx") as made:
        await made.until_live(3)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(think, name="somebody's strategy")
        info = made.nodes()["watchdog"].info
        assert info["last"] == "somebody's strategy"
        assert info["blocked"]
        await made.watch(2.0)
        assert len(made.live()) == 3


async def test_a_tap_that_raises_costs_no_frame(autojump_clock: MockClock) -> None:
    told: list[str] = []

    def tap(session: str, direction: Direction, url: str, frame: Frame) -> None:
        told.append(session)
        raise KeyError("mine")

    async with venue_context("okx") as (context, _):
        tapped = replace(context, tap=harmless(tap, "okx"))
        connection = Connection(tapped, context.venue.streams[0])
        async with trio.open_nursery() as nursery:
            connection.tell(Subscribe((Topic(Channel.BOOK, BTC),)))
            await nursery.start(connection.run)
            await trio.sleep(5.0)
            assert connection.frames > 10
            nursery.cancel_scope.cancel()
    assert len(told) == 1


def fail(*_: object) -> None:
    raise ZeroDivisionError("out of order")


async def until(nodes: Callable[[], dict[str, Node]], state: State) -> None:
    with trio.fail_after(300):
        while nodes()["detector"].state is not state:
            await trio.sleep(0.5)
