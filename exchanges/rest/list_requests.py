"""The lists of a venue's markets as requests: page after page, each market told in our units."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from exchanges.market.instrument import Instrument, Kind, kind_of
from exchanges.market.units import Unit
from exchanges.rest.call import About, Call, Query, Surface
from exchanges.rest.making import Requests
from exchanges.rest.pages import require_progress
from exchanges.rest.question import Question
from exchanges.rest.reading import each, names_of
from exchanges.rest.request import Listing, Request
from exchanges.rest.rows import Page


class ListRequests:
    """The requests that list the markets of a venue."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._surfaces: Mapping[Kind, Surface] = requests.surfaces

    def first_pages(self) -> tuple[Request[Listing], ...]:
        """The requests that together, with the pages that follow, list every instrument."""
        return tuple(
            self.page(call, kind)
            for kind, surface in self._surfaces.items()
            if (call := surface.instruments)
        )

    def unit(self, kind: Kind, base: str) -> Unit:
        """What the venue's name of a base asset stands for."""
        surface = self._surfaces.get(kind)
        return surface.units.of(base) if surface else Unit(base)

    def page(
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
            more = self.page(call, kind, following, so_far, number + 1)
            return Listing(list(rows), rows.odd, more)

        request = self._requests.of_all(Question.INSTRUMENTS, call, kind, read, page_query)
        return replace(request, kinds=self._kinds_with(kind))

    def _kinds_with(self, kind: Kind) -> frozenset[Kind]:
        """The kinds of market that may stand in a list: its own, and those without a list."""
        without = [one for one, surface in self._surfaces.items() if not surface.instruments]
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
