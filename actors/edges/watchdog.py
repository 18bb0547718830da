"""Who blocks the loop: every actor shares one thread, and one that computes for long stops all.

An instrument of trio times each step of each task. While one takes too long a thread, which runs
beside it, looks where it is.
"""

import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from time import perf_counter
from typing import Final

import trio

from actors.edges.log import Log

LINES: Final = 6
"""How many of the innermost calls are told."""

log = Log(__name__)


class Watchdog(trio.abc.Instrument):
    """Counts steps of more than `bound_s`, and tells of each which task took it, and where.

    Attributes:
        blocked: how many there were.
        longest_s: the longest of them.
        last: the task of the last one.
    """

    def __init__(self, bound_s: float) -> None:
        self.blocked = 0
        self.longest_s = 0.0
        self.last = ""
        self._bound_s = bound_s
        self._began_s = 0.0  # of the step that runs; 0 between steps
        self._where: tuple[float, str] = (0.0, "")  # of the step that began then
        self._loop = 0  # the thread of the loop
        self._over = threading.Event()

    def inspect(self) -> Mapping[str, object]:
        """For the live tree."""
        longest_ms = round(self.longest_s * 1e3, 1)
        return {"blocked": self.blocked, "longest_ms": longest_ms, "last": self.last}

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Watch until cancelled."""
        self._loop = threading.get_ident()
        self._over = threading.Event()
        self._began_s = 0.0
        thread = threading.Thread(target=self._look, args=(self._over,), daemon=True)
        trio.lowlevel.add_instrument(self)
        thread.start()
        try:
            task_status.started()
            await trio.sleep_forever()
        finally:
            self._over.set()
            with suppress(KeyError):  # trio takes out what fails by itself
                trio.lowlevel.remove_instrument(self)

    # Called by trio for every step; what is not needed then is not done here.

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._began_s = perf_counter()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        began_s, self._began_s = self._began_s, 0.0
        took_s = perf_counter() - began_s
        if took_s > self._bound_s and began_s:
            self._tell(task, took_s, self._where[1] if self._where[0] == began_s else "")

    def _tell(self, task: trio.lowlevel.Task, took_s: float, where: str) -> None:
        self.blocked += 1
        self.longest_s = max(self.longest_s, took_s)
        self.last = task.name
        log.warning(
            "loop_blocked",
            task=task.name,
            for_ms=round(took_s * 1e3, 1),
            where=where,
        )

    # In the thread.

    def _look(self, over: threading.Event) -> None:
        while not over.wait(self._bound_s / 2):
            began_s = self._began_s
            is_late = began_s and perf_counter() - began_s > self._bound_s
            if is_late and self._where[0] != began_s:
                self._where = began_s, where(self._loop)


def where(thread: int) -> str:
    """The innermost calls of a thread, the innermost first."""
    frame = sys._current_frames().get(thread)
    if frame is None:
        return ""
    calls = reversed(traceback.extract_stack(frame)[-LINES:])
    return " < ".join(f"{call.name} ({call.filename}:{call.lineno})" for call in calls)
