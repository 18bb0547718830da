"""Paradex stream messages: the fields of binary frames, and what they mean.

Source: schema `paradex_1_0.xml` of the official SDK (September 2026), and frames captured in
September and October 2026. Sizes and the open interest are base units, rates are fractions, times
are microseconds. Answers to requests are JSON.
"""

from math import inf
from struct import Struct as Layout
from typing import Final

import msgspec
from msgspec import Struct

from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Funding,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_US
from exchanges.market.orders import Side
from exchanges.paradex.sbe import FINE_UNIT, NONE, UNIT, Message

SECONDS_PER_HOUR: Final = 3600.0
MOST_HOURS: Final = 168
"""The longest period of funding that is taken for one: a week."""
_MOST_MICROS: Final = 1 << 53
_MOST_RATE: Final = 1e3

_SIDES: Final = {1: Side.BUY, 2: Side.SELL}
# Others move positions without an order on the book: settlements, transfers, block trades.
_FILL, _LIQUIDATION, _RPI = 1, 2, 5

# When, sequence, kind of package; prices that only a feed for retail clients fills in follow.
_BOOK: Final = Layout("<qqB")
# When, sequence, and price and size of both sides.
_BBO: Final = Layout("<qqqqqq")
# When, sequence, a number that is no id, side, price, size, when it was matched, type.
_TRADE: Final = Layout("<qqqBqqqB")
# When, sequence, mark, index, last, volume in dollars, open interest, rate, bid, ask, all volume
# ever, change of the day; what options have follows, and in later versions the precise rate.
_SUMMARY: Final = Layout("<12q")
_SUMMARY_1: Final = Layout("<12q136xq")
# When, sequence, rate, index, when it was made, premium, rate of eight hours, hours of the period.
_FUNDING_DATA: Final = Layout("<7qh")


class Result(Struct):
    channel: str = ""


class Error(Struct):
    code: int
    message: str = ""
    data: object = None


class Answer(Struct):
    """Any text frame: it has the `id` of its request, unless that was unreadable."""

    id: int | None = None
    result: Result | None = None
    error: Error | None = None


ANSWER: Final = msgspec.json.Decoder(Answer)


def book(
    message: Message, instrument: Instrument, window: int, received_ns: int
) -> BookSnapshot | BookDelta:
    """`order_book`: a package of type 0 is a whole book, 1 what changed since `seq` - 1."""
    at_us, sequence, package = message.fields(_BOOK)
    bids, asks = message.levels(0), message.levels(1)
    if sequence < 0:
        raise ValueError(f"a book of number {sequence}")
    if package == 1:
        return BookDelta(
            instrument=instrument,
            bids=bids,
            asks=asks,
            previous=sequence - 1,
            sequence=sequence,
            venue_ns=_nanos(at_us),
            received_ns=received_ns,
        )
    if package != 0:
        raise ValueError(f"a book package of type {package}")
    return BookSnapshot(
        instrument=instrument,
        bids=[level for level in bids if level[1]],
        asks=[level for level in asks if level[1]],
        sequence=sequence,
        window=window,
        venue_ns=_nanos(at_us),
        received_ns=received_ns,
    )


def top(message: Message, instrument: Instrument, received_ns: int) -> Top:
    """`bbo`: best bid and ask without the orders that only retail clients can take."""
    at_us, sequence, bid, bid_size, ask, ask_size = message.fields(_BBO)
    best_bid, best_ask = optional(bid), optional(ask)
    if sequence < 0:
        raise ValueError(f"a top of number {sequence}")
    return Top(
        instrument=instrument,
        bid=best_bid or 0.0,
        bid_size=(best_bid and optional(bid_size)) or 0.0,
        ask=best_ask or inf,
        ask_size=(best_ask and optional(ask_size)) or 0.0,
        sequence=sequence,
        venue_ns=_nanos(at_us),
        received_ns=received_ns,
    )


