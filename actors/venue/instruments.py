"""The actor that knows what a venue trades: loads its instruments, refreshes them, and measures
its clock."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import msgspec
import trio

from actors.edges.log import Log
from actors.edges.repeats import Repeats
from actors.venue.context import VenueContext
from exchanges.errors import UNREADABLE, ExchangeError
from exchanges.market.events import InstrumentChange
from exchanges.market.instrument import Instrument, Instruments, Status
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.lists import MarketLists
from exchanges.rest.request import Odd, Request

T = TypeVar("T")

CLOCK_EVERY_S: Final = 60.0
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
    after the first list; later lists that cannot be had are logged and tried again.

    Raises:
        ExchangeError: the first list could not be had.
    """
    await on_change(await load_instruments(context))
    stale, unmeasured = Repeats(), Repeats()
    await _measure(context, unmeasured)
    task_status.started()
    refresh_at_s = trio.current_time() + refresh_s
    while True:
        await trio.sleep(CLOCK_EVERY_S)
        await _measure(context, unmeasured)
        if trio.current_time() >= refresh_at_s:
            refresh_at_s = trio.current_time() + refresh_s
            try:
                await on_change(await load_instruments(context))
            except ExchangeError as error:
                if stale.failed():
                    log.warning(
                        "instruments_stale",
                        venue=error.venue,
                        times=stale.count,
                        reason=str(error),
                    )
            else:
                stale.succeeded()


async def load_instruments(context: VenueContext) -> list[InstrumentChange]:
    """Fetch the venue's lists and bring `context.instruments` up to date."""
    lists = MarketLists(context.venue.rest)
    while request := lists.wanted:
        lists.take(await _ask(context, request))
    return _merge(context, lists.instruments, lists.odd)


async def _ask(context: VenueContext, request: Request[T]) -> T:
    """An answer; whoever gives up on it can tell what it was."""
    where = context.endpoints[request.endpoint]
    context.listing = f"the answer of {context.venue.name} to {request} at {where}"
    return await context.gateway.call(request)


def _merge(
    context: VenueContext, listed: list[Instrument], odd: list[Odd]
) -> list[InstrumentChange]:
    """What is new or different; instruments that are listed no more count as delisted.

    One whose row could not be read this time stays as it was; a row that does not even tell its
    market may be that of any.
    """
    now_ns = context.clock.now_ns()
    kept = {row.native for row in odd}
    told = {(one.kind, one.native) for one in listed}
    missing = [
        known
        if "" in kept or known.native in kept
        else msgspec.structs.replace(known, status=Status.DELISTED)
        for known in context.instruments
        if (known.kind, known.native) not in told
    ]
    # Together, so that each has the symbol that it can have among the others.
    now = _together(context, (*missing, *listed))
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


def _together(context: VenueContext, instruments: Iterable[Instrument]) -> Instruments:
    """In the units that the user knows; one whose rules cannot be told in these stays as it was."""
    found = Instruments(units=context.instruments.units)
    for one in instruments:
        try:
            found.add(one)
        except UNREADABLE as error:
            log.warning("market_not_told", venue=one.venue, market=one.native, reason=repr(error))
    return found


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
