"""Topics that a venue refused, and when each is asked for again."""

from math import inf
from typing import Final

import msgspec

from exchanges.market.topics import Topic

PAUSE_S: Final = 10.0
PAUSE_CAP_S: Final = 600.0
"""The pause after a refusal doubles from the first value to the second."""
_DOUBLINGS: Final = 6  # enough for the cap


class _Refusal(msgspec.Struct):
    """`again_s` is inf while the venue is being asked."""

    times: int = 0
    again_s: float = inf


class Refusals:
    """The refused topics of one connection.

    Attributes:
        is_news: whether one was refused since `due` was called.
    """

    def __init__(self) -> None:
        self.is_news = False
        self._refused: dict[Topic, _Refusal] = {}

    def __contains__(self, topic: Topic) -> bool:
        return topic in self._refused

    def add(self, topic: Topic, now_s: float) -> None:
        """The venue has refused a topic, perhaps not for the first time."""
        refusal = self._refused.setdefault(topic, _Refusal())
        pause_s = PAUSE_S * 2.0 ** min(refusal.times, _DOUBLINGS)
        refusal.times += 1
        refusal.again_s = now_s + min(pause_s, PAUSE_CAP_S)
        self.is_news = True

    def discard(self, topic: Topic) -> None:
        """It was granted, or nobody wants it any more."""
        self._refused.pop(topic, None)

    def hurry(self, symbol: str) -> None:
        """The venue's list has news of a market: it is asked at once what it grants of it."""
        for topic, refusal in self._refused.items():
            if topic.symbol == symbol and refusal.again_s < inf:
                refusal.again_s = -inf
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
