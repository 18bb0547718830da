"""What a request to a sandbox asks: the venue's calls, read from the other side.

The client's calls say which path and parameters ask what; the server finds in them what it was
asked.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from exchanges.market.instrument import Kind
from exchanges.market.topics import KlineInterval
from exchanges.rest.asking import symbol_of, template_of
from exchanges.rest.call import Call, Surface
from exchanges.rest.public import PublicRest
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Match
from exchanges.sandbox.request import BadParameter, NoSuchMarket, SandboxRequest
from exchanges.sandbox.synthetic import Candle


class Asked(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A question to a venue: which, about which market, and the request that asks it.

    `native` is how the request names the market ("" if it does not), None for a question that is
    asked about all of them at once.
    """

    question: Question
    kind: Kind
    call: Call[Any, Any]
    request: SandboxRequest
    native: str | None
    named: SandboxMarket | None = None

    @property
    def market(self) -> SandboxMarket:
        """The market that it is about.

        Raises:
            NoSuchMarket: it is about all of them.
        """
        if self.named is None:
            raise NoSuchMarket
        return self.named

    @property
    def now_ns(self) -> int:
        return self.request.now_ns

    def count(self, default: int) -> int:
        """How many rows are wanted.

        Raises:
            BadParameter: it is nought, or no number.
        """
        count = self.call.count
        if count is None:
            return default
        if "{count}" in self.call.path:
            text = self._in_path("count")
            if not text.isdecimal() or int(text) not in count.steps:
                raise BadParameter("count")
            return int(text)
        wanted = self.request.integer(count.parameter, default)
        if not wanted:
            raise BadParameter(count.parameter)
        return min(wanted, count.most) if count.most else wanted

    def rows(self, default: int) -> int:
        """The same, at most a thousand; for what is made up on demand."""
        return min(self.count(default), 1000)

    def candles(self, default: int, interval: str = "") -> list[Candle]:
        """The latest candles, as many as are wanted, oldest first; the last one runs."""
        return self.market.synthetic.statistics.candles(self.interval(interval))[
            -self.count(default) :
        ]

    def trades(self, default: int) -> list[Match]:
        """The latest trades, as many as are wanted, oldest first."""
        return list(self.market.synthetic.statistics.trades)[-self.count(default) :]

    def interval(self, default: str = "") -> KlineInterval:
        """The length of candles.

        Raises:
            BadParameter: the venue has no such candles.
        """
        intervals = {name: interval for interval, name in self.call.intervals.items()}
        if "{interval}" not in self.call.path:
            return self.request.choice(self.call.interval, intervals, default)
        name = self._in_path("interval")
        if name not in intervals:
            raise BadParameter("interval")
        return intervals[name]

    def _in_path(self, name: str) -> str:
        match = template_of(self.call.path).search(self.request.path)
        if match is None:
            raise BadParameter(name)
        return match[name]


class Routes:
    """Finds what a request asks of a venue with these markets."""

    def __init__(
        self, rest: PublicRest, market: Callable[[Kind, Surface, str], SandboxMarket | None]
    ) -> None:
        self._calls = [
            (kind, surface, question, call)
            for kind, surface in rest.surfaces.items()
            for question, call in surface.calls().items()
        ]
        self._market = market

    def find(self, request: SandboxRequest) -> Asked | None:
        """What is asked; None: there is no such path.

        Raises:
            NoSuchMarket: the path asks about a market that is not there.
            BadParameter: a parameter that says what is asked is missing, or says something else.
        """
        candidates = list(self._candidates(request))
        fitting = [asked for asked in candidates if not _misfit(asked)]
        about_one = [asked for asked in fitting if asked.native is not None]
        if found := next((asked for asked in about_one if asked.named), None):
            return found
        # Some venues write "all" where the market would be named.
        named = {asked.native for asked in candidates if asked.native}
        for asked in fitting:
            if asked.native is None and named <= {value for _, value in asked.call.query}:
                return asked
        if about_one:
            raise NoSuchMarket
        if candidates:
            raise BadParameter(_misfit(candidates[0]))
        return None

    def _candidates(self, request: SandboxRequest) -> Iterator[Asked]:
        for kind, surface, question, call in self._calls:
            match = template_of(call.path).fullmatch(request.path)
            is_there = (call.endpoint or surface.endpoint) == request.endpoint
            if not match or not is_there or call.method != request.method:
                continue
            native = match.groupdict().get("native")
            symbol = symbol_of(surface, call)
            if native is None and question.is_about_one and symbol:
                native = request.query.get(symbol, "")
            yield Asked(
                question=question,
                kind=kind,
                call=call,
                request=request,
                native=native,
                named=None if native is None else self._market(kind, surface, native),
            )


def _misfit(asked: Asked) -> str:
    """The fixed parameter of a call that the request does not have so; "" if there is none."""
    given = asked.request.query
    return next((name for name, value in asked.call.query if given.get(name) != value), "")
