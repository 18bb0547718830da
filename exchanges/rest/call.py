"""What a venue can be asked, as data.

A `Call` is one endpoint: its path, what its rows look like and what they mean, what it costs. A
`Surface` is what can be asked about one kind of market, with a call for each `Question`. From these
follow the requests and the reading of their answers (`public.py`), what a recorded reply answered,
the routes of the venue's sandbox, and the table of what venues can do.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

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
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import KlineInterval
from exchanges.market.units import PLAIN, Units
from exchanges.rest.question import Question
from exchanges.rest.request import Effect, Rows
from exchanges.rest.rows import Names, Page, Pager, one

W = TypeVar("W")
T = TypeVar("T")

Query = tuple[tuple[str, str], ...]
Steps = tuple[tuple[int, float], ...]
"""Weight of a request for up to so many rows."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a row is about, as far as the request and the reply as a whole tell.

    `venue_ns` is the stamp of the reply, `count` how many rows are wanted of it (0: all), `asked`
    how many the request names (None: no number), and `is_newest` tells the latest row of a list.
    `asset_names` are what the reply itself says of the venue's codes.
    What a request need not be about (`market`, `candle`) has a property that insists on it.
    """

    venue: str
    kind: Kind
    received_ns: int
    venue_ns: int | None = None
    market: Instrument | None = None
    candle: KlineInterval | None = None
    count: int = 0
    asked: int | None = None
    is_newest: bool = False
    headers: Mapping[str, str] = {}
    asset_names: Mapping[str, str] = {}

    @property
    def instrument(self) -> Instrument:
        """The market.

        Raises:
            CodecUsageError: the request is about none.
        """
        if self.market is None:
            raise CodecUsageError(f"{self.venue}: a request about no market")
        return self.market

    @property
    def interval(self) -> KlineInterval:
        """The length of the candles.

        Raises:
            CodecUsageError: the request is about none.
        """
        if self.candle is None:
            raise CodecUsageError(f"{self.venue}: a request about no candles")
        return self.candle

    @property
    def is_over(self) -> bool | None:
        """Whether a candle is over, where its row does not tell: the newest alone may be open."""
        return None if self.is_newest else True


Means = Callable[[W, About], T | None]
"""What a row means; None if it tells nothing, as a contract of which no rate is known now.

