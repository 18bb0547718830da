"""Everything that a venue lists, page after page, whoever carries the requests."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from exchanges.errors import ExchangeError
from exchanges.market.instrument import Instrument, Instruments, Kind, Status
from exchanges.rest.memory import MarketName
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Listing, Odd, Request, Rows


class MarketLists:
    """The instruments of a venue: while one is `wanted`, ask the request, and `take` its answer
    or `fail` it. A list that is not answered costs no other.

    Attributes:
        odd: rows that could not be read.
        unanswered: why a request was not answered, by what was asked.
        told: the markets of each list that was answered to its last page and are not delisted,
            by what was asked; rows that could not be read count.
    """

    def __init__(self, rest: PublicRest, known: Instruments | None = None) -> None:
        """`known` is what earlier lists have told."""
        self.odd: list[Odd] = []
        self.unanswered: dict[str, ExchangeError] = {}
        self.told: dict[str, frozenset[MarketName]] = {}
        self._known = known or Instruments()
        self._pages = deque(rest.instruments())
        self._listed: list[Instrument] = []
        self._pages_of: list[Listing] = []  # the list that is being asked for
        self._asked = ""
        self._unknown: frozenset[Kind] = frozenset()
        self._intervals = rest.funding_intervals()
        self._has_intervals = self._intervals is not None
        self._default_s = rest.default_funding_s
        self._told_s: Mapping[str, float] | None = None
        self._odd_intervals: frozenset[str] = frozenset()

    @property
    def wanted(self) -> Request[Any] | None:
        """The next request; None: all has been asked."""
        return self._pages[0] if self._pages else self._intervals

    def take(self, answer: Listing | Rows[tuple[str, float]]) -> None:
        """What the venue has answered to the request that is wanted."""
        if isinstance(answer, Listing):
            page = self._pages.popleft()
            self._asked = self._asked or str(page)
            self._listed += answer.instruments
            self.odd += answer.odd
            self._pages_of.append(answer)
            if answer.more:
                self._pages.appendleft(answer.more)
            else:
                self.told[self._asked] = _markets_of(self._pages_of, page.kinds)
                self._next_list()
        else:
            self._intervals = None
            self._told_s = dict(answer)
            self._odd_intervals = frozenset(row.native for row in answer.odd)

    def fail(self, error: ExchangeError) -> None:
        """The request that is wanted has no answer.

        Raises:
            ExchangeError: `error`, if that was the last list and none was answered.
        """
        if self._pages:
            failed = self._pages.popleft()
            self.unanswered[str(failed)] = error
            self._unknown |= failed.kinds
            self._next_list()
            if not self._pages and not self.told:
                raise error
        else:
            self.unanswered[str(self._intervals)] = error
            self._intervals = None

    @property
    def instruments(self) -> list[Instrument]:
        """What has been listed so far."""
        if not self._has_intervals:
            return self._listed
        return [self._with_interval(one) if one.settle else one for one in self._listed]

    def may_list(self, known: Instrument) -> bool:
        """Whether a market may stand in what was not answered, or in a row that was not read.

        A row that does not even tell its market may be that of any.
        """
        odd = {row.native for row in self.odd}
        return known.kind in self._unknown or "" in odd or known.native in odd

    def _next_list(self) -> None:
        self._asked, self._pages_of = "", []

    def _with_interval(self, listed: Instrument) -> Instrument:
        """An interval that was not told this time stays what it was, if it was known."""
        if self._told_s is None or listed.native in self._odd_intervals:
            known = self._known.native(listed.kind, listed.native)
            return replace(listed, funding_interval_s=known.funding_interval_s if known else None)
        interval_s = self._told_s.get(listed.native, self._default_s)
        return replace(listed, funding_interval_s=interval_s)


def _markets_of(pages: Iterable[Listing], kinds: frozenset[Kind]) -> frozenset[MarketName]:
    """The markets that a list says are there, and those whose rows could not be read."""
    listed = (
        (one.kind, one.native)
        for page in pages
        for one in page.instruments
        if one.status is not Status.DELISTED
    )
    odd = ((kind, row.native) for page in pages for row in page.odd for kind in kinds)
    return frozenset((*listed, *odd))
