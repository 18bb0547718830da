"""Coinbase stream messages: the venue's own spelling, and what it means.

Source: Advanced Trade WebSocket documentation (November 2026), and frames captured in 2024.
Numbers are JSON strings and times RFC 3339 with up to nine digits of a second. Sizes of futures are
contracts, those of spot base units.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Final, Literal

from msgspec import Meta, Raw, Struct

from exchanges.market.events import Kline, Level, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S, Price, Seconds, Size, Traded, in_base_units, optional
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Sequence = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]

ASSETS: Final = {"CGLD": "CELO"}
STREAMED_CANDLES: Final = KlineInterval.M5

# The documentation does not say whose side a trade's is, and clients disagree. It is read as the
# maker's: prints at the best ask were captured as SELL, and the venue's older feed, which shares
# the engine and the ids of trades, defines it so.
_TAKERS: Final[Mapping[str, Side]] = {"BUY": Side.SELL, "SELL": Side.BUY}
# New listings rise a hundredfold in a day; a millionfold is a mistake.
_MOST_PERCENT: Final = 1e8
_DIGITS_OF_NS: Final = 9


def kind_of(native: str) -> Kind:
    """The kind of market that a native name tells."""
    return Kind.PERPETUAL if native.count("-") > 1 else Kind.SPOT


def utc_ns(text: str) -> int:
    """A time such as `2024-10-04T07:13:31.158696693Z` in nanoseconds.

    Raises:
        ValueError: `text` is no time in UTC.
    """
    whole, _, digits = text.removesuffix("Z").partition(".")
    if not text.endswith("Z") or len(digits) > _DIGITS_OF_NS:
        raise ValueError(f"{text[:40]!r} is no time in UTC")
    return _seconds(whole) * NS_PER_S + int(digits.ljust(_DIGITS_OF_NS, "0"))


@lru_cache(maxsize=16)
def _seconds(text: str) -> int:
    """Since the epoch; the frames of a second share it."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def fraction(percent: str) -> float | None:
    """A change in percent as a fraction, None where there is none.

    Raises:
        ValueError: no market changes so much.
    """
    if not percent:
        return None
    value = float(percent)
    if not abs(value) < _MOST_PERCENT:
        raise ValueError(f"a change of {percent[:40]} %")
    return value / 100


def base_units(instrument: Instrument) -> float:
    """What a size is multiplied with: base units per contract, 1 on spot."""
    return float(instrument.contract_units)


class Envelope(Struct):
    """Any frame. `sequence_num` counts the frames of the connection; errors have none."""

    channel: str = ""
    timestamp: str = ""
    sequence_num: Sequence | None = None
    events: Raw = Raw()
    type: str = ""
    message: str = ""


class BookEvent(Struct):
    """`level2`, sent as `l2_data`: a whole book (`snapshot`) or changed levels (`update`)."""

    type: Literal["snapshot", "update"]
    product_id: str
    updates: Raw


class BookRow(Struct, gc=False):
    """One level: `new_quantity` is absolute, and zero removes it."""

    side: Literal["bid", "offer"]
    price_level: Price
    new_quantity: Size


def levels(rows: list[BookRow], side: str, instrument: Instrument) -> list[Level]:
    """Those of one side, in base units."""
    found = [(row.price_level, row.new_quantity) for row in rows if row.side == side]
    return in_base_units(found, base_units(instrument)) if instrument.settle else found


class TradeMessage(Struct):
    """`market_trades` and the REST trades."""

    product_id: str
    trade_id: Sequence
    price: Price
    size: Traded
    time: str
    side: str

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.size * base_units(instrument),
            side=_TAKERS[self.side],
            trade_id=str(self.trade_id),
            venue_ns=utc_ns(self.time),
            received_ns=received_ns,
        )


class TradesEvent(Struct):
    """Trades of 250 ms, newest first; a `snapshot` holds those before the subscription."""

    type: str
    trades: list[TradeMessage]


class TickerMessage(Struct):
    """`ticker`: the last 24 hours, and the best bid and ask as of the last trade.

    What does not exist is an empty string.
    """

    product_id: str
    price: str
    volume_24_h: str
    low_24_h: str
    high_24_h: str
    price_percent_chg_24_h: str
    best_bid: str
    best_ask: str

    def ticker(self, instrument: Instrument, venue_ns: int, received_ns: int) -> Ticker:
        volume = optional(self.volume_24_h)
        return Ticker(
            instrument=instrument,
            last=optional(self.price),
            bid=optional(self.best_bid),
            ask=optional(self.best_ask),
            high=optional(self.high_24_h),
            low=optional(self.low_24_h),
            volume=None if volume is None else volume * base_units(instrument),
            change=fraction(self.price_percent_chg_24_h),
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class TickersEvent(Struct):
    tickers: list[TickerMessage]


class CandleRow(Struct):
    """One candle: `start` in seconds, `volume` base units on spot and contracts else."""

    start: Seconds
    open: Size
    high: Size
    low: Size
    close: Size
    volume: Size

    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.start * NS_PER_S,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume * base_units(instrument),
            received_ns=received_ns,
        )


class CandleMessage(CandleRow):
    """`candles`: of five minutes, the running one last."""

    product_id: str

    def events(self, instrument: Instrument, received_ns: int) -> tuple[Kline, ...]:
        return (self.kline(instrument, STREAMED_CANDLES, received_ns),)


class CandlesEvent(Struct):
    candles: list[CandleMessage]


class SubscriptionsEvent(Struct):
    """What the connection is subscribed to now: products by channel."""

    subscriptions: dict[str, list[str]]
