"""The plugin, as pytest loads it from an installation, in runs of their own."""

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from actors.books.order_book import BookNotLive
from actors.sandbox.faults import FrameFault
from exchanges.market.events import BookLost, Top
from supervisor.settings.config import Config, VenueConfig
from supervisor.testing.opening import OpenEngine, OpenSandbox
from supervisor.testing.tail import LINES, keep_tail

GUIDE = (Path(__file__).parents[3] / "docs" / "testing-your-program.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", GUIDE, re.M | re.S)
CALLS = re.findall(r"^\| `(\w[\w.]*\(.*?\))` \|", GUIDE, re.M)

NAME, SYMBOL = "okx", "BTC/USDT"
CONFIG = Config(symbols=[SYMBOL], venues={NAME: VenueConfig()})

WITHOUT_TRIO = ("-p", "no:trio")
SETTINGS = "[pytest]\naddopts = -p no:cacheprovider\nfilterwarnings = error\n"

SAYS = """
import pytest
from actors.edges.log import Log

def say(count):
    for number in range(count):
        Log("test").info("said", number=number)

def test_that_fails(sandbox):
    say(100)
    raise AssertionError

def test_that_passes(sandbox):
    say(1)

def test_without_the_fixtures():
    say(3)
    raise AssertionError

def test_that_says_nothing(engine):
    raise AssertionError

@pytest.fixture
def broken(virtual_clock):
    say(2)
    raise ValueError

def test_that_cannot_begin(broken):
    pass
"""
LOADS_NOTHING = """
import sys

def test_nothing_of_arbitrio_but_the_plugin():
    assert "supervisor.testing.plugin" in sys.modules
    heavy = {"trio", "msgspec", "exchanges", "actors", "arbitrio", "supervisor.testing.opening"}
    assert not heavy & {*sys.modules}
"""


def run_pytest(folder: Path, test: str, *options: str, settings: str = "") -> tuple[int, str]:
    """Exit code and output of pytest over one file in a folder that has nothing else."""
    (folder / "test_it.py").write_text(test)
    (folder / "pytest.ini").write_text(SETTINGS + settings)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def sections(output: str) -> dict[str, list[str]]:
    """Lines of the section of arbitrio, by the test that failed."""
    found: dict[str, list[str]] = {}
    test, lines = "", list[str]()
    for line in output.splitlines():
        if head := re.fullmatch(r"_+ (?:ERROR at setup of )?(\w+) _+", line):
            test, lines = head[1], []
        elif re.fullmatch(r"-+ arbitrio -+", line):
            lines = found.setdefault(test, [])
        elif re.match(r"[-=]{3,}", line):
            lines = []
        else:
            lines.append(line)
    return found


def test_the_guide_has_two_tests_and_the_faults() -> None:
    assert ["async def test_" in program for program in PROGRAMS] == [True, False]
    assert len(CALLS) == 4


def test_the_first_test_of_the_guide_runs_as_it_stands(tmp_path: Path) -> None:
    code, output = run_pytest(tmp_path, PROGRAMS[0], settings="trio_mode = true\n")
    assert (code, "1 passed" in output) == (0, True), output


def test_the_second_needs_no_other_plugin(tmp_path: Path) -> None:
    code, output = run_pytest(tmp_path, PROGRAMS[1], *WITHOUT_TRIO)
    assert (code, "1 passed" in output) == (0, True), output


def test_a_run_without_our_fixtures_loads_nothing_of_ours(tmp_path: Path) -> None:
    # The plugin of anyio imports trio for itself.
    code, output = run_pytest(tmp_path, LOADS_NOTHING, *WITHOUT_TRIO, "-p", "no:anyio")
    assert (code, "1 passed" in output) == (0, True), output


def test_a_failed_test_shows_the_newest_lines_of_the_log(tmp_path: Path) -> None:
    code, output = run_pytest(tmp_path, SAYS)
    assert (code, "3 failed, 1 passed, 1 error" in output) == (1, True), output
    shown = sections(output)
    assert set(shown) == {"test_that_fails", "test_that_cannot_begin"}
    assert [line.split() for line in shown["test_that_fails"]] == [
        ["info", "said", f"number={number}"] for number in range(100 - LINES, 100)
    ]
    assert len(shown["test_that_cannot_begin"]) == 2


async def test_lines_tell_the_time_of_the_test_and_what_was_raised(
    virtual_clock: MockClock,
) -> None:
    logger = logging.getLogger("arbitrio.test")
    with keep_tail() as lines:
        await trio.sleep(1.5)
        logger.debug("too_little")
        facts = {"venue": NAME, "detail": "two\nlines"}
        logger.error("failed", exc_info=ValueError("oh\nno"), extra={"facts": facts})
    assert list(lines) == [
        rf'     1.500 s error   failed venue={NAME} detail="two\nlines" '
        r"raised=ValueError('oh\nno')"
    ]


@pytest.mark.parametrize(("before", "within"), [(0, 20), (10, 10), (30, 20)])
def test_the_log_is_as_it_was_afterwards(before: int, within: int) -> None:
    """Whoever hears more than we want still does, within and after."""
    logger = logging.getLogger("arbitrio")
    logger.setLevel(before)
    handlers = list(logger.handlers)
    with keep_tail():
        assert logger.level == within
    assert (logger.level, logger.handlers) == (before, handlers)


def test_a_seed_gives_the_same_market_and_another_another(
    sandbox: OpenSandbox, engine: OpenEngine
) -> None:
    async def bids(seed: int) -> list[tuple[float, float]]:
        async with sandbox(CONFIG, seed=seed) as venues, engine(venues) as running:
            with trio.fail_after(60.0):
                return (await running.until_live(NAME, SYMBOL)).bids(5)

    first, again, other = (
        trio.run(bids, seed, clock=MockClock(autojump_threshold=0)) for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize("call", CALLS)
async def test_every_fault_of_the_guide_is_noticed_and_healed(
    call: str, virtual_clock: MockClock, sandbox: OpenSandbox, engine: OpenEngine
) -> None:
    async with sandbox(CONFIG) as venues, engine(venues) as running:
        server = venues.servers[NAME]
        with trio.fail_after(120.0), running.tops.listen(is_loss) as losses:
            book = await running.until_live(NAME, SYMBOL)
            eval(f"server.{call}", {"server": server, "FrameFault": FrameFault})
            if call.startswith("fall_silent"):
                await trio.sleep(10.0)
                with pytest.raises(BookNotLive, match="old"):
                    book.top(max_age_s=5.0)
            if call.startswith("refuse_connections"):
                server.drop_connections()
                await trio.sleep(10.0)
                assert not book.is_live
            assert await anext(losses)
            await running.until_live(NAME, SYMBOL)


def is_loss(news: Top | BookLost) -> bool:
    return isinstance(news, BookLost)
