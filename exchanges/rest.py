"""The contract of a request: requests and responses as values.

A venue's `rest.py` builds requests and reads responses with pure functions; nothing here sends.
A request knows what it costs, whether it may be repeated, and how to read its answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import ClassVar, Final, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from msgspec.structs import replace

from exchanges.errors import (
    SAMPLE_BYTES,
    CodecUsageError,
    ExchangeError,
    RateLimited,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    KlineInterval,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.instrument import Instrument, Kind
from exchanges.numbers import NS_PER_MS

# Whatever bytes a venue sends, decoding them can end in one of these and in nothing else.
UNREADABLE: Final = (
    msgspec.MsgspecError,
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
)

T = TypeVar("T")
Wire = TypeVar("Wire")
Row = TypeVar("Row")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: header names are lower case, `received_ns` is our clock."""

    status: int
    body: bytes
    received_ns: int
    headers: Mapping[str, str] = {}


class Request(msgspec.Struct, Generic[T], frozen=True, kw_only=True, eq=False):
    """One call to a venue. `endpoint` names one of the venue's hosts, `query` is not encoded.

    `costs` says how many tokens it takes from which of the venue's buckets. `read` turns the
    response into a unified value or raises an `ExchangeError`. `dated` makes the parameters that
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
    idempotent: bool = True
    signed: bool = False
    instrument: Instrument | None = None
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


class Listing(msgspec.Struct, frozen=True):
    """What a venue trades, and of each row that could not be read, why.

    `more` asks for the next page, where the venue lists in pages and this is not the last one.
    """

    instruments: list[Instrument]
    unreadable: list[str] = []
    more: "Request[Listing] | None" = None


class PublicRest(ABC):
    """The public requests of one venue. What a venue does not offer raises `CodecUsageError`.

    Subclasses name the venue and list in `paths` what each path answers, and for which kind of
    market (None: the native name tells), so that recorded replies can be recognised.
    """

    venue: ClassVar[str]
    paths: ClassVar[Mapping[str, tuple[str, Kind | None]]]
    symbol_parameter: ClassVar[str] = "symbol"
    retry_s: ClassVar[float] = 1.0
    """How long to stay away after HTTP 418 or 429 without a Retry-After."""
    clock_step_ns: ClassVar[int] = NS_PER_MS
    """How coarsely `server_time` tells the venue's clock."""
    default_funding_s: ClassVar[float | None] = None
    """Seconds between charges of a contract that `funding_intervals` does not list."""

    @abstractmethod
    def error(self, response: Response, asked: str) -> ExchangeError | None:
        """What the response says went wrong, or None; HTTP 429 and 5xx are handled already."""

    @abstractmethod
    def instruments(self) -> tuple[Request[Listing], ...]:
        """The requests that together, with the pages that follow, list every instrument."""

    def funding_intervals(self) -> Request[dict[str, float]] | None:
        """Seconds between charges by native name, where the instrument lists leave them out."""
        return None

    @abstractmethod
    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        """The order book, `depth` levels a side (0: as deep as synchronising needs)."""

    @abstractmethod
    def server_time(self) -> Request[int]:
        """The venue's clock in UTC nanoseconds."""

    def kind_of(self, native: str) -> Kind:
        """The kind of market that a native name tells."""
        raise self._absent("kinds that a name tells")

    def ping(self) -> Request[None]:
        raise self._absent("ping")

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        """Recent trades, oldest first."""
        raise self._absent("trades")

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        raise self._absent("ticker")

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        """Those of all markets of a kind; `find` gives the market of a native name, if known."""
        raise self._absent("all tickers")

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        """The latest candles, oldest first."""
        raise self._absent("klines")

    def funding(self, instrument: Instrument) -> Request[Funding]:
        raise self._absent("funding")

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        """The latest charges, oldest first."""
        raise self._absent("past funding")

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        raise self._absent("mark price")

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        raise self._absent("open interest")

    def recognise(
        self, url: str, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[Listing] | Request[BookSnapshot] | None:
        """The request that a recorded `url` answered, if it is one whose answer we can use.

        The venue may have been reached at an address with a path of its own, as sandboxes are.
        """
        parts = urlsplit(url)
        path = next((path for path in self.paths if parts.path.endswith(path)), "")
        name, kind = self.paths.get(path, ("", None))
        if name == "instruments":
            asked = set(parse_qsl(parts.query))
            same_path = (each for each in self.instruments() if each.path == path)
            return next((each for each in same_path if set(each.query) <= asked), None)
        if name == "book":
            query = dict(parse_qsl(parts.query))
            native = query.get(self.symbol_parameter, "")
            instrument = find(kind or self.kind_of(native), native)
            request = self.book(instrument) if instrument else None
            # A book of another depth was not asked for to start one.
            wanted = request.query if request else ()
            is_start = all(query.get(key, value) == value for key, value in wanted)
            return request if is_start else None
        return None

    def _get(
        self,
        name: str,
        endpoint: str,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        *,
        costs: tuple[tuple[str, float], ...],
        instrument: Instrument | None = None,
        **query: str | int,
    ) -> Request[T]:
        """A GET whose body `decoder` reads and `translate` (given the stamp) unifies.

        One about an instrument names it in the query.
        """
        if instrument:
            query = {self.symbol_parameter: instrument.native, **query}
        asked = f"GET {path}"

        def read(response: Response) -> T:
            self._raise_for(response, asked)
            try:
                return translate(decoder.decode(response.body), response.received_ns)
            except UNREADABLE as error:
                raise VenueProtocolError(
                    str(error), venue=self.venue, payload=response.body, asked=asked
                ) from error

        return Request(
            venue=self.venue,
            name=name,
            endpoint=endpoint,
            path=path,
            read=read,
            query=tuple((key, str(value)) for key, value in query.items()),
            costs=costs,
            instrument=instrument,
        )

    def _listing(
        self,
        rows: Iterable[msgspec.Raw],
        decoder: msgspec.json.Decoder[Row],
        translate: Callable[[Row], Instrument | None],
    ) -> Listing:
        """Read each row by itself, so that an odd one costs no market but its own.

        `translate` gives None for markets that are left out.

        Raises:
            ValueError: there are rows, and none of them can be read.
        """
        instruments: list[Instrument] = []
        unreadable: list[str] = []
        for row in rows:
            try:
                instrument = translate(decoder.decode(row))
            except UNREADABLE as error:
                unreadable.append(f"{error}: {bytes(row)[:SAMPLE_BYTES]!r}")
            else:
                instruments += [instrument] if instrument else []
        if unreadable and not instruments:
            raise ValueError(unreadable[0])
        return Listing(instruments, unreadable)

    def _raise_for(self, response: Response, asked: str) -> None:
        status = response.status
        if status in (418, 429):
            raise RateLimited(
                f"HTTP {status}",
                venue=self.venue,
                retry_after_s=_retry_after_s(response, self.retry_s),
                code=str(status),
                asked=asked,
            )
        try:
            error = self.error(response, asked)
        except UNREADABLE:
            error = None  # not the venue's words, but those of a gateway before it
        if error:
            raise error
        if status >= 500:
            raise VenueUnavailable(
                f"HTTP {status}", venue=self.venue, code=str(status), asked=asked
            )
        if status >= 300:
            raise ExchangeError(f"HTTP {status}", venue=self.venue, code=str(status), asked=asked)

    def _absent(self, what: str) -> CodecUsageError:
        return CodecUsageError(f"{self.venue} has no public request for {what}")


def _retry_after_s(response: Response, default_s: float) -> float:
    """What the venue asks for, or what is known to suffice."""
    try:
        wait_s = float(Decimal(response.headers["retry-after"]))
    except (KeyError, ArithmeticError):
        return default_s
    return max(wait_s, 0.0) if isfinite(wait_s) else default_s
