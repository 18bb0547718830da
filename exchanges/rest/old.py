"""The public requests of a venue."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import ClassVar, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from exchanges.errors import (
    SAMPLE_BYTES,
    UNREADABLE,
    CodecUsageError,
    ExchangeError,
    RateLimited,
    VenueProtocolError,
    VenueUnavailable,
)
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
from exchanges.rest.request import Listing, Odd, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")
Row = TypeVar("Row")


class OldRest(ABC):
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
        return Listing(instruments, tuple(Odd("", reason) for reason in unreadable))

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
