"""Signals and broken pipes: a clean line and an exit code, whenever they come."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random
from time import monotonic, sleep

import pytest

from tests.processes import heed_interrupts

WAITED_S = 60.0
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
COMMANDS = ("demo", "verify", "bench", "replay", "record", "run")
# Each command at four moments, of which some are in its start-up and some in its midst.
MOMENTS = [(command, seed) for command in COMMANDS for seed in range(4)]


def command_line(command: str, folder: Path) -> list[str]:
    match command:
        case "demo":
            more = ["--plain", "--venues", "binance,okx"]
        case "verify":
            more = ["okx", "kraken", "--jobs", "2"]
        case "bench":
            more = ["--quick"]
        case "replay":
            file = folder / "quotes.csv"
            rows = [f"{1 + n / 1e3:.3f},okx,BTC-USDT,{1 + n % 7},1,9,1\n" for n in range(150_000)]
            file.write_text("ts,venue,symbol,bid,bid_qty,ask,ask_qty\n" + "".join(rows))
            more = [str(file)]
        case _:
            config = folder / "config.toml"
            urls = "rest = 'http://127.0.0.1:9'\npublic = 'ws://127.0.0.1:9'\n"
            config.write_text(f'symbols = ["BTC/USDT"]\n[venues.okx.endpoints]\n{urls}')
            out = ["-o", str(folder / "file.jsonl.gz")] if command == "record" else []
            more = [str(config), *out]
    return [sys.executable, "-m", "arbitrio", command, *more]


def wait_until_it_listens(process: subprocess.Popen[str]) -> None:
    """Before our first line Python itself obeys, in its own way."""
    status, give_up_s = Path(f"/proc/{process.pid}/status"), monotonic() + WAITED_S
    bit = 1 << (signal.SIGTERM - 1)
    while process.poll() is None and monotonic() < give_up_s:
        (caught,) = (line for line in status.read_text().splitlines() if line[:7] == "SigCgt:")
        if int(caught.split()[1], 16) & bit:
            return
        sleep(0.005)


def wait_until_nobody_is_left(group: int) -> None:
    """What counts a pool's resources ends a moment after the pool."""
    give_up_s = monotonic() + WAITED_S
    with suppress(ProcessLookupError):
        while monotonic() < give_up_s:
            os.killpg(group, 0)
            sleep(0.01)
        raise AssertionError(f"somebody of {group} is left behind")


@pytest.mark.loopback
@pytest.mark.parametrize(("command", "seed"), MOMENTS)
def test_a_signal_ends_a_command_cleanly_at_any_moment(
    command: str, seed: int, tmp_path: Path
) -> None:
    chance = Random(f"{command} {seed}")
    number = chance.choice((signal.SIGINT, signal.SIGTERM))
    times, after_s = chance.choice((1, 2)), chance.uniform(0.0, 2.5) * (seed / 3)
    process = subprocess.Popen(
        command_line(command, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    wait_until_it_listens(process)
    sleep(after_s)
    for _ in range(times):
        os.killpg(process.pid, number)  # as a terminal does
    out, err = process.communicate(timeout=WAITED_S)
    told = f"{command} {number.name} x{times} after {after_s:.3f} s: {process.returncode}\n{err}"
    for sign in ("Traceback", "Exception ignored", "Warning"):
        assert sign not in err, told
    if process.returncode == 128 + number:
        assert err.splitlines()[-1] == WORDS[number], told
    else:  # it had a result to tell
        is_heard_of = command in ("run", "record")
        heard_nothing = is_heard_of and "nothing was heard of any venue" in out + err
        assert process.returncode == (1 if heard_nothing else 0), told
        assert command in ("demo", "run", "record", "replay"), told
        assert out, told
    wait_until_nobody_is_left(process.pid)


@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.parametrize("command", [["venues"], ["venues", "--json"], ["replay"]])
def test_a_reader_that_goes_away_is_no_failure_to_speak_of(
    command: list[str], lines: int, tmp_path: Path
) -> None:
    if command == ["replay"]:
        file = tmp_path / "file.csv"
        rows = [f"1,okx,{number}-USDT,1,1,2,1\n" for number in range(3_000)]
        file.write_text("ts,venue,symbol,bid,bid_qty,ask,ask_qty\n" + "".join(rows))
        command = ["replay", str(file)]
    process = subprocess.Popen(
        [sys.executable, "-m", "arbitrio", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    for _ in range(lines):
        assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(WAITED_S) in (0, 1)


def test_who_ignores_interrupts_goes_on_doing_so(tmp_path: Path) -> None:
    """As a shell starts what is to run in the background."""
    code = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "os.execv(sys.executable, [sys.executable, '-m', 'arbitrio', 'venues', '--json'])"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    wait_until_it_listens(process)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=WAITED_S)
    assert process.returncode == 0
    assert out.startswith("[")


def test_who_ends_without_cleaning_leaves_the_terminal_as_it_was() -> None:
    code = (
        "import os\n"
        "from supervisor.terminal.signals import end_here, undone_at_the_end\n"
        "with undone_at_the_end(lambda: print('over', flush=True)):\n"
        "    pass\n"
        "undo = lambda: os.write(1, b'undone')\n"
        "with undone_at_the_end(lambda: 1 / 0), undone_at_the_end(undo):\n"
        "    end_here(2, None)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=WAITED_S
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "undone", "interrupted\n")
