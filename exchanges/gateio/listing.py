"""Gate.io spot REST replies that have no twin in the streams: instruments, book, candles.

Source: "Spot" of the API v4 documentation (stored copies of 2025) and recorded replies of April
2021.
"""

from typing import Final

from msgspec import Struct

from exchanges.dialects.gate_v4.listing import ASSETS
from exchanges.dialects.gate_v4.market_data import PlainLevel, UpdateId
from exchanges.market.events import BookSnapshot, Kline
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import (
    NS_PER_MS,
    NS_PER_S,
    Digits,
    Millis,
    Seconds,
    Size,
    exact,
    tick_of,
)
from exchanges.market.topics import KlineInterval

_TRADABLE: Final = "tradable"  # both sides may be ordered; others allow one or none
# Before an asset exists, "premarket" pairs trade promises of it under its name.
_NORMAL: Final = "normal"


class InstrumentInfo(Struct):
    """A row of the currency pairs: digits after the point.

    Limits that do not exist are missing or null. `fee` is nobody's ("just ignore them", the venue
    says of the fees in its lists).
    """

    id: str
    base: str
    quote: str
    precision: Digits
    amount_precision: Digits
    trade_status: str
    min_base_amount: str | None = None
    min_quote_amount: str | None = None
    max_base_amount: str | None = None
    type: str = _NORMAL

    def instrument(self, venue: str) -> Instrument | None:
        """The instrument, if its assets exist."""
        if self.type != _NORMAL:
            return None
        base, quote = ASSETS.get(self.base, self.base), ASSETS.get(self.quote, self.quote)
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote),
            native=self.id,
            kind=Kind.SPOT,
            base=base,
            quote=quote,
            tick=tick_of(self.precision),
            step=tick_of(self.amount_precision),
            min_size=exact(self.min_base_amount),
            max_size=exact(self.max_base_amount) or None,
            min_notional=exact(self.min_quote_amount),
            status=Status.TRADING if self.trade_status == _TRADABLE else Status.HALTED,
        )


class Depth(Struct):
    """Order book with its `id`; `current` is when it was told, which old replies lack."""

    id: UpdateId
    bids: list[PlainLevel]
    asks: list[PlainLevel]
    current: Millis | None = None

    def snapshot(self, instrument: Instrument, window: int, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=self.bids,
            asks=self.asks,
            sequence=self.id,
            window=window,
            venue_ns=None if self.current is None else self.current * NS_PER_MS,
            received_ns=received_ns,
        )


class KlineRow(Struct, array_like=True):
    """One candle, all of it strings; note the order."""

    time_s: Seconds
    quote_volume: Size
    close: Size
    high: Size
    low: Size
    open: Size
    base_volume: Size
    closed: bool

    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.time_s * NS_PER_S,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.base_volume,
            quote_volume=self.quote_volume,
            closed=self.closed,
            received_ns=received_ns,
        )
