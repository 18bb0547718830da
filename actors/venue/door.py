"""Whether a venue lets our address in: shut by a ban, and tried by one of us after it."""

from math import inf
from typing import Final

import trio

from exchanges.pauses import Growing

PAUSES: Final = Growing(60.0, 600.0)
"""Of bans that follow each other, from the second on, where the venue does not want more: from what
a firewall wants to how often connections that stay down are probed."""
PROBE_S: Final = 30.0
"""Whoever goes first after a ban is answered by then, or another one goes: a handshake may take
that long."""


class Door:
    """What all that comes from our address passes; all times are monotonic seconds.

    When a ban is over, whoever enters first keeps all others out until it is answered, so that a
    ban that goes on is met once. Its pause grows while it is met again and again.

    Attributes:
        times: how often a ban was met since somebody was let in.
    """

    def __init__(self) -> None:
        self._until_s = -inf
        self.times = 0
        self._is_tried = False
        self._changed = trio.Event()

    def wait_s(self, now_s: float) -> float:
        """Seconds until one may enter, or until to ask again; 0.0 means now."""
        return max(self._until_s - now_s, 0.0)

    def banned_s(self, now_s: float) -> float:
        """Seconds that a ban will still last; 0.0 if there is none, or one of us is trying."""
        return 0.0 if self._is_tried else self.wait_s(now_s)

    async def changed(self) -> None:
        """Return as soon as what `wait_s` said may be true no longer."""
        await self._changed.wait()

    def enter(self, now_s: float) -> None:
        """One goes in, and has seen `wait_s` return 0.0."""
        if self.times:
            self._until_s, self._is_tried = now_s + PROBE_S, True

    def answered(self) -> None:
        """The venue has answered one of us; what was sent before a ban says nothing of it."""
        if self._is_tried:
            self._until_s, self.times, self._is_tried = -inf, 0, False
            self._tell()

    def shut(self, wait_s: float, now_s: float) -> float:
        """One of us was banned for so long; gives for how long nobody goes in.

        Several may hear of the same ban.
        """
        if self._is_tried or not self.times:
            self.times += 1
            if self.times > 1:
                wait_s = max(wait_s, PAUSES.after(self.times))
        self._until_s = max(self._until_s if not self._is_tried else -inf, now_s + wait_s)
        self._is_tried = False
        self._tell()
        return self.wait_s(now_s)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
