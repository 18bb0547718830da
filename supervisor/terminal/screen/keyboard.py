"""Keys of the terminal, read without keeping anybody waiting; the terminal is left as it was."""

import os
import re
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Final

import trio

from supervisor.terminal.signals import undone_at_the_end

_AT_ONCE: Final = 1024  # bytes; nobody types faster
_IFLAG, _CC = 0, 6  # places in what `tcgetattr` gives


class Key(Enum):
    """What a key asks for."""

    QUIT = auto()
    KEYS = auto()
    NEXT = auto()
    PREVIOUS = auto()
    UP = auto()
    DOWN = auto()


# An escape sequence in either mode of the cursor keys, or one byte.
_PRESSED: Final = re.compile(rb"\x1b[\[O][0-9;]*[A-Za-z~]|.", re.DOTALL)
_MEANINGS: Final = {
    b"q": Key.QUIT,
    b"?": Key.KEYS,
    b"\t": Key.NEXT,
    b"\x1b[C": Key.NEXT,
    b"\x1b[Z": Key.PREVIOUS,  # shift and tab
    b"\x1b[D": Key.PREVIOUS,
    b"\x1b[A": Key.UP,
    b"\x1b[B": Key.DOWN,
}


def keys_in(typed: bytes) -> list[Key]:
    """What the terminal's bytes ask for; keys that mean nothing are left out."""
    pressed = (match.group().replace(b"\x1bO", b"\x1b[") for match in _PRESSED.finditer(typed))
    return [_MEANINGS[one] for one in pressed if one in _MEANINGS]


class Keyboard:
    """Keys of a terminal; None stands for one that cannot be read."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd

    async def pressed(self) -> list[Key]:
        """Wait until something was typed; for ever where there is nobody to type."""
        if self._fd is not None:
            await trio.lowlevel.wait_readable(self._fd)
            if typed := _read(self._fd):
                return keys_in(typed)
            self._fd = None  # the terminal has gone
        await trio.sleep_forever()
        raise AssertionError("for ever is over")


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _AT_ONCE)
    except OSError:
        return b""


@contextmanager
def open_keyboard() -> Iterator[Keyboard]:
    """The keyboard within the block; afterwards the terminal is as it was, however that ends."""
    try:
        fd = sys.stdin.fileno()
        before = termios.tcgetattr(fd)
        is_ours = os.tcgetpgrp(fd) == os.getpgrp()
    except (OSError, ValueError, termios.error):  # no terminal
        is_ours = False
    if not is_ours:  # who reads in the background is stopped
        yield Keyboard(None)
        return

    def restore() -> None:
        termios.tcsetattr(fd, termios.TCSAFLUSH, before)  # what was typed here is for nobody else

    with undone_at_the_end(restore):
        try:
            _take_keys(fd)
            yield Keyboard(fd)
        finally:
            restore()


def _take_keys(fd: int) -> None:
    """Have keys come at once and unseen; Ctrl-C stays a signal."""
    tty.setcbreak(fd)
    mode = termios.tcgetattr(fd)
    # Ctrl-S would keep every task waiting at our next line, Ctrl-Z would leave the shell our mode.
    mode[_IFLAG] &= ~termios.IXON
    mode[_CC][termios.VSUSP] = b"\0"
    termios.tcsetattr(fd, termios.TCSADRAIN, mode)
