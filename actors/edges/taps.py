"""Who hears raw traffic: what a recorder gives to those that send and receive."""

from collections.abc import Callable
from typing import Literal

from actors.edges.foreign import STOPS
from actors.edges.log import Log
from exchanges.stream.wire import Frame

Direction = Literal["recv", "send", "http"]

StreamTap = Callable[[str, Direction, str, Frame], None]
"""Told session, direction, URL and frame."""

HttpTap = Callable[[str, bytes], None]
"""Told the URL and body of every reply."""

log = Log(__name__)


def harmless(tap: StreamTap, venue: str) -> StreamTap:
    """The same tap until it raises: that is logged, it is told nothing more, and costs no frame."""
    is_gone = False

    def pass_on(session: str, direction: Direction, url: str, frame: Frame) -> None:
        nonlocal is_gone
        if is_gone:
            return
        try:
            tap(session, direction, url, frame)
        except STOPS:
            raise
        except BaseException:
            is_gone = True
            log.exception("tap_failed", venue=venue)

    return pass_on
