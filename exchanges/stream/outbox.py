"""What one connection has to say, in its order, no faster than the venue allows."""

from collections import deque
from collections.abc import Callable, Iterable
from math import inf

from exchanges.stream.allowance import Allowance, Speaker
from exchanges.stream.subscriptions import Subscriptions
from exchanges.stream.wire import Frame


class Outbox:
    """Frames that wait to be sent by `talker`, who shares an allowance with others.

    What the venue wants to hear goes first, but every other frame is ours.

    Attributes:
        deadline: when the message limit lets the next frame go, while one waits.
    """

    def __init__(
        self, talker: Speaker, allowance: Allowance, greeting: Iterable[Frame] = ()
    ) -> None:
        self.deadline = inf
        self._talker = talker
        self._allowance = allowance
        # Sent before any request: greetings, pings, and what the venue waits for.
        self._ready = deque(greeting)
        self._answer: Frame | None = None  # to what the venue wants to hear; the newest alone
        self._has_answered = False  # and sent nothing else since

    @property
    def has_frames(self) -> bool:
        return self._answer is not None or bool(self._ready)

    def add(self, frame: Frame) -> None:
        """Send it before any request."""
        self._ready.append(frame)

    def answer(self, frame: Frame) -> None:
        """Send what the venue wants to hear, in place of an older answer that still waits."""
        self._answer = frame

    def take(
        self, now_s: float, subscriptions: Subscriptions, ask: Callable[[float], Frame]
    ) -> Frame | None:
        """The next frame, if there is one and it may be sent now; `ask` makes requests."""
        self.deadline = inf
        if not (self.has_frames or subscriptions.has_wishes):
            return None
        may_ask = subscriptions.has_wishes and not self._allowance.has_asked_enough
        answers = self._answers_next(may_ask=may_ask)
        is_request = not (answers or self._ready)
        wait_s = self._allowance.wait_s(now_s, is_request=is_request)
        if wait_s > 0:
            self.deadline = now_s + wait_s
            return None
        self._allowance.say(self._talker, now_s)
        self._has_answered = answers
        if answers and self._answer is not None:
            frame, self._answer = self._answer, None
            return frame
        return self._ready.popleft() if self._ready else ask(now_s)

    def hang_up(self) -> None:
        """The connection has ended: what it asked counts no more for others."""
        self._allowance.leave(self._talker)

    def _answers_next(self, *, may_ask: bool) -> bool:
        """A venue that wants to hear something all the time must not keep us from asking."""
        if self._answer is None:
            return False
        return not (self._has_answered and (self._ready or may_ask))
