"""`arbitrio sandbox`, as a process that other programs are pointed at."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import trio

from supervisor.settings.loading import load_config
from supervisor.system.engine import open_engine
from supervisor.terminal.cli import main
from tests.processes import heed_interrupts

PATIENCE_S = 60.0


@contextmanager
def served(*options: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """A running command and what it printed."""
    command = [sys.executable, "-m", "arbitrio", "sandbox", "--json", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_it_serves_until_it_is_stopped_and_ends_without_a_word() -> None:
    with served("--venues", "okx, binance") as (process, told):
        assert told["format"] == 1
        assert list(told["venues"]) == ["okx", "binance"]
        rest, public, *_ = told["venues"]["okx"]["endpoints"]
        assert (rest["role"], rest["kind"], public["kind"]) == ("rest", "rest", "ws")
        assert {"https://www.okx.com", "https://openapi.okx.com"} <= set(rest["replaces"])
        with urlopen(f"{rest['url']}/api/v5/public/time", timeout=10) as reply:
            assert json.load(reply)["code"] == "0"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_every_prefix_of_production_belongs_to_one_endpoint() -> None:
    with served("--venues", "all") as (_, told):
        for name, venue in told["venues"].items():
            prefixes = [base for one in venue["endpoints"] for base in one["replaces"]]
            assert len(prefixes) == len(set(prefixes)), name
            assert len({one["url"] for one in venue["endpoints"]}) == len(venue["endpoints"])
            assert not any(url.endswith("/") for url in prefixes)
            assert venue["symbols"]


def test_the_configuration_that_it_writes_watches_its_venues(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    with served("--venues", "okx", "--config", str(file)):
        assert main(["check", str(file)]) == 0

        async def watch() -> None:
            with trio.fail_after(PATIENCE_S):
                async with open_engine(load_config(file)) as engine:
                    await engine.until_live("okx", "BTC/USDT")

        trio.run(watch)


def test_a_port_is_that_of_the_first_venue() -> None:
    with served("--venues", "okx,bybit") as (_, told):
        taken = told["venues"]["okx"]["endpoints"][0]["url"].split("/")[2].rsplit(":")[1]
        with pytest.raises(SystemExit):
            main(["sandbox", "--port", "65536"])
        assert main(["sandbox", "--venues", "okx", "--port", taken]) == 2


def test_a_configuration_that_is_there_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("# mine")
    assert main(["sandbox", "--venues", "okx", "--config", str(path)]) == 2
    assert capsys.readouterr().err == f"{path}: is there already; --force replaces it\n"
    assert path.read_text() == "# mine"
