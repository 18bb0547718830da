"""Paradex stream messages: the venue's own spelling, and what it means.

Source: official AsyncAPI document (August 2026), and frames captured from 2024 to 2026. Numbers
are decimal strings, sizes and the open interest are base units, rates are fractions.
"""

from math import inf
from typing import Annotated, Final, Literal

from msgspec import Meta, Raw, Struct

from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Funding,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import (
    NS_PER_MS,
    Millis,
    Price,
    Rate,
    Size,
    Traded,
    best_level,
    optional,
)
from exchanges.market.orders import Side

Sequence = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
# The longest period of funding that is taken for one: a week.
Hours = Annotated[float, Meta(ge=0, le=168)]
# An amount of quote currency per base unit that may be negative.
Amount = Annotated[float, Meta(gt=-1e15, lt=1e15)]
SideName = Literal["BUY", "SELL"]

SECONDS_PER_HOUR: Final = 3600.0
# Beyond it an open interest is a mistake.
_MOST_INTEREST: Final = 1e24
# Others move positions without an order on the book: settlements, transfers, block trades.
_EXECUTIONS: Final = frozenset({"FILL", "RPI"})
_LIQUIDATION: Final = "LIQUIDATION"


def side_of(name: SideName) -> Side:
    return Side.BUY if name == "BUY" else Side.SELL


class Params(Struct):
    channel: str
    data: Raw


class Error(Struct):
    code: int
    message: str = ""
    data: object = None


class Envelope(Struct):
    """Any frame: data has a method, an answer the `id` of its request, unless it is unreadable."""

    method: str = ""
    params: Params | None = None
    id: int | None = None
    result: Raw = Raw()
    error: Error | None = None


class Named(Struct):
    """What the data of a channel of all markets is about; summaries call it `symbol`."""

    market: str = ""
    symbol: str = ""


class BookLevel(Struct, gc=False):
    side: SideName
    price: Price
    size: Size


class BookMessage(Struct):
    """`order_book`: `s` is a whole book, in `inserts`; `d` is what changed since `seq_no` - 1."""

    seq_no: Sequence
    market: str
    last_updated_at: Millis
    update_type: Literal["s", "d"]
    inserts: list[BookLevel] | None = None
    updates: list[BookLevel] | None = None
    deletes: list[BookLevel] | None = None

    @property
    def venue_ns(self) -> int:
        return self.last_updated_at * NS_PER_MS

    def snapshot(self, instrument: Instrument, window: int, received_ns: int) -> BookSnapshot:
        levels = [level for level in self.inserts or [] if level.size]
        return BookSnapshot(
            instrument=instrument,
            bids=_of_side("BUY", levels),
            asks=_of_side("SELL", levels),
            sequence=self.seq_no,
            window=window,
            venue_ns=self.venue_ns,
            received_ns=received_ns,
        )

    def delta(self, instrument: Instrument, received_ns: int) -> BookDelta:
        bids, asks = self._changes()
        return BookDelta(
            instrument=instrument,
            bids=bids,
            asks=asks,
            previous=self.seq_no - 1,
            sequence=self.seq_no,
            venue_ns=self.venue_ns,
            received_ns=received_ns,
        )

    def _changes(self) -> tuple[list[Level], list[Level]]:
        """Of both sides; what is deleted comes first, as it may be inserted again."""
        set_ = [*(self.inserts or []), *(self.updates or [])]
        deleted = self.deletes or []
        bids, asks = (
            [(level.price, 0.0) for level in deleted if level.side == side] + _of_side(side, set_)
            for side in ("BUY", "SELL")
        )
        return bids, asks


def _of_side(side: str, levels: list[BookLevel]) -> list[Level]:
    return [(level.price, level.size) for level in levels if level.side == side]


