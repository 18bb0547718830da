"""What a person sees of a running engine: tables for a terminal, lines where there is none."""

from collections.abc import Callable, Iterable, Iterator
from math import inf

import trio
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from actors.opportunity import Opportunity, OpportunityChange, Phase
from actors.order_book import OrderBook
from exchanges.numbers import NS_PER_MS, NS_PER_S
from supervisor.child import Node, State
from supervisor.engine import Engine

REFRESH_S = 0.25
STATUS_S = 5.0
_ROWS = 8
_WORDS = frozenset({"venue", "symbol", "state", "sell on", "buy on"})  # columns of text
_STYLES = {State.RUNNING: "green", State.STARTING: "yellow", State.BACKING_OFF: "yellow"}


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


async def show_tables(engine: Engine, recent: Iterable[str]) -> None:
    """Keep the terminal up to date until cancelled."""
    rate, smooth = FrameRate(engine), 0.0
    with Live(console=Console(), auto_refresh=False, transient=True) as live:
        while True:
            await trio.sleep(REFRESH_S)
            smooth += 0.2 * (rate.per_s() - smooth)
            live.update(_screen(engine, smooth, recent), refresh=True)


async def show_lines(engine: Engine, say: Callable[[str], None]) -> None:
    """Say what happens, a line each, until cancelled."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_say_status, engine, say)
        with engine.opportunities() as changes:
            async for change in changes:
                if change.phase is not Phase.IMPROVED:
                    say(describe(change))


async def _say_status(engine: Engine, say: Callable[[str], None]) -> None:
    rate = FrameRate(engine)
    while True:
        await trio.sleep(STATUS_S)
        books = engine.books()
        live = sum(book.is_live for book in books)
        say(
            f"{rate.per_s():.0f} frames/s, {live} of {len(books)} books live, "
            f"{len(engine.open_opportunities())} opportunities open, {latency(engine)}"
        )


def describe(change: OpportunityChange) -> str:
    """One line about what became of an opportunity."""
    opportunity = change.opportunity
    if change.phase is Phase.CLOSED:
        lasted = f"{opportunity.lasted_s:.3f} s"
        return f"closed  #{opportunity.id} after {lasted}: {change.reason}"
    return f"{change.phase:<7} #{opportunity.id} {opportunity}"


def latency(engine: Engine) -> str:
    """Percentiles of the time from the socket read to the telling of an opportunity."""
    histogram = engine.latency_ns
    if not histogram.count:
        return "no latency measured yet"
    points = " ".join(
        f"p{percent:g} {histogram.percentile(percent) / NS_PER_MS:.2f}"
        for percent in (50, 99, 99.9)
    )
    return f"latency ms {points} max {histogram.most / NS_PER_MS:.2f}"


def summary(engine: Engine, opened: int, seconds: float) -> Iterator[str]:
    """What came of a run, a line each."""
    yield f"{engine.frames} frames in {seconds:.1f} s ({engine.frames / seconds:.0f} a second)"
    yield f"{opened} opportunities opened"
    yield latency(engine)
    for reason, count in sorted(engine.refused.items()):
        yield f"refused: {reason}: {count}"
    for book in engine.books():
        if book.losses:
            losses = ", ".join(f"{fault} {count}" for fault, count in book.losses.items())
            instrument = book.instrument
            yield f"lost and found again: {instrument.venue} {instrument.symbol}: {losses}"
    for node in _restarted(engine.tree()):
        yield f"restarted: {node.name}: {node.restarts} times, last: {node.last_failure}"


def _restarted(node: Node) -> Iterator[Node]:
    if node.restarts:
        yield node
    for child in node.children:
        yield from _restarted(child)


def _screen(engine: Engine, frames_per_s: float, recent: Iterable[str]) -> RenderableType:
    header = Text(f"arbitrio  {frames_per_s:,.0f} frames/s  {latency(engine)}", style="bold")
    return Group(
        header,
        _books_table(engine),
        _opportunities_table(engine.open_opportunities(), engine.clock.now_ns()),
        Text("refused: " + _refused(engine), style="dim"),
        Panel(_tree(engine.tree()), title="supervisors", title_align="left"),
        Panel(Text("\n".join(recent)), title="events", title_align="left"),
    )


def _books_table(engine: Engine) -> Table:
    table = Table(expand=True)
    for name in ("venue", "symbol", "bid", "ask", "spread bp", "age s", "state"):
        table.add_column(name, justify="left" if name in _WORDS else "right")
    now_ns = engine.clock.now_ns()
    for book in sorted(
        engine.books(), key=lambda one: (one.instrument.symbol, one.instrument.venue)
    ):
        table.add_row(book.instrument.venue, book.instrument.symbol, *_book_cells(book, now_ns))
    return table


def _book_cells(book: OrderBook, now_ns: int) -> tuple[RenderableType, ...]:
    if not book.is_live:
        return "", "", "", "", Text(f"{book.fault} {book.detail}", style="yellow")
    top = book.top()
    spread_bp = (top.ask / top.bid - 1) * 1e4 if top.bid and top.ask < inf else inf
    age_s = (now_ns - top.received_ns) / NS_PER_S
    figures = (f"{top.bid:g}", f"{top.ask:g}", f"{spread_bp:.2f}", f"{age_s:.1f}")
    return (*figures, Text("live", style="green"))


def _opportunities_table(opportunities: list[Opportunity], now_ns: int) -> Table:
    table = Table(expand=True)
    for name in ("sell on", "buy on", "edge bp", "size", "profit", "open s", "usually s"):
        table.add_column(name, justify="left" if name in _WORDS else "right")
    for one in opportunities[:_ROWS]:
        sell, buy = one.sell.instrument, one.buy.instrument
        table.add_row(
            f"{sell.venue} {sell.symbol}",
            f"{buy.venue} {buy.symbol}",
            f"{one.edge_bps:.2f}",
            f"{one.size.normalize():f}",
            f"{one.profit:.2f} {sell.quote}",
            f"{(now_ns - one.opened_ns) / NS_PER_S:.1f}",
            "" if one.usual_s is None else f"{one.usual_s:.1f}",
        )
    return table


def _refused(engine: Engine) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in engine.refused.items()) or "none"


def _tree(node: Node) -> Tree:
    tree = Tree(_label(node))
    for child in node.children:
        if child.name == "books":
            running = sum(one.state is State.RUNNING for one in child.children)
            tree.add(f"books: {running} of {len(child.children)} running")
        else:
            tree.add(_tree(child))
    return tree


def _label(node: Node) -> Text:
    label = Text(node.name + " ")
    label.append(str(node.state), style=_STYLES.get(node.state, "red"))
    if node.restarts:
        label.append(f"  restarted {node.restarts}x: {node.last_failure[:80]}", style="dim")
    return label
