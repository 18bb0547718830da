"""Our clock for stamps: UTC nanoseconds that never step.

Deadlines and delays use `trio.current_time()`; what is stamped, signed or compared with a
venue's clock uses one of these, injected.
"""

import time
from typing import Protocol

import trio


class Clock(Protocol):
    """A source of UTC nanoseconds."""

    def now_ns(self) -> int: ...


class SystemClock:
    """The machine's wall clock as it stood at the start, carried on by its monotonic clock.

    A wall clock that is set while we run would make ages jump; this one does not follow.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.perf_counter_ns()

    def now_ns(self) -> int:
        return time.perf_counter_ns() + self._offset_ns


class TrioClock:
    """Stamps that follow trio's own clock, for programs that run in virtual time."""

    def __init__(self, epoch_ns: int) -> None:
        self._epoch_ns = epoch_ns

    def now_ns(self) -> int:
        return self._epoch_ns + round(trio.current_time() * 1e9)
