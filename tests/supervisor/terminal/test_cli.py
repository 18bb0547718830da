"""Tests of `supervisor.terminal.cli` and its commands: what is printed, and the exit codes."""

import gzip
import json
import os
import subprocess
import sys
import tomllib
from functools import partial
from itertools import product
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import pytest
import trio

from exchanges import VENUES
from supervisor.settings.config import Config, effective
from supervisor.settings.loading import read_config
from supervisor.system.sandboxes import open_sandboxes
from supervisor.terminal.cli import main

USAGE_ERROR = 2
LANES = ("websockets", "trio-websocket")
GOOD = 'symbols = ["BTC/USDT", "ETH/USDT"]\n[venues.binance]\n[venues.okx]\n'
ENOUGH_BYTES = 50_000  # all books have begun by then
QUOTES = "ts,venue,symbol,bid,bid_qty,ask,ask_qty\n"


def refusal(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> str:
    """The one line that a wrong wish is answered with."""
    assert main([str(one) for one in argv]) == USAGE_ERROR
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


def usage(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The last line of what a wrong command line is answered with."""
    with pytest.raises(SystemExit) as exit_:
        main(argv)
    assert exit_.value.code == USAGE_ERROR
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1]


# The command line.


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("nope", "invalid choice: 'nope'"),
        ("check", "the following arguments are required: CONFIG.toml"),
        ("demo extra", "unrecognized arguments: extra"),
        ("replay", "the following arguments are required: FILE"),
        ("replay x --fees some", "argument --fees: invalid choice: 'some'"),
        ("replay x --open-bps nan", "argument --open-bps: 'nan' is not a number"),
        ("replay x --close-bps few", "argument --close-bps: 'few' is not a number"),
        ("replay x --max-age 0", "argument --max-age: '0' is not a time in seconds above 0"),
        ("replay x --speed -1", "argument --speed: '-1' is not a factor above 0"),
        ("record x", "the following arguments are required: -o/--output"),
        (
            "record x -o y.txt",
            "argument -o/--output: 'y.txt' does not end in one of .jsonl, .jsonl.gz, .jsonl.zst",
        ),
        ("demo --seconds 0", "argument --seconds: '0' is not a time in seconds above 0"),
        ("demo --seed x", "argument --seed: invalid int value: 'x'"),
        ("bench --frames 5", "unrecognized arguments: --frames 5"),
        ("bench --recording", "argument --recording: expected one argument"),
    ],
)
def test_a_wrong_command_line_is_told(
    line: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert problem in usage(capsys, *line.split())


@pytest.mark.parametrize("argv", [["--help"], ["replay", "--help"]])
def test_help_imports_no_venue(argv: list[str]) -> None:
    program = (
        "import sys; from supervisor.terminal.cli import main\n"
        f"try: main({argv})\n"
        "finally: print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.startswith(b"usage: arbitrio")
    modules = set(done.stderr.decode().split())
    assert "supervisor.terminal.cli" in modules
    assert not modules & {f"exchanges.{name}" for name in VENUES}
    assert not modules & {"trio", "rich", "google.protobuf"}


# Files that cannot be read or written.


@pytest.mark.parametrize("command", ["check", "run", "record"])
def test_a_configuration_that_cannot_be_read_is_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["-o", str(tmp_path / "x.jsonl")] if command == "record" else []
    missing, folder, other = tmp_path / "missing.toml", tmp_path, tmp_path / "other.toml"
    other.write_bytes(gzip.compress(GOOD.encode()))
    assert refusal(capsys, command, missing, *more) == f"{missing}: No such file or directory"
    assert refusal(capsys, command, folder, *more) == f"{folder}: Is a directory"
    assert refusal(capsys, command, other, *more).startswith(f"{other}: not a TOML file: ")


@pytest.mark.parametrize("command", ["check", "replay"])
def test_a_file_that_may_not_be_read_is_one_line(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "secret"

    opened = Path.open

    def refuse(wanted: Path, *args: Any, **kwargs: Any) -> Any:
        if wanted == path:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(wanted, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(capsys, command, path) == f"{path}: Permission denied"


@pytest.mark.parametrize("command", [["replay"], ["bench", "--quick", "--recording"]])
def test_a_recording_that_cannot_be_read_is_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, empty, cut = (tmp_path / name for name in ("missing", "empty", "cut.gz"))
    empty.touch()
    cut.write_bytes(gzip.compress(QUOTES.encode())[:-9])
    assert refusal(capsys, *command, missing) == f"{missing}: No such file or directory"
    assert refusal(capsys, *command, tmp_path) == f"{tmp_path}: Is a directory"
    assert refusal(capsys, *command, empty) == f"{empty}: holds nothing"
    assert refusal(capsys, *command, cut).startswith(f"{cut}: damaged: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{QUOTES}1,mexc,BTCUSDT,1,1,x,1\n", ", line 2: Expected `float`, got `str` - at `$.ask`"),
        ("ts,venue\n", ": no column 'symbol'; quotes have "),
        ('{"ts":1}\n', ", line 1: Object missing required field `venue`"),
        (
            '{"ts":1,"venue":"nope","conn":"ws.1","dir":"recv","data":""}\n',
            "no venue here reads recordings of 'nope'",
        ),
    ],
)
def test_a_recording_that_holds_nonsense_is_one_line(
    text: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert problem in refusal(capsys, "replay", path)


def test_settings_of_a_replay_that_contradict_each_other_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, config = tmp_path / "file.csv", tmp_path / "config.toml"
    file.write_text(QUOTES)
    told = refusal(capsys, "replay", file, "--open-bps", "0", "--close-bps", "5")
    assert told.startswith("configuration: detector.close_bps: 5 is above open_bps = 0")
    config.write_text(f"{GOOD}[detector]\nopen_bps = 3\n")
    told = refusal(capsys, "replay", file, "--close-bps", "5", "--config", config)
    assert told.startswith(f"{config}: detector.close_bps: 5 is above open_bps = 3")


def test_a_recording_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(effective(on_loopback()))
    taken = tmp_path / "taken.jsonl"
    taken.mkdir()
    nowhere = tmp_path / "nowhere" / "file.jsonl"
    assert refusal(capsys, "record", config, "-o", taken) == f"{taken}: Is a directory"
    told = refusal(capsys, "record", config, "-o", nowhere)
    assert told == f"{nowhere}: No such file or directory"


def on_loopback() -> Config:
    """A configuration whose venue is a closed port of this machine."""
    urls = VENUES["okx"].endpoints["production"]
    own = {name: "http://127.0.0.1:9" if name == "rest" else "ws://127.0.0.1:9" for name in urls}
    return read_config({"symbols": ["BTC/USDT"], "venues": {"okx": {"endpoints": own}}})


# Commands.


def test_a_good_configuration_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    assert main(["check", str(path)]) == 0
    counts = "2 venues, 4 markets, 2 groups of markets to compare"
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: good; {counts}",
        "  compared: binance BTC/USDT, okx BTC/USDT",
        "  compared: binance ETH/USDT, okx ETH/USDT",
    ]


def test_check_says_by_which_rates_markets_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "quotes.toml"
    path.write_text(
        """
        [venues.okx]
        symbols = ["BTC/USDT"]
        [venues.kraken]
        symbols = ["BTC/USD"]
        """,
        "utf-8",
    )
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  compared: okx BTC/USDT, kraken BTC/USD",
        "  by rates of: USDT/USD, wherever they are traded",
    ]


def test_the_effective_configuration_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    assert main(["check", str(path), "--effective"]) == 0
    printed = tomllib.loads(capsys.readouterr().out)
    assert read_config(printed) == read_config(tomllib.loads(GOOD))
    assert printed["detector"]["open_bps"] == 5.0
    assert printed["venues"]["okx"]["environment"] == "production"


@pytest.mark.parametrize("more", [[], ["--effective"]])
def test_every_mistake_of_a_configuration_is_a_line(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("simbols = []\nrefresh_s = 1\n[venues.okx]\nproxi = 'x'\n")
    assert main(["check", str(path), *more]) == USAGE_ERROR
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{path}: simbols: no such setting; did you mean 'symbols'?",
        f"{path}: refresh_s: 1 does not fit: expected `float` >= 10.0",
        f"{path}: venues.okx.proxi: no such setting; did you mean 'proxy'?",
    ]


def test_a_venue_that_the_demo_does_not_know_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told = refusal(capsys, "demo", "--venues", "okx,binanse")
    assert told == "configuration: --venues: binanse: no such venue; did you mean 'binance'?"


@pytest.mark.loopback
@pytest.mark.parametrize("lane", LANES)
def test_the_demo_runs_in_both_lanes(
    lane: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "demo.toml"
    path.write_text(f"transport = {lane!r}\n{GOOD}")
    monkeypatch.setattr("supervisor.terminal.demo_config._PLACES", (path,))
    assert main(["demo", "--seconds", "1", "--plain", "--calm"]) == 0
    # On a slow machine prices are old enough for an opportunity, which is told before.
    lines = capsys.readouterr().out.splitlines()
    (summary,) = (line for line in lines if " frames in " in line)
    assert int(summary.split()[0]) > 0


@pytest.mark.loopback
async def test_what_is_recorded_until_somebody_ends_it_can_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, file, said = (tmp_path / name for name in ("config.toml", "file.jsonl", "said"))
    command = [sys.executable, "-m", "arbitrio", "record", str(config), "-o", str(file)]
    async with (
        open_sandboxes(read_config(tomllib.loads(GOOD))) as sandboxes,
        trio.open_nursery() as nursery,
    ):
        config.write_text(effective(sandboxes.config))
        with said.open("wb") as out, trio.fail_after(20):
            run = partial(trio.run_process, command, stdout=out, stderr=DEVNULL)
            process: trio.Process = await nursery.start(run)
            while not file.exists() or file.stat().st_size < ENOUGH_BYTES:
                await trio.sleep(0.05)
            process.terminate()
            assert await process.wait() == 0
    assert await trio.to_thread.run_sync(main, ["replay", str(file), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert said.read_text() == f"{file}: {report['frames']} frames, 0 lost\n"
    assert report["unparsed"] == 0
    books = {(book["venue"], book["symbol"]): book for book in report["books"]}
    assert set(books) == set(product(("binance", "okx"), ("BTC/USDT", "ETH/USDT")))
    assert all(book["live"] and not book["gaps"] for book in books.values())


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("arbitrio ")


def test_one_venue_is_listed_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["venues", "kraken"]) == 0
    out, _ = capsys.readouterr()
    assert "kraken" in out
    assert "binance" not in out
    assert main(["venues", "krakn"]) == 2
    _, err = capsys.readouterr()
    assert err == "krakn: no such venue; did you mean 'kraken'?\n"


@pytest.mark.loopback
def test_a_run_that_hears_of_nobody_fails_and_says_of_whom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = "127.0.0.1:9"
    path = tmp_path / "config.toml"
    path.write_text(
        f"""
        symbols = ["BTC/USDT"]
        [venues.mexc]
        endpoints = {{ rest = "http://{nobody}", stream = "ws://{nobody}" }}
        """
    )
    assert main(["run", str(path), "--seconds", "1", "--plain", "-q"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "nothing was heard of any venue" in lines
    assert [line for line in lines if line.startswith("not up: mexc BTC/USDT is not live: ")]


def test_what_stdout_cannot_show_is_spelled() -> None:
    code = "from supervisor.terminal.cli import main; main(['venues', 'okx']); print('币')"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith(b"\\u5e01\n")
