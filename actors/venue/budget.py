"""A venue's request budget as its callers draw on it: first come, first served, orders first."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from types import MappingProxyType
from typing import Final

import trio

from exchanges.limits import Bucket, Rate
from exchanges.stream.allowance import Allowance
from exchanges.stream.facts import Stream
from exchanges.venue import Venue

_UNLIMITED: Final = Rate(1.0, 1.0)  # of what costs nothing; it can be closed
Costs = tuple[tuple[str, float], ...]


class Budget:
    """What one venue allows an address; all its actors draw on the same.

    Attributes:
        connects: of new connections.
    """

    def __init__(self, venue: Venue) -> None:
        self.connects = Bucket(venue.connects)
        self._venue = venue
        self._buckets = {name: Bucket(rate) for name, rate in venue.buckets.items()}
        self._door = Bucket(_UNLIMITED)  # every request passes it
        self._allowances: dict[tuple[Rate, int], Allowance] = {}
        self._owed: dict[Bucket, float] = {}  # what those who go first still wait for

    async def pay(self, costs: Costs, *, goes_first: bool) -> None:
        """Wait until every bucket can pay its cost, then pay all at once.

        Others leave in the buckets what those who go first are waiting for (`owing`).
        """
        due = [(self._door, 0.0), *((self._buckets[name], cost) for name, cost in costs)]
        await take_turn(due, {} if goes_first else self._owed)

    @contextmanager
    def owing(self, costs: Costs) -> Iterator[None]:
        """Whoever waits in this block goes first."""
        due = [(self._buckets[name], cost) for name, cost in costs]
        for bucket, cost in due:
            self._owed[bucket] = self._owed.get(bucket, 0.0) + cost
        try:
            yield
        finally:
            for bucket, cost in due:
                self._owed[bucket] -= cost

    def allowance(self, stream: Stream) -> Allowance | None:
        """What the connections of a stream may say together; None if each has its own."""
        if not Allowance.is_shared(stream):
            return None
        # Streams of equal limits are different names of one.
        limits = stream.messages, stream.unanswered
        if limits not in self._allowances:
            self._allowances[limits] = Allowance(stream)
        return self._allowances[limits]

    def close(self, names: Iterable[str], until_s: float) -> None:
        """Pay nothing from these buckets before `until_s`: the venue told us to stay away."""
        for name in names:
            self._buckets[name].close(until_s)

    def shut_requests(self, until_s: float) -> None:
        """The venue has banned us, as a request was told."""
        self._door.close(until_s)
        if self._venue.bans_addresses:
            self.connects.close(until_s)

    def shut_connects(self, until_s: float) -> None:
        """The venue has banned us, as a handshake was told."""
        self.connects.close(until_s)
        if self._venue.bans_addresses:
            self._door.close(until_s)


class Lane:
    """Who may send at once, and in which order: each bucket serves in the order of asking."""

    def __init__(self, budget: Budget, slots: int, *, goes_first: bool = False) -> None:
        self._budget = budget
        self._slots = trio.CapacityLimiter(slots)
        self._queues: dict[str, trio.Lock] = {}
        self._goes_first = goes_first

    @asynccontextmanager
    async def turn(self, costs: Costs) -> AsyncIterator[None]:
        """A slot, and the costs paid.

        Whoever pays holds a slot already, so that what is paid is sent at once: waiting between
        the two would count as the venue's silence, and would let requests out after the venue
        has told us to stay away.
        """
        async with AsyncExitStack() as slot:
            async with AsyncExitStack() as queues:
                if self._goes_first:
                    queues.enter_context(self._budget.owing(costs))
                # In one order for all, so that no two callers wait for each other.
                for name in sorted({name for name, _ in costs}):
                    queue = self._queues.setdefault(name, trio.Lock())
                    await queues.enter_async_context(queue)
                await slot.enter_async_context(self._slots)
                await self._budget.pay(costs, goes_first=self._goes_first)
            yield


async def take_turn(
    costs: Sequence[tuple[Bucket, float]],
    owed: Mapping[Bucket, float] = MappingProxyType({}),
) -> None:
    """Wait until every bucket can pay its cost beside what it owes to others, then pay."""
    while True:
        now_s = trio.current_time()
        waits_s = [
            bucket.wait_s(cost, now_s, beside=owed.get(bucket, 0.0)) for bucket, cost in costs
        ]
        wait_s = max(waits_s, default=0.0)
        if wait_s <= 0:
            break
        await trio.sleep(wait_s)
    for bucket, cost in costs:
        bucket.take(cost, now_s)
