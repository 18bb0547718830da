"""What a person sees of a running engine."""

from io import StringIO
from itertools import pairwise

import pytest
import trio
from rich.console import Console
from trio.testing import MockClock

from actors.detection.opportunity import Phase
from supervisor.terminal.report import in_words, summary, tell
from supervisor.terminal.screen import screen
from tests.system.conftest import Rig, rig
from tests.system.test_engine import PARTING

RECORD = "12:00:00 child_started child=books"


def picture(made: Rig, width: int, height: int) -> list[str]:
    """The lines of the screen."""
    console = Console(file=StringIO(), width=width, height=height)
    drawn = screen(made.engine, "arbitrio", [RECORD] * 30, width, height)
    with console.capture() as capture:
        console.print(drawn, height=height)
    return capture.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 50), (120, 40), (200, 60)])
async def test_the_screen_fits_the_terminal(
    width: int, height: int, autojump_clock: MockClock
) -> None:
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        await made.until_live(6)
        await made.watch(10.0)
        lines = picture(made, width, height)
        assert len(lines) == height
        assert all(len(line) <= width for line in lines)
        text = "\n".join(lines)
        for word in ("BTC/USDT", "binance", "live", "sell on", "refused", "supervisors", RECORD):
            assert word in text


async def test_books_that_are_not_live_come_first_and_say_why(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        made.servers["okx"].drop_connections()
        await trio.testing.wait_all_tasks_blocked()
        lines = [line for line in picture(made, 120, 40) if "BTC/USDT:USDT" in line]
        assert "okx" in lines[0]
        assert "disconnected" in lines[0]
        assert "binance" in lines[1]
        assert "live" in lines[1]


async def test_what_does_not_fit_is_counted(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        text = "\n".join(picture(made, 80, 24))
        assert "and 3 more" in text


async def test_restarts_are_shown_with_their_reason(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        made.servers["okx"].drop_connections()
        await made.watch(5.0)
        await made.until_live(6)
        (line,) = [line for line in picture(made, 200, 60) if "public 1" in line]
        assert "running  restarted 1x: Disconnected" in line
        lines = list(summary(made.engine, 3, 10.0))
        assert "book lost, live again: okx BTC/USDT: disconnected 1" in lines
        assert "3 opportunities opened" in lines
        assert any(line.startswith("restarted: public 1: 1 times") for line in lines)


async def test_a_life_is_told_in_lines(autojump_clock: MockClock) -> None:
    said: list[str] = []
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        with made.engine.opportunities() as changes:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(tell, made.engine, said.append)
                await made.watch(60.0)
                nursery.cancel_scope.cancel()
            changes.close()
            lives = [in_words(one) async for one in changes if one.phase is not Phase.IMPROVED]
    status = [line for line in said if "frames/s" in line]
    assert len(status) in (11, 12)
    assert all("6 of 6 books live" in line for line in status)
    assert [line for line in said if line not in status] == lives
    assert any(line.startswith("opened  #1 buy ") for line in lives)
    assert any(before.startswith("opened") for before, _ in pairwise(lives))
