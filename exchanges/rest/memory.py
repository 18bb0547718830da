"""What a venue's lists have told before, to know one that suddenly tells next to nothing.

A venue in maintenance may answer its list with no rows, or a few, and status 200. Who believes that
once closes every book there; who believes it only when it is told again loses nothing, since the
streams of a market that has gone end by themselves.
"""

from collections.abc import Mapping
from typing import Final

from exchanges.market.instrument import Kind

MarketName = tuple[Kind, str]
"""A market by its kind and the venue's name of it."""

BELIEVED: Final = 2
"""So many times in a row a list has to say that most of its markets are gone."""
SETTLED: Final = 10
"""After so many it is not odd any more, but what the venue lists: maintenance is over sooner."""


class ListMemory:
    """The markets of each list, as it told them when it was last believed at once.

    Attributes:
        doubts: what is odd about the lists that were judged last, by what was asked.
        kept: markets that those no longer tell, and that stay as they were.
    """

    def __init__(self) -> None:
        self.doubts: dict[str, str] = {}
        self.kept: frozenset[MarketName] = frozenset()
        self._told: dict[str, frozenset[MarketName]] = {}
        self._times: dict[str, int] = {}  # in a row, of those that are odd

    def judge(self, told: Mapping[str, frozenset[MarketName]]) -> None:
        """Compare lists that were answered in full with what they told before.

        That most of its markets are missing must be told twice in a row to be believed. It stays
        a doubt even so, and the list is soon asked for again, until it is itself or has said so
        for long.
        """
        times = {asked: self._times.get(asked, 0) + 1 for asked in told}
        self.kept, self.doubts, self._times = frozenset(), {}, {}
        for asked, markets in told.items():
            known = self._told.get(asked, frozenset())
            gone = known - markets
            if 2 * len(gone) <= len(known) or times[asked] >= SETTLED:
                self._told[asked] = markets
                continue
            self._times[asked] = times[asked]
            self.doubts[asked] = f"lists {len(gone)} of its {len(known)} markets no longer"
            if times[asked] < BELIEVED:
                self.kept |= gone
