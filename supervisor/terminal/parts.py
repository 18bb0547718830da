"""The parts of the screen, each a heading and rows of one line; what does not fit is counted."""

from collections.abc import Sequence
from math import inf
from typing import Final, TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from actors.books.order_book import OrderBook
from actors.detection.opportunity import Opportunity
from exchanges.market.events import Fault
from exchanges.market.numbers import NS_PER_S, plain
from supervisor.supervision.child import Node, State
from supervisor.system.engine import Engine
from supervisor.terminal.standing import Standing

Row = TypeVar("Row")

HEADING: Final = 1  # lines of a part above its rows
NARROW: Final = 70  # columns below which an opportunity has room for its markets, edge and profit
ROOMY: Final = 110  # columns from which all its figures fit
_WORDS: Final = frozenset({"venue", "symbol", "state", "sell on", "buy on", "why not"})
_STYLES: Final = {
    State.RUNNING: "green",
    State.STARTING: "yellow",
    State.BACKING_OFF: "yellow",
}
_KEYS: Final = (
    ("tab, right", "the next part"),
    ("shift-tab, left", "the part before"),
    ("up, down", "through the rows of a part"),
    ("?", "these keys, and back"),
    ("q", "quit, with a summary"),
    ("Ctrl-C", "the same"),
)


class Scroll:
    """How many rows are skipped, and the most that parts drawn with it had to skip."""

    def __init__(self, skip: int = 0) -> None:
        self.skip = skip
        self.most = 0


def opportunities(engine: Engine, room: int, width: int, scroll: Scroll) -> RenderableType:
    """The widest open opportunities, and why others are not shown."""
    columns = ("sell on", "buy on", "edge bp", "profit", "open s", "size", "usually s")
    table = _table(*columns[: 4 if width < NARROW else 5 if width < ROOMY else 7])
    now_ns = engine.clock.now_ns()
    found = engine.open_opportunities()
    space = room - HEADING - 1
    seen, rest = _seen(found, space, scroll) if len(found) > space else (found, "")
    for one in seen:
        cells = _opportunity_cells(one, now_ns, with_quote=width >= NARROW)
        table.add_row(*map(_word, cells[: len(table.columns)]))
    refused = ", ".join(f"{reason} {count}" for reason, count in engine.refused.items())
    said = (rest, "" if found else "none open", f"not shown: {refused}" if refused else "")
    return Group(table, _dim("; ".join(part for part in said if part)))


def venues(found: Sequence[Standing], room: int, scroll: Scroll) -> RenderableType:
    """How each venue stands, those first of which something is not up."""
    table = _table("venue", "state", "live", "why not")
    table.columns[-1].ratio = 1
    seen, rest = _fitting(found, room, scroll)
    for one in seen:
        state = Text(str(one.state), style=_STYLES.get(one.state, "red"))
        live = Text(f"{one.live}/{one.wished}", style="green" if one.live == one.wished else "red")
        why = _word(one.why, style="dim" if one.is_up else "yellow")
        table.add_row(_word(one.venue), state, live, why)
    up = sum(one.is_up for one in found)
    return _with_rest(table, f"{rest}; {up} of {len(found)} venues are up" if rest else "")


def books(engine: Engine, room: int, scroll: Scroll) -> RenderableType:
    """Live books by symbol, after those that are not live."""
    found = sorted(
        engine.books(),
        key=lambda book: (book.is_live, book.instrument.symbol, book.instrument.venue),
    )
    table = _table("symbol", "venue", "bid", "ask", "bp", "age s", "state")
    table.columns[-1].min_width = len(Fault.STARTING)  # the usual ones shift nothing
    now_ns = engine.clock.now_ns()
    seen, rest = _fitting(found, room, scroll)
    for book in seen:
        where = (book.instrument.symbol, book.instrument.venue)
        table.add_row(*map(_word, where), *_book_cells(book, now_ns))
    return _with_rest(table, rest)


