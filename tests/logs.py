"""What arbitrio's loggers tell, as a test wants to see it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Entries(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        entry = {"event": record.getMessage(), "log_level": record.levelname.lower()}
        if record.exc_info:
            entry["exc_info"] = record.exc_info[1]  # type: ignore[assignment]
        self.entries.append({**entry, **getattr(record, "facts", {})})


@contextmanager
def capture_logs() -> Iterator[list[dict[str, Any]]]:
    """All records within the block: event, `log_level`, facts, and `exc_info` if there is any."""
    logger, handler = logging.getLogger("arbitrio"), _Entries()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield handler.entries
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
