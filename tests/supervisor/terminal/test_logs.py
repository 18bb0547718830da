"""Where records go: nowhere in a library, to stderr or a screen's memory in the application."""

import json
import logging
import subprocess
import sys

import pytest

from actors.edges.log import Log
from supervisor.terminal.logs import REMEMBERED, log_to_memory, log_to_stderr

log = Log(__name__)

EMBEDDED = """
import trio
from trio.testing import MockClock
from arbitrio import TrioClock, open_engine, open_sandboxes
from supervisor.settings.loading import read_config

async def main():
    config = read_config({"symbols": ["BTC/USDT"], "venues": {"binance": {}, "okx": {}}})
    clock = TrioClock(1_790_000_000 * 10**9)
    async with open_sandboxes(config, clock=clock, in_memory=True) as sandboxes:
        async with open_engine(sandboxes.config, network=sandboxes.network, clock=clock) as engine:
            await engine.until_live("okx", "BTC/USDT")
            for server in sandboxes.servers.values():
                server.drop_connections()
            await trio.sleep(20)
            await engine.until_live("okx", "BTC/USDT")
            print(len(engine.books()))

trio.run(main, clock=MockClock(autojump_threshold=0))
"""


def test_a_library_says_nothing_by_itself() -> None:
    """Connections are lost on the way, of which the application would tell."""
    done = subprocess.run(
        [sys.executable, "-c", EMBEDDED], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("2\n", "", 0)


def test_a_program_around_it_hears_it_by_the_standard_library(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        log.info("book_live", venue="okx", message="no clash with the names of a record")
    (record,) = caplog.records
    assert record.getMessage() == "book_live"
    assert record.name == f"arbitrio.{__name__}"
    assert vars(record)["facts"]["venue"] == "okx"


def test_lines_are_pairs_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr()
    log.info("book_lost", venue="okx", detail='expected "1",\ngot 2', empty="")
    log.warning("next")
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("timestamp=20")
    assert first.endswith(
        r'level=info event=book_lost venue=okx detail="expected \"1\",\ngot 2" empty=""'
    )
    assert second.endswith("level=warning event=next")


def test_lines_may_be_json_with_what_was_raised(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("error", json=True)
    log.warning("not shown")
    try:
        raise ValueError("oh no")
    except ValueError:
        log.exception("tap_failed", venue="okx", strange={1, 2})
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["event"], told["venue"]) == ("error", "tap_failed", "okx")
    assert told["traceback"].endswith("ValueError: oh no")


def test_a_screen_remembers_the_newest(capsys: pytest.CaptureFixture[str]) -> None:
    lines = log_to_memory()
    for number in range(2 * REMEMBERED):
        log.warning("late", number=number)
    assert len(lines) == REMEMBERED
    assert lines[-1].endswith(f" warning: late number={2 * REMEMBERED - 1}")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("level", "is_told"), [("info", False), ("debug", True)])
def test_restarts_of_children_are_for_those_who_look_closely(level: str, is_told: bool) -> None:
    lines = log_to_memory(level)
    supervision = logging.getLogger("arbitrio.supervisor.supervision.siblings")
    supervision.warning("child_exited")
    supervision.error("child_parked")
    assert any("child_exited" in line for line in lines) is is_told
    assert any("child_parked" in line for line in lines)
