"""The parts of the screen, each a heading and rows of one line; what does not fit is counted."""

from collections.abc import Sequence
from math import inf
from typing import Final, TypeVar

from actors.books.order_book import OrderBook
from actors.detection.opportunity import Opportunity
from exchanges.market.events import Fault
from exchanges.market.numbers import NS_PER_S, plain
from supervisor.supervision.child import Node, State
from supervisor.system.engine import Engine
from supervisor.terminal.screen.lines import Cell, Line, columns, dim, heading, plain_cell
from supervisor.terminal.screen.standing import Standing

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


def opportunities(engine: Engine, room: int, width: int, scroll: Scroll) -> list[Line]:
    """The widest open opportunities, and why others are not shown."""
    figures = ("edge bp", "profit", "open s", "size", "usually s")
    names = ("sell on", "buy on", *figures[: 2 if width < NARROW else 3 if width < ROOMY else 5])
    now_ns = engine.clock.now_ns()
    found = engine.open_opportunities()
    space = room - HEADING - 1
    seen, rest = _seen(found, space, scroll) if len(found) > space else (found, "")
    rows = [
        _opportunity_cells(one, now_ns, with_quote=width >= NARROW)[: len(names)] for one in seen
    ]
    refused = ", ".join(f"{reason} {count}" for reason, count in engine.refused.items())
    said = (rest, "" if found else "none open", f"not shown: {refused}" if refused else "")
    return [
        *columns(names, rows, width, words=_WORDS),
        [dim("; ".join(part for part in said if part))],
    ]


def venues(found: Sequence[Standing], room: int, width: int, scroll: Scroll) -> list[Line]:
    """How each venue stands, those first of which something is not up."""
    seen, rest = _fitting(found, room, scroll)
    rows = [_venue_cells(one) for one in seen]
    names = ("venue", "state", "live", "why not")
    up = sum(one.is_up for one in found)
    return [
        *columns(names, rows, width, words=_WORDS, spread=False),
        *_hidden(f"{rest}; {up} of {len(found)} venues are up" if rest else ""),
    ]


def books(engine: Engine, room: int, width: int, scroll: Scroll) -> list[Line]:
    """Live books by symbol, after those that are not live."""
    found = sorted(
        engine.books(),
        key=lambda book: (book.is_live, book.instrument.symbol, book.instrument.venue),
    )
    now_ns = engine.clock.now_ns()
    seen, rest = _fitting(found, room, scroll)
    names = ("symbol", "venue", "bid", "ask", "bp", "age s", "state")
    rows = [_book_cells(book, now_ns) for book in seen]
    return [*columns(names, rows, width, words=_WORDS), *_hidden(rest)]


def supervisors(root: Node, room: int, scroll: Scroll, *, fold: bool) -> list[Line]:
    """The live tree; with `fold`, what has run undisturbed is one line."""
    return _listed("supervisors", _tree(root, depth=0, fold=fold), room, scroll)


def events(recent: Sequence[str], room: int, scroll: Scroll) -> list[Line]:
    """The newest records of the log."""
    newest = [[plain_cell(line)] for line in reversed(recent)]
    return _listed("events, newest first", newest, room, scroll)


def keys(room: int, scroll: Scroll) -> list[Line]:
    """What each key does."""
    rows = [[plain_cell(f"{name:<17}{meaning}")] for name, meaning in _KEYS]
    return _listed("keys", rows, room, scroll)


def _listed(title: str, rows: Sequence[Line], room: int, scroll: Scroll) -> list[Line]:
    seen, rest = _fitting(rows, room, scroll)
    return [heading(title), *seen, *_hidden(rest)]


def _hidden(rest: str) -> list[Line]:
    return [[dim(rest)]] if rest else []


def _fitting(rows: Sequence[Row], room: int, scroll: Scroll) -> tuple[Sequence[Row], str]:
    """The rows that fit below a heading, and in words what is hidden, which takes a line."""
    space = room - HEADING
    return (rows, "") if len(rows) <= space else _seen(rows, space - 1, scroll)


def _seen(rows: Sequence[Row], space: int, scroll: Scroll) -> tuple[Sequence[Row], str]:
    space = max(space, 0)
    most = len(rows) - space
    scroll.most = max(scroll.most, most)
    skip = min(scroll.skip, most)
    return rows[skip : skip + space], f"and {most - skip} more{f', {skip} above' if skip else ''}"


def _venue_cells(one: Standing) -> Line:
    return (
        plain_cell(one.venue),
        (str(one.state), _STYLES.get(one.state, "red")),
        (f"{one.live}/{one.wished}", "green" if one.live == one.wished else "red"),
        (one.why, "dim" if one.is_up else "yellow"),
    )


def _book_cells(book: OrderBook, now_ns: int) -> Line:
    where = (plain_cell(book.instrument.symbol), plain_cell(book.instrument.venue))
    if not book.is_live:
        return (*where, *([plain_cell("")] * 4), (str(book.fault), "yellow"))
    top = book.top()
    spread_bp = (top.ask / top.bid - 1) * 1e4 if top.bid and top.ask < inf else inf
    age_s = (now_ns - top.received_ns) / NS_PER_S
    figures = (plain(top.bid), plain(top.ask), f"{spread_bp:.2f}", f"{age_s:.1f}")
    live = f"{'live':<{len(Fault.STARTING)}}"  # a book that starts shifts nothing
    return (*where, *map(plain_cell, figures), (live, "green"))


def _opportunity_cells(one: Opportunity, now_ns: int, *, with_quote: bool) -> Line:
    sell, buy = one.sell.instrument, one.buy.instrument
    return [
        plain_cell(text)
        for text in (
            f"{sell.venue} {sell.symbol}",
            f"{buy.venue} {buy.symbol}",
            f"{one.edge_bps:.2f}",
            f"{one.profit:.2f}{f' {one.unit}' if with_quote else ''}",
            f"{(now_ns - one.opened_ns) / NS_PER_S:.1f}",
            f"{one.size.normalize():f} {sell.base}",
            "" if one.usual_s is None else f"{one.usual_s:.1f}",
        )
    ]


def _tree(node: Node, *, depth: int, fold: bool) -> list[Line]:
    """A node and those below it, each a line that is indented by its depth."""
    lines = [_label(node, depth)]
    for child in node.children:
        if child.name == "books" or (fold and depth and child.children and _is_calm(child)):
            lines.append(_folded(child, depth + 1))
        else:
            lines += _tree(child, depth=depth + 1, fold=fold)
    return lines


def _is_calm(node: Node) -> bool:
    return (
        node.state is State.RUNNING
        and not node.restarts
        and all(_is_calm(child) for child in node.children)
    )


def _folded(node: Node, depth: int) -> Line:
    leaves = list(_leaves(node))
    running = sum(one.state is State.RUNNING for one in leaves)
    restarts = sum(one.restarts for one in leaves)
    line: list[Cell] = [
        plain_cell(f"{'  ' * depth}{node.name}  "),
        (f"{running} of {len(leaves)} running", "green"),
    ]
    if restarts:
        line.append(dim(f"  restarted {restarts}x"))
    return line


def _leaves(node: Node) -> list[Node]:
    if not node.children:
        return [node]
    return [leaf for child in node.children for leaf in _leaves(child)]


def _label(node: Node, depth: int) -> Line:
    line: list[Cell] = [
        plain_cell(f"{'  ' * depth}{node.name}  "),
        (str(node.state), _STYLES.get(node.state, "red")),
    ]
    if node.restarts:
        line.append(dim(f"  restarted {node.restarts}x: {node.last_failure}"))
    return line
