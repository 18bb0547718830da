"""What a venue allows in a span of time, and how much of it is left; they are told the time."""

from collections import deque
from enum import Enum
from math import ceil

import msgspec


class Scope(Enum):
    """Whose doings a venue adds up for one limit."""

    ADDRESS = "address"  # all that comes from one, over whatever connections
    CONNECTION = "connection"
    KEY = "key"


class Rate(msgspec.Struct, frozen=True):
    """At most `limit` units in any `window_s` seconds, of all that `scope` says together.

    A venue may count in windows that slide or in windows of its clock: whoever keeps to the first
    keeps to the second as well.
    """

    limit: float
    window_s: float
    scope: Scope = Scope.ADDRESS

    @property
    def per_s(self) -> float:
        """Units a second in the long run."""
        return self.limit / self.window_s

    def most_in(self, span_s: float) -> float:
        """The most units that may fall into a span of time."""
        return self.limit * ceil(span_s / self.window_s)


# What was sent early may be under way for longer than what was sent late: of a window's length so
# much, at most so long, is left between what fills it and what follows.
_SLACK_SHARE = 0.05
_MOST_SLACK_S = 0.05
# Who finds no room even in an empty window lets those go who go first.
_MOMENT_S = 0.01
# Costs are added and taken away as floats.
_ROUNDING = 1e-9


class Bucket:
    """What is left of a rate: of a full budget at once, and again as the past leaves the window.

    Times are monotonic seconds.
    """

    def __init__(self, rate: Rate) -> None:
        if rate.limit <= 0 or rate.window_s <= 0:
            raise ValueError(f"a rate needs a positive limit and window, not {rate}")
        self._limit = rate.limit
        self._window_s = rate.window_s + min(rate.window_s * _SLACK_SHARE, _MOST_SLACK_S)
        self._paid: deque[tuple[float, float]] = deque()  # until when it counts, and how much
        self._used = 0.0
        self._now_s = float("-inf")
        self._closed_until_s = float("-inf")

    def wait_s(self, cost: float, now_s: float, *, beside: float = 0.0) -> float:
        """Seconds until `cost` can be taken, or until to ask again; 0.0 means now.

        So much is left as others who go first want `beside` it. A cost above the limit is granted
        once nothing else counts, and counts for so much longer.
        """
        now_s = self._advance(now_s)
        room = min(cost, self._limit) + beside
        return max(self._room_at_s(room, now_s) - now_s, self._closed_until_s - now_s, 0.0)

    def take(self, cost: float, now_s: float) -> None:
        """Take `cost`; the caller has seen `wait_s` return 0.0."""
        now_s = self._advance(now_s)
        counts_s = self._window_s * max(cost / self._limit, 1.0)
        self._paid.append((now_s + counts_s, cost))
        self._used += cost

    def closed_s(self, now_s: float) -> float:
        """Seconds for which it grants nothing at all; 0.0 if the venue does not want that."""
        return max(self._closed_until_s - now_s, 0.0)

    def close(self, until_s: float) -> None:
        """Grant nothing before `until_s`: the venue told us to stay away."""
        self._closed_until_s = max(self._closed_until_s, until_s)

    def _room_at_s(self, room: float, now_s: float) -> float:
        too_much = self._used + room - self._limit
        if too_much <= _ROUNDING:
            return now_s
        for until_s, paid in self._paid:
            too_much -= paid
            if too_much <= _ROUNDING:
                return until_s
        return now_s + _MOMENT_S

    def _advance(self, now_s: float) -> float:
        """Forget what counts no longer; a time that falls back is the last one."""
        self._now_s = now_s = max(self._now_s, now_s)
        while self._paid and self._paid[0][0] <= now_s:
            self._used -= self._paid.popleft()[1]
        if not self._paid:
            self._used = 0.0
        return now_s
