"""The markets that tell rates between quote assets: watched for that alone, where nobody wishes."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Final

import trio

from actors.detection.quotes import QuoteSettings
from exchanges.errors import CodecUsageError, InvalidSymbol
from exchanges.market.instrument import Status, split_symbol, unified_symbol
from exchanges.market.topics import Channel, Topic
from supervisor.system.branch import VenueBranch

SOURCES: Final = 2
"""So many venues tell a rate, where they can: one that errs is noticed, one that is lost missed
by nobody."""

Source = tuple[str, str]
"""A venue, and the symbol of its market."""


class Conversions:
    """Has the branches keep the books that tell the rates between the quotes which are wished for.

    Attributes:
        sources: what it wants of them now.
    """

    def __init__(self, quotes: QuoteSettings, branches: Mapping[str, VenueBranch]) -> None:
        self.sources: frozenset[Source] = frozenset()
        self._quotes = quotes
        self._branches = branches
        self._news = trio.Event()

    def look_again(self) -> None:
        """What is wished for or listed has changed."""
        self._news.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep to what is needed until cancelled."""
        task_status.started()
        while True:
            self._news = trio.Event()
            await self._settle()
            await self._news.wait()

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The quotes of one family that stand beside each other in what is wished for."""
        wished = (symbol for branch in self._branches.values() for symbol in branch.wished)
        quotes = {split_symbol(symbol)[1] for symbol in wished}
        return [
            (one, other)
            for one, other in combinations(sorted(quotes), 2)
            if self._quotes.converts(one, other)
        ]

    async def _settle(self) -> None:
        needed = frozenset(self._needed())
        for venue, symbol in sorted(self.sources - needed):
            if branch := self._branches.get(venue):
                await branch.unwant(Topic(Channel.BOOK, symbol))
        granted = self.sources & needed
        for venue, symbol in sorted(needed - self.sources):
            try:
                await self._branches[venue].want(Topic(Channel.BOOK, symbol))
            except (KeyError, InvalidSymbol, CodecUsageError):
                continue  # it has gone meanwhile, or its books are not streamed
            granted |= {(venue, symbol)}
        self.sources = granted

    def _needed(self) -> Iterator[Source]:
        for one, other in self.pairs:
            if direct := list(self._between(one, other)):
                yield from direct
            else:
                yield from self._by_way_of_another(one, other)

    def _by_way_of_another(self, one: str, other: str) -> Iterable[Source]:
        for third in self._quotes.members(one):
            if third in (one, other):
                continue
            there, onward = list(self._between(one, third)), list(self._between(third, other))
            if there and onward:
                return (*there, *onward)
        return ()

    def _between(self, one: str, other: str) -> Iterator[Source]:
        """Markets of the two at different venues, first those that are watched anyway."""
        found = [
            (symbol not in branch.wished, number, (venue, symbol))
            for number, (venue, branch) in enumerate(self._branches.items())
            for symbol in (unified_symbol(one, other), unified_symbol(other, one))
            if _is_traded(branch, symbol)
        ]
        told: set[str] = set()
        for _, _, source in sorted(found):
            if source[0] not in told and len(told) < SOURCES:
                told.add(source[0])
                yield source


def _is_traded(branch: VenueBranch, symbol: str) -> bool:
    instrument = branch.listings.now(symbol)
    return instrument is not None and instrument.status is Status.TRADING
