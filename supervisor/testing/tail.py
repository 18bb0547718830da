"""The newest lines of the log while a test runs."""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import trio

from supervisor.terminal.logs import in_pairs

LINES: Final = 20


class _Tail(logging.Handler):
    def __init__(self, lines: deque[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname.lower()
        line = f"{_now()} {level:<7} {record.getMessage()} {in_pairs(record)}".rstrip()
        if record.exc_info:
            line += f" raised={record.exc_info[1]!r}"
        self._lines.append(line)


def _now() -> str:
    """trio's time, which the deadlines of a test are in; a record's own stamp is the machine's."""
    try:
        return f"{trio.current_time():10.3f} s"
    except RuntimeError:
        return " " * 12  # told outside trio


@contextmanager
def keep_tail() -> Iterator[deque[str]]:
    """The newest lines of what arbitrio tells within the block, `info` and above."""
    logger, lines = logging.getLogger("arbitrio"), deque[str](maxlen=LINES)
    handler, level = _Tail(lines), logger.level
    logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
