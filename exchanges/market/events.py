"""What a venue can tell us, in one vocabulary for all venues.

Every event names its instrument and carries two stamps: `venue_ns` is the venue's clock (UTC
nanoseconds, None where the message has none), `received_ns` is ours, when the bytes arrived.
Prices are quote currency per base unit, sizes are base units.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import force_setattr

from exchanges.errors import ExchangeError
from exchanges.market.instrument import Instrument
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Level = tuple[float, float]
"""Price and size of one level of a book."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything a stream codec can report about an instrument."""

    instrument: Instrument
    received_ns: int
    venue_ns: int | None = None

    def __str__(self) -> str:
        """Market, kind and what is told of it, without the stamps."""
        told = (
            f"{name} {_short(value)}"
            for name in self.__struct_fields__
            if name not in Event.__struct_fields__ and (value := getattr(self, name)) not in _UNSAID
        )
        return f"{self.instrument} {type(self).__name__}: {', '.join(told)}"


_UNSAID: Final = (None, "")


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"of {len(value)} levels"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


class BookSnapshot(Event, frozen=True, kw_only=True, gc=False):
    """A whole book, best level first on both sides is not promised; it replaces what was there.

    `window` is the number of levels a side that the stream keeps up to date (0: all of them);
    levels pushed out of it are not deleted by the venue. `verified` is the number of levels a
    side that the venue's checksum proves where nothing else does (0: all of them); deeper levels
    must not be served. `checksum` is the venue's, over the book after this event.
    """

    bids: list[Level]
    asks: list[Level]
    sequence: int
    window: int = 0
    verified: int = 0
    checksum: int | None = None


UNTOLD: Final = -1
"""An id that the venue does not write, where something else proves that an update follows."""


class BookDelta(Event, frozen=True, kw_only=True, gc=False):
    """Changed levels: absolute sizes, zero removes the level.

    The event turns the book of `previous` into the book of `sequence`. A codec tells it only
    after it has checked that `previous` is the sequence of the event before; what its wire reads
    may have `UNTOLD` ids, of which the codec makes those that follow.
    """

    bids: list[Level]
    asks: list[Level]
    previous: int
    sequence: int
    checksum: int | None = None


class Fault(StrEnum):
    """Why a book may be wrong and must not be read."""

    STARTING = "starting"  # no snapshot yet
    GAP = "gap"  # an update is missing
    CHECKSUM = "checksum"  # our book is not the venue's
    AUDIT = "audit"  # a snapshot of the venue shows other levels
    DEPTH = "depth"  # the price has left the part of the book that a limited snapshot told
    CROSSED = "crossed"  # best bid at or above best ask
    DISCONNECTED = "disconnected"  # the connection ended
    OVERFLOW = "overflow"  # our book fell behind and dropped its backlog
    BAD_FRAME = "bad frame"  # a frame of this book could not be read
    REFUSED = "refused"  # the venue refused the subscription
    UNSUBSCRIBED = "unsubscribed"  # nobody asks for it any more
    DELISTED = "delisted"  # the venue trades it no longer
    UNIT = "unit"  # the venue has changed its unit, or tells it in another one
    FAILED = "failed"  # the book's actor failed
    STALE = "stale"  # older than its reader allows; only who reads with a bound meets it


class BookLost(Event, frozen=True, kw_only=True):
    """The book can no longer be trusted; a snapshot follows once the codec has a new start."""

    fault: Fault
    detail: str = ""


class Top(Event, frozen=True, kw_only=True, gc=False):
    """Best bid and ask. A missing bid is 0.0 at size 0.0, a missing ask is inf at size 0.0."""

    bid: float
    bid_size: float
    ask: float
    ask_size: float
    sequence: int = 0


class Trade(Event, frozen=True, kw_only=True, gc=False):
    """One execution. `side` is the taker's; `trade_id` is the venue's, "" where it gives none."""

    price: float
    size: float
    side: Side
    trade_id: str = ""


class Ticker(Event, frozen=True, kw_only=True, gc=False):
    """Statistics of the last 24 hours. What the venue leaves out is None.

    A price that there is not (nothing was traded, a side is empty) is None as well, however the
    venue writes it: a number here is a price.
    """

    last: float | None = None
    bid: float | None = None
    ask: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = None  # base units
    quote_volume: float | None = None  # quote currency
    change: float | None = None  # fraction: 0.01 is +1 %

    def __post_init__(self) -> None:
        for name in ("last", "bid", "ask", "high", "low"):
            if getattr(self, name) == 0:
                force_setattr(self, name, None)


class Kline(Event, frozen=True, kw_only=True, gc=False):
    """One candle. `closed` is None where the venue does not say; a later candle closes it."""

    interval: KlineInterval
    open_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float  # base units
    quote_volume: float | None = None  # quote currency
    trades: int | None = None
    closed: bool | None = None


class Funding(Event, frozen=True, kw_only=True, gc=False):
    """The funding rate that will be charged next; positive means longs pay.

    `rate` is the venue's fraction for one interval of `interval_s` seconds, which is None where
    the venue has not told it. `next_ns` is None for venues that accrue continuously. `predicted`
    is the rate foreseen for the interval after this one, where the venue gives it.
    """

    rate: float
    interval_s: float | None
    next_ns: int | None
    predicted: float | None = None

    @property
    def per_8h(self) -> float | None:
        """The rate of eight hours, None where the interval is not known."""
        return self.rate * 28_800 / self.interval_s if self.interval_s else None

    @property
    def per_year(self) -> float | None:
        """Simple (not compounded) rate over 365 days, None where the interval is not known."""
        return self.rate * 31_536_000 / self.interval_s if self.interval_s else None


class FundingCharge(Event, frozen=True, kw_only=True, gc=False):
    """A funding rate that was charged: the fraction, at `charged_ns`."""

    rate: float
    charged_ns: int


class MarkPrice(Event, frozen=True, kw_only=True, gc=False):
    """The price the venue values positions at, and the index it follows."""

    mark: float
    index: float | None = None


class OpenInterest(Event, frozen=True, kw_only=True, gc=False):
    """Open contracts, counted on one side, in base units and in quote currency."""

    size: float
    value: float | None = None


class Liquidation(Event, frozen=True, kw_only=True, gc=False):
    """A forced close. `side` is the liquidation order's: a sell closes a long position."""

    price: float
    size: float
    side: Side


class InstrumentChange(Event, frozen=True, kw_only=True):
    """An instrument's rules or status changed, or it is new; `previous` is None if it is new."""

    previous: Instrument | None


class SubscriptionState(StrEnum):
    """What the venue made of a wish to be told something."""

    SUBSCRIBED = "subscribed"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class Subscription(Event, frozen=True, kw_only=True):
    """News of one topic; `error` says why it is not told, in the class that requests raise."""

    topic: str
    state: SubscriptionState
    error: ExchangeError | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The venue announces that it will close the connection within `close_in_s` seconds."""

    venue: str
    close_in_s: float
    message: str


class VenueState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the venue as a whole takes every order now; `message` is its own word for it.

    Books may go on while it does not, as after maintenance, when orders can only be cancelled.
    """

    venue: str
    takes_orders: bool
    message: str


StreamEvent = Event | Notice | VenueState
