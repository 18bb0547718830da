"""Keys, and the terminal that they come from, which is left as it was found."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from supervisor.terminal.screen.keyboard import Key, keys_in
from tests.processes import heed_interrupts

WAITED_S = 60.0
SIZE = (24, 80)
# A session has no terminal until it takes one.
TAKES_IT = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, '-m', 'arbitrio', *sys.argv[1:]])"
)
DEMO = ("demo", "--venues", "okx", "--calm")


class Terminal:
    """A terminal, as the person before it knows it."""

    def __init__(self, fd: int, inside: int) -> None:
        self.shown = b""
        self._fd = fd
        self._inside = inside

    def mode(self) -> list[object]:
        return list(termios.tcgetattr(self._inside))

    def is_echoing(self) -> bool:
        return bool(termios.tcgetattr(self._inside)[3] & termios.ECHO)

    def type(self, keys: bytes) -> None:
        self.shown = b""
        os.write(self._fd, keys)

    def until(self, words: bytes, process: subprocess.Popen[bytes]) -> None:
        """Wait until these words have been shown since something was typed."""
        give_up_s = monotonic() + WAITED_S
        while words not in self.shown:
            assert monotonic() < give_up_s, self.shown[-2000:]
            assert process.poll() is None or self._is_readable(), self.shown[-2000:]
            if self._is_readable():
                self.shown += os.read(self._fd, 1 << 16)

    def _is_readable(self) -> bool:
        return bool(select.select([self._fd], [], [], 0.1)[0])


@contextmanager
def running(*arguments: str, **environ: str) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """The application on a terminal of its own."""
    fd, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    terminal = Terminal(fd, inside)
    process = subprocess.Popen(
        [sys.executable, "-c", TAKES_IT, *arguments],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
        preexec_fn=heed_interrupts,
        env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environ},
    )
    try:
        yield terminal, process
    finally:
        process.kill()
        process.wait()
        os.close(fd)
        os.close(inside)


def test_keys_are_read_in_both_modes_of_the_arrows() -> None:
    assert keys_in(b"q?\t") == [Key.QUIT, Key.KEYS, Key.NEXT]
    assert keys_in(b"\x1b[A\x1bOB\x1b[C\x1bOD\x1b[Z") == [
        Key.UP,
        Key.DOWN,
        Key.NEXT,
        Key.PREVIOUS,
        Key.PREVIOUS,
    ]


def test_keys_without_a_meaning_do_nothing() -> None:
    assert keys_in(b"xyz\n\x1b\x1b[5~\x1b[1;5C\xe5\xb8\x81\x1b[") == []


@pytest.mark.loopback
@pytest.mark.parametrize("end", [b"q", b"\x03"])
def test_keys_turn_the_screen_and_the_terminal_is_left_as_it_was(end: bytes) -> None:
    with running(*DEMO) as (terminal, process):
        before = terminal.mode()
        terminal.until(b"[overview]", process)
        assert not terminal.is_echoing()
        for keys, words in ((b"\t", b"[books]"), (b"\x1b[C", b"[supervisors]"), (b"?", b"[keys]")):
            terminal.type(keys)
            terminal.until(words, process)
        terminal.type(end)
        terminal.until(b"\x1b[?1049l", process)
        terminal.until(b"opportunities opened", process)
        assert process.wait(WAITED_S) == 0
        assert terminal.mode() == before
        assert terminal.shown.rfind(b"\x1b[?25h") > terminal.shown.rfind(b"\x1b[?25l")


@pytest.mark.loopback
def test_a_terminal_that_can_show_nothing_is_told_lines() -> None:
    with running(*DEMO, "--seconds", "1", TERM="dumb", PYTHONIOENCODING="ascii") as (
        terminal,
        process,
    ):
        terminal.until(b"opportunities opened", process)
        assert process.wait(WAITED_S) == 0
        assert b"\x1b" not in terminal.shown
        assert terminal.shown.isascii()
