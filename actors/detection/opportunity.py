"""An opportunity to buy on one market and sell on another, and its life."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from actors.detection.quotes import PAR, Rate
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import plain


class Reason(StrEnum):
    """Why an opportunity was refused, or why an open one was closed."""

    EDGE_GONE = "edge gone"  # no longer above the closing threshold
    BOOK_LOST = "book lost"  # a side may not be read
    STALE = "stale"  # a side was last heard of too long ago, by our clock
    VENUE_STALE = "venue stale"  # a side's content is too old, by the venue's clock
    PRICE_RATIO = "price ratio"  # prices too far apart: other assets of the same name
    NO_RATE = "no rate"  # nothing tells what one side's quote is worth in the other's
    RATE_STALE = "rate stale"  # what told it was last heard of too long ago
    RATE_BAND = "rate out of band"  # too far from one to one
    RATE_DISPUTED = "rates disagree"  # the markets that tell it are too far apart
    HALTED = "halted"  # a side takes no orders
    TOO_SMALL = "too small"  # below a minimum size, notional or profit
    REMOVED = "removed"  # a side is no longer watched
    ABANDONED = "abandoned"  # the detector ended, so that nobody knows


class DetectorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When an opportunity is worth showing.

    Edges are in basis points net of taker fees: an opportunity opens above `open_bps` and closes
    at or below `close_bps`. `max_age_s` bounds the age of either side by our clock and by the
    venue's (inf: no bound). `min_notional` and `min_profit` are in the quote of the purchase,
    `max_ratio` is how far the prices of one asset may be apart before it is taken for two. An open
    opportunity is told anew when its edge improves by `improve_bps`.
    """

    open_bps: float = 5.0
    close_bps: float = 0.0
    improve_bps: float = 1.0
    max_age_s: float = 5.0
    min_notional: float = 10.0
    min_profit: float = 0.0
    max_ratio: float = 1.1


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One side at the moment of judgement; ages in seconds, None where they cannot be told."""

    instrument: Instrument
    price: float
    """The touch: best bid of the side to sell on, best ask of the side to buy on."""
    taker_fee: float
    age_s: float
    venue_age_s: float | None


class Opportunity(msgspec.Struct, frozen=True, kw_only=True):
    """Buy on one market, sell on another.

    `edge_bps` is that of the touch, net of fees and, where the two sides are quoted in different
    assets, of the `rate` by which the sale's is told in the purchase's. `size` can be walked at a
    profit through both books, rounded to both markets' steps; selling it brings `proceeds` and
    buying it costs `cost`, fees included, in the quote of the purchase. `usual_s` is how long this
    pair's opportunities have lasted on average so far, None for the first.
    """

    id: int
    sell: Leg
    buy: Leg
    rate: Rate = PAR
    edge_bps: float
    best_edge_bps: float
    size: Decimal
    proceeds: float
    cost: float
    opened_ns: int
    updated_ns: int
    usual_s: float | None = None

    @property
    def profit(self) -> float:
        return self.proceeds - self.cost

    @property
    def unit(self) -> str:
        """The asset in which proceeds, cost and profit are told."""
        return self.buy.instrument.quote

    @property
    def rate_bps(self) -> float:
        """How much of the edge hangs on the rate: what there would not be at one to one."""
        return self.edge_bps - ((1 + self.edge_bps / 1e4) / self.rate.value - 1) * 1e4

    @property
    def rate_age_s(self) -> float | None:
        """How old the rate was when this was told; None where none is needed."""
        return self.rate.age_s(self.updated_ns)

    @property
    def lasted_s(self) -> float:
        return (self.updated_ns - self.opened_ns) / 1e9

    def __str__(self) -> str:
        sell, buy = self.sell.instrument, self.buy.instrument
        by = ""
        if self.rate.conversions:
            by = f" ({self.rate_bps:+.1f} bp by {sell.quote} at {self.rate})"
        return (
            f"buy {self.size.normalize():f} {buy.venue} {buy.symbol} at {plain(self.buy.price)}, "
            f"sell {sell.venue} {sell.symbol} at {plain(self.sell.price)}: "
            f"{self.edge_bps:.1f} bp{by}, {self.profit:.2f} {self.unit}"
        )


class Phase(StrEnum):
    """What happened to an opportunity."""

    OPENED = "opened"
    IMPROVED = "improved"
    CLOSED = "closed"


class OpportunityChange(msgspec.Struct, frozen=True, kw_only=True):
    """News of an opportunity. `reason` tells why it closed.

    `decided_ns` is when the detector told it and `heard_ns` when the bytes that caused it were
    read from the socket; their difference is the system's latency. Where time alone closed it,
    both are equal.
    """

    phase: Phase
    opportunity: Opportunity
    reason: Reason | None = None
    heard_ns: int
    decided_ns: int
