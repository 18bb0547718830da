"""The markets that are compared: their newest tops, and prices net of fees, by group and quote."""

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING

import msgspec

from actors.books.order_book import MarketKey
from actors.detection.walk import ReadableBook
from actors.venue.clock import VenueClock
from exchanges.market.events import Top
from exchanges.market.instrument import Instrument, Kind, Status

if TYPE_CHECKING:
    from actors.detection.pairs import Pair


class Watch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A market to be watched; those of one `group` are compared with each other.

    `clock` is that of its venue, `quote` the usual name of what its prices are in. One without a
    group is watched for the rates that it tells alone.
    """

    instrument: Instrument
    quote: str
    book: ReadableBook
    clock: VenueClock
    taker_fee: float
    group: str

    @property
    def market(self) -> MarketKey:
        return self.instrument.venue, self.instrument.symbol


class Side:
    """A watched market and its newest top.

    Attributes:
        net_bid, net_ask: the top's prices after the taker fee; 0 and inf without a top.
        received_ns: when the top was read.
        book: names its book; two sides of one are no pair.
        sells: the pairs in which this side sells, by the side to buy on.
    """

    __slots__ = (
        "_stamped_ns",
        "ask_size",
        "bid_size",
        "book",
        "buy_factor",
        "is_trading",
        "market",
        "net_ask",
        "net_bid",
        "received_ns",
        "sell_factor",
        "sells",
        "top",
        "watch",
    )

    def __init__(self, watch: Watch) -> None:
        self.market = watch.market
        self.sells: dict[Side, Pair] = {}
        self.top: Top | None = None
        self.use(watch)

    def use(self, watch: Watch) -> None:
        """Take other rules or fees."""
        self.watch = watch
        instrument = watch.instrument
        self.book = instrument.venue, instrument.kind, instrument.book
        self.is_trading = watch.instrument.status is Status.TRADING
        self.sell_factor = 1 - watch.taker_fee
        self.buy_factor = 1 + watch.taker_fee
        self.put(self.top)

    def put(self, top: Top | None) -> None:
        """Take a newer top, or that there is none."""
        self.top = top
        self._stamped_ns: int | None = None
        if top is None:
            self.net_bid, self.net_ask, self.received_ns = 0.0, inf, 0
            self.bid_size = self.ask_size = 0.0
        else:
            self.net_bid = top.bid * self.sell_factor
            self.net_ask = top.ask * self.buy_factor
            self.bid_size, self.ask_size = top.bid_size, top.ask_size
            self.received_ns = top.received_ns

    @property
    def stamped_ns(self) -> int | None:
        """When the top was so at the venue, by our clock; None where that cannot be told."""
        if self._stamped_ns is None and self.top:
            received_ns = self.received_ns
            age_ns = self.watch.clock.age_ns(self.top.venue_ns, received_ns)
            self._stamped_ns = None if age_ns is None else received_ns - age_ns
        return self._stamped_ns

    @property
    def since_ns(self) -> int:
        """When it was as it is, by the older of its stamps."""
        stamped_ns = self.stamped_ns
        return self.received_ns if stamped_ns is None else min(self.received_ns, stamped_ns)

    @property
    def quoted(self) -> "Quoted":
        """What its prices are told in, and whether that is what changes hands."""
        return self.watch.quote, self.watch.instrument.kind is Kind.SPOT


Quoted = tuple[str, bool]
"""A quote asset, and whether all of it is paid (spot) or the result alone moves (perpetuals)."""


class Group:
    """The sides that are compared with each other."""

    def __init__(self) -> None:
        self.parts: dict[Quoted, list[Side]] = {}

    def add(self, side: Side) -> None:
        self.parts.setdefault(side.quoted, []).append(side)

    def remove(self, side: Side) -> None:
        part = self.parts[side.quoted]
        part.remove(side)
        if not part:
            del self.parts[side.quoted]

    def __iter__(self) -> Iterator[Side]:
        return (side for part in self.parts.values() for side in part)

    @property
    def has_rates(self) -> bool:
        """Whether rates matter to it: not all of it is quoted in one asset."""
        return len({quote for quote, _ in self.parts}) > 1
