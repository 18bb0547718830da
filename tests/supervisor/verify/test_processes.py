"""Work in several processes: its order, what it raises, and who is left when it ends early."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path
from time import monotonic, sleep

import pytest

from supervisor.verify.processes import run_apart

WAITED_S = 60.0
"""More than anything here takes, on however busy a machine."""

ROOT = Path(__file__).parents[3]


def work(task: int) -> int:
    """Tasks above 100 do something else than ours: they raise, die, or never end."""
    match task:
        case 101:
            raise ValueError("oh no")
        case 102:
            os._exit(9)
        case 103:
            sleep(10 * WAITED_S)
    sleep(0.2 if task == 1 else 0.0)
    return task * 10


def died(task: int) -> int:
    return -task


def test_results_come_in_the_order_of_their_tasks() -> None:
    assert list(run_apart(work, [1, 2, 3, 4], 2, died)) == [10, 20, 30, 40]
    assert not active_children()


def test_a_process_that_dies_is_told_and_costs_the_others_nothing() -> None:
    assert list(run_apart(work, [1, 102, 3], 2, died)) == [10, -102, 30]
    assert not active_children()


def test_what_a_task_raises_comes_out() -> None:
    results = run_apart(work, [1, 101, 103], 2, died)
    assert next(results) == 10
    with pytest.raises(ValueError, match="oh no"):
        next(results)
    assert not active_children()


def test_nobody_is_left_when_the_reader_leaves() -> None:
    with closing(run_apart(work, [1, 103, 103], 2, died)) as results:
        assert next(results) == 10
    assert not active_children()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are found in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_early_end_is_quiet_and_leaves_no_process(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "arbitrio", "verify", "--jobs", "2"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever started us may have it ignored, and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as program:
        until(lambda: len(group_of(program.pid)) >= 4)  # and one that counts resources
        if number is signal.SIGINT:
            os.killpg(program.pid, number)  # as a terminal does
        else:
            program.send_signal(number)
        try:
            _, told = program.communicate(timeout=WAITED_S)
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
        until(lambda: not group_of(program.pid))
    assert "Traceback" not in told
    if number is signal.SIGINT:
        assert (program.returncode, told) == (130, "interrupted\n")


def until(is_so: Callable[[], bool]) -> None:
    end_s = monotonic() + WAITED_S
    while not is_so():
        assert monotonic() < end_s
        sleep(0.05)


def group_of(leader: int) -> list[int]:
    """The living processes of a group."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it has just ended
        if int(group) == leader and state != "Z":
            found.append(int(stat.parent.name))
    return found
