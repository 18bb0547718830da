"""What the other side of a WebSocket may cost us without telling us anything, in both lanes.

Bytes alone are no measure: a frame of two of them is work as well.
"""

from typing import Final

import trio

from actors.network.websocket import Disconnected

MOST_FRAGMENTS: Final = 1_000
"""Parts of one message; servers that cut theirs do so at some kilobytes."""
MOST_CONTROLS: Final = 100
"""Pings and pongs within a second; venues send one every few seconds."""
MOST_HEAD_BYTES: Final = 16 << 10
"""Head of the answer to a handshake; the libraries of both lanes have larger bounds or this one."""
_WINDOW_S: Final = 1.0


class Bounds:
    """Counts for one connection; each method raises `Disconnected` when it has been too much."""

    def __init__(self) -> None:
        self._fragments = 0
        self._controls = 0
        self._since_s = trio.current_time()

    def control(self) -> None:
        """A ping or a pong has come."""
        now_s = trio.current_time()
        if now_s - self._since_s >= _WINDOW_S:
            self._since_s, self._controls = now_s, 0
        self._controls += 1
        if self._controls > MOST_CONTROLS:
            raise Disconnected(f"more than {MOST_CONTROLS} pings and pongs within a second")

    def fragment(self, *, is_last: bool) -> None:
        """A frame of a message has come."""
        self._fragments += 1
        if self._fragments > MOST_FRAGMENTS:
            raise Disconnected(f"a message in more than {MOST_FRAGMENTS} parts")
        if is_last:
            self._fragments = 0