Prices, sizes and rules are those of the row; where the venue trades many of an asset as one, they
are converted elsewhere.
"""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How a request says how many rows it wants.

    `steps` are the numbers that may be asked for, where not all may; `usual` is asked for where
    the caller names none (0: the most). Where `is_open` is true, the venue tells all that it has
    unless a number is named.
    """

    parameter: str = "limit"
    most: int = 0
    steps: tuple[int, ...] = ()
    usual: int = 0
    is_open: bool = False
    sends: Callable[[int], int] = int
    """The number that is sent for so many rows, where a row of ours takes more of the venue's."""

    def of(self, wanted: int) -> int | None:
        """How many rows are asked for where `wanted` are wanted; None: no number is named."""
        most = self.steps[-1] if self.steps else self.most
        if wanted <= 0:
            return None if self.is_open else self.usual or most or None
        fits = next((step for step in self.steps if step >= wanted), None)
        if fits is None and self.steps and self.is_open:
            return None
        return fits or (min(wanted, most) if most else wanted)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """How a request says since when (and until when), for venues that have to be told.

    It reaches back as far as the rows that are wanted take: `row_s` each, or their interval for
    candles; or `length_s`.
    """

    start: str
    end: str = ""
    unit_ns: int = NS_PER_S
    row_s: float = 0.0
    length_s: float = 0.0

    def query(self, length_s: float, now_ns: int) -> Query:
        """The parameters at a time."""
        start = (now_ns - round(length_s * NS_PER_S)) // self.unit_ns
        end = ((self.end, str(now_ns // self.unit_ns)),) if self.end else ()
        return ((self.start, str(start)), *end)


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """Instants at which a venue is asked that would tell all that was in between.

    They are `step_s` apart, the latest first. A request asks for what was told from one of them on
    (`start`) until `within_s` later (`end`).
    """

    start: str
    end: str
    step_s: float
    within_s: float
    unit_ns: int = NS_PER_S

    def query(self, number: int, now_ns: int) -> Query:
        """The parameters at a time, of the mark so many before the latest."""
        step_ns = round(self.step_s * NS_PER_S)
        start_ns = (now_ns // step_ns - number) * step_ns
        end_ns = start_ns + round(self.within_s * NS_PER_S)
        return (
            (self.start, str(start_ns // self.unit_ns)),
            (self.end, str(end_ns // self.unit_ns)),
        )


class Call(msgspec.Struct, Generic[W, T], frozen=True, kw_only=True, eq=False):
    """One endpoint. `path` may hold `{native}`, `{interval}` and `{count}`.

    A reply has rows, each of which is a `reads` and `means` something;
    `gathers` makes of all rows together what a single one does not tell. `names` tells which
    market a row is about, where a reply has those of many.

    It costs `weight` (or by `weights`, if the number of rows matters) of `bucket` or the
    surface's, and one of its own path, if that has a `rate`.
    """

    path: str
    reads: type[W]
    means: Means[W, T] | None = None
    gathers: Callable[[list[W], About], Rows[T]] | None = None
    rows: Pager | None = None
    """Finds the rows, if not as in the other replies of the surface."""
    names: Names | None = None
    strict: bool = False
    """Whether numbers may not be told as strings."""
    newest_first: bool = False
    sort: Callable[[T], Any] | None = None
    """Puts the rows in order, where their own is not promised."""
    method: str = "GET"
    endpoint: str = ""
    symbol: str | None = None
    """The parameter that names the market, if not the surface's; "" if none does."""
    query: Query = ()
    """What says what is asked: without it the request would be another one."""
    wants: Query = ()
    """What we ask for beside, which others may ask for in another way or not at all."""
    count: Count | None = None
    interval: str = "interval"
    intervals: Mapping[KlineInterval, str] = {}
    span: Span | None = None
    marks: Marks | None = None
    """Where to ask for one row more than are wanted, of which `gathers` makes them."""
    follows: Callable[[Page, Mapping[str, str]], Query] | None = None
    """Parameters of the page after this one, of which it is told what was asked; () if none.

    Its rows must have `names`: a page that brings no new one is the end of the patience.
    """
    bucket: str = ""
    weight: float = 1
    weights: Steps = ()
    rate: Rate | None = None
    effect: Effect = Effect.READ


class Surface(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What can be asked about one kind of market; what cannot is None.

    `rows` finds the rows of a reply. `symbol` is the parameter that names the market, by its native
    name as `spelled`. `is_joined` says whether a stream can be joined to the book that is asked
    for; `old_lists` and `old_books` are calls of which recordings hold replies, though nobody
    makes them any more.
    """

    endpoint: str = "rest"
    rows: Pager = one
    symbol: str = "symbol"
    spelled: Callable[[str], str] = str
    bucket: str = ""
    headers: Query = ()
    funding_s: float | None = None
    """Seconds between charges of a contract that `funding_intervals` does not list, if answered."""
    units: Units = PLAIN
    """How the names of base assets tell that many are traded as one."""
    is_joined: bool = True

    book: Call[Any, BookSnapshot]
    trades: Call[Any, Trade] | None = None
    ticker: Call[Any, Ticker] | None = None
    tickers: Call[Any, Ticker] | None = None
    klines: Call[Any, Kline] | None = None
    funding: Call[Any, Funding] | None = None
    funding_history: Call[Any, FundingCharge] | None = None
    mark_price: Call[Any, MarkPrice] | None = None
    open_interest: Call[Any, OpenInterest] | None = None
    instruments: Call[Any, Instrument] | None = None
    funding_intervals: Call[Any, tuple[str, float]] | None = None
    """Native names and seconds between charges, where the instrument lists leave them out."""
    server_time: Call[Any, int] | None = None
    ping: Call[Any, bool] | None = None
    old_lists: tuple[Call[Any, Instrument], ...] = ()
    old_books: tuple[Call[Any, BookSnapshot], ...] = ()

    def call(self, question: Question) -> Call[Any, Any] | None:
        """The one that asks that."""
        found: Call[Any, Any] | None = getattr(self, question)
        return found

    def calls(self) -> dict[Question, Call[Any, Any]]:
        """Those that there are."""
        return {question: call for question in Question if (call := self.call(question))}


def told(method: Callable[[W, Instrument, int], T | None]) -> Means[W, T]:
    """A method of the wire struct says what it means, given the market and our stamp."""
    return lambda row, about: method(row, about.instrument, about.received_ns)


def told_at(method: Callable[[W, Instrument, int | None, int], T | None]) -> Means[W, T]:
    """The same, given the stamp of the whole reply as well."""
    return lambda row, about: method(row, about.instrument, about.venue_ns, about.received_ns)


def told_candle(method: Callable[[W, Instrument, KlineInterval, int], Kline]) -> Means[W, Kline]:
    """The same, of a candle: where its row does not tell whether it is over, its end does."""

    def means(row: W, about: About) -> Kline:
        candle = method(row, about.instrument, about.interval, about.received_ns)
        if candle.closed is not None or about.interval.counts_months:
            return candle
        end_ns = candle.open_ns + about.interval.seconds * NS_PER_S
        return msgspec.structs.replace(candle, closed=end_ns <= about.received_ns)

    return means


def listed(method: Callable[[W, str], Instrument | None]) -> Means[W, Instrument]:
    """A method of the wire struct says which market it lists, given the venue's name."""
    return lambda row, about: method(row, about.venue)


def to_come(funding: Funding, about: About) -> Funding | None:
    """A rate, unless it is of an interval that is over."""
    is_over = funding.next_ns is None or funding.next_ns <= about.received_ns
    return None if is_over else funding
