"""What the venue has made of what was asked: grants, refusals, silence, told as events.

What was refused or not answered is asked for again later (`refusals.py`). Data tell as much as an
acknowledgement that was lost.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Protocol

from exchanges.errors import ExchangeError, RateLimited
from exchanges.market.events import StreamEvent, Subscription, SubscriptionState
from exchanges.market.topics import Topic
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.stream.refusals import Refusals
from exchanges.stream.subscriptions import ACK_S, Subscriptions
from exchanges.stream.wire import Granted, GrantedKey, Refused, RefusedKey, Route, Wire

Answer = Granted | GrantedKey | Refused | RefusedKey
"""What the venue says to something that was asked."""


class Hooks(Protocol):
    """What a route carries may have more to tell of what became of it."""

    def on_refused(
        self, route: Route, error: ExchangeError, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """The venue will not send it."""

    def on_unanswered(
        self, route: Route, error: ExchangeError, now_ns: int
    ) -> tuple[StreamEvent, ...] | None:
        """The venue does not say whether it will send it; None: ask again as for a refused one."""


class Answers:
    """The answers that one connection has had, and has not had."""

    def __init__(
        self, wire: Wire, errors: ErrorTable, subscriptions: Subscriptions, hooks: Hooks
    ) -> None:
        self._wire = wire
        self._errors = errors
        self._subscriptions = subscriptions
        self._hooks = hooks
        self._refusals = Refusals()
        self._granted_already: list[tuple[Topic, Route]] = []  # not by an answer; to be told

    @property
    def is_news(self) -> bool:
        """Something is to be told, or asked again."""
        return bool(self._granted_already) or self._refusals.is_news

    @property
    def deadline(self) -> float:
        """When something is to be asked again."""
        return self._refusals.deadline

    def hear(self, said: Answer, received_ns: int, now_s: float) -> tuple[StreamEvent, ...]:
        """The venue has answered."""
        match said:
            case Granted():
                routes = self._subscriptions.granted(self._request_of(said))
                return self._grant(routes, received_ns)
            case GrantedKey():
                routes = self._subscriptions.granted_one(said.key, subscribe=said.subscribe)
                return self._grant(routes, received_ns)
            case Refused():
                is_limit = self._errors.meaning(_complaint(said)) is RateLimited
                request_id = self._request_of(said)
                routes = self._subscriptions.refused(request_id, as_a_whole=is_limit)
            case RefusedKey():
                routes = self._subscriptions.refused_one(said.key)
        return self._drop(routes, said, received_ns, now_s)

    def share(self, topic: Topic, route: Route) -> None:
        """A topic is served by a route that the venue serves already."""
        self._granted_already.append((topic, route))

    def sent(self, route: Route) -> None:
        """Data of a route have come that was not acknowledged."""
        route.answered = True
        if not self._is_told_elsewhere(route):
            self._granted_already += [(topic, route) for topic in sorted(route.topics)]
            self._settle([route])

    def overdue(self, now_s: float, now_ns: int) -> tuple[StreamEvent, ...]:
        """What time alone tells: what was granted without a word, and what is not answered."""
        granted = tuple(
            _state(route, topic, SubscriptionState.SUBSCRIBED, now_ns)
            for topic, route in self._granted_already
        )
        self._granted_already.clear()
        missed = (self._missed(one, now_s, now_ns) for one in self._subscriptions.overdue(now_s))
        return granted + tuple(chain.from_iterable(missed))

    def due(self, now_s: float) -> list[Topic]:
        """The topics to ask for again now."""
        return self._refusals.due(now_s)

    def hurry(self, symbol: str) -> None:
        """The venue's list has news of a market."""
        self._refusals.hurry(symbol)

    def discard(self, topic: Topic) -> None:
        """Nobody wants it any more."""
        self._refusals.discard(topic)

    def _is_told_elsewhere(self, route: Route) -> bool:
        """An answer is still to come that tells of it, or goes to somebody else."""
        if not self._wire.stream.acknowledges:
            return False
        return self._wire.listening or self._subscriptions.awaits(route)

    def _request_of(self, answer: Granted | Refused) -> int:
        if answer.request_id is not None:
            return answer.request_id
        kinds = (True, False) if answer.subscribe is None else (answer.subscribe,)
        oldest = (self._subscriptions.oldest(subscribe=subscribe) for subscribe in kinds)
        return next((number for number in oldest if number >= 0), -1)

    def _grant(self, routes: list[Route], received_ns: int) -> tuple[StreamEvent, ...]:
        self._settle(routes)
        told = (_states(route, SubscriptionState.SUBSCRIBED, received_ns) for route in routes)
        return tuple(chain.from_iterable(told))

    def _settle(self, routes: Iterable[Route]) -> None:
        """The venue serves them: nothing is to be asked for again."""
        for route in routes:
            for topic in route.topics:
                self._refusals.discard(topic)

    def _drop(
        self, routes: list[Route], said: Refused | RefusedKey, received_ns: int, now_s: float
    ) -> tuple[StreamEvent, ...]:
        """The venue will not send these topics; they are asked for again later."""
        events: tuple[StreamEvent, ...] = ()
        for route in routes:
            self._subscriptions.drop(route)
            error = self._errors.error(_complaint(said), venue=self._wire.venue, asked=route.key)
            for topic in sorted(route.topics):
                self._refusals.add(topic, now_s, least_s=error.retry_after_s or 0.0)
            events += self._hooks.on_refused(route, error, received_ns)
            events += _states(route, SubscriptionState.REFUSED, received_ns, error)
        return events

    def _missed(self, route: Route, now_s: float, now_ns: int) -> tuple[StreamEvent, ...]:
        """The venue has not acknowledged a route; whether it serves it, data tell as well."""
        if route.answered:
            return self._grant([route], now_ns)
        text = f"no answer within {ACK_S:g} s"
        error = ExchangeError(text, venue=self._wire.venue, asked=route.key)
        told = self._hooks.on_unanswered(route, error, now_ns)
        if told is None:
            for topic in route.topics:
                self._refusals.add(topic, now_s)
        return (told or ()) + _states(route, SubscriptionState.UNANSWERED, now_ns, error)


def _complaint(said: Refused | RefusedKey) -> Complaint:
    return Complaint(said.code, said.message)


def _states(
    route: Route, state: SubscriptionState, received_ns: int, error: ExchangeError | None = None
) -> tuple[Subscription, ...]:
    """News of all topics of a route."""
    topics = sorted(route.topics)
    return tuple(_state(route, topic, state, received_ns, error) for topic in topics)


def _state(
    route: Route,
    topic: Topic,
    state: SubscriptionState,
    received_ns: int,
    error: ExchangeError | None = None,
) -> Subscription:
    return Subscription(
        instrument=route.instrument,
        topic=str(topic),
        state=state,
        error=error,
        received_ns=received_ns,
    )
