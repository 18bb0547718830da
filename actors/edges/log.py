"""What happens at the edges, told to whoever listens, and to nobody else.

The loggers are those of the standard library below `arbitrio`, one a module. They are silent until
somebody gives `arbitrio`, or the root, a handler; the application does so (`terminal/logs.py`).
A record's message is the event, its attribute `facts` is what goes with it.
"""

import logging
from typing import Any

logging.getLogger("arbitrio").addHandler(logging.NullHandler())

ExcInfo = bool | BaseException | None


class Log:
    """Tells events with facts, under the name of a module: `Log(__name__)`."""

    def __init__(self, module: str) -> None:
        self._logger = logging.getLogger(f"arbitrio.{module}")

    def info(self, event: str, **facts: Any) -> None:
        self._tell(logging.INFO, event, None, facts)

    def warning(self, event: str, **facts: Any) -> None:
        self._tell(logging.WARNING, event, None, facts)

    def error(self, event: str, exc_info: ExcInfo = None, **facts: Any) -> None:
        self._tell(logging.ERROR, event, exc_info, facts)

    def exception(self, event: str, **facts: Any) -> None:
        """Something of ours, or of the program around us, has just raised."""
        self._tell(logging.ERROR, event, True, facts)

    def _tell(self, level: int, event: str, exc_info: ExcInfo, facts: dict[str, Any]) -> None:
        self._logger.log(level, event, exc_info=exc_info, extra={"facts": facts})
