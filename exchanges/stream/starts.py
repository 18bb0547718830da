"""When to ask for the start of a book, so that one which keeps failing cannot flood the venue."""

from math import inf
from typing import Final

import msgspec

from exchanges.market.instrument import Instrument
from exchanges.pauses import Growing
from exchanges.stream.sequence import BookFeed, BookRule, Recovery
from exchanges.stream.wire import Reader, Route

FIRST_UPDATE_S: Final = 1.0
"""A snapshot is fetched once an update has come that it can be joined to; a quiet market may
send none, so after this long it is fetched in any case."""
START_S: Final = 15.0
START_CAP_S: Final = 240.0
_RENEWALS: Final = Growing(START_S, START_CAP_S)
"""A subscription that brings no snapshot for so long, or where that is fetched no update to join it
to, is made anew; the wait doubles from the first value to the second."""
PULL_S: Final = 10.0
"""A snapshot that was asked for on the socket and has not come for so long is asked for again."""
PAUSE_S: Final = 0.5
PAUSE_CAP_S: Final = 30.0
_PAUSES: Final = Growing(PAUSE_S, PAUSE_CAP_S)
"""Between two starts of one book."""
QUIET_S: Final = 60.0
"""A book that was not started for this long begins with the first pause again."""


class BookRoute(Route):
    """The route of a book, with what decides which of its updates may pass."""

    __slots__ = ("feed",)

    def __init__(self, instrument: Instrument, key: str, read: Reader, rule: BookRule) -> None:
        super().__init__(instrument, key, read)
        self.feed = BookFeed(rule)

    @property
    def starts_in_stream(self) -> bool:
        return self.feed.rule.recovery is Recovery.SNAPSHOT_IN_STREAM


class _Start(msgspec.Struct):
    """How often one book was started lately. Times are None for what has not happened."""

    subscribed_s: float | None = None
    asked_s: float | None = None
    waits_s: float = 0.0  # asked for the start that is under way, for the first time
    attempts: int = 0
    in_flight: bool = False  # a request for a snapshot
    under_way: bool = True  # a subscription that brings one
    is_ending: bool = False  # unsubscribed, to be subscribed again
    renewals: int = 0  # of subscriptions that brought nothing, in a row

    def note(self, now_s: float) -> None:
        quiet = self.asked_s is None or now_s - self.asked_s > QUIET_S
        self.attempts = 1 if quiet else self.attempts + 1
        self.asked_s = now_s


class Starts:
    """The books of one connection that are not live, and when each may be asked for."""

    def __init__(self) -> None:
        self._states: dict[BookRoute, _Start] = {}
        self._waiting: dict[BookRoute, None] = {}  # in the order they were wanted

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def want(self, route: BookRoute) -> None:
        """The route's book is not live; a start may be under way."""
        state = self._states.setdefault(route, _Start())
        if route not in self._waiting and route.feed.is_live:
            state.attempts = 0  # to start anew while it is live is no failure
        self._waiting[route] = None

    def want_anew(self, route: BookRoute) -> None:
        """The route's book is to start anew; what is under way will not do."""
        self.want(route)
        self._states[route].under_way = False

    def settle(self, route: BookRoute) -> None:
        """The route's book is live, or nobody wants it any more."""
        self._waiting.pop(route, None)
        if route.ended:
            self._states.pop(route, None)
        elif state := self._states.get(route):
            state.renewals = 0

    def subscribed(self, route: BookRoute, now_s: float) -> None:
        """The subscription has been sent; where it brings the snapshot, that is a start."""
        state = self._states.setdefault(route, _Start())
        state.subscribed_s = now_s
        state.is_ending = False
        if route.starts_in_stream:
            if state.asked_s is None:
                state.note(now_s)
            state.asked_s = state.waits_s = now_s
            state.under_way = True

    def due_requests(self, now_s: float, recovery: Recovery) -> list[BookRoute]:
        """Books whose snapshot must be asked for now; each is in flight until `landed`."""
        asked = (route for route in self._waiting if route.feed.rule.recovery is recovery)
        due = [route for route in asked if self._request_s(route) <= now_s]
        for route in due:
            state = self._states[route]
            state.note(now_s)
            if not state.in_flight:
                state.waits_s = now_s
            state.in_flight = True
        return due

    def due_subscriptions(self, now_s: float) -> list[BookRoute]:
        """Books that must be unsubscribed and subscribed again now."""
        due = [route for route in self._waiting if self._renewal_s(route) <= now_s]
        for route in due:
            state = self._states[route]
            state.renewals += self._is_silent(route)
            if route.starts_in_stream:
                state.note(now_s)
            state.is_ending = True
            state.under_way = True
        return due

    def silent(self, now_s: float) -> list[tuple[BookRoute, float]]:
        """Books that must be subscribed again now as nothing has come for so many seconds."""
        return [
            (route, now_s - self._silent_since_s(route))
            for route in self._waiting
            if self._is_silent(route) and self._renewal_s(route) <= now_s
        ]

    def is_ending(self, route: BookRoute) -> bool:
        """The route's subscription has been ended and not been made anew yet."""
        state = self._states.get(route)
        return state is not None and state.is_ending

    def landed(self, route: BookRoute) -> None:
        """The request for the book's snapshot is over, well or badly."""
        if state := self._states.get(route):
            state.in_flight = False

    @property
    def deadline(self) -> float:
        """When the next book is due."""
        return min(
            (min(self._request_s(route), self._renewal_s(route)) for route in self._waiting),
            default=inf,
        )

    def _request_s(self, route: BookRoute) -> float:
        """When to ask for the book's snapshot, where it does not come by itself."""
        state, rule = self._states[route], route.feed.rule
        if route.starts_in_stream or state.subscribed_s is None or route.feed.has_start:
            return inf
        if state.asked_s is None:
            return state.subscribed_s + (0.0 if route.feed.has_updates else FIRST_UPDATE_S)
        if state.in_flight:  # the gateway ends a request in any case; on the socket nobody does
            is_pulled = rule.recovery is Recovery.SNAPSHOT_ON_SOCKET
            return state.asked_s + PULL_S if is_pulled else inf
        return state.asked_s + _PAUSES.after(state.attempts)

    def _renewal_s(self, route: BookRoute) -> float:
        """When to make the book's subscription anew."""
        state = self._states[route]
        if state.subscribed_s is None or state.is_ending:
            return inf
        if self._is_silent(route):
            return self._silent_since_s(route) + _RENEWALS.after(state.renewals + 1)
        if route.starts_in_stream and state.asked_s is not None:
            return state.asked_s + _PAUSES.after(state.attempts)
        return inf

    def _is_silent(self, route: BookRoute) -> bool:
        """Only the venue can bring the book further now."""
        state, feed = self._states[route], route.feed
        if route.starts_in_stream:
            return state.under_way
        is_pulled = feed.rule.recovery is Recovery.SNAPSHOT_ON_SOCKET
        is_deaf = is_pulled and state.in_flight and not feed.has_updates
        return (feed.has_start or is_deaf) and not feed.is_live

    def _silent_since_s(self, route: BookRoute) -> float:
        state = self._states[route]
        return max(state.subscribed_s or 0.0, state.waits_s)
