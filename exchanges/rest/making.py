"""From a call to a request: what it is about, what it asks, and how its answer is read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from msgspec.structs import replace

from exchanges.errors import UNREADABLE, VenueProtocolError
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import KlineInterval
from exchanges.replies.errors import ErrorTable
from exchanges.replies.response import Response
from exchanges.rest.asking import costs_of, dated_of, path_of, query_of
from exchanges.rest.call import About, Call, Marks, Query, Surface
from exchanges.rest.question import Question
from exchanges.rest.reading import decoded
from exchanges.rest.request import Request, Rows
from exchanges.rest.rows import Page

T = TypeVar("T")

Find = Callable[[Kind, str], Instrument | None]
"""The market of a native name, if it is known."""
Read = Callable[[Page, About], T]


class Requests:
    """Makes the requests of one venue, from the calls of its surfaces."""

    def __init__(self, venue: str, surfaces: Mapping[Kind, Surface], errors: ErrorTable) -> None:
        self.venue = venue
        self.surfaces = surfaces
        self.errors = errors

    def about_one(
        self,
        instrument: Instrument,
        call: Call[Any, Any],
        count: int = 0,
        interval: KlineInterval | None = None,
    ) -> About:
        """One market, of which `count` rows or levels are wanted (0: as many as is usual)."""
        asked = call.count.of(count) if call.count else None
        return About(
            venue=self.venue,
            kind=instrument.kind,
            received_ns=0,
            market=instrument,
            candle=interval,
            count=min(count, asked) if asked else count,
            asked=asked,
        )

    def of(
        self,
        question: Question,
        call: Call[Any, Any],
        about: About,
        read: Read[T],
        page_query: Query = (),
        dated: Callable[[int], Query] | None = None,
    ) -> Request[T]:
        """The request that a call is, whose rows `read` unifies."""
        surface = self.surfaces[about.kind]
        path = path_of(surface, call, about)
        asked = f"{call.method} {path}"

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
                        asset_names=page.asset_names,
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
            path=path,
            query=(*query_of(surface, call, about), *page_query),
            headers=surface.headers,
            costs=costs_of(surface, call, about.asked),
            effect=call.effect,
            instrument=about.market,
            dated=dated or dated_of(call, about),
            read=read_response,
        )

    def at_marks(
        self,
        question: Question,
        call: Call[Any, Any],
        marks: Marks,
        about: About,
        finish: Callable[[list[Any], About], Rows[Any]],
        number: int = 0,
        known: tuple[Any, ...] = (),
    ) -> Request[Rows[Any]]:
        """Asks at one mark after the other; what is told by all rows so far `finish` says."""

        def read(page: Page, told: About) -> Rows[Any]:
            rows, odd = decoded(call, page)
            if odd and not rows:
                raise ValueError(odd[0].reason)
            rows = [*known, *rows]
            finished = finish(rows, told)
            if number >= (about.asked or about.count):
                return Rows(finished, (*odd, *finished.odd))
            more = self.at_marks(question, call, marks, about, finish, number + 1, tuple(rows))
            return Rows(finished, odd, more)

        return self.of(question, call, about, read, dated=partial(marks.query, number))

    def of_all(
        self,
        question: Question,
        call: Call[Any, Any],
        kind: Kind,
        read: Read[T],
        page_query: Query = (),
    ) -> Request[T]:
        """The same about all markets of a kind, or about none in particular."""
        asked = call.count.of(0) if call.count else None
        about = About(venue=self.venue, kind=kind, received_ns=0, asked=asked)
        return self.of(question, call, about, read, page_query)
