"""What a venue puts up with from one client, on one socket or on all, as it is counted."""

from collections import deque

from exchanges.limits import Rate, Scope
from exchanges.market.numbers import NS_PER_S
from exchanges.stream.facts import SocketLimits


class Heard:
    """Counts messages against a limit that slides; it is told the time."""

    def __init__(self, rate: Rate) -> None:
        self._window_ns = round(rate.window_s * NS_PER_S)
        self._times_ns: deque[int] = deque(maxlen=int(rate.limit))

    def one_more(self, now_ns: int) -> bool:
        """A message came; whether it is within the limit. One that is not does not count."""
        times_ns = self._times_ns
        if len(times_ns) == times_ns.maxlen and now_ns - times_ns[0] < self._window_ns:
            return False
        times_ns.append(now_ns)
        return True


class Hearing:
    """What the venue has heard from all sockets of an address, by limit."""

    def __init__(self) -> None:
        self._by_rate: dict[Rate, Heard] = {}

    def of(self, rate: Rate) -> Heard:
        """Where messages of a socket are counted."""
        if rate.scope is Scope.CONNECTION:
            return Heard(rate)
        return self._by_rate.setdefault(rate, Heard(rate))


class Patience:
    """Counts what one client does on one socket against the limits; it is told the time."""

    def __init__(self, limits: SocketLimits, heard: Heard | None) -> None:
        self._limits = limits
        self._heard = heard
        self._opened_ns: int | None = None
        self._last_heard_ns = 0
        self._last_told_ns = 0
        self._has_begun = False

    def heard(self, now_ns: int, *, is_counted: bool) -> bool:
        """A message came; whether it is within the limit of messages."""
        self._last_heard_ns = now_ns
        return self._heard is None or not is_counted or self._heard.one_more(now_ns)

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
