"""The actor that knows what a venue trades: it loads its instruments and refreshes them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeVar

import trio
from msgspec.structs import replace

from actors.edges.log import Log
from actors.edges.repeats import Repeats
from actors.venue.context import VenueContext
from exchanges.errors import UNREADABLE, ExchangeError, RateLimited
from exchanges.market.events import InstrumentChange
from exchanges.market.instrument import Instrument, Instruments, Status
from exchanges.pauses import Growing
from exchanges.rest.lists import MarketLists
from exchanges.rest.memory import ListMemory
from exchanges.rest.request import Request

T = TypeVar("T")

ASK_AGAIN_S: Final = 10.0
"""Before a list that has no answer that is believed is asked for again; it doubles, with jitter."""
_RANK: Final = {Status.TRADING: 0, Status.HALTED: 1, Status.DELISTED: 2}

Rivals = dict[str, tuple[str, ...]]
"""The markets that were told to claim one symbol, that which has it first."""

log = Log(__name__)


class InstrumentLoader:
    """Asks a venue for its lists and keeps `context.instruments` as they tell.

    Attributes:
        listing: what was last asked.
        unlisted: of which lists there is no answer now that is believed, and why.
    """

    def __init__(self, context: VenueContext) -> None:
        self.listing = ""
        self.unlisted: dict[str, str] = {}
        self._context = context
        self._rivals: Rivals = {}
        self._memory = ListMemory()
        self._is_open = True  # as the instruments tell

    async def run(
        self,
        on_change: Callable[[list[InstrumentChange]], Awaitable[None]],
        refresh_s: float,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Keep the venue's instruments up to date until cancelled.

        `on_change` is told what is new or different, the first time everything. The actor is ready
        once a list was answered; those that could not be had are logged, and asked for again after
        a pause that grows up to `refresh_s`. While the venue takes no orders all its markets are
        halted; once it does, the lists are asked how each is.

        Raises:
            ExchangeError: not one list could be had the first time, and not because the venue
                wanted to be left alone.
        """
        await on_change(await self._load_first())
        stale = Repeats()
        task_status.started()
        while True:
            with trio.move_on_after(self._pause_s(stale, refresh_s)):
                await self._context.openness.until(is_open=not self._is_open)
                if self._is_open:
                    await on_change(self._halt())
                    continue
            try:
                await on_change(await self.load())
            except ExchangeError as error:
                self.unlisted = {"all lists": str(error)}

    async def load(self) -> list[InstrumentChange]:
        """Fetch the venue's lists and bring `context.instruments` up to date.

        A list that is not answered leaves its markets as they were, and so does one that has lost
        most of them at once, until it says so again; both are told by `unlisted`.

        Raises:
            ExchangeError: no list was answered.
        """
        lists = MarketLists(self._context.venue.rest, self._context.instruments)
        while request := lists.wanted:
            try:
                lists.take(await self._ask(request))
            except ExchangeError as error:
                lists.fail(error)
        self._memory.judge(lists.told)
        unanswered = {asked: str(error) for asked, error in lists.unanswered.items()}
        self.unlisted = self._memory.doubts | unanswered
        self._is_open = self._context.openness.is_open
        changes = _merge(self._context, lists, self._memory, self._rivals)
        if not len(self._context.instruments):
            self.unlisted["all lists"] = "there is not one market in them"
        return changes

    def inspect(self) -> Mapping[str, object]:
        """For the live tree: how many markets are known, and which lists were not answered."""
        openness = self._context.openness
        closed = {} if openness.is_open else {"takes no orders": openness.message}
        return {"instruments": len(self._context.instruments), **closed, **self.unlisted}

    def _halt(self) -> list[InstrumentChange]:
        """The venue takes no orders: what trades by its lists does not trade now."""
        self._is_open = False
        context = self._context
        trading = [one for one in context.instruments if one.status is Status.TRADING]
        return _put(context, (replace(one, status=Status.HALTED) for one in trading))

    def _pause_s(self, stale: Repeats, refresh_s: float) -> float:
        """Until the lists are asked for again; what was not answered is told."""
        if not self.unlisted:
            stale.succeeded()
            return refresh_s
        if stale.failed():
            log.warning(
                "instruments_stale",
                venue=self._context.venue.name,
                times=stale.count,
                asked=", ".join(self.unlisted),
                reason=next(iter(self.unlisted.values())),
            )
        context = self._context
        pause_s = Growing(ASK_AGAIN_S, refresh_s).after(stale.count)
        pause_s *= 0.5 + context.chance.random()
        return max(min(refresh_s, pause_s), context.budget.banned_s)

    async def _load_first(self) -> list[InstrumentChange]:
        """The lists; a venue that wants to be left alone is asked when it allows it."""
        while True:
            try:
                return await self.load()
            except RateLimited as error:
                pause_s, venue = max(error.retry_after_s, ASK_AGAIN_S), error.venue
                log.warning("instruments_wait", venue=venue, for_s=pause_s, reason=str(error))
                self.listing = f"{venue} to answer again, which it does not for {pause_s:.0f} s"
                await trio.sleep(pause_s)

    async def _ask(self, request: Request[T]) -> T:
        """An answer; whoever gives up on it can tell what it was."""
        context = self._context
        where = context.endpoints[request.endpoint]
        self.listing = f"the answer of {context.venue.name} to {request} at {where}"
        return await context.gateway.call(request)


