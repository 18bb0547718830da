"""A venue's request budget as its callers draw on it: first come, first served, orders first.

A budget is paced by waiting, and nobody is told. What the venue wants is another matter: while it
wants to be left alone, sockets wait, and requests are told so at once (`PATIENCE_S`).
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from math import inf
from types import MappingProxyType
from typing import Any, Final

import trio

from actors.edges.log import Log
from actors.venue.door import Door
from exchanges.errors import RateLimited
from exchanges.limits import Bucket, Rate
from exchanges.rest.request import Effect, Request
from exchanges.stream.allowance import Allowance
from exchanges.stream.facts import Stream
from exchanges.venue import Venue

PATIENCE_S: Final[Mapping[Effect, float]] = {
    # The longest window in which venues count: they want to be left alone so long after too many.
    Effect.READ: 60.0,
    # What the venue takes later than this, the caller would rather decide anew.
    Effect.REPEATABLE: 5.0,
    Effect.ONCE: 1.0,
}
"""How long a request waits when the venue wants to be left alone; for a ban none waits."""
ALARM_TIMES: Final = 5
"""A ban that is met so often goes on for a quarter of an hour: that is one alarm."""
Costs = tuple[tuple[str, float], ...]

log = Log(__name__)


class Budget:
    """What one venue allows an address; all that come from there draw on the same (`budgets.py`).

    Attributes:
        connects: of new connections.
    """

    def __init__(self, venue: Venue) -> None:
        self.connects = Bucket(venue.connects)
        self._venue = venue
        self._buckets = {name: Bucket(rate) for name, rate in venue.buckets.items()}
        self._requests_door = Door()
        self._connects_door = self._requests_door if venue.bans_addresses else Door()
        self._allowances: dict[tuple[Rate, int], Allowance] = {}
        self._queues: dict[tuple[str, bool], trio.Lock] = {}
        self._owed: dict[Bucket, float] = {}  # what those who go first still wait for

    async def pay(self, request: Request[Any], *, goes_first: bool) -> None:
        """Wait until every bucket can pay its cost, then pay all at once.

        Others leave in the buckets what those who go first are waiting for (`owing`).

        Raises:
            RateLimited: the venue wants to be left alone, for longer than such a request waits.
        """
        due = [(self._buckets[name], cost) for name, cost in request.costs]
        owed = {} if goes_first else self._owed
        try:
            await take_turn(due, owed, self._requests_door, PATIENCE_S[request.effect])
        except _LeaveAlone as error:
            raise RateLimited(
                f"not asked: it is to be left alone for {error.wait_s:.1f} s",
                venue=self._venue.name,
                asked=str(request),
                retry_after_s=error.wait_s,
                is_ban=error.is_ban,
            ) from None

    async def connect(self) -> None:
        """Wait until the venue allows one more connection."""
        await take_turn([(self.connects, 1)], door=self._connects_door)

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

    def queue(self, name: str, *, goes_first: bool) -> trio.Lock:
        """Where those wait who want to pay from a bucket, in the order of asking."""
        return self._queues.setdefault((name, goes_first), trio.Lock())

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

    def shut_requests(self, wait_s: float, reason: str) -> float:
        """The venue has banned us, as a request was told; gives for how long nobody asks."""
        return self._shut(self._requests_door, wait_s, reason)

    def shut_connects(self, wait_s: float, reason: str) -> float:
        """The venue has banned us, as a handshake was told; gives for how long nobody tries."""
        return self._shut(self._connects_door, wait_s, reason)

    def _shut(self, door: Door, wait_s: float, reason: str) -> float:
        times, for_s = door.times, door.shut(wait_s, trio.current_time())
        tell = log.error if times < ALARM_TIMES == door.times else log.warning
        tell("banned", venue=self._venue.name, for_s=for_s, times=door.times, reason=reason)
        return for_s

    def answered(self) -> None:
        """The venue has answered a request, and that was no ban."""
        self._requests_door.answered()

    def connected(self) -> None:
        """The venue has answered a handshake, and that was no ban."""
        self._connects_door.answered()

    @property
    def banned_s(self) -> float:
        """Seconds for which requests are refused by a ban."""
        return self._requests_door.banned_s(trio.current_time())


class Lane:
    """Who may send at once, and in which order: each bucket serves in the order of asking."""

    def __init__(self, budget: Budget, slots: int, *, goes_first: bool = False) -> None:
        self._budget = budget
        self._slots = trio.CapacityLimiter(slots)
        self._goes_first = goes_first

    @asynccontextmanager
    async def turn(self, request: Request[Any]) -> AsyncIterator[None]:
        """A slot, and the request's costs paid; raises what `Budget.pay` raises.

        Whoever pays holds a slot already, so that what is paid is sent at once: waiting between
        the two would count as the venue's silence, and would let requests out after the venue
        has told us to stay away.
        """
        async with AsyncExitStack() as slot:
            async with AsyncExitStack() as queues:
                if self._goes_first:
                    queues.enter_context(self._budget.owing(request.costs))
                # In one order for all, so that no two callers wait for each other.
                for name in sorted({name for name, _ in request.costs}):
                    queue = self._budget.queue(name, goes_first=self._goes_first)
                    await queues.enter_async_context(queue)
                await slot.enter_async_context(self._slots)
                await self._budget.pay(request, goes_first=self._goes_first)
            yield


class _LeaveAlone(Exception):
    """The venue wants to be left alone for longer than the caller waits."""

    def __init__(self, wait_s: float, *, is_ban: bool) -> None:
        self.wait_s = wait_s
        self.is_ban = is_ban


async def take_turn(
    costs: Sequence[tuple[Bucket, float]],
    owed: Mapping[Bucket, float] = MappingProxyType({}),
    door: Door | None = None,
    patience_s: float = inf,
) -> None:
    """Wait until the door is open and every bucket can pay its cost beside what it owes to others,
    then pay.

    Raises:
        _LeaveAlone: the venue wants to be left alone for longer than `patience_s`, or has banned us
            and that is not inf.
    """
    door = door or Door()
    while True:
        now_s = trio.current_time()
        told_s = max([door.wait_s(now_s), *(bucket.closed_s(now_s) for bucket, _ in costs)])
        banned_s = door.banned_s(now_s)
        if told_s > patience_s or (banned_s and patience_s < inf):
            raise _LeaveAlone(told_s, is_ban=banned_s > 0)
        waits_s = [
            bucket.wait_s(cost, now_s, beside=owed.get(bucket, 0.0)) for bucket, cost in costs
        ]
        wait_s = max([told_s, *waits_s])
        if wait_s <= 0:
            break
        with trio.move_on_after(wait_s):
            await door.changed()
    door.enter(now_s)
    for bucket, cost in costs:
        bucket.take(cost, now_s)
