"""Where structured records go: lines on stderr, or a short memory that a screen shows."""

import sys
from collections import deque
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

REMEMBERED: Final = 30


def log_to_stderr(level: str = "info") -> None:
    """One line a record of at least `level`: coloured on a terminal, else `name=value` pairs."""
    renderer = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"))
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def log_to_memory() -> deque[str]:
    """The newest records as short lines, for a screen that must not be written over."""
    lines: deque[str] = deque(maxlen=REMEMBERED)

    def remember(
        logger: object, method: str, record: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        stamp, level = record.pop("timestamp"), record.pop("level")
        event = str(record.pop("event"))
        facts = " ".join(f"{name}={value}" for name, value in record.items())
        mark = "" if level == "info" else f"{level}: "
        lines.append(f"{stamp} {mark}{event} {facts}")
        raise structlog.DropEvent

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            remember,
        ]
    )
    return lines
