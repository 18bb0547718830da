"""Where records go: lines on stderr, or a short memory that a screen shows.

Only the application calls this; as a library arbitrio leaves its loggers to the program around it.
"""

import logging
import os
import sys
from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from supervisor.terminal.abilities import is_dumb

REMEMBERED: Final = 200

_COLOURS: Final = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31m"}
_PLAIN: Final = "\x1b[0m"


def log_to_stderr(level: str = "info", *, json: bool = False) -> None:
    """One line a record of at least `level`: `name=value` pairs, or a JSON object."""
    handler = logging.StreamHandler(sys.stderr)
    if json:
        handler.setFormatter(_Json())
    else:
        handler.setFormatter(_Coloured() if _has_colours() else _Pairs())
    _listen(handler, level)


def log_to_memory(level: str = "info") -> deque[str]:
    """The newest records as short lines, for a screen that must not be written over."""
    lines: deque[str] = deque(maxlen=REMEMBERED)
    _listen(_Memory(lines), level)
    return lines


def _has_colours() -> bool:
    return sys.stderr.isatty() and not is_dumb(os.environ)


def _listen(handler: logging.Handler, level: str) -> None:
    """Let this handler hear all that arbitrio says, in the place of one before it."""
    logger = logging.getLogger("arbitrio")
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    # Who starts and restarts what is for those that look closely; alarms are for all.
    supervision = logging.getLogger("arbitrio.supervisor.supervision")
    supervision.setLevel("DEBUG" if level == "debug" else "ERROR")


class _Pairs(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        stamp = _stamp(record).isoformat(timespec="milliseconds")
        line = f"timestamp={stamp} level={record.levelname.lower()} event={record.getMessage()}"
        return "\n".join([f"{line} {in_pairs(record)}".rstrip(), *_traceback(record)])


class _Coloured(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        stamp = _stamp(record).astimezone().strftime("%H:%M:%S")
        colour = _COLOURS.get(record.levelname, "")
        head = f"{stamp} {colour}{record.levelname.lower():<7} {record.getMessage():<20}{_PLAIN}"
        return "\n".join([f"{head} {in_pairs(record)}".rstrip(), *_traceback(record)])


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "timestamp": _stamp(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **facts_of(record),
        }
        if trace := "\n".join(_traceback(record)):
            told["traceback"] = trace
        return msgspec.json.encode(told, enc_hook=str).decode()


class _Memory(logging.Handler):
    def __init__(self, lines: deque[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        stamp = _stamp(record).astimezone().strftime("%H:%M:%S")
        level = record.levelname.lower()
        mark = "" if level == "info" else f"{level}: "
        facts = " ".join(f"{name}={value}" for name, value in facts_of(record).items())
        self._lines.append(f"{stamp} {mark}{record.getMessage()} {facts}")


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """What goes with the event of a record."""
    facts: dict[str, Any] = getattr(record, "facts", {})
    return facts


def in_pairs(record: logging.LogRecord) -> str:
    """The facts of a record as `name=value`, in one line."""
    return " ".join(f"{name}={_quoted(str(value))}" for name, value in facts_of(record).items())


def _quoted(text: str) -> str:
    """As it is if it is a word, else as JSON, so that a line stays one."""
    if text and not any(sign in text for sign in ' "=') and text.isprintable():
        return text
    return msgspec.json.encode(text).decode()


def _stamp(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _traceback(record: logging.LogRecord) -> list[str]:
    return [logging.Formatter().formatException(record.exc_info)] if record.exc_info else []