def supervisors(root: Node, room: int, scroll: Scroll, *, fold: bool) -> RenderableType:
    """The live tree; with `fold`, what has run undisturbed is one line."""
    return _lines("supervisors", _tree(root, depth=0, fold=fold), room, scroll)


def events(recent: Sequence[str], room: int, scroll: Scroll) -> RenderableType:
    """The newest records of the log."""
    newest = [Text(" ".join(line.split("\n"))) for line in reversed(recent)]
    return _lines("events, newest first", newest, room, scroll)


def keys(room: int, scroll: Scroll) -> RenderableType:
    """What each key does."""
    rows = [Text(f"{name:<17}{meaning}") for name, meaning in _KEYS]
    return _lines("keys", rows, room, scroll)


def _table(*columns: str) -> Table:
    """Figures are shown whole; words are cut where the terminal is narrow."""
    table = Table(
        box=None, expand=True, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold underline"
    )
    for name in columns:
        is_word = name in _WORDS
        table.add_column(name, justify="left" if is_word else "right", no_wrap=not is_word)
    return table


def _word(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _dim(text: str) -> Text:
    return _word(text, style="dim")


def _with_rest(table: Table, rest: str) -> RenderableType:
    return Group(table, _dim(rest)) if rest else table


def _fitting(rows: Sequence[Row], room: int, scroll: Scroll) -> tuple[Sequence[Row], str]:
    """The rows that fit below a heading, and in words what is hidden, which takes a line."""
    space = room - HEADING
    return (rows, "") if len(rows) <= space else _seen(rows, space - 1, scroll)


def _seen(rows: Sequence[Row], space: int, scroll: Scroll) -> tuple[Sequence[Row], str]:
    space = max(space, 0)
    most = len(rows) - space
    scroll.most = max(scroll.most, most)
    skip = min(scroll.skip, most)
    below = most - skip
    return rows[skip : skip + space], f"and {below} more{f', {skip} above' if skip else ''}"


def _lines(title: str, rows: Sequence[Text], room: int, scroll: Scroll) -> RenderableType:
    seen, rest = _fitting(rows, room, scroll)
    lines = [Text(title, style="bold underline"), *seen, *([_dim(rest)] if rest else [])]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines)


def _book_cells(book: OrderBook, now_ns: int) -> tuple[RenderableType, ...]:
    if not book.is_live:
        return "", "", "", "", _word(str(book.fault), style="yellow")
    top = book.top()
    spread_bp = (top.ask / top.bid - 1) * 1e4 if top.bid and top.ask < inf else inf
    age_s = (now_ns - top.received_ns) / NS_PER_S
    figures = (plain(top.bid), plain(top.ask), f"{spread_bp:.2f}", f"{age_s:.1f}")
    return (*figures, _word("live", style="green"))


def _opportunity_cells(one: Opportunity, now_ns: int, *, with_quote: bool) -> tuple[str, ...]:
    sell, buy = one.sell.instrument, one.buy.instrument
    return (
        f"{sell.venue} {sell.symbol}",
        f"{buy.venue} {buy.symbol}",
        f"{one.edge_bps:.2f}",
        f"{one.profit:.2f}{f' {sell.quote}' if with_quote else ''}",
        f"{(now_ns - one.opened_ns) / NS_PER_S:.1f}",
        f"{one.size.normalize():f} {sell.base}",
        "" if one.usual_s is None else f"{one.usual_s:.1f}",
    )


def _tree(node: Node, *, depth: int, fold: bool) -> list[Text]:
    """A node and those below it, each a line that is indented by its depth."""
    lines = [Text("  " * depth) + _label(node)]
    for child in node.children:
        if child.name == "books" or (fold and depth and child.children and _is_calm(child)):
            lines.append(Text("  " * (depth + 1)) + _folded(child))
        else:
            lines += _tree(child, depth=depth + 1, fold=fold)
    return lines


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
    label = Text(f"{node.name}  ")
    label.append(str(node.state), style=_STYLES.get(node.state, "red"))
    if node.restarts:
        label.append(f"  restarted {node.restarts}x: {node.last_failure}", style="dim")
    return label
