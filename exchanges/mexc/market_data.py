"""MEXC spot stream messages: the venue's own spelling, and what it means.

Source: the WebSocket pages of the documentation (2025 and April 2026) and the venue's protobuf
definitions (June 2026); those of the binary frames are in `wire/`. Their prices, sizes and
versions are decimal strings: the structs here take them over from a decoded message, and check
them as those of other venues check JSON. Most messages carry no time; the frame does.
"""

from collections.abc import Iterable
from math import inf
from typing import Annotated, Final, Protocol, Self, TypeVar

from google.protobuf.message import Message
from msgspec import Meta, Struct, convert

from exchanges.market.events import BookDelta, BookSnapshot, Kline, Ticker, Top, Trade
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import (
    NS_PER_MS,
    NS_PER_S,
    Millis,
    Price,
    Rate,
    Seconds,
    Size,
    Traded,
    best_level,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.mexc.wire.mexc_push_pb2 import (
    PublicAggreDepthsV3Api,
    PublicLimitDepthsV3Api,
    PushDataV3ApiWrapper,
)

Levels = list[tuple[Price, Size]]
Version = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
W = TypeVar("W", bound=Struct)

SIDES: Final = {1: Side.BUY, 2: Side.SELL}

# Streams also have candles of 8 hours, which REST has not.
STREAM_CANDLES: Final = {
    KlineInterval.M1: "Min1",
    KlineInterval.M5: "Min5",
    KlineInterval.M15: "Min15",
    KlineInterval.M30: "Min30",
    KlineInterval.H1: "Min60",
    KlineInterval.H4: "Hour4",
    KlineInterval.D1: "Day1",
    KlineInterval.W1: "Week1",
    KlineInterval.MO1: "Month1",
}
INTERVALS: Final = {name: interval for interval, name in STREAM_CANDLES.items()}


class Answer(Struct):
    """Any text frame. A refusal has code 0 as well; only its `msg` names no channel."""

    id: int = 0
    code: int = 0
    msg: str = ""


def read(message: Message, wire: type[W]) -> W:
    """What a decoded message says, checked.

    Raises:
        msgspec.ValidationError: a field has a value that no market can have.
    """
    return convert(message, wire, strict=False, from_attributes=True)


def sent_ns(push: PushDataV3ApiWrapper) -> int | None:
    """When the venue sent a frame, or made it where it says no more.

    Raises:
        ValueError: at no time that there is.
    """
    time_ms = push.sendTime or push.createTime
    if not 0 <= time_ms < 1 << 53:
        raise ValueError(f"{time_ms} is no time in milliseconds")
    return time_ms * NS_PER_MS or None


class _Item(Protocol):
    price: str
    quantity: str


def _texts(items: Iterable[_Item]) -> list[tuple[str, str]]:
    return [(item.price, item.quantity) for item in items]


class AggreDepths(Struct):
    """`aggre.depth`: changes of the versions `fromVersion` to `toVersion`."""

    asks: Levels
    bids: Levels
    fromVersion: Version
    toVersion: Version

    @classmethod
    def of(cls, message: PublicAggreDepthsV3Api) -> Self:
        fields = {
            "asks": _texts(message.asks),
            "bids": _texts(message.bids),
            "fromVersion": message.fromVersion,
            "toVersion": message.toVersion,
        }
        return convert(fields, cls, strict=False)

    def delta(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> BookDelta:
        return BookDelta(
            instrument=instrument,
            bids=self.bids,
            asks=self.asks,
            previous=self.fromVersion - 1,
            sequence=self.toVersion,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class LimitDepths(Struct):
    """`limit.depth`: the best levels of the book, all of them in each frame."""

    asks: Levels
    bids: Levels
    version: Version

    @classmethod
    def of(cls, message: PublicLimitDepthsV3Api) -> Self:
        fields = {
            "asks": _texts(message.asks),
            "bids": _texts(message.bids),
            "version": message.version,
        }
        return convert(fields, cls, strict=False)

    def snapshot(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int
    ) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=self.bids,
            asks=self.asks,
            sequence=self.version,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class Deal(Struct):
    """One of `aggre.deals`: `tradeType` is the taker's side. Before June 2026 none had an id."""

    price: Price
    quantity: Traded
    tradeType: int
    time: Millis
    tradeId: str

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.quantity,
            side=SIDES[self.tradeType],
            trade_id=self.tradeId,
            venue_ns=self.time * NS_PER_MS,
            received_ns=received_ns,
        )


class BookTicker(Struct):
    """`aggre.bookTicker`, and an item of `bookTicker.batch`, which has no version of its own."""

    bidPrice: str
    bidQuantity: str
    askPrice: str
    askQuantity: str
    version: str = ""

    def top(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Top:
        bid, bid_size = best_level(self.bidPrice, self.bidQuantity, 0.0)
        ask, ask_size = best_level(self.askPrice, self.askQuantity, inf)
        return Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=int(self.version or 0),
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class MiniTicker(Struct):
    """`miniTicker`; despite their names `volume` is quote and `quantity` base.

    `zonedRate`, a fraction, is the change over what was asked for. There is a `rate` as well, the
    change since midnight at UTC+8, whatever was asked for.
    """

    price: Size
    zonedRate: Rate
    high: Size
    low: Size
    volume: Size
    quantity: Size

    def ticker(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.price,
            high=self.high,
            low=self.low,
            volume=self.quantity,
            quote_volume=self.volume,
            change=self.zonedRate,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class SpotKline(Struct):
    """`kline`: `volume` is base, `amount` quote. Nothing says whether the candle is closed."""

    interval: str
    windowStart: Seconds
    openingPrice: Size
    closingPrice: Size
    highestPrice: Size
    lowestPrice: Size
    volume: Size
    amount: Size

    def kline(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=INTERVALS[self.interval],
            open_ns=self.windowStart * NS_PER_S,
            open=self.openingPrice,
            high=self.highestPrice,
            low=self.lowestPrice,
            close=self.closingPrice,
            volume=self.volume,
            quote_volume=self.amount,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )
