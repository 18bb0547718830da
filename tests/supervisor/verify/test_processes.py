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
from tests.processes import heed_interrupts

WAITED_S = 60.0
"""More than anything here takes, on however busy a machine."""

ROOT = Path(__file__).parents[3]


notes: list[str] = []


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    notes.clear()


def work(task: int | str) -> int:
    """Tasks above 100 do something else than ours: they raise, die, or never end.

    A path is that of a file whose absence is deadly, for once.
    """
    if isinstance(task, str):
        return kill_once(Path(task))
    match task:
        case 101:
            raise ValueError("oh no")
        case 102:
            os._exit(9)
        case 103:
            sleep(10 * WAITED_S)
    sleep(0.2 if task == 1 else 0.0)
    return task * 10


def kill_once(file: Path) -> int:
    if not file.exists():
        file.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


def died(task: int | str) -> int:
    assert isinstance(task, int)
    return -task


def test_results_come_in_the_order_of_their_tasks() -> None:
    assert list(run_apart(work, [1, 2, 3, 4], 2, died, notes.append)) == [10, 20, 30, 40]
    assert not active_children()


def test_a_process_that_dies_is_told_and_costs_the_others_nothing() -> None:
    assert list(run_apart(work, [1, 102, 3], 2, died, notes.append)) == [10, -102, 30]
    assert not active_children()


def test_one_killed_process_is_told_and_the_rest_goes_on_in_new_ones(tmp_path: Path) -> None:
    tasks = [1, str(tmp_path / "file"), *range(3, 9)]
    assert list(run_apart(work, tasks, 2, died, notes.append)) == [10, 1, *range(30, 90, 10)]
    (note,) = notes
    assert note.startswith("a process has died; ")
    assert note.endswith(" tasks go on in new ones")
    assert not active_children()


def test_a_deadly_task_is_told_twice_and_found() -> None:
    assert list(run_apart(work, [102, 3], 2, died, notes.append)) == [-102, 30]
    assert [note.partition(";")[0] for note in notes] == [
        "a process has died",
        "a process has died again",
    ]


def test_what_a_task_raises_comes_out() -> None:
    results = run_apart(work, [1, 101, 103], 2, died, notes.append)
    assert next(results) == 10
    with pytest.raises(ValueError, match="oh no"):
        next(results)
    assert not active_children()


def test_nobody_is_left_when_the_reader_leaves() -> None:
    with closing(run_apart(work, [1, 103, 103], 2, died, notes.append)) as results:
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
        preexec_fn=heed_interrupts,
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


ALONE = """
import sys
from tests.supervisor.verify.test_processes import died, run_apart, work
try:
    for result in run_apart(work, [102, 103], 2, died, print):
        print(result, flush=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are found in /proc")
def test_an_interrupt_is_quiet_while_tasks_are_done_one_at_a_time(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with (
        output.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-c", ALONE],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=heed_interrupts,
        ) as program,
    ):
        try:
            until(lambda: output.read_text().endswith("-102\n"))
            until(lambda: len(group_of(program.pid)) >= 3)  # and one that counts resources
            sleep(0.5)  # the new one is on its way into its task
            os.killpg(program.pid, signal.SIGINT)
            _, errors = program.communicate(timeout=WAITED_S)
        finally:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
        until(lambda: not group_of(program.pid))
    assert (program.returncode, errors) == (130, "")


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
