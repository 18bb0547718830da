"""The public requests of a venue, made of what its surfaces say.

Every request is about one kind of market and made of one `Call`; what a kind of market of a venue
does not have raises `CodecUsageError`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from exchanges.errors import CodecUsageError
from exchanges.limits import Rate
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.market.units import Unit
from exchanges.replies.errors import ErrorTable
from exchanges.rest.call import About, Call, Surface
from exchanges.rest.list_requests import ListRequests
from exchanges.rest.making import Find, Read, Requests
from exchanges.rest.question import Question
from exchanges.rest.reading import each, latest, of_many, oldest_first, single
from exchanges.rest.recorded import recognised
from exchanges.rest.request import Listing, Request, Rows
from exchanges.rest.rows import Page

_ORDER: Final[Mapping[Question, Callable[[Any], int]]] = {
    Question.KLINES: lambda kline: kline.open_ns,
    Question.FUNDING_HISTORY: lambda charge: charge.charged_ns,
}
"""What puts the rows of a list in order, where the call does not say."""


class PublicRest:
    """The public requests of one venue, with one surface for each kind of market.

    What belongs to no kind of market is asked at the first surface that has it. `clock_step_ns`
    says how coarsely `server_time` tells the venue's clock.
    """

    def __init__(
        self,
        venue: str,
        surfaces: Mapping[Kind, Surface],
        errors: ErrorTable,
        *,
        clock_step_ns: int = NS_PER_MS,
    ) -> None:
        self.venue = venue
        self.surfaces = surfaces
        self.errors = errors
        self.clock_step_ns = clock_step_ns
        self._requests = Requests(venue, surfaces, errors)
        self._lists = ListRequests(self._requests)

    def __deepcopy__(self, memo: dict[int, object]) -> "PublicRest":
        """It never changes, so that copies of what uses it may share it."""
        return self

    # About one market.

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        """The order book, `depth` levels a side (0: as deep as synchronising needs)."""
        return self.about(Question.BOOK, instrument, depth)

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self.about(Question.TICKER, instrument)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        """The rate that will be charged next."""
        return self.about(Question.FUNDING, instrument)

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self.about(Question.MARK_PRICE, instrument)

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self.about(Question.OPEN_INTEREST, instrument)

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[Rows[Trade]]:
        """Recent trades, oldest first."""
        return self.about(Question.TRADES, instrument, limit)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[Rows[Kline]]:
        """The latest candles, oldest first."""
        return self.about(Question.KLINES, instrument, limit, interval)

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[Rows[FundingCharge]]:
        """The latest charges, oldest first; some venues tell them piece by piece (`Rows.more`)."""
        return self.about(Question.FUNDING_HISTORY, instrument, limit)

    def about(
        self,
        question: Question,
        instrument: Instrument,
        count: int = 0,
        interval: KlineInterval | None = None,
    ) -> Request[Any]:
        """Any question about one market: `count` rows or levels, candles of an `interval`.

        Raises:
            CodecUsageError: the venue cannot be asked that about markets of that kind.
        """
        call = self._call(question, instrument.kind)
        if question is Question.KLINES and interval not in call.intervals:
            raise CodecUsageError(
                f"{self.venue} has no candles of {interval} for {instrument.symbol}"
            )
        about = self._requests.about_one(instrument, call, count, interval)
        order = call.sort or _ORDER.get(question)
        if call.marks:
            finish = partial(latest, call, order)
            return self._requests.at_marks(question, call, call.marks, about, finish)
        read: Read[Any] = (
            partial(oldest_first, call, order)
            if question.is_list
            else partial(single, call, question.words)
        )
        return self._requests.of(question, call, about, read)

    # About all markets.

    def tickers(self, kind: Kind, find: Find) -> Request[Rows[Ticker]]:
        """Those of all markets of a kind; `find` gives the market of a native name, if known."""
        call = self._call(Question.TICKERS, kind)

        def read(page: Page, about: About) -> Rows[Ticker]:
            return of_many(call, page, about, partial(find, kind))

        return self._requests.of_all(Question.TICKERS, call, kind, read)

    def instruments(self) -> tuple[Request[Listing], ...]:
        """The requests that together, with the pages that follow, list every instrument."""
        return self._lists.first_pages()

    def funding_intervals(self) -> Request[Rows[tuple[str, float]]] | None:
        """Seconds between charges by native name, where the instrument lists leave them out."""
        for kind, surface in self.surfaces.items():
            if call := surface.funding_intervals:
                read = partial(each, call)
                return self._requests.of_all(Question.FUNDING_INTERVALS, call, kind, read)
        return None

    @property
    def default_funding_s(self) -> float | None:
        """Seconds between charges of a contract that the answered `funding_intervals` leave out."""
        surface = self.surfaces.get(Kind.PERPETUAL)
        return surface.funding_s if surface else None

    def server_time(self) -> Request[int]:
        """The venue's clock in UTC nanoseconds."""
        kind, call = self._first(Question.SERVER_TIME)
        read = partial(single, call, "time")
        return self._requests.of_all(Question.SERVER_TIME, call, kind, read)

    def ping(self) -> Request[None]:
        """Whether the venue is up; one without a request for that is asked for its time."""
        kind, call = self._first(Question.PING, Question.SERVER_TIME)

        def read(page: Page, about: About) -> None:
            single(call, "state", page, about)

        return self._requests.of_all(Question.PING, call, kind, read)

    # About the venue's names, and the requests.

    def unit(self, kind: Kind, base: str) -> Unit:
        """What the venue's name of a base asset stands for."""
        return self._lists.unit(kind, base)

    @property
    def rates(self) -> dict[str, Rate]:
        """The limits of single paths, which are the buckets of that name."""
        calls = (call for surface in self.surfaces.values() for call in surface.calls().values())
        return {call.path: call.rate for call in calls if call.rate}

    def offers(self, kind: Kind) -> frozenset[Question]:
        """What can be asked about a kind of market."""
        surface = self.surfaces.get(kind)
        return frozenset(surface.calls()) if surface else frozenset()

    def recognise(self, url: str, find: Find) -> Request[Listing] | Request[BookSnapshot] | None:
        """The request that a recorded `url` answered, if it is one whose answer we can use."""
        return recognised(self._requests, url, find)

    def _call(self, question: Question, kind: Kind) -> Call[Any, Any]:
        surface = self.surfaces.get(kind)
        call = surface.call(question) if surface else None
        if call is None:
            text = f"{self.venue} has no public request for {question.words} of {kind} markets"
            raise CodecUsageError(text)
        return call

    def _first(self, *questions: Question) -> tuple[Kind, Call[Any, Any]]:
        """The first call that asks one of these."""
        for kind, surface in self.surfaces.items():
            for question in questions:
                if call := surface.call(question):
                    return kind, call
        raise CodecUsageError(f"{self.venue} has no public request for {questions[0].words}")
