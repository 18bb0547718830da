"""Topics of one connection: what is wished for, asked for, granted and refused.

A wish becomes part of a request as soon as the message limit lets one go out; requests combine
wishes as far as the venue allows. Acknowledgements come for whole requests or topic by topic,
late, or never. Nothing here knows a wire format.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from math import inf
from typing import Final

import msgspec

from exchanges.market.topics import Topic
from exchanges.stream.wire import Route

ACK_S: Final = 10.0
"""A subscription that is neither acknowledged nor followed by data for so long is unanswered."""


class Pending(msgspec.Struct):
    """A request that the venue has not answered yet."""

    routes: list[Route]
    subscribe: bool
    since_s: float


class Subscriptions:
    """Book-keeping of the topics of one connection.

    `batch` topics at most share a request, and only those that `group` gives equal values.

    Attributes:
        routes: by the key that frames have; also those that have ended, until their last frame.
    """

    def __init__(
        self, batch: int, group: Callable[[Route], Hashable], *, acknowledges: bool
    ) -> None:
        self._batch = batch
        self._group = group
        self._acknowledges = acknowledges
        self.routes: dict[str, Route] = {}
        self._by_topic: dict[Topic, Route] = {}
        self._wishes: deque[tuple[Route, bool]] = deque()  # route, subscribe or unsubscribe
        self._before: dict[str, Route] = {}  # ended, and still sent, though its key is wanted anew
        self._alone: set[Route] = set()  # must not share a request
        self._asked: dict[int, Pending] = {}
        self._last_id = 0

    def __iter__(self) -> Iterator[Route]:
        return (route for route in self.routes.values() if not route.ended)

    @property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(self._by_topic)

    def get(self, topic: Topic) -> Route | None:
        return self._by_topic.get(topic)

    @property
    def has_wishes(self) -> bool:
        return bool(self._wishes)

    @property
    def unanswered(self) -> int:
        """Requests that the venue has not answered, nor left unanswered for too long."""
        return len(self._asked)

    @property
    def is_settled(self) -> bool:
        return not self._wishes and not self._asked

    def add(self, topic: Topic, route: Route) -> None:
        """Let a route serve a topic, without asking the venue for it."""
        before = self.routes.get(route.key)
        if before is not None and before is not route:
            self._before[route.key] = before
        route.topics.add(topic)
        self._by_topic[topic] = self.routes[route.key] = route

    def wish(self, route: Route, *, subscribe: bool) -> None:
        self._wishes.append((route, subscribe))

    def end(self, topic: Topic) -> Route | None:
        """Stop wishing for a topic: its route, if no other topic needs that one.

        Frames of the route still under way are expected.
        """
        route = self._by_topic.pop(topic, None)
        if route is None:
            return None
        route.topics.discard(topic)
        if route.topics:
            return None
        route.ended = True
        if (route, True) in self._wishes:  # nobody has been asked for it yet
            self._wishes.remove((route, True))
            self._forget(route)
        else:
            self._wishes.append((route, False))
        return route

    def awaits(self, route: Route) -> bool:
        """An answer will tell of the route: it has been asked for, or is about to be."""
        asked = any(route in one.routes for one in self._asked.values())
        return asked or any(route is wished for wished, _ in self._wishes)

    def drop(self, route: Route) -> None:
        """Forget a route that the venue does not send."""
        for topic in route.topics:
            self._by_topic.pop(topic, None)
        self._forget(route)

    def next_request(self, now_s: float) -> tuple[int, list[Route], bool]:
        """Combine the wishes at the head of the queue: request id, routes, subscribe or not."""
        first, subscribe = self._wishes.popleft()
        routes = [first]
        while len(routes) < self._batch and self._fits(first, subscribe):
            routes.append(self._wishes.popleft()[0])
        self._last_id += 1
        for route in routes:
            route.answered = False
        if self._acknowledges:
            self._asked[self._last_id] = Pending(list(routes), subscribe, now_s)
        elif not subscribe:
            # Nothing tells when the last frame has come: ended routes stay known.
            self._wishes.extend((route, True) for route in routes if not route.ended)
        return self._last_id, routes, subscribe

    def oldest(self, *, subscribe: bool) -> int:
        """The oldest unanswered request, for answers that name none; -1 if there is none."""
        asked = self._asked.items()
        return next((number for number, one in asked if one.subscribe is subscribe), -1)

    def granted(self, request_id: int) -> list[Route]:
        """A whole request was granted: its routes that are news to be told."""
        asked = self._asked.pop(request_id, None)
        return self._grant(asked.routes, asked.subscribe) if asked else []

    def granted_one(self, key: str, *, subscribe: bool) -> list[Route]:
        """One topic of some request was granted."""
        route = self._take(key, subscribe)
        return self._grant([route], subscribe) if route else []

    def refused(self, request_id: int, *, as_a_whole: bool = False) -> list[Route]:
        """A whole request was refused: the route that it was about.

        A request for several topics does not tell which of them the venue minds, so they are
        asked for one by one; unless it minds them all `as_a_whole`, as where it wants to be asked
        less.
        """
        asked = self._asked.pop(request_id, None)
        if asked is None:
            return []
        if not asked.subscribe:
            self._finish(asked.routes)
            return []
        wanted = [route for route in asked.routes if not route.ended]
        if len(asked.routes) > 1 and not as_a_whole:
            self._alone.update(wanted)
            self._wishes.extend((route, True) for route in wanted)
            return []
        return wanted

    def refused_one(self, key: str) -> list[Route]:
        """One topic of some request was refused."""
        route = self._take(key, subscribe=True)
        return [route] if route else []

    def overdue(self, now_s: float) -> list[Route]:
        """The routes that the venue has not acknowledged for too long; each is told once."""
        unanswered: list[Route] = []
        for request_id, asked in list(self._asked.items()):
            if now_s - asked.since_s >= ACK_S:
                del self._asked[request_id]
                if asked.subscribe:
                    unanswered += asked.routes
                else:
                    self._finish(asked.routes)
        return unanswered

    @property
    def deadline(self) -> float:
        """When `overdue` has news."""
        return min((asked.since_s + ACK_S for asked in self._asked.values()), default=inf)

    def _fits(self, first: Route, subscribe: bool) -> bool:
        if not self._wishes or first in self._alone:
            return False
        route, wish = self._wishes[0]
        return (
            wish is subscribe
            and route not in self._alone
            and self._group(route) == self._group(first)
        )

    def _grant(self, routes: list[Route], subscribe: bool) -> list[Route]:
        if not subscribe:
            self._finish(routes)
            return []
        for route in routes:
            route.answered = True
        return routes

    def _finish(self, routes: Iterable[Route]) -> None:
        """The venue stopped sending; a route that did not end only wanted a new start."""
        for route in routes:
            if route.ended:
                self._forget(route)
            else:
                self._wishes.append((route, True))

    def _forget(self, route: Route) -> None:
        """No frame of the route will come any more; of one that had its key before they may."""
        self._alone.discard(route)
        before = self._before.get(route.key)
        if before is route:
            del self._before[route.key]
        elif self.routes.get(route.key) is route:
            del self.routes[route.key]
            if before is not None:
                self.routes[route.key] = self._before.pop(route.key)

    def _take(self, key: str, subscribe: bool) -> Route | None:
        for request_id, asked in self._asked.items():
            if asked.subscribe is not subscribe:
                continue
            for route in asked.routes:
                if route.key == key:
                    asked.routes.remove(route)
                    if not asked.routes:
                        del self._asked[request_id]
                    return route
        return None
