"""Signs of life of a connection: when to ping, and when to give it up."""

from math import inf

from exchanges.stream.facts import Heartbeat


class Pulse:
    """Watches one connection by the count of its frames; times are monotonic seconds.

    Any frame is a sign of life, since every answer of the venue proves that it reads and writes.
    Protocol pings are not frames: a venue's edge may answer them while its feed is dead.
    """

    def __init__(self, facts: Heartbeat) -> None:
        self._facts = facts
        self._frames = -1  # count at the last look
        self._quiet_since_s = inf
        self._pinged_s: float | None = None
        self._regular_s = inf  # next ping that the venue wants in any case

    def look(self, frames: int, now_s: float, heard_s: float | None = None) -> bool:
        """Whether to send a ping now; `frames` counts those received so far.

        The last of them came at `heard_s`, else now: looks are as far apart as pings are.
        """
        facts = self._facts
        if self._frames < 0 and facts.every_s:
            self._regular_s = now_s + facts.every_s
        if frames != self._frames:
            self._frames = frames
            self._quiet_since_s = now_s if heard_s is None else heard_s
            self._pinged_s = None
        must_ping = now_s >= self._regular_s
        if must_ping and facts.every_s:
            self._regular_s = now_s + facts.every_s
        if self._may_ping and now_s >= self._quiet_since_s + facts.idle_s:
            self._pinged_s = now_s
            return True
        return must_ping

    def silence_s(self, now_s: float) -> float | None:
        """How long the connection has been silent, once that is too long to be alive."""
        return now_s - self._quiet_since_s if now_s >= self._end_s else None

    @property
    def deadline(self) -> float:
        """When to look again."""
        ping_s = self._quiet_since_s + self._facts.idle_s if self._may_ping else inf
        return min(ping_s, self._end_s, self._regular_s)

    @property
    def _may_ping(self) -> bool:
        """The venue answers pings, and none is unanswered."""
        return self._facts.reply_s is not None and self._pinged_s is None

    @property
    def _end_s(self) -> float:
        """When silence becomes death."""
        facts = self._facts
        if facts.reply_s is None:
            return self._quiet_since_s + facts.idle_s
        return inf if self._pinged_s is None else self._pinged_s + facts.reply_s
