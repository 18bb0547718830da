"""Everything that a venue lists, page after page, whoever carries the requests."""

from collections import deque
from typing import Any

from msgspec.structs import replace

from exchanges.market.instrument import Instrument
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Listing, Odd, Request


class MarketLists:
    """The instruments of a venue: while one is `wanted`, ask the request and `take` its answer.

    Attributes:
        instruments: what has been listed so far.
        odd: rows that could not be read.
    """

    def __init__(self, rest: PublicRest) -> None:
        self.instruments: list[Instrument] = []
        self.odd: list[Odd] = []
        self._pages = deque(rest.instruments())
        self._intervals = rest.funding_intervals()
        self._default_s = rest.default_funding_s

    @property
    def wanted(self) -> Request[Any] | None:
        """The next request; None: all has been listed."""
        return self._pages[0] if self._pages else self._intervals

    def take(self, answer: Listing | dict[str, float]) -> None:
        """What the venue has answered to the request that is wanted."""
        if isinstance(answer, Listing):
            self._pages.popleft()
            self.instruments += answer.instruments
            self.odd += answer.odd
            if answer.more:
                self._pages.append(answer.more)
        else:
            self._intervals = None
            self.instruments = [
                replace(one, funding_interval_s=answer.get(one.native, self._default_s))
                if one.settle
                else one
                for one in self.instruments
            ]