class TopMessage(Struct):
    """`bbo`: best bid and ask without the orders that only retail clients can take."""

    bid: str
    bid_size: str
    ask: str
    ask_size: str
    seq_no: Sequence
    last_updated_at: Millis

    def events(self, instrument: Instrument, received_ns: int) -> tuple[Top]:
        bid, bid_size = best_level(self.bid, self.bid_size, 0.0)
        ask, ask_size = best_level(self.ask, self.ask_size, inf)
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=self.seq_no,
            venue_ns=self.last_updated_at * NS_PER_MS,
            received_ns=received_ns,
        )
        return (top,)


class TradeMessage(Struct):
    """`trades` and the REST trades: `side` is the taker's.

    That it is the liquidation order's in a liquidation is what the word means; nothing says so.
    """

    id: str
    side: SideName
    price: Price
    size: Traded
    created_at: Millis
    trade_type: str

    @property
    def is_execution(self) -> bool:
        return self.trade_type in _EXECUTIONS

    @property
    def is_liquidation(self) -> bool:
        return self.trade_type == _LIQUIDATION

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.size,
            side=side_of(self.side),
            trade_id=self.id,
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )

    def liquidation(self, instrument: Instrument, received_ns: int) -> Liquidation:
        return Liquidation(
            instrument=instrument,
            price=self.price,
            size=self.size,
            side=side_of(self.side),
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )


class Summary(Struct):
    """The part of `markets_summary` that makes a ticker; what is unknown is an empty string."""

    bid: str
    ask: str
    last_traded_price: str
    volume_24h: str  # in dollars
    price_change_rate_24h: str  # a fraction
    created_at: Millis

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=optional(self.last_traded_price),
            bid=optional(self.bid),
            ask=optional(self.ask),
            quote_volume=optional(self.volume_24h),
            change=_change(self.price_change_rate_24h),
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )


def _change(text: str) -> float | None:
    """Raises ValueError for what no price does in a day."""
    change = float(text) if text else None
    if change is not None and not -1e4 < change < 1e4:
        raise ValueError(f"{text!r} is no change of a price")
    return change


class PerpetualSummary(Struct):
    """The rest of it. Its `funding_rate` lacks its period, and is told better elsewhere."""

    mark_price: Price
    underlying_price: str
    open_interest: Size
    created_at: Millis

    def mark(self, instrument: Instrument, received_ns: int) -> MarkPrice:
        index = optional(self.underlying_price) or None
        if index is not None and index >= 1e15:
            raise ValueError(f"an index of {index}")
        return MarkPrice(
            instrument=instrument,
            mark=self.mark_price,
            index=index,
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )

    def interest(self, instrument: Instrument, received_ns: int) -> OpenInterest:
        value = self.open_interest * self.mark_price
        if not value < _MOST_INTEREST:
            raise ValueError(f"an open interest of {value}")
        return OpenInterest(
            instrument=instrument,
            size=self.open_interest,
            value=value,
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )


class FundingMessage(Struct):
    """`funding_data` and its REST rows: the rate of a period, which is charged bit by bit.

    `funding_index` sums up what one base unit has paid, `funding_premium` is what it would pay in
    a period at this rate. Old rows have a period of 0.
    """

    funding_rate: Rate
    funding_premium: Amount
    funding_index: Amount
    created_at: Millis
    funding_period_hours: Hours = 0.0

    def events(self, instrument: Instrument, received_ns: int) -> tuple[Funding]:
        return (self.funding(instrument, received_ns),)

    def funding(self, instrument: Instrument, received_ns: int) -> Funding:
        """There is no instant of a next charge."""
        interval_s = self.funding_period_hours * SECONDS_PER_HOUR or instrument.funding_interval_s
        return Funding(
            instrument=instrument,
            rate=self.funding_rate,
            interval_s=interval_s,
            next_ns=None,
            venue_ns=self.created_at * NS_PER_MS,
            received_ns=received_ns,
        )

    @property
    def price(self) -> float | None:
        """The price that the premium is of; nothing tells it while there is no rate."""
        if not self.funding_rate:
            return None
        price = self.funding_premium / self.funding_rate
        return price if 0 < price < 1e15 else None
