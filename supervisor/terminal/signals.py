"""SIGINT and SIGTERM: one line, an exit code and no traceback, from our first line on.

This imports next to nothing, for it is there before all else. While there is nothing to clean up a
signal ends the process where it is; `raising` is for work that has, and `stopping.py` for trio.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType
from typing import Final

Handler = Callable[[int, FrameType | None], None]

# A terminal tells all processes, and a parent may pass it on: twice at once is once.
AT_ONCE_S: Final = 1.0
_NUMBERS: Final = (signal.SIGINT, signal.SIGTERM)
# Belongs to the process, as the handlers of its signals do.
_TO_UNDO: Final[list[Callable[[], None]]] = []
_WORDS: Final = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}


class Stopped(KeyboardInterrupt):
    """A signal ended what was done; `code` is what a shell makes of that."""

    def __init__(self, number: int) -> None:
        super().__init__(_WORDS[signal.Signals(number)])
        self.code = 128 + number


class FirstSignal:
    """Takes the first signal; those at once with it are the same, a later one ends the process."""

    def __init__(self, act: Callable[[int], None]) -> None:
        self.number: int | None = None
        self._act = act
        self._came_s = 0.0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            self.number, self._came_s = number, monotonic()
            self._act(number)
        elif monotonic() - self._came_s > AT_ONCE_S:
            end_here(number, frame)


def obey_signals() -> None:
    """From now on a signal ends the process, with a line; who ignores them goes on doing so."""
    _handle(end_here)


def ignore_signals() -> None:
    """All is done: from now on a signal is too late, and Python, as it ends, would die of it."""
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)


def end_here(number: int, frame: FrameType | None) -> None:
    """End the process without any cleaning."""
    stopped = Stopped(number)
    for undo in _TO_UNDO:
        with suppress(Exception):
            undo()
    with suppress(OSError):
        os.write(2, f"{stopped}\n".encode())
    os._exit(stopped.code)


@contextmanager
def undone_at_the_end(undo: Callable[[], None]) -> Iterator[None]:
    """Within the block, whoever ends the process without cleaning calls this before.

    A terminal outlives us, and what was done to it can be undone by nobody else.
    """
    _TO_UNDO.append(undo)
    try:
        yield
    finally:
        _TO_UNDO.remove(undo)


@contextmanager
def raising() -> Iterator[None]:
    """Within the block a signal raises `Stopped` where the program is."""

    def stop(number: int) -> None:
        raise Stopped(number)

    with handling(FirstSignal(stop)):
        yield


@contextmanager
def handling(handler: Handler) -> Iterator[None]:
    """Within the block this handler takes signals, if the block is in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _NUMBERS}
    _handle(handler)
    try:
        yield
    finally:
        for number, one in before.items():
            signal.signal(number, one)


def _handle(handler: Handler) -> None:
    for number in _NUMBERS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
