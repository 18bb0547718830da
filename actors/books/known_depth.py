"""How deep a book is known that started from a snapshot of limited depth.

The stream of such a venue tells every change, but nobody has told the levels below the last one
of the snapshot that have not changed since. As the price moves towards them, what is known above
shrinks.
"""

from collections.abc import Iterable
from math import inf

from exchanges.market.events import Level


class KnownDepth:
    """Where the known part of each side ends.

    Attributes:
        last_bid, last_ask: the deepest prices above which everything is known.
        low_bid, high_ask: once the best price has passed it, half of what was known is gone.
    """

    __slots__ = ("high_ask", "last_ask", "last_bid", "low_bid")

    def __init__(self, bids: Iterable[Level], asks: Iterable[Level], limit: int) -> None:
        self.last_bid = self.low_bid = -inf
        self.last_ask = self.high_ask = inf
        bid_prices = sorted((price for price, _ in bids), reverse=True)
        ask_prices = sorted(price for price, _ in asks)
        # Fewer levels than were asked for are all that there are.
        if limit and len(bid_prices) >= limit:
            self.last_bid, self.low_bid = bid_prices[-1], bid_prices[limit // 2 - 1]
        if limit and len(ask_prices) >= limit:
            self.last_ask, self.high_ask = ask_prices[-1], ask_prices[limit // 2 - 1]

    def is_running_out(self, bid: float, ask: float) -> bool:
        """It is time for a new start; the best prices are 0 and inf where a side is empty."""
        return bid < self.low_bid or ask > self.high_ask

    def is_over(self, bid: float, ask: float) -> bool:
        """Levels better than the best known ones may be missing."""
        return bid < self.last_bid or ask > self.last_ask

    def known_bids(self, bids: list[Level]) -> list[Level]:
        """Best first, as far down as nothing is missing."""
        return [level for level in bids if level[0] >= self.last_bid]

    def known_asks(self, asks: list[Level]) -> list[Level]:
        return [level for level in asks if level[0] <= self.last_ask]


WHOLE = KnownDepth((), (), 0)
"""Nothing is missing."""