def _merge(
    context: VenueContext, lists: MarketLists, memory: ListMemory, rivals: Rivals
) -> list[InstrumentChange]:
    """What is new or different; instruments that are listed no more count as delisted.

    One whose row could not be read this time stays as it was, and one whose list is not believed.
    """
    kept = memory.kept
    listed = [_now(context, one) for one in lists.instruments if (one.kind, one.native) not in kept]
    told = {(one.kind, one.native) for one in listed}
    missing = [
        known
        if (known.kind, known.native) in kept or lists.may_list(known)
        else replace(known, status=Status.DELISTED)
        for known in context.instruments
        if (known.kind, known.native) not in told
    ]
    # Together, so that each has the symbol that it can have among the others.
    return _put(context, _together(context, _without_rivals(context, (*missing, *listed), rivals)))


def _now(context: VenueContext, listed: Instrument) -> Instrument:
    """A market as it is, whatever its list says, if the venue takes no orders."""
    if context.openness.is_open or listed.status is not Status.TRADING:
        return listed
    return replace(listed, status=Status.HALTED)


def _put(context: VenueContext, instruments: Iterable[Instrument]) -> list[InstrumentChange]:
    """Let the venue's instruments be as told, and say which are new or different."""
    now_ns = context.clock.now_ns()
    changes = [
        InstrumentChange(
            instrument=one, previous=context.instruments.get(one.symbol), received_ns=now_ns
        )
        for one in instruments
        if one != context.instruments.get(one.symbol)
    ]
    for change in changes:
        context.instruments.add(change.instrument)
    return changes


def _without_rivals(
    context: VenueContext, found: Iterable[Instrument], told: Rivals
) -> list[Instrument]:
    """One market for each symbol, whatever the order of the rows; what others claim it is told
    once.

    The one that trades has it; of two that do the one that had it, or else the first by name.
    """
    claims: dict[tuple[str, str], list[Instrument]] = {}
    for one in found:
        claims.setdefault((one.symbol, one.traded_as), []).append(one)
    kept: list[Instrument] = []
    for (symbol, _), rivals in claims.items():
        known = context.instruments.get(symbol)
        holder = known.native if known else ""
        rivals.sort(key=lambda one: (_RANK[one.status], one.native != holder, one.native))
        first, *others = rivals
        kept.append(first)
        claims_it = (one for one in others if one.status is not Status.DELISTED)
        names = tuple(one.native for one in claims_it if one.native != first.native)
        if names and told.get(symbol) != (first.native, *names):
            told[symbol] = (first.native, *names)
            log.warning(
                "symbol_claimed_twice",
                venue=context.venue.name,
                symbol=symbol,
                market=first.native,
                others=names,
            )
    return kept


def _together(context: VenueContext, instruments: Iterable[Instrument]) -> Instruments:
    """In the units that the user knows; one whose rules cannot be told in these stays as it was."""
    found = Instruments(units=context.instruments.units)
    for one in instruments:
        try:
            found.add(one)
        except UNREADABLE as error:
            log.warning("market_not_told", venue=one.venue, market=one.native, reason=repr(error))
    return found
