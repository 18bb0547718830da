"""The README's programs, run as they stand there, against sandboxes in virtual time."""

import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable
from functools import partial
from inspect import CO_COROUTINE
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
import trio
from trio.testing import MockClock

import arbitrio
from supervisor.settings.loading import load_config
from supervisor.system.exchange import open_exchange
from tests.system.conftest import rig
from tests.system.test_engine import PARTING

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)


def compiled(program: str) -> CodeType:
    code: CodeType = compile(program, "README.md", "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


async def until_printed(
    run: Callable[[], Any], wanted: str, capsys: pytest.CaptureFixture[str]
) -> str:
    """What a program that goes on for ever prints up to a line with some text."""
    printed = ""
    with trio.fail_after(300.0):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            while wanted not in printed:
                await trio.sleep(1.0)
                printed += capsys.readouterr().out
            nursery.cancel_scope.cancel()
    return printed


def test_the_readme_has_a_program_for_an_engine_and_one_for_a_venue() -> None:
    assert ["open_engine" in one for one in PROGRAMS] == [True, False]
    assert ["open_exchange" in one for one in PROGRAMS] == [False, True]


async def test_the_first_program_of_the_readme_runs_as_it_stands(
    autojump_clock: MockClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        asked: list[str] = []

        def load(path: str) -> Any:
            asked.append(path)
            load_config(path)
            return made.engine.config

        monkeypatch.setattr(arbitrio, "load_config", load, raising=False)
        # It brings its own loop, and here is one.
        monkeypatch.setattr(trio, "run", lambda main: None)
        names: dict[str, Any] = {}
        network, clock = made.network, made.engine.clock
        opened = partial(arbitrio.open_engine, network=network, clock=clock)
        monkeypatch.setattr(arbitrio, "open_engine", opened, raising=False)
        exec(compiled(PROGRAMS[0]), names)
        printed = await until_printed(names["main"], "opened buy", capsys)
    assert asked == ["examples/live.toml"]
    assert " bp, " in printed


async def test_the_program_for_one_venue_runs_as_it_stands(
    autojump_clock: MockClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig("kucoin", symbols=["BTC/USDT"]) as made:
        endpoints = made.engine.config.venues["kucoin"].endpoints
        opened = partial(
            open_exchange, endpoints=endpoints, network=made.network, clock=made.engine.clock
        )
        monkeypatch.setattr(arbitrio, "open_exchange", opened, raising=False)
        code = compiled(PROGRAMS[1])
        assert code.co_flags & CO_COROUTINE
        printed = await until_printed(lambda: eval(code, {}), "kucoin BTC/USDT Top", capsys)
    assert "kucoin BTC/USDT Ticker: last" in printed
