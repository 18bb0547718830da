"""The request gateway of one venue: limits, retries, unified errors.

What a request does at the venue decides how it is sent. What asks may be sent again at will. What
is repeatable too, but it has a lane of its own, with connections of its own, so that a burst of
snapshots does not delay a cancel. An order has that lane and is sent once: from its first byte on
nothing but the venue's own words tells what became of it, and everything else is `OutcomeUnknown`.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

import httpx2
import trio

from actors.edges.clock import Clock
from actors.edges.foreign import STOPS
from actors.edges.log import Log
from actors.edges.taps import HttpTap
from actors.network.client import BodyTooLarge, HttpReply, fetch, open_client
from actors.network.network import Network
from actors.venue.budget import PATIENCE_S, Budget, Lane
from exchanges.chance import Chance
from exchanges.errors import (
    ExchangeError,
    OutcomeUnknown,
    RateLimited,
    VenueUnavailable,
)
from exchanges.pauses import Growing
from exchanges.replies.response import Response
from exchanges.rest.request import Effect, Listing, Odd, Request, Rows
from exchanges.venue import Venue

T = TypeVar("T")
Headers = tuple[tuple[str, str], ...]

WITHIN_S: Final[Mapping[Effect, float]] = {
    # The slowest good answers (whole instrument lists) take a few seconds.
    Effect.READ: 15.0,
    # Matching engines answer a cancel in milliseconds; asking again is better than waiting.
    Effect.REPEATABLE: 5.0,
    # It is not sent again, so waiting costs nothing but the time until its fate is asked for; in
    # overload venues have been seen to accept orders after several seconds.
    Effect.ONCE: 10.0,
}
ATTEMPTS: Final = 3
CONCURRENT: Final = 10
"""Questions under way at once: enough for the snapshots of a connection that comes back."""
CONCURRENT_ORDERS: Final = 10
"""Orders and cancels under way at once, beside them: the legs of several trades."""
RETRIES: Final = Growing(0.5, 5.0)
"""Pauses before the next attempt of a request that may be repeated, with jitter."""

log = Log(__name__)


class Gateway:
    """HTTP for one venue; all its actors share one. What it sends is paid from `budget`.

    Attributes:
        sent: how many requests.
        odd_rows: rows of replies that could not be read.
    """

    def __init__(
        self,
        venue: Venue,
        endpoints: Mapping[str, str],
        network: Network,
        clock: Clock,
        chance: Chance,
        budget: Budget,
        tap: HttpTap | None = None,
        headers: Headers = (),
    ) -> None:
        self._venue = venue
        self._headers = headers
        self._endpoints = endpoints
        self._network = network
        self._clock = clock
        self._chance = chance
        self._tap = tap
        self._budget = budget
        questions = Lane(budget, CONCURRENT)
        orders = Lane(budget, CONCURRENT_ORDERS, goes_first=True)
        self._lanes = _by_effect(questions, orders)
        self._clients: Mapping[Effect, httpx2.AsyncClient] = {}
        self.sent = 0
        self.odd_rows = 0

    def inspect(self) -> Mapping[str, object]:
        """For the live tree: what was sent, and what of the answers could not be read."""
        return {"requests": self.sent, "odd_rows": self.odd_rows}

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep connections open between calls, and close them at the end."""
        async with (
            open_client(self._network, CONCURRENT) as for_questions,
            open_client(self._network, CONCURRENT_ORDERS) as for_orders,
        ):
            self._clients = _by_effect(for_questions, for_orders)
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                self._clients = {}

    async def call(self, request: Request[T]) -> T:
        """Send the request within the venue's limits and read its answer.

        What may be repeated is tried again after a network error, an unavailable venue or a
        rate limit. An order is sent at most once, and once it is on its way cancellation waits
        for its outcome, `WITHIN_S` at most: it is returned or raised here all the same, and the
        caller is cancelled at its next checkpoint. Cancelled before that, it was never sent.

        Nobody waits here for the end of a ban, nor for what lasts longer than `PATIENCE_S`:
        whoever meets one, or calls meanwhile, is told at once for how long.

        Raises:
            RateLimited: the venue wants to be left alone for `retry_after_s`, by its answer or
                since before; then nothing was sent.
            ExchangeError: what the venue answered, or `VenueUnavailable` if it did not.
            OutcomeUnknown: it may have taken the order, and has not clearly refused it.
        """
        if request.effect is Effect.ONCE:
            return await self._once(request)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._once(request)
            except (VenueUnavailable, RateLimited) as error:
                wait_s = error.retry_after_s or 0.0
                is_long = error.is_ban or wait_s > PATIENCE_S[request.effect]
                if attempt == ATTEMPTS or is_long:
                    raise
                await trio.sleep(RETRIES.after(attempt) * (0.5 + self._chance.random()))
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, request: Request[T]) -> T:
        async with self._lanes[request.effect].turn(request):
            client = self._clients.get(request.effect)
            if client is None:
                what = "its gateway does not run; nothing was sent"
                raise VenueUnavailable(
                    what, venue=self._venue.name, asked=str(request), is_open=False
                )
            # Dated when it is sent, not when it began to wait for its turn.
            request = request.at(self._clock.now_ns())
            self.sent += 1
            return await self._exchange(request, client)

    async def _exchange(self, request: Request[T], client: httpx2.AsyncClient) -> T:
        """Send, and read the answer."""
        url = self._endpoints[request.endpoint] + request.target
        headers = (*self._headers, *request.headers)
        within_s = WITHIN_S[request.effect]
        try:
            with trio.fail_after(within_s, shield=request.effect is Effect.ONCE):
                reply = await fetch(client, request.method, url, headers, request.body)
        except trio.TooSlowError as error:
            raise self._unanswered(request, f"no answer within {within_s:g} s") from error
        except (OSError, BodyTooLarge) as error:
            raise self._unanswered(request, str(error)) from error
        except Exception as error:
            if request.effect is not Effect.ONCE:
                raise
            raise self._unanswered(request, repr(error)) from error
        self._note(url, reply)
        if request.effect is Effect.ONCE:
            return self._outcome(request, reply)
        return self._read(request, reply)

    def _note(self, url: str, reply: HttpReply) -> None:
        """Tell the tap; what goes wrong there must not cost an answer."""
        try:
            if self._tap:
                self._tap(url, reply.body)
        except STOPS:
            raise
        except BaseException:
            log.exception("tap_failed", venue=self._venue.name)

    def _read(self, request: Request[T], reply: HttpReply) -> T:
        response = Response(
            status=reply.status,
            body=reply.body,
            headers=reply.headers,
            received_ns=self._clock.now_ns(),
        )
        try:
            answer = request.read(response)
        except ExchangeError as error:
            self._stay_away(request, error)
            raise
        self._budget.answered()
        if isinstance(answer, Rows | Listing) and answer.odd:
            self._note_odd(request, answer.odd)
        return answer

    def _stay_away(self, request: Request[T], error: ExchangeError) -> None:
        """Send nothing that the venue does not want for so long as it says."""
        wait_s = error.retry_after_s
        if error.is_ban and wait_s:
            error.retry_after_s = self._budget.shut_requests(wait_s, str(error))
            return
        self._budget.answered()
        if wait_s:
            names = (name for name, _ in request.costs)
            self._budget.close(names, trio.current_time() + wait_s)

    def _note_odd(self, request: Request[T], odd: tuple[Odd, ...]) -> None:
        """A row that cannot be read is left out, but not in silence."""
        self.odd_rows += len(odd)
        log.warning(
            "rows_unreadable",
            venue=request.venue,
            asked=str(request),
            rows=len(odd),
            market=odd[0].native,
            first=odd[0].reason,
        )

    def _outcome(self, request: Request[T], reply: HttpReply) -> T:
        """What became of an order: done, clearly refused, or nobody knows.

        Whatever the reader makes of an answer, even by a mistake of ours, the order was sent.
        """
        try:
            return self._read(request, reply)
        except ExchangeError as error:
            if not error.is_open:
                raise
            raise self._unanswered(request, error.message, error.code) from error
        except Exception as error:
            raise self._unanswered(request, repr(error)) from error

    def _unanswered(self, request: Request[T], reason: str, code: str = "") -> ExchangeError:
        kind = OutcomeUnknown if request.effect is Effect.ONCE else VenueUnavailable
        return kind(reason, venue=self._venue.name, code=code, asked=str(request))


def _by_effect(questions: T, orders: T) -> dict[Effect, T]:
    return {Effect.READ: questions, Effect.REPEATABLE: orders, Effect.ONCE: orders}
