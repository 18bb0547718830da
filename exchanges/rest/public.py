"""The public requests of a venue, made of what its surfaces say.

Every request is about one kind of market and made of one `Call`; what a kind of market of a venue
does not have raises `CodecUsageError`.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from exchanges.errors import UNREADABLE, CodecUsageError, VenueProtocolError
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
from exchanges.market.instrument import Instrument, Kind, kind_of
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.market.units import Unit
from exchanges.replies.errors import ErrorTable
from exchanges.replies.response import Response
from exchanges.rest.asking import costs_of, dated_of, path_of, query_of, symbol_of, template_of
from exchanges.rest.call import About, Call, Query, Surface
from exchanges.rest.pages import require_progress
from exchanges.rest.question import Question
from exchanges.rest.reading import each, names_of, of_many, oldest_first, single
from exchanges.rest.request import Listing, Request, Rows
from exchanges.rest.rows import Page

T = TypeVar("T")

Find = Callable[[Kind, str], Instrument | None]
"""The market of a native name, if it is known."""
Read = Callable[[Page, About], T]

_ORDER: Final[Mapping[Question, Callable[[Any], int]]] = {
    Question.KLINES: lambda kline: kline.open_ns,
    Question.FUNDING_HISTORY: lambda charge: charge.charged_ns,
}
"""What puts the rows of a list in order, where their own is not promised."""


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
        """The latest charges, oldest first."""
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
        about = self._of(instrument, call, count, interval)
        order = _ORDER.get(question, call.sort)
        read: Read[Any] = (
            partial(oldest_first, call, order)
            if question.is_list
            else partial(single, call, question.words)
        )
        return self._ask(question, call, about, read)

    # About all markets.

    def tickers(self, kind: Kind, find: Find) -> Request[Rows[Ticker]]:
        """Those of all markets of a kind; `find` gives the market of a native name, if known."""
        call = self._call(Question.TICKERS, kind)

        def read(page: Page, about: About) -> Rows[Ticker]:
            return of_many(call, page, about, partial(find, kind))

        return self._ask(Question.TICKERS, call, self._of_all(kind), read)

    def instruments(self) -> tuple[Request[Listing], ...]:
        """The requests that together, with the pages that follow, list every instrument."""
        return tuple(
            self._listing(call, kind)
            for kind, surface in self.surfaces.items()
            if (call := surface.instruments)
        )

    def funding_intervals(self) -> Request[Rows[tuple[str, float]]] | None:
        """Seconds between charges by native name, where the instrument lists leave them out."""
        for kind, surface in self.surfaces.items():
            if call := surface.funding_intervals:
                read = partial(each, call)
                return self._ask(Question.FUNDING_INTERVALS, call, self._of_all(kind), read)
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
        return self._ask(Question.SERVER_TIME, call, self._of_all(kind), read)

    def ping(self) -> Request[None]:
        """Whether the venue is up; one without a request for that is asked for its time."""
        kind, call = self._first(Question.PING, Question.SERVER_TIME)

        def read(page: Page, about: About) -> None:
            single(call, "state", page, about)

        return self._ask(Question.PING, call, self._of_all(kind), read)

    # About the venue's names, and the requests.

    def unit(self, kind: Kind, base: str) -> Unit:
        """What the venue's name of a base asset stands for."""
        surface = self.surfaces.get(kind)
        return surface.units.of(base) if surface else Unit(base)

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
        """The request that a recorded `url` answered, if it is one whose answer we can use.

        The venue may have been reached at an address with a path of its own, as sandboxes are.
        """
        parts = urlsplit(url)
        asked = set(parse_qsl(parts.query))
        for kind, surface in self.surfaces.items():
            for listing in (surface.instruments, *surface.old_lists):
                if listing and parts.path.endswith(listing.path) and set(listing.query) <= asked:
                    return self._listing(listing, kind)
        for instrument, book in self._books(parts.path, dict(asked), find):
            request = self._book(instrument, book)
            # A book of another depth was not asked for to start one.
            if parts.path.endswith(request.path) and set(request.query) <= asked:
                return request
        return None

    def _books(
        self, path: str, query: Mapping[str, str], find: Find
    ) -> Iterator[tuple[Instrument, Call[Any, BookSnapshot]]]:
        """Markets and calls that a request for a book may have been."""
        for kind, surface in self.surfaces.items():
            calls = (surface.book, *surface.old_books) if surface.is_joined else surface.old_books
            for call in calls:
                match = template_of(call.path).search(path)
                if match is None:
                    continue
                named = match.groupdict().get("native") or query.get(symbol_of(surface, call), "")
                if instrument := find(kind, named):
                    yield instrument, call

    def _book(self, instrument: Instrument, call: Call[Any, BookSnapshot]) -> Request[BookSnapshot]:
        about = self._of(instrument, call, 0)
        return self._ask(Question.BOOK, call, about, partial(single, call, "book"))

    def _listing(
        self,
        call: Call[Any, Instrument],
        kind: Kind,
        page_query: Query = (),
        before: frozenset[str] = frozenset(),
        number: int = 1,
    ) -> Request[Listing]:
        """A page of a list, of whose markets `before` has those of the pages before it."""
        asked = {**dict(call.query), **dict(page_query)}

        def read(page: Page, about: About) -> Listing:
            rows = each(call, page, about, self._told)
            following = call.follows(page, asked) if call.follows else ()
            if not following:
                return Listing(list(rows), rows.odd)
            so_far = before | names_of(call, page)
            require_progress(following, asked, number, len(so_far) - len(before))
            more = self._listing(call, kind, following, so_far, number + 1)
            return Listing(list(rows), rows.odd, more)

        request = self._ask(Question.INSTRUMENTS, call, self._of_all(kind), read, page_query)
        return replace(request, kinds=self._kinds_with(kind))

    def _kinds_with(self, kind: Kind) -> frozenset[Kind]:
        """The kinds of market that may stand in a list: its own, and those without a list."""
        without = [one for one, surface in self.surfaces.items() if not surface.instruments]
        return frozenset([kind, *without])

    def _told(self, listed: Instrument) -> Instrument:
        """A market as it is told here, whatever the unit that the venue trades.

        Raises:
            ValueError: what is listed has no name, or no increments, and so is no market.
        """
        if not listed.native or kind_of(listed.symbol) is not listed.kind:
            raise ValueError(
                f"{listed.native or 'a row without a name'}: {listed.symbol} is no market"
            )
        if not listed.tick or not (listed.step or listed.inverse):
            raise ValueError(f"{listed.native}: no increment of prices or sizes is told")
        return listed.per_base_of(self.unit(listed.kind, listed.base))

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

    def _of(
        self,
        instrument: Instrument,
        call: Call[Any, Any],
        count: int,
        interval: KlineInterval | None = None,
    ) -> About:
        most = call.count.of(count) if call.count and count > 0 else None
        return About(
            venue=self.venue,
            kind=instrument.kind,
            received_ns=0,
            market=instrument,
            candle=interval,
            count=min(count, most) if most else count,
        )

    def _of_all(self, kind: Kind) -> About:
        return About(venue=self.venue, kind=kind, received_ns=0)

    def _ask(
        self,
        question: Question,
        call: Call[Any, Any],
        about: About,
        read: Read[T],
        page_query: Query = (),
    ) -> Request[T]:
        """The request that a call is, whose rows `read` unifies."""
        surface = self.surfaces[about.kind]
        count = call.count.of(about.count) if call.count else None
        asked = f"{call.method} {path_of(surface, call, about, count)}"

        def read_response(response: Response) -> T:
            error = self.errors.of(response, venue=self.venue, asked=asked)
            if error:
                raise error
            try:
                page = (call.rows or surface.rows)(response.body)
                return read(
                    page,
                    replace(
                        about,
                        received_ns=response.received_ns,
                        venue_ns=page.venue_ns,
                        headers=response.headers,
                    ),
                )
            except UNREADABLE as unreadable:
                raise VenueProtocolError(
                    str(unreadable), venue=self.venue, payload=response.body, asked=asked
                ) from unreadable

        return Request(
            venue=self.venue,
            name=question,
            endpoint=call.endpoint or surface.endpoint,
            method=call.method,
            path=path_of(surface, call, about, count),
            query=(*query_of(surface, call, about, count), *page_query),
            headers=surface.headers,
            costs=costs_of(surface, call, count),
            effect=call.effect,
            instrument=about.market,
            dated=dated_of(call, about),
            read=read_response,
        )
