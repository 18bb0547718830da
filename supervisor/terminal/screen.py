"""The terminal screen of a running engine: books, opportunities, supervisors and events."""

from collections.abc import Sequence
from math import inf
from typing import Final

import trio
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from actors.books.order_book import OrderBook
from actors.detection.opportunity import Opportunity
from exchanges.market.events import Fault
from exchanges.market.numbers import NS_PER_S, plain
from supervisor.supervision.child import Node, State
from supervisor.system.engine import Engine
from supervisor.terminal.report import FrameRate, latency

REFRESH_S: Final = 0.25
_WORDS: Final = frozenset({"venue", "symbol", "state", "sell on", "buy on"})  # left-aligned
_HEADING: Final = 3  # lines of a table above its rows
_FRAME: Final = 2  # lines of a panel around its content
_WIDE: Final = 110  # columns from which the supervisors fit beside the books
_STYLES: Final = {
    State.RUNNING: "green",
    State.STARTING: "yellow",
    State.BACKING_OFF: "yellow",
}


async def show(engine: Engine, recent: Sequence[str]) -> None:
    """Keep the terminal up to date until cancelled; `recent` are the newest log records."""
    console = Console()
    rate, smooth = FrameRate(engine), 0.0
    with Live(console=console, auto_refresh=False, screen=True) as live:
        while True:
            await trio.sleep(REFRESH_S)
            smooth += 0.2 * (rate.per_s() - smooth)
            title = f"arbitrio  {smooth:,.0f} frames/s  {latency(engine)}"
            live.update(screen(engine, title, recent, *console.size), refresh=True)


def screen(
    engine: Engine, title: str, recent: Sequence[str], width: int, height: int
) -> RenderableType:
    """One picture of the engine; what does not fit is left out, and counted."""
    events, rows, is_wide = max(2, height // 8), max(3, height // 5), width >= _WIDE
    below = [
        Layout(_opportunities(engine, rows, is_wide), size=_HEADING + rows),
        Layout(Text(f" refused: {_refused(engine)}", style="dim", no_wrap=True), size=1),
        Layout(_events(recent, events), size=_FRAME + events),
    ]
    room = height - 1 - sum(part.size or 0 for part in below)
    middle = Layout()
    if is_wide:
        books = Layout(_books(engine, room - _HEADING), ratio=3)
        middle.split_row(books, Layout(_supervisors(engine, room - _FRAME), ratio=2))
    else:
        beneath = min(room // 3, 8)
        books = Layout(_books(engine, room - beneath - _HEADING))
        middle.split_column(books, Layout(_supervisors(engine, beneath - _FRAME), size=beneath))
    whole = Layout()
    whole.split_column(Layout(Text(title, style="bold", no_wrap=True), size=1), middle, *below)
    return whole


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        table.add_column(name, justify="left" if name in _WORDS else "right", no_wrap=True)
    return table


def _books(engine: Engine, room: int) -> RenderableType:
    """Live books by symbol, after those that are not live."""
    books = sorted(
        engine.books(),
        key=lambda book: (book.is_live, book.instrument.symbol, book.instrument.venue),
    )
    hidden = max(0, len(books) - max(room, 0))
    table = _table("symbol", "venue", "bid", "ask", "bp", "age s", "state")
    table.columns[-1].min_width = len(Fault.STARTING)  # the usual ones shift nothing
    now_ns = engine.clock.now_ns()
    for book in books[: len(books) - hidden - bool(hidden)]:
        table.add_row(book.instrument.symbol, book.instrument.venue, *_book_cells(book, now_ns))
    if hidden:
        table.add_row(f"and {hidden + 1} more", style="dim")
    return table


def _book_cells(book: OrderBook, now_ns: int) -> tuple[RenderableType, ...]:
    if not book.is_live:
        return "", "", "", "", Text(str(book.fault), style="yellow")
    top = book.top()
    spread_bp = (top.ask / top.bid - 1) * 1e4 if top.bid and top.ask < inf else inf
    age_s = (now_ns - top.received_ns) / NS_PER_S
    figures = (plain(top.bid), plain(top.ask), f"{spread_bp:.2f}", f"{age_s:.1f}")
    return (*figures, Text("live", style="green"))


def _opportunities(engine: Engine, rows: int, is_wide: bool) -> Table:
    """The widest opportunities that are open."""
    columns = ("sell on", "buy on", "edge bp", "profit", "open s", "size", "usually s")
    table = _table(*columns[: len(columns) if is_wide else -2])
    now_ns = engine.clock.now_ns()
    found = sorted(engine.open_opportunities(), key=lambda one: -one.edge_bps)
    hidden = max(0, len(found) - rows)
    for one in found[: len(found) - hidden - bool(hidden)]:
        table.add_row(*_opportunity_cells(one, now_ns)[: len(table.columns)])
    if hidden:
        table.add_row(f"and {hidden + 1} more", style="dim")
    return table


def _opportunity_cells(one: Opportunity, now_ns: int) -> tuple[str, ...]:
    sell, buy = one.sell.instrument, one.buy.instrument
    return (
        f"{sell.venue} {sell.symbol}",
        f"{buy.venue} {buy.symbol}",
        f"{one.edge_bps:.2f}",
        f"{one.profit:.2f} {sell.quote}",
        f"{(now_ns - one.opened_ns) / NS_PER_S:.1f}",
        f"{one.size.normalize():f} {sell.base}",
        "" if one.usual_s is None else f"{one.usual_s:.1f}",
    )


def _refused(engine: Engine) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in engine.refused.items()) or "none"


def _events(recent: Sequence[str], room: int) -> Panel:
    newest = Text("\n".join(list(recent)[-room:]), no_wrap=True, overflow="ellipsis")
    return Panel(newest, title="events", title_align="left")


def _supervisors(engine: Engine, room: int) -> Panel:
    root = engine.tree()
    tree = _tree(root, depth=0, fold=_size(root) > room)
    return Panel(tree, title="supervisors", title_align="left")


def _size(node: Node) -> int:
    """Lines that a node takes if nothing but the books is folded."""
    return 1 + sum(1 if one.name == "books" else _size(one) for one in node.children)


def _tree(node: Node, *, depth: int, fold: bool) -> Tree:
    """A node and those below it; with `fold`, a venue that has run undisturbed is one line."""
    tree = Tree(_label(node))
    for child in node.children:
        if child.name == "books" or (fold and depth and child.children and _is_calm(child)):
            tree.add(_folded(child))
        else:
            tree.add(_tree(child, depth=depth + 1, fold=fold))
    return tree


def _is_calm(node: Node) -> bool:
    return (
        node.state is State.RUNNING
        and not node.restarts
        and all(_is_calm(child) for child in node.children)
    )


def _folded(node: Node) -> Text:
    leaves = list(_leaves(node))
    running = sum(one.state is State.RUNNING for one in leaves)
    restarts = sum(one.restarts for one in leaves)
    label = Text(f"{node.name}  ")
    label.append(f"{running} of {len(leaves)} running", style="green")
    if restarts:
        label.append(f"  restarted {restarts}x", style="dim")
    return label


def _leaves(node: Node) -> list[Node]:
    if not node.children:
        return [node]
    return [leaf for child in node.children for leaf in _leaves(child)]


def _label(node: Node) -> Text:
    label = Text(f"{node.name}  ", no_wrap=True, overflow="ellipsis")
    label.append(str(node.state), style=_STYLES.get(node.state, "red"))
    if node.restarts:
        label.append(f"  restarted {node.restarts}x: {node.last_failure}", style="dim")
    return label
