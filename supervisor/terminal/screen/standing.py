"""How each venue stands: its worst part, its live books, and why something is not up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from actors.books.order_book import OrderBook
from supervisor.supervision.child import Node, State
from supervisor.system.engine import Engine

# The worst first. A part that has ended or is being stopped is nothing to wait for.
_TROUBLES: Final = (State.PARKED, State.BACKING_OFF, State.STARTING)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One venue.

    `live` of its `wished` books can be read; what it does not list is not among them. `why` says
    what is not up, or else what is not listed, and is empty if there is neither.
    """

    venue: str
    state: State
    live: int
    wished: int
    why: str

    @property
    def is_up(self) -> bool:
        return self.state is State.RUNNING and self.live == self.wished


def standings(engine: Engine) -> list[Standing]:
    """How the configured venues stand, those first of which something is not up."""
    (venues,) = (node for node in engine.tree().children if node.name == "venues")
    branches = {node.name: node for node in venues.children}
    books = {(one.instrument.venue, one.instrument.symbol): one for one in engine.books()}
    unlisted = engine.unlisted
    found = []
    for venue in engine.config.venues:
        if venue in branches:
            listed = [
                symbol
                for symbol in engine.config.symbols_of(venue)
                if symbol not in unlisted[venue]
            ]
            watched = {symbol: books.get((venue, symbol)) for symbol in listed}
            found.append(_standing(venue, branches[venue], watched, sorted(unlisted[venue])))
    return sorted(found, key=lambda one: (one.is_up, not one.why, one.venue))


def _standing(
    venue: str, branch: Node, watched: Mapping[str, OrderBook | None], unlisted: Sequence[str]
) -> Standing:
    down = [symbol for symbol, book in watched.items() if not (book and book.is_live)]
    worst = min(_parts(branch), key=_badness)
    state = worst.state if worst.state in _TROUBLES else State.RUNNING
    if worst.last_failure and state is not State.RUNNING:
        why = f"{worst.name}: {worst.last_failure}"
    elif down:
        why = f"{down[0]}: {_fault(watched[down[0]])}"
    else:
        why = f"not listed: {', '.join(unlisted)}" if unlisted else ""
    live = len(watched) - len(down)
    return Standing(venue=venue, state=state, live=live, wished=len(watched), why=why)


def _fault(book: OrderBook | None) -> str:
    if book is None:
        return "the venue's instruments are being loaded"
    return f"{book.fault}{book.detail and f' ({book.detail})'}"


def _parts(node: Node) -> Iterator[Node]:
    """All below a node, and the node behind them: a part says more than what it is part of."""
    for child in node.children:
        yield from _parts(child)
    yield node


def _badness(node: Node) -> int:
    return _TROUBLES.index(node.state) if node.state in _TROUBLES else len(_TROUBLES)
