"""What happens in a running engine, told in lines."""

from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Final

import trio

from actors.books.order_book import BookNotLive
from actors.detection.opportunity import DetectorSettings, OpportunityChange, Phase
from exchanges.market.numbers import NS_PER_MS, plain
from supervisor.supervision.child import Node
from supervisor.system.engine import Engine, NoSuchKind, UnknownMarket
from supervisor.terminal.screen.standing import standings

STATUS_S: Final = 5.0


class FrameRate:
    """Frames a second since last asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._frames = engine.frames
        self._at_s = trio.current_time()

    def per_s(self) -> float:
        frames, now_s = self._engine.frames, trio.current_time()
        rate = (frames - self._frames) / max(now_s - self._at_s, 1e-9)
        self._frames, self._at_s = frames, now_s
        return rate


async def tell(engine: Engine, say: Callable[[str], None]) -> None:
    """Say what happens, a line each, until cancelled."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_tell_status, engine, say)
        with engine.opportunities() as changes:
            async for change in changes:
                if change.phase is not Phase.IMPROVED:
                    say(in_words(change))


async def _tell_status(engine: Engine, say: Callable[[str], None]) -> None:
    rate = FrameRate(engine)
    while True:
        await trio.sleep(STATUS_S)
        found = standings(engine)
        live, wished = sum(one.live for one in found), sum(one.wished for one in found)
        say(
            f"{rate.per_s():.0f} frames/s, {live} of {wished} books live, "
            f"{engine.open_count} opportunities open, {latency(engine)}"
        )


def in_words(change: OpportunityChange) -> str:
    """One line about what became of an opportunity."""
    opportunity = change.opportunity
    if change.phase is Phase.CLOSED:
        lasted = f"{opportunity.lasted_s:.3f} s"
        return f"closed  #{opportunity.id} after {lasted}: {change.reason}"
    return f"{change.phase:<7} #{opportunity.id} {opportunity}"


def thresholds(settings: DetectorSettings) -> str:
    """In words, when an opportunity counts."""
    age = "any age" if settings.max_age_s == inf else f"sides of at most {settings.max_age_s:g} s"
    return (
        f"opportunities open above {plain(settings.open_bps)} bp and close at or below "
        f"{plain(settings.close_bps)} bp; {age}, from {plain(settings.min_notional)} notional "
        f"and {plain(settings.min_profit)} profit in the quote of the purchase"
    )


def thresholds_in_short(settings: DetectorSettings) -> Iterator[str]:
    """When an opportunity counts, a short fact each; see `thresholds`."""
    yield f"opens >{plain(settings.open_bps)} closes <={plain(settings.close_bps)} bp"
    yield "any age" if settings.max_age_s == inf else f"age <={settings.max_age_s:g} s"
    yield f"notional >={plain(settings.min_notional)}"
    yield f"profit >={plain(settings.min_profit)}"


def latency(engine: Engine, percents: Sequence[float] = (50, 99, 99.9)) -> str:
    """Percentiles of the time from the socket read to the telling of an opportunity."""
    histogram = engine.latency_ns
    if not histogram.count:
        return "no latency measured yet"
    points = " ".join(
        f"p{percent:g} {histogram.percentile(percent) / NS_PER_MS:.2f}" for percent in percents
    )
    return f"socket read to telling, ms: {points} max {histogram.most / NS_PER_MS:.2f}"


def summary(engine: Engine, opened: int, seconds: float) -> Iterator[str]:
    """What came of a run, a line each."""
    yield f"{engine.frames} frames in {seconds:.1f} s ({engine.frames / seconds:.0f} a second)"
    yield f"{opened} opportunities opened"
    yield latency(engine)
    for (sold, bought), rate in engine.rates().items():
        yield f"rate of {sold} in {bought}: {rate}"
    for reason, count in sorted(engine.refused.items()):
        yield f"refused: {reason}: {count}"
    for venue, audits in engine.audits.items():
        if audits.audits:
            yield (
                f"audits of {venue}: {audits.audits}, {audits.mismatches} of {audits.levels} "
                f"levels differed ({audits.mismatch_rate:.2%}), {audits.lost} books lost"
            )
    for book in engine.books():
        if book.losses:
            losses = ", ".join(f"{fault} {count}" for fault, count in book.losses.items())
            now = "live again" if book.is_live else "not live"
            instrument = book.instrument
            yield f"book lost, {now}: {instrument.venue} {instrument.symbol}: {losses}"
    yield from _not_up(engine)
    for name, node in _restarted(engine.tree()):
        yield f"restarted: {name}: {node.restarts} times, last: {node.last_failure}"


def _not_up(engine: Engine) -> Iterator[str]:
    """Each market that is to be watched and cannot be read, and why.

    Where a venue has no such markets at all, that is said once and is no fault.
    """
    if not engine.frames:
        yield "nothing was heard of any venue"
    absent: dict[str, None] = {}
    for venue, symbols in engine.wished.items():
        for symbol in symbols:
            try:
                engine.book(venue, symbol).require_live()
            except NoSuchKind as error:
                absent[str(error)] = None
            except (BookNotLive, UnknownMarket) as error:
                yield f"not up: {error}"
    yield from absent


def _restarted(node: Node, above: str = "") -> Iterator[tuple[str, Node]]:
    """Every node that was restarted, with the name of the one above it."""
    if node.restarts:
        yield f"{above} {node.name}".strip(), node
    for child in node.children:
        yield from _restarted(child, node.name)
