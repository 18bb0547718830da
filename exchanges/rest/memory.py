"""What a venue's lists have told before, to know one that suddenly tells next to nothing.

A venue in maintenance may answer its list with no rows, or a few, and status 200. Who believes that
once closes every book there; who believes it only when it is told again loses nothing, since the
streams of a market that has gone end by themselves.
"""

from collections.abc import Mapping

from exchanges.market.instrument import Kind

MarketName = tuple[Kind, str]
"""A market by its kind and the venue's name of it."""


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

    def judge(self, told: Mapping[str, frozenset[MarketName]]) -> None:
        """Compare lists that were answered in full with what they told before.

        That most of its markets are missing must be told twice in a row to be believed. It stays
        a doubt even so, and the list is soon asked for again until it is itself.
        """
        before, doubted = self._told, self.doubts
        self.kept, self.doubts = frozenset(), {}
        for asked, markets in told.items():
            known = before.get(asked, frozenset())
            gone = known - markets
            if 2 * len(gone) <= len(known):
                before[asked] = markets
                continue
            self.doubts[asked] = f"lists {len(gone)} of its {len(known)} markets no longer"
            if asked not in doubted:
                self.kept |= gone
