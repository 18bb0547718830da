"""What a venue puts up with from one client on one socket, as it is counted."""

from collections import deque

from exchanges.market.numbers import NS_PER_S
from exchanges.stream.facts import SocketLimits


class Patience:
    """Counts what one client does against the limits; it is told the time."""

    def __init__(self, limits: SocketLimits) -> None:
        self._limits = limits
        self._heard_ns: deque[int] = deque(maxlen=limits.messages or 1)
        self._opened_ns: int | None = None
        self._last_heard_ns = 0
        self._last_told_ns = 0
        self._has_begun = False

    def heard(self, now_ns: int, *, is_counted: bool) -> bool:
        """A message came; whether it is within the limit of messages."""
        self._last_heard_ns = now_ns
        limits, heard_ns = self._limits, self._heard_ns
        if not limits.messages or not is_counted:
            return True
        is_full = len(heard_ns) == limits.messages
        if is_full and now_ns - heard_ns[0] < limits.window_s * NS_PER_S:
            return False
        heard_ns.append(now_ns)
        return True

    def is_over(self, now_ns: int, *, has_topics: bool, has_spoken: bool) -> bool:
        """Time has passed; whether the socket has been quiet for too long."""
        if self._opened_ns is None:
            self._opened_ns = self._last_told_ns = now_ns
            self._last_heard_ns = self._last_heard_ns or now_ns
        if has_spoken:
            self._last_told_ns = now_ns
        self._has_begun = self._has_begun or has_topics
        last_ns = max(self._last_heard_ns, self._last_told_ns)
        return (
            _has_passed(self._limits.mute_s, self._last_heard_ns, now_ns)
            or _has_passed(self._limits.idle_s, last_ns, now_ns)
            or (not self._has_begun and _has_passed(self._limits.start_s, self._opened_ns, now_ns))
        )


def _has_passed(limit_s: float, since_ns: int, now_ns: int) -> bool:
    return bool(limit_s) and now_ns - since_ns > limit_s * NS_PER_S
