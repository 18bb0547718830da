"""The actor of the detector: newest tops in, news of opportunities out."""

from collections.abc import Iterable

import trio

from actors.books.tops import Tops
from actors.detection.detector import Detector
from actors.detection.opportunity import OpportunityChange, Phase
from actors.edges.clock import Clock
from actors.edges.histogram import Histogram
from actors.edges.hub import Hub
from actors.edges.log import Log
from exchanges.market.numbers import NS_PER_S

log = Log(__name__)


async def run_detector(
    detector: Detector,
    tops: Tops,
    news: Hub[OpportunityChange],
    latency_ns: Histogram,
    clock: Clock,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Judge every change of a top until cancelled.

    `latency_ns` records, for each change that moved an opportunity, the time from the socket
    read that brought it to its telling.
    """
    task_status.started()
    while True:
        wait_s = max(0.0, (detector.deadline_ns - clock.now_ns()) / NS_PER_S)
        with trio.move_on_after(wait_s):
            newest = await tops.take()
            _tell(detector.take(newest, clock.now_ns()), news, latency_ns, clock)
        _tell(detector.expire(clock.now_ns()), news, latency_ns, clock)


def _tell(
    changes: Iterable[OpportunityChange],
    news: Hub[OpportunityChange],
    latency_ns: Histogram,
    clock: Clock,
) -> None:
    for change in changes:
        news.publish(change)
        if change.phase is not Phase.CLOSED:
            latency_ns.record(clock.now_ns() - change.heard_ns)