class TradeEvent(Struct, frozen=True):
    """`trades`: `side` is the taker's.

    That it is the liquidation order's in a liquidation is what the word means; nothing says so.
    """

    side: int
    price: int
    size: int
    at_us: int
    kind: int
    trade_id: str

    @classmethod
    def of(cls, message: Message) -> "TradeEvent":
        _, _, _, side, price, size, at_us, kind = message.fields(_TRADE)
        # Frames of version 1 have no whole id.
        return cls(side, price, size, at_us, kind, "".join(message.texts[1:]))

    @property
    def is_execution(self) -> bool:
        return self.kind in (_FILL, _RPI)

    @property
    def is_liquidation(self) -> bool:
        return self.kind == _LIQUIDATION

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=positive(self.price),
            size=positive(self.size),
            side=_SIDES[self.side],
            trade_id=self.trade_id,
            venue_ns=_nanos(self.at_us),
            received_ns=received_ns,
        )

    def liquidation(self, instrument: Instrument, received_ns: int) -> Liquidation:
        return Liquidation(
            instrument=instrument,
            price=positive(self.price),
            size=positive(self.size),
            side=_SIDES[self.side],
            venue_ns=_nanos(self.at_us),
            received_ns=received_ns,
        )


class MarketSummary(Struct, frozen=True):
    """`markets_summary`: what is unknown is `NONE`.

    Its rate is that of `funding_data` with four digits more; it lacks the period, which the list
    of markets tells.
    """

    at_us: int
    mark: int
    index: int
    last: int
    volume: int  # in dollars
    interest: int
    rate: float | None
    bid: int
    ask: int
    change: int

    @classmethod
    def of(cls, message: Message) -> "MarketSummary":
        fields = message.fields(_SUMMARY_1, _SUMMARY)
        at_us, _, mark, index, last, volume, interest, coarse, bid, ask, _, change, *rest = fields
        fine = rest[0] if rest else NONE
        rate = rate_of(coarse) if fine == NONE else rate_of(fine, FINE_UNIT)
        return cls(at_us, mark, index, last, volume, interest, rate, bid, ask, change)

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=optional(self.last),
            bid=optional(self.bid),
            ask=optional(self.ask),
            quote_volume=optional(self.volume),
            change=None if self.change == NONE else plausible_change(self.change / UNIT),
            venue_ns=_nanos(self.at_us),
            received_ns=received_ns,
        )

    def mark_price(self, instrument: Instrument, received_ns: int) -> MarkPrice:
        return MarkPrice(
            instrument=instrument,
            mark=positive(self.mark),
            index=optional(self.index) or None,
            venue_ns=_nanos(self.at_us),
            received_ns=received_ns,
        )

    def open_interest(self, instrument: Instrument, received_ns: int) -> OpenInterest:
        size = optional(self.interest)
        if size is None:
            raise ValueError("a perpetual without open interest")
        return OpenInterest(
            instrument=instrument,
            size=size,
            value=size * positive(self.mark),
            venue_ns=_nanos(self.at_us),
            received_ns=received_ns,
        )

    def funding(self, instrument: Instrument, received_ns: int) -> Funding | None:
        """The rate of the market's period, which is charged bit by bit; there is no next charge."""
        if self.rate is None:
            return None
        return Funding(
            instrument=instrument,
            rate=self.rate,
            interval_s=instrument.funding_interval_s,
            next_ns=None,
            venue_ns=_nanos(self.at_us),
            received_ns=received_ns,
        )


def funding(message: Message, instrument: Instrument, received_ns: int) -> Funding:
    """`funding_data`, which recordings may have: it tells the period, and the rate less well."""
    _, _, coarse, _, at_us, _, _, hours = message.fields(_FUNDING_DATA)
    rate = rate_of(coarse)
    if rate is None or not 0 <= hours <= MOST_HOURS:
        raise ValueError(f"a rate of {coarse} for {hours} hours")
    return Funding(
        instrument=instrument,
        rate=rate,
        interval_s=hours * SECONDS_PER_HOUR or instrument.funding_interval_s,
        next_ns=None,
        venue_ns=_nanos(at_us),
        received_ns=received_ns,
    )


def positive(number: int) -> float:
    if number <= 0:
        raise ValueError(f"{number} is no price or size")
    return number / UNIT


def optional(number: int) -> float | None:
    if number == NONE:
        return None
    if number < 0:
        raise ValueError(f"{number} is no price or size")
    return number / UNIT


def rate_of(number: int, unit: int = UNIT) -> float | None:
    rate = number / unit
    if number != NONE and not -_MOST_RATE < rate < _MOST_RATE:
        raise ValueError(f"{rate} is no rate")
    return None if number == NONE else rate


def plausible_change(change: float) -> float:
    """A change of a price within a day, as a fraction."""
    if not -1e4 < change < 1e4:
        raise ValueError(f"{change} is no change of a price")
    return change


def _nanos(micros: int) -> int:
    if not 0 <= micros < _MOST_MICROS:
        raise ValueError(f"{micros} is no time in microseconds")
    return micros * NS_PER_US
