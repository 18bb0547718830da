"""Gate.io perpetuals, streamed or by REST: the venue's own spelling, and what it means.

Source: "Futures WebSocket v4" and "Futures" of the API documentation (stored copies of 2025,
changes of August 2026), and recorded frames of May 2023. Sizes are contracts, as strings or
numbers; those of trades and liquidations are signed. What spot shares is in
the `market_data.py` of `dialects/gate_v4`.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from exchanges.dialects.gate_v4.market_data import (
    INTERVALS,
    PriceSize,
    UpdateId,
    base_levels,
    optional_ns,
)
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import (
    NS_PER_MS,
    NS_PER_S,
    NS_PER_US,
    Millis,
    Percent,
    Price,
    Seconds,
    Size,
    optional,
    optional_rate,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Signed = Annotated[float, Meta(gt=-1e18, lt=1e18)]
# 1, 4 and 8 hours were seen; a day leaves room.
IntervalS = Annotated[int, Meta(gt=0, le=86_400)]
# Seconds or milliseconds, with or without decimals: one field was either at one time or another.
Instant = Annotated[float, Meta(ge=0, lt=1 << 53)]
_FIRST_MILLIS: Final = 1e11  # 1973 in milliseconds, the year 5138 in seconds


def _instant_ns(instant: float) -> int:
    """A double holds microseconds of either unit."""
    us_per_unit = 1_000 if instant >= _FIRST_MILLIS else 1_000_000
    return round(instant * us_per_unit) * NS_PER_US


def _base_size(contracts: float, instrument: Instrument) -> float:
    size = abs(contracts) * float(instrument.contract_units)
    if not size:
        raise ValueError(f"{contracts} contracts have no size")
    return size


class PartialBook(Struct):
    """`futures.order_book`: the best levels of the book, all of them in each frame."""

    t: Millis
    id: UpdateId
    bids: list[PriceSize]
    asks: list[PriceSize]

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=base_levels(self.bids, instrument),
            asks=base_levels(self.asks, instrument),
            sequence=self.id,
            venue_ns=self.t * NS_PER_MS,
            received_ns=received_ns,
        )


class PartialBookFrame(Struct):
    result: PartialBook


class TradeRow(Struct):
    """`futures.trades` and the REST trades: a positive size was bought by the taker.

    By REST `create_time_ms` is seconds with decimals, or missing. Internal trades are takeovers
    by the insurance fund and auto-deleveraging, which do not meet the book.
    """

    id: int
    size: Signed
    price: Price
    create_time: Instant
    create_time_ms: Instant | None = None
    is_internal: bool = False

    def trade(self, instrument: Instrument, received_ns: int) -> Trade | None:
        if self.is_internal:
            return None
        return Trade(
            instrument=instrument,
            price=self.price,
            size=_base_size(self.size, instrument),
            side=Side.BUY if self.size > 0 else Side.SELL,
            trade_id=str(self.id),
            venue_ns=_instant_ns(self.create_time_ms or self.create_time),
            received_ns=received_ns,
        )

    def events(
        self, instrument: Instrument, sent_ms: int | None, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        trade = self.trade(instrument, received_ns)
        return (trade,) if trade else ()


class TickerRow(Struct):
    """`futures.tickers` and the REST tickers; `change_percentage` is percent.

    `volume_24h` and `total_size` (open interest) are contracts; `volume_24h_base` would lack its
    fraction. Only frames tell when funding is charged, only replies the best bid and ask. A rate
    that there is none of is an empty string.
    """

    last: Size
    change_percentage: Percent
    high_24h: Size
    low_24h: Size
    volume_24h: Size
    total_size: Size
    mark_price: Size
    index_price: Size
    funding_rate: str
    volume_24h_quote: Size | None = None
    highest_bid: str = ""
    lowest_ask: str = ""
    funding_interval: IntervalS | None = None
    funding_next_apply: Seconds | None = None
    t: Millis | None = None

    def ticker(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.last,
            bid=optional(self.highest_bid),
            ask=optional(self.lowest_ask),
            high=self.high_24h,
            low=self.low_24h,
            volume=self.volume_24h * float(instrument.contract_units),
            quote_volume=self.volume_24h_quote,
            change=self.change_percentage / 100,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def mark(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> MarkPrice:
        """The mark and index price.

        Raises:
            ValueError: there is none yet.
        """
        if not self.mark_price:
            raise ValueError("a mark price of 0")
        return MarkPrice(
            instrument=instrument,
            mark=self.mark_price,
            index=self.index_price or None,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def open_interest(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int
    ) -> OpenInterest:
        """The value is at the mark price; the venue tells none here."""
        size = self.total_size * float(instrument.contract_units)
        return OpenInterest(
            instrument=instrument,
            size=size,
            value=size * self.mark_price or None,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def events(
        self, instrument: Instrument, sent_ms: int | None, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """Ticker, open interest, and mark price and funding as far as they are told."""
        venue_ns = optional_ns(sent_ms if self.t is None else self.t)
        events: list[StreamEvent] = [
            self.ticker(instrument, venue_ns, received_ns),
            self.open_interest(instrument, venue_ns, received_ns),
        ]
        if self.mark_price:
            events.append(self.mark(instrument, venue_ns, received_ns))
        rate = optional_rate(self.funding_rate)
        if rate is not None and self.funding_next_apply:
            funding = Funding(
                instrument=instrument,
                rate=rate,
                interval_s=self.funding_interval or instrument.funding_interval_s,
                next_ns=self.funding_next_apply * NS_PER_S,
                venue_ns=venue_ns,
                received_ns=received_ns,
            )
            events.append(funding)
        return tuple(events)


class CandleRow(Struct):
    """`futures.candlesticks` and the REST candles: `t` seconds, `v` contracts, `w` closed.

    `sum`, quote volume, is told by REST only. Frames have an `a` of unknown unit.
    """

    t: Seconds
    o: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    c: Size
    v: Size
    n: str = ""
    sum: Size | None = None
    w: bool | None = None

    def kline(
        self,
        instrument: Instrument,
        interval: KlineInterval,
        received_ns: int,
        venue_ns: int | None = None,
    ) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.t * NS_PER_S,
            open=self.o,
            high=self.h,
            low=self.l,
            close=self.c,
            volume=self.v * float(instrument.contract_units),
            quote_volume=self.sum,
            closed=self.w,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def events(
        self, instrument: Instrument, sent_ms: int | None, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        interval = INTERVALS[self.n.partition("_")[0]]
        return (self.kline(instrument, interval, received_ns, optional_ns(sent_ms)),)


class LiquidationRow(Struct):
    """`futures.public_liquidates`: the sign of `size` is that of the liquidation's order.

    A negative one sells what was long. The venue calls the field the size of the order (2026-08),
    and in frames of that month negative ones went with falling prices; that the sign means this is
    nowhere said, and by REST and of a user's own liquidations it is that of the position. `time`
    was seconds before August 2026, and `time_ms` may be told beside it.
    """

    price: Price
    size: Signed
    time: Instant
    time_ms: Instant | None = None

    def events(
        self, instrument: Instrument, sent_ms: int | None, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        liquidation = Liquidation(
            instrument=instrument,
            price=self.price,
            size=_base_size(self.size, instrument),
            side=Side.BUY if self.size > 0 else Side.SELL,
            venue_ns=_instant_ns(self.time_ms or self.time),
            received_ns=received_ns,
        )
        return (liquidation,)
