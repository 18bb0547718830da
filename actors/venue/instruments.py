"""The actor that knows what a venue trades: loads its instruments, refreshes them, and measures
its clock."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import trio
from msgspec.structs import replace

from actors.edges.log import Log
from actors.edges.repeats import Repeats
from actors.venue.context import VenueContext
from exchanges.errors import UNREADABLE, ExchangeError, RateLimited
from exchanges.market.events import InstrumentChange
from exchanges.market.instrument import Instrument, Instruments, Status
from exchanges.market.numbers import NS_PER_S
from exchanges.pauses import Growing
from exchanges.rest.lists import MarketLists
from exchanges.rest.request import Request

T = TypeVar("T")

CLOCK_EVERY_S: Final = 60.0
ASK_AGAIN_S: Final = 10.0
"""Before a list that has no answer that is believed is asked for again; it doubles, with jitter."""
_RANK: Final = {Status.TRADING: 0, Status.HALTED: 1, Status.DELISTED: 2}
COARSEST_NS: Final = NS_PER_S // 10
"""A clock that tells coarser times is better known by when its messages arrive."""

log = Log(__name__)


async def run_instruments(
    context: VenueContext,
    on_change: Callable[[list[InstrumentChange]], Awaitable[None]],
    refresh_s: float,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Keep the venue's instruments and clock offset up to date until cancelled.

    `on_change` is told what is new or different, the first time everything. The actor is ready
    once a list was answered; those that could not be had are logged, and asked for again after a
    pause that grows up to `refresh_s`.

    Raises:
        ExchangeError: not one list could be had the first time, and not because the venue wanted to
            be left alone.
    """
    await on_change(await _load_first(context))
    stale, unmeasured, odd_clock = Repeats(), Repeats(), Repeats()
    await _measure(context, unmeasured)
    task_status.started()
    clock_at_s = trio.current_time() + CLOCK_EVERY_S
    refresh_at_s = trio.current_time() + _pause_s(context, stale, refresh_s)
    while True:
        await trio.sleep_until(min(clock_at_s, refresh_at_s))
        if trio.current_time() >= clock_at_s:
            await _measure(context, unmeasured)
            _tell_clock(context, odd_clock)
            clock_at_s = trio.current_time() + CLOCK_EVERY_S
        if trio.current_time() >= refresh_at_s:
            try:
                await on_change(await load_instruments(context))
            except ExchangeError as error:
                context.unlisted = {"all lists": str(error)}
            refresh_at_s = trio.current_time() + _pause_s(context, stale, refresh_s)


async def _load_first(context: VenueContext) -> list[InstrumentChange]:
    """The lists; a venue that wants to be left alone is asked when it allows it."""
    while True:
        try:
            return await load_instruments(context)
        except RateLimited as error:
            pause_s = max(error.retry_after_s, ASK_AGAIN_S)
            log.warning("instruments_wait", venue=error.venue, for_s=pause_s, reason=str(error))
            venue = context.venue.name
            context.listing = f"{venue} to answer again, which it does not for {pause_s:.0f} s"
            await trio.sleep(pause_s)


def _pause_s(context: VenueContext, stale: Repeats, refresh_s: float) -> float:
    """Until the lists are asked for again; what was not answered is told."""
    if not context.unlisted:
        stale.succeeded()
        return refresh_s
    if stale.failed():
        log.warning(
            "instruments_stale",
            venue=context.venue.name,
            times=stale.count,
            asked=", ".join(context.unlisted),
            reason=next(iter(context.unlisted.values())),
        )
    pause_s = Growing(ASK_AGAIN_S, refresh_s).after(stale.count) * (0.5 + context.chance.random())
    return max(min(refresh_s, pause_s), context.budget.banned_s)


async def load_instruments(context: VenueContext) -> list[InstrumentChange]:
    """Fetch the venue's lists and bring `context.instruments` up to date.

    A list that is not answered leaves its markets as they were, and so does one that has lost
    most of them at once, until it says so again; both are told by `context.unlisted`.

    Raises:
        ExchangeError: no list was answered.
    """
    lists = MarketLists(context.venue.rest, context.instruments)
    while request := lists.wanted:
        try:
            lists.take(await _ask(context, request))
        except ExchangeError as error:
            lists.fail(error)
    context.lists.judge(lists.told)
    unanswered = {asked: str(error) for asked, error in lists.unanswered.items()}
    context.unlisted = context.lists.doubts | unanswered
    changes = _merge(context, lists)
    if not len(context.instruments):
        context.unlisted["all lists"] = "there is not one market in them"
    return changes


async def _ask(context: VenueContext, request: Request[T]) -> T:
    """An answer; whoever gives up on it can tell what it was."""
    where = context.endpoints[request.endpoint]
    context.listing = f"the answer of {context.venue.name} to {request} at {where}"
    return await context.gateway.call(request)


def _merge(context: VenueContext, lists: MarketLists) -> list[InstrumentChange]:
    """What is new or different; instruments that are listed no more count as delisted.

    One whose row could not be read this time stays as it was, and one whose list is not believed.
    """
    now_ns = context.clock.now_ns()
    kept = context.lists.kept
    listed = [one for one in lists.instruments if (one.kind, one.native) not in kept]
    told = {(one.kind, one.native) for one in listed}
    missing = [
        known if _may_trade(known, context, lists) else replace(known, status=Status.DELISTED)
        for known in context.instruments
        if (known.kind, known.native) not in told
    ]
    # Together, so that each has the symbol that it can have among the others.
    now = _together(context, _without_rivals(context, (*missing, *listed)))
    changes = [
        InstrumentChange(
            instrument=one, previous=context.instruments.get(one.symbol), received_ns=now_ns
        )
        for one in now
        if one != context.instruments.get(one.symbol)
    ]
    for change in changes:
        context.instruments.add(change.instrument)
    return changes


def _may_trade(known: Instrument, context: VenueContext, lists: MarketLists) -> bool:
    """Whether a market that is not told may still be there."""
    return (known.kind, known.native) in context.lists.kept or lists.may_list(known)


def _without_rivals(context: VenueContext, found: Iterable[Instrument]) -> list[Instrument]:
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
        if names and context.rivals.get(symbol) != (first.native, *names):
            context.rivals[symbol] = (first.native, *names)
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


def _tell_clock(context: VenueContext, complaints: Repeats) -> None:
    complaint = context.venue_clock.complaint
    if not complaint:
        complaints.succeeded()
    elif complaints.failed():
        log.warning(
            "clock_not_trusted",
            venue=context.venue.name,
            times=complaints.count,
            reason=complaint,
        )


async def _measure(context: VenueContext, failures: Repeats) -> None:
    """Compare the venue's clock with ours; a failure leaves the last measurement standing.

    What is told too coarsely says less than the stamps of the stream.
    """
    if context.venue.rest.clock_step_ns > COARSEST_NS:
        return
    sent_ns = context.clock.now_ns()
    try:
        venue_ns = await context.gateway.call(context.venue.rest.server_time())
    except ExchangeError as error:
        if failures.failed():
            log.warning(
                "clock_not_measured", venue=error.venue, times=failures.count, reason=str(error)
            )
    else:
        failures.succeeded()
        context.venue_clock.measured(sent_ns, venue_ns, context.clock.now_ns())
