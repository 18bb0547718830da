"""The contract of a request: what is asked, as values.

A venue's `rest.py` says as data what it can be asked (`call.py`); `public.py` makes requests of
that, which know what they cost, what they do there, and how to read their answer. Nothing here
sends.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from exchanges.market.instrument import Instrument, Kind
from exchanges.replies.response import Response

T = TypeVar("T")


class Effect(Enum):
    """What sending a request once more would do."""

    READ = "read"  # nothing: it asks
    REPEATABLE = "repeatable"  # no harm: a cancel, a keep-alive
    ONCE = "once"  # harm: a second order


class Request(msgspec.Struct, Generic[T], frozen=True, kw_only=True, eq=False):
    """One call to a venue. `endpoint` names one of the venue's hosts, `query` is not encoded.

    `costs` says how many tokens it takes from which of the venue's buckets. `read` turns the
    response into a unified value or raises an `ExchangeError`. `kinds` are those of the markets
    that a list may have. `dated` makes the parameters that
    depend on our clock (UTC nanoseconds), for venues that want to be told since when.
    """

    venue: str
    name: str
    endpoint: str
    path: str
    read: Callable[[Response], T]
    method: str = "GET"
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    costs: tuple[tuple[str, float], ...] = ()
    effect: Effect = Effect.READ
    instrument: Instrument | None = None
    kinds: frozenset[Kind] = frozenset()
    dated: Callable[[int], tuple[tuple[str, str], ...]] | None = None

    def at(self, now_ns: int) -> "Request[T]":
        """The request as it is sent at that time."""
        if self.dated is None:
            return self
        return replace(self, query=(*self.query, *self.dated(now_ns)), dated=None)

    @property
    def target(self) -> str:
        """Path and encoded query, as they stand in the request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


class Odd(msgspec.Struct, frozen=True):
    """A row of a list that could not be read.

    `native` is the market that it is about, "" where not even that can be read.
    """

    native: str
    reason: str


class Rows(list[T]):
    """What the rows of a list say, and those of them that could not be read.

    `more` asks for what is still missing, where the venue tells a list piece by piece; its answer
    is the list with that.
    """

    def __init__(
        self,
        values: Iterable[T] = (),
        odd: Iterable[Odd] = (),
        more: "Request[Rows[T]] | None" = None,
    ) -> None:
        super().__init__(values)
        self.odd = tuple(odd)
        self.more = more


class Listing(msgspec.Struct, frozen=True):
    """What a venue trades, and the rows that could not be read.

    `more` asks for the next page, where the venue lists in pages and this is not the last one.
    """

    instruments: list[Instrument]
    odd: tuple[Odd, ...] = ()
    more: "Request[Listing] | None" = None
