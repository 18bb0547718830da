"""A venue's request budget as its callers draw on it: first come, first served, orders first."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType

import trio

from exchanges.limits import Rate, TokenBucket

Costs = tuple[tuple[str, float], ...]


class Budget:
    """The buckets of one venue. All lanes draw on the same."""

    def __init__(self, rates: Mapping[str, Rate]) -> None:
        self._buckets = {name: TokenBucket(rate) for name, rate in rates.items()}
        self._owed: dict[TokenBucket, float] = {}  # what those who go first still wait for

    async def pay(self, costs: Costs, *, goes_first: bool) -> None:
        """Wait until every bucket can pay its cost, then pay all at once.

        Others leave in the buckets what those who go first are waiting for.
        """
        due = [(self._buckets[name], cost) for name, cost in costs]
        if not goes_first:
            await take_turn(due, self._owed)
            return
        for bucket, cost in due:
            self._owed[bucket] = self._owed.get(bucket, 0.0) + cost
        try:
            await take_turn(due)
        finally:
            for bucket, cost in due:
                self._owed[bucket] -= cost

    def close(self, names: Iterable[str], until_s: float) -> None:
        """Pay nothing from these buckets before `until_s`: the venue told us to stay away."""
        for name in names:
            self._buckets[name].close(until_s)


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
                # In one order for all, so that no two callers wait for each other.
                for name in sorted({name for name, _ in costs}):
                    queue = self._queues.setdefault(name, trio.Lock())
                    await queues.enter_async_context(queue)
                await slot.enter_async_context(self._slots)
                await self._budget.pay(costs, goes_first=self._goes_first)
            yield


async def take_turn(
    costs: Sequence[tuple[TokenBucket, float]],
    owed: Mapping[TokenBucket, float] = MappingProxyType({}),
) -> None:
    """Wait until every bucket can pay its cost beside what it owes to others, then pay."""
    while True:
        now_s = trio.current_time()
        waits_s = [bucket.wait_s(cost + owed.get(bucket, 0.0), now_s) for bucket, cost in costs]
        wait_s = max(waits_s, default=0.0)
        if wait_s <= 0:
            break
        await trio.sleep(wait_s)
    for bucket, cost in costs:
        bucket.take(cost, now_s)
