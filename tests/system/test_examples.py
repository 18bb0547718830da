"""The programs and configurations in `examples`, run as a reader would run them."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from trio.testing import MockClock

from exchanges import VENUES
from supervisor.settings.loading import load_config
from supervisor.system.exchange import open_exchange
from tests.system.conftest import Rig, rig
from tests.system.test_engine import PARTING

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = sorted(path.stem for path in EXAMPLES.glob("*.py"))


async def run(program: str, made: Rig) -> None:
    """The part of an example that uses the engine."""
    module = import_module(f"examples.{program}")
    match program:
        case "watch_opportunities":
            await module.watch(made.engine, count=3)
        case "consolidated_price":
            await module.watch(made.engine, times=3)
        case "changing_symbols":
            await module.change(made.engine)
        case "one_venue":
            endpoints = made.engine.config.venues["okx"].endpoints
            clock, network = made.engine.clock, made.network
            async with open_exchange(
                "okx", endpoints=endpoints, clock=clock, network=network
            ) as exchange:
                await module.look(exchange, times=3)
        case "own_actor":
            assert len(await module.watch(made.engine)) >= 6


@pytest.mark.parametrize("program", PROGRAMS)
async def test_every_program_does_what_it_says(
    program: str, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {
        "watch_opportunities": "closed after",
        "consolidated_price": "10 BTC cost",
        "changing_symbols": "okx connections: running",
        "one_venue": "funding",
        "own_actor": "",
    }
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        await made.until_live(6)
        if program == "changing_symbols":
            await made.engine.remove("binance", "ETH/USDT")
        await run(program, made)
    assert expected[program] in capsys.readouterr().out


@pytest.mark.loopback
def test_a_program_runs_as_its_head_says() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "consolidated_price.py")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith("10 BTC cost") for line in lines) == 6
    assert any(line.startswith("without okx: okx BTC/USDT is not live") for line in lines)


@pytest.mark.parametrize("name", ["demo", "live"])
def test_configurations_are_valid(name: str) -> None:
    config = load_config(EXAMPLES / f"{name}.toml")
    assert set(config.venues) <= set(VENUES)
    assert len(config.venues) >= 4
