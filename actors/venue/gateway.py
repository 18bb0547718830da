"""The request gateway of one venue: limits, retries, unified errors."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final, TypeVar

import trio

from actors.edges.clock import Clock
from actors.edges.taps import HttpTap
from actors.network.client import BodyTooLarge, HttpReply, fetch, open_client
from actors.network.network import Network
from exchanges.chance import Chance
from exchanges.errors import ExchangeError, OutcomeUnknown, RateLimited, VenueUnavailable
from exchanges.limits import TokenBucket
from exchanges.rest.request import Request, Response
from exchanges.venue import Venue

T = TypeVar("T")

# The slowest good answers (whole instrument lists) take a few seconds.
REQUEST_S: Final = 15.0
ATTEMPTS: Final = 3
CONCURRENT: Final = 10
"""Requests under way at once: enough for the snapshots of a connection that comes back."""
RETRY_S: Final = 0.5
"""Pause before the second attempt of a request that may be repeated; it doubles, with jitter."""


class Gateway:
    """HTTP for one venue; all its actors share one, and with it the venue's request budget."""

    def __init__(
        self,
        venue: Venue,
        endpoints: Mapping[str, str],
        network: Network,
        clock: Clock,
        chance: Chance,
        tap: HttpTap | None = None,
    ) -> None:
        self._venue = venue
        self._endpoints = endpoints
        self._network = network
        self._client = open_client(network, CONCURRENT)
        self._clock = clock
        self._chance = chance
        self._tap = tap
        self._buckets = {name: TokenBucket(rate) for name, rate in venue.buckets.items()}
        self._queues = {name: trio.Lock() for name in venue.buckets}
        self._slots = trio.CapacityLimiter(CONCURRENT)
        self.sent = 0

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep connections open between calls, and close them at the end."""
        self._client = open_client(self._network, CONCURRENT)
        async with self._client:
            task_status.started()
            await trio.sleep_forever()

    async def call(self, request: Request[T]) -> T:
        """Send the request within the venue's limits and read its answer.

        What may be repeated is tried again after a network error, an unavailable venue or a
        rate limit.

        Raises:
            ExchangeError: what the venue answered, `VenueUnavailable` if it did not, or
                `OutcomeUnknown` if a request that must not be repeated was not answered.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._once(request)
            except (VenueUnavailable, RateLimited):
                if not request.idempotent or attempt == ATTEMPTS:
                    raise
                pause_s = RETRY_S * 2 ** (attempt - 1)
                await trio.sleep(pause_s * (0.5 + self._chance.random()))
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, request: Request[T]) -> T:
        request = request.at(self._clock.now_ns())
        url = self._endpoints[request.endpoint] + request.target
        async with AsyncExitStack() as slot:
            await self._take_turn(request, slot)
            self.sent += 1
            try:
                with trio.fail_after(REQUEST_S):
                    reply = await fetch(
                        self._client, request.method, url, request.headers, request.body
                    )
            except (OSError, trio.TooSlowError, BodyTooLarge) as error:
                raise self._unanswered(request, error) from error
        return self._read(request, url, reply)

    async def _take_turn(self, request: Request[T], slot: AsyncExitStack) -> None:
        """Wait for a slot and the budget; for each bucket first come, first served.

        Whoever pays holds a slot already, so that what is paid is sent at once: waiting between
        the two would count as the venue's silence, and would let requests out after the venue
        has told us to stay away.
        """
        async with AsyncExitStack() as queues:
            # In one order for all, so that no two callers wait for each other.
            for name in sorted({name for name, _ in request.costs}):
                await queues.enter_async_context(self._queues[name])
            await slot.enter_async_context(self._slots)
            await take_turn([(self._buckets[name], cost) for name, cost in request.costs])

    def _read(self, request: Request[T], url: str, reply: HttpReply) -> T:
        if self._tap:
            self._tap(url, reply.body)
        response = Response(
            status=reply.status,
            body=reply.body,
            headers=reply.headers,
            received_ns=self._clock.now_ns(),
        )
        try:
            return request.read(response)
        except RateLimited as error:
            until_s = trio.current_time() + error.retry_after_s
            for name, _ in request.costs:
                self._buckets[name].close(until_s)
            raise

    def _unanswered(self, request: Request[T], error: Exception) -> ExchangeError:
        kind = VenueUnavailable if request.idempotent else OutcomeUnknown
        reason = f"no answer within {REQUEST_S:g} s" if isinstance(error, trio.TooSlowError) else ""
        return kind(reason or str(error), venue=self._venue.name, asked=str(request))


async def take_turn(costs: Sequence[tuple[TokenBucket, float]]) -> None:
    """Wait until every bucket can pay its cost, then pay."""
    while True:
        now_s = trio.current_time()
        wait_s = max((bucket.wait_s(cost, now_s) for bucket, cost in costs), default=0.0)
        if wait_s <= 0:
            break
        await trio.sleep(wait_s)
    for bucket, cost in costs:
        bucket.take(cost, now_s)
