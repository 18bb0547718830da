"""How each venue stands: its worst part, its live books, and why something is not up."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from actors.books.order_book import BookNotLive
from supervisor.supervision.child import Node, State
from supervisor.system.engine import Engine, NoSuchKind, UnknownMarket

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
    """How the watched venues stand, those first of which something is not up."""
    (venues,) = (node for node in engine.tree().children if node.name == "venues")
    branches = {node.name: node for node in venues.children}
    found = [
        _standing(engine, branches[venue], symbols)
        for venue, symbols in engine.wished.items()
        if venue in branches
    ]
    return sorted(found, key=lambda one: (one.is_up, not one.why, one.venue))


def _standing(engine: Engine, branch: Node, symbols: Sequence[str]) -> Standing:
    """One venue, of which those symbols are to be watched."""
    down: list[str] = []
    unlisted: list[str] = []
    absent: list[str] = []  # what it says of kinds of market that it has not
    for symbol in symbols:
        try:
            engine.book(branch.name, symbol).require_live()
        except BookNotLive as error:
            down.append(f"{symbol}: {error.reason}")
        except NoSuchKind as error:
            absent.append(str(error).removeprefix(f"{branch.name} "))
        except UnknownMarket:
            unlisted.append(symbol)
    worst = min(_parts(branch), key=_badness)
    state = worst.state if worst.state in _TROUBLES else State.RUNNING
    if worst.last_failure and state is not State.RUNNING:
        why = f"{worst.name}: {worst.last_failure}"
    elif down:
        why = down[0]
    else:
        missing = [f"not listed: {', '.join(sorted(unlisted))}"] if unlisted else []
        why = "; ".join([*missing, *dict.fromkeys(absent)])
    wished = len(symbols) - len(unlisted) - len(absent)
    return Standing(venue=branch.name, state=state, live=wished - len(down), wished=wished, why=why)


def _parts(node: Node) -> Iterator[Node]:
    """All below a node, and the node behind them: a part says more than what it is part of."""
    for child in node.children:
        yield from _parts(child)
    yield node


def _badness(node: Node) -> int:
    return _TROUBLES.index(node.state) if node.state in _TROUBLES else len(_TROUBLES)
