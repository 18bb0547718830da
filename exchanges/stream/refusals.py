"""Topics that a venue refused or left unanswered, and when each is asked for again."""

from math import inf
from typing import Final

import msgspec

from exchanges.market.topics import Topic
from exchanges.pauses import Growing

PAUSES: Final = Growing(10.0, 600.0)
"""After a refusal, or none; longer where the venue wants to be left alone for longer."""


class _Refusal(msgspec.Struct):
    """`again_s` is inf while the venue is being asked, and never before `earliest_s`."""

    times: int = 0
    again_s: float = inf
    earliest_s: float = -inf


class Refusals:
    """The topics of one connection that the venue refused or did not answer.

    Attributes:
        is_news: whether one was added since `due` was called.
    """

    def __init__(self) -> None:
        self.is_news = False
        self._refused: dict[Topic, _Refusal] = {}

    def __contains__(self, topic: Topic) -> bool:
        return topic in self._refused

    def add(self, topic: Topic, now_s: float, *, least_s: float = 0.0) -> None:
        """The venue does not send a topic, perhaps not for the first time.

        It does not want to hear of it for `least_s`.
        """
        refusal = self._refused.setdefault(topic, _Refusal())
        refusal.times += 1
        refusal.again_s = now_s + max(PAUSES.after(refusal.times), least_s)
        refusal.earliest_s = now_s + least_s if least_s else -inf
        self.is_news = True

    def discard(self, topic: Topic) -> None:
        """It was granted, or nobody wants it any more."""
        self._refused.pop(topic, None)

    def hurry(self, symbol: str) -> None:
        """The venue's list has news of a market: it is asked what it grants of it, at once, or as
        soon as it may be."""
        for topic, refusal in self._refused.items():
            if topic.symbol == symbol and refusal.again_s < inf:
                refusal.again_s = refusal.earliest_s
                self.is_news = True

    def due(self, now_s: float) -> list[Topic]:
        """The topics to ask for again now."""
        self.is_news = False
        due = [topic for topic, refusal in self._refused.items() if refusal.again_s <= now_s]
        for topic in due:
            self._refused[topic].again_s = inf
        return due

    @property
    def deadline(self) -> float:
        """When `due` has news."""
        return min((refusal.again_s for refusal in self._refused.values()), default=inf)
