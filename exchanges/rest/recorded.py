"""What a recorded reply answered, told from its URL."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from exchanges.market.events import BookSnapshot
from exchanges.market.instrument import Instrument
from exchanges.rest.asking import symbol_of, template_of
from exchanges.rest.call import Call
from exchanges.rest.list_requests import ListRequests
from exchanges.rest.making import Find, Requests
from exchanges.rest.question import Question
from exchanges.rest.reading import single
from exchanges.rest.request import Listing, Request


def recognised(
    requests: Requests, url: str, find: Find
) -> Request[Listing] | Request[BookSnapshot] | None:
    """The request that a recorded `url` answered, if it is one whose answer we can use.

    The venue may have been reached at an address with a path of its own, as sandboxes are.
    """
    parts = urlsplit(url)
    asked = set(parse_qsl(parts.query))
    for kind, surface in requests.surfaces.items():
        for listing in (surface.instruments, *surface.old_lists):
            if listing and parts.path.endswith(listing.path) and set(listing.query) <= asked:
                return ListRequests(requests).page(listing, kind)
    for instrument, book in _books(requests, parts.path, dict(asked), find):
        request = _book(requests, instrument, book)
        # A book of another depth was not asked for to start one.
        if parts.path.endswith(request.path) and set(request.query) <= asked:
            return request
    return None


def _books(
    requests: Requests, path: str, query: Mapping[str, str], find: Find
) -> Iterator[tuple[Instrument, Call[Any, BookSnapshot]]]:
    """Markets and calls that a request for a book may have been."""
    for kind, surface in requests.surfaces.items():
        calls = (surface.book, *surface.old_books) if surface.is_joined else surface.old_books
        for call in calls:
            match = template_of(call.path).search(path)
            if match is None:
                continue
            named = match.groupdict().get("native") or query.get(symbol_of(surface, call), "")
            if instrument := find(kind, named):
                yield instrument, call


def _book(
    requests: Requests, instrument: Instrument, call: Call[Any, BookSnapshot]
) -> Request[BookSnapshot]:
    about = requests.about_one(instrument, call)
    return requests.of(Question.BOOK, call, about, partial(single, call, "book"))
