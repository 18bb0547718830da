"""Gate API v4 frames that all markets share: the venue's own spelling, and what it means.

Source: "Spot WebSocket v4" and "Futures WebSocket v4" of the API documentation (stored copies of
2025). Prices are JSON strings, sizes strings or numbers: base units on spot, contracts on
futures. What a frame says stands in `result`, when it was sent beside it: `time_ms`, which old
frames lack.
"""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Annotated, Final, Generic, TypeVar, cast

from msgspec import Meta, Struct

from exchanges.market.events import BookDelta, BookSnapshot, Level, StreamEvent, Top
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, Millis, Price, Size, best_level
from exchanges.market.topics import KlineInterval

UpdateId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
Depth = Annotated[int, Meta(ge=1, le=1000)]

# "30d" exists by REST only, and one source has it as a calendar month.
CANDLE_NAMES: Final = {
    KlineInterval.S10: "10s",
    KlineInterval.M1: "1m",
    KlineInterval.M5: "5m",
    KlineInterval.M15: "15m",
    KlineInterval.M30: "30m",
    KlineInterval.H1: "1h",
    KlineInterval.H4: "4h",
    KlineInterval.H8: "8h",
    KlineInterval.D1: "1d",
    KlineInterval.W1: "7d",
}
INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}


def optional_ns(time_ms: int | None) -> int | None:
    return None if time_ms is None else time_ms * NS_PER_MS


class PriceSize(Struct, gc=False):
    """A level as an object, in the older book streams of futures and by REST."""

    p: Price
    s: Size

    def __iter__(self) -> Iterator[float]:
        """Price and size, as of a level that is an array."""
        return iter((self.p, self.s))


PlainLevel = tuple[Price, Size]
"""A level as an array."""
L = TypeVar("L", PlainLevel, PriceSize)


def base_levels(levels: Sequence[PlainLevel | PriceSize], instrument: Instrument) -> list[Level]:
    """Levels in base units, whatever they are counted in; those of spot are arrays."""
    if instrument.kind is Kind.SPOT:
        return cast("list[Level]", levels)
    per_contract = float(instrument.contract_units)
    return [(price, size * per_contract) for price, size in levels]


class Subject(Struct):
    """What tells the market of a `result`: each channel has one of these fields.

    `type` is that of news of the connection itself.
    """

    s: str = ""
    currency_pair: str = ""
    contract: str = ""
    n: str = ""
    type: str = ""

    @property
    def name(self) -> str:
        return self.s or self.currency_pair or self.contract or self.n


class StreamError(Struct):
    """Why a request was refused."""

    code: int
    message: str = ""


class Envelope(Struct):
    """Any frame: data (`event` "update" or "all", or none), or the answer to a request (`id`)."""

    channel: str
    event: str = ""
    id: int | None = None
    error: StreamError | None = None
    result: Subject | list[Subject] | None = None


class BookUpdate(Struct, Generic[L]):
    """`obu` and `order_book_update`: changes with the ids `U` to `u`, or a whole book.

    A side that did not change may be missing. `l` is the number of levels a side that are kept
    up to date, where the frame tells it.
    """

    t: Millis
    u: UpdateId
    U: UpdateId | None = None
    b: list[L] = []
    a: list[L] = []
    full: bool = False
    l: Depth | None = None  # noqa: E741 - the venue's spelling

    def delta(self, instrument: Instrument, received_ns: int) -> BookDelta:
        """Raises `ValueError` if the first id is missing."""
        if self.U is None:
            raise ValueError("changes without their first id")
        return BookDelta(
            instrument=instrument,
            bids=base_levels(self.b, instrument),
            asks=base_levels(self.a, instrument),
            previous=self.U - 1,
            sequence=self.u,
            venue_ns=self.t * NS_PER_MS,
            received_ns=received_ns,
        )

    def snapshot(self, instrument: Instrument, window: int, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=base_levels(self.b, instrument),
            asks=base_levels(self.a, instrument),
            sequence=self.u,
            window=window,
            venue_ns=self.t * NS_PER_MS,
            received_ns=received_ns,
        )


class BookUpdateFrame(Struct, Generic[L]):
    result: BookUpdate[L]


class BookTicker(Struct):
    """`book_ticker`; the price of an empty side is an empty string."""

    t: Millis
    u: UpdateId
    b: str
    B: str | float
    a: str
    A: str | float


class BookTickerFrame(Struct):
    result: BookTicker

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        ticker, per_unit = self.result, float(instrument.contract_units)
        bid, bid_size = best_level(ticker.b, str(ticker.B), 0.0)
        ask, ask_size = best_level(ticker.a, str(ticker.A), inf)
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size * per_unit,
            ask=ask,
            ask_size=ask_size * per_unit,
            sequence=ticker.u,
            venue_ns=ticker.t * NS_PER_MS,
            received_ns=received_ns,
        )
        return (top,)
