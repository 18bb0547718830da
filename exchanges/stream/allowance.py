"""What a client may say on sockets: so much in a window, and so much without an answer."""

from typing import Final, Protocol

from exchanges.limits import Bucket, Scope
from exchanges.stream.facts import Stream

# Where a full window lasts longer than a connection may be silent, requests leave so much of it
# for signs of life.
_SPARE_SHARE: Final = 0.1
_LONG_S: Final = 5.0
RECHECK_S: Final = 0.1
"""Answers that others of the address wait for are looked for this often."""


class Speaker(Protocol):
    """One connection of those that share an allowance."""

    @property
    def unanswered(self) -> int:
        """Its requests that the venue has not answered yet."""
        ...


class Allowance:
    """What is left of a stream's limits, for one connection or for all that the venue adds up."""

    def __init__(self, stream: Stream) -> None:
        rate = stream.messages
        self._messages = Bucket(rate)
        self._spare = rate.limit * _SPARE_SHARE if rate.window_s > _LONG_S else 0.0
        self._most_unanswered = stream.unanswered
        self._speakers: dict[Speaker, None] = {}

    @staticmethod
    def is_shared(stream: Stream) -> bool:
        """Whether the venue adds up what several connections say."""
        return stream.messages.scope is not Scope.CONNECTION

    def wait_s(self, now_s: float, *, is_request: bool) -> float:
        """Seconds until one more message may be sent, or until to ask again; 0.0 means now."""
        if not is_request:
            return self._messages.wait_s(1, now_s)
        wait_s = self._messages.wait_s(1, now_s, beside=self._spare)
        if wait_s <= 0 and self.has_asked_enough:
            return RECHECK_S
        return wait_s

    def say(self, speaker: Speaker, now_s: float) -> None:
        """One message is sent; whoever sends it has seen `wait_s` return 0.0."""
        self._messages.take(1, now_s)
        self._speakers[speaker] = None

    def leave(self, speaker: Speaker) -> None:
        """A connection has ended: what it asked is answered no more."""
        self._speakers.pop(speaker, None)

    @property
    def has_asked_enough(self) -> bool:
        """So many requests are unanswered that the next one waits, whatever room there is."""
        if not self._most_unanswered:
            return False
        return sum(one.unanswered for one in self._speakers) >= self._most_unanswered
