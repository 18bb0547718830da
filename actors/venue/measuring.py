"""The actor that measures how far a venue's clock is from ours."""

from typing import Final

import trio

from actors.edges.log import Log
from actors.edges.repeats import Repeats
from actors.venue.context import VenueContext
from exchanges.errors import ExchangeError
from exchanges.market.numbers import NS_PER_S

CLOCK_EVERY_S: Final = 60.0
COARSEST_NS: Final = NS_PER_S // 10
"""A clock that tells coarser times is better known by when its messages arrive."""

log = Log(__name__)


async def run_clock(
    context: VenueContext, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Keep `context.venue_clock` measured until cancelled, and tell what is wrong with it.

    Nobody waits for the first measurement: until then the clock is known by the stamps of books.
    """
    task_status.started()
    unmeasured, odd = Repeats(), Repeats()
    while True:
        await _measure(context, unmeasured)
        _tell_clock(context, odd)
        await trio.sleep(CLOCK_EVERY_S)


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
