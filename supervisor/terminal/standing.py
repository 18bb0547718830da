"""How each venue stands: its worst part, its live books, and why something is not up."""

from collections.abc import Iterator
from typing import Final

import msgspec

from actors.books.order_book import BookNotLive
from supervisor.supervision.child import Node, State
from supervisor.system.engine import Engine, UnknownMarket

# The worst first. A part that has ended or is being stopped is nothing to wait for.
_TROUBLES: Final = (State.PARKED, State.BACKING_OFF, State.STARTING)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One venue.

    `live` of its `wished` books can be read; what it does not trade is not among them. `why` says
    what is not up, or else what is not traded, and is empty if there is neither.
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
    names = [name for name in engine.config.venues if name in branches]
    found = [_standing(engine, name, branches[name]) for name in names]
    return sorted(found, key=lambda one: (one.is_up, not one.why, one.venue))


def not_up(engine: Engine, venue: str) -> Iterator[BookNotLive | UnknownMarket]:
    """Why each market of a venue that was asked for and cannot be read cannot."""
    for symbol in engine.config.symbols_of(venue):
        try:
            engine.book(venue, symbol).require_live()
        except (BookNotLive, UnknownMarket) as error:
            yield error


def _standing(engine: Engine, venue: str, branch: Node) -> Standing:
    absent = list(not_up(engine, venue))
    down = [error for error in absent if isinstance(error, BookNotLive)]
    wished = len(engine.config.symbols_of(venue)) - (len(absent) - len(down))
    worst = min(_parts(branch), key=_badness)
    state = worst.state if worst.state in _TROUBLES else State.RUNNING
    if worst.last_failure and state is not State.RUNNING:
        why = f"{worst.name}: {worst.last_failure}"
    else:
        why = next((str(error).removeprefix(f"{venue} ") for error in [*down, *absent]), "")
    return Standing(venue=venue, state=state, live=wished - len(down), wished=wished, why=why)


def _parts(node: Node) -> Iterator[Node]:
    """All below a node, and the node behind them: a part says more than what it is part of."""
    for child in node.children:
        yield from _parts(child)
    yield node


def _badness(node: Node) -> int:
    return _TROUBLES.index(node.state) if node.state in _TROUBLES else len(_TROUBLES)
