"""Lighter stream messages: the venue's own spelling, and what it means.

Source: official stream document (July 2026), captures of July 2026, and a recording of October
2025. Sizes are base units. Rates of funding are per cent an hour, and the open interest of the
stream is US dollars.
"""

from math import inf
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct, field

from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Kline,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import (
    NS_PER_MS,
    NS_PER_US,
    Millis,
    Percent,
    Price,
    Rate,
    Size,
    Traded,
    best_level,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

Nonce = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
Micros = Annotated[int, Meta(ge=0, lt=1 << 53)]

CANDLE_NAMES: Final = {
    interval: interval.value
    for interval in (
        KlineInterval.M1,
        KlineInterval.M5,
        KlineInterval.M15,
        KlineInterval.M30,
        KlineInterval.H1,
        KlineInterval.H4,
        KlineInterval.H12,
        KlineInterval.D1,
    )
}
INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}

FUNDING_S: Final = 3600.0
"""Funding is charged every hour on the hour; the unit of the venue's rates is made for it."""
_HOUR_MS: Final = 3_600_000
# Beyond it a mark price or an open interest is a mistake.
_MOST_INTEREST: Final = 1e24
# Others move positions without a taker: settlements and deleveraging.
_EXECUTIONS: Final = frozenset({"trade", "liquidation"})


FIRST_SPOT: Final = 2048
"""Numbers of spot markets begin here."""


def kind_of(native: str) -> Kind:
    """The kind of market that a native number tells."""
    is_spot = native.isdecimal() and len(native) < 10 and int(native) >= FIRST_SPOT
    return Kind.SPOT if is_spot else Kind.PERPETUAL


def check_interest(amount: float) -> None:
    """Raises ValueError for an open interest that cannot be, in base or in dollars."""
    if not amount < _MOST_INTEREST:
        raise ValueError(f"an open interest of {amount}")


class Error(Struct):
    code: int
    message: str = ""


class Envelope(Struct):
    """Any frame. `channel` has colons where the request had slashes; errors come in two shapes."""

    type: str = ""
    channel: str = ""
    error: Error | None = None
    code: int = 0
    message: str = ""
    close_in_ms: Millis = 0


def stamp_ns(micros: int, millis: int) -> int | None:
    """The finer of two stamps; either may be missing (0)."""
    return micros * NS_PER_US or millis * NS_PER_MS or None


def hour_after_ms(millis: int) -> int:
    return (millis // _HOUR_MS + 1) * _HOUR_MS


class BookLevel(Struct, gc=False):
    price: Price
    size: Size


class BookData(Struct):
    """All levels, or those that changed; `begin_nonce` is the `nonce` of the update before.

    Recordings until late 2025 have no `begin_nonce`: there `offset` rises by one.
    """

    bids: list[BookLevel]
    asks: list[BookLevel]
    offset: Nonce
    nonce: Nonce = 0
    begin_nonce: Nonce | None = None

    @property
    def sequence(self) -> int:
        return self.offset if self.begin_nonce is None else self.nonce

    @property
    def previous(self) -> int:
        return self.offset - 1 if self.begin_nonce is None else self.begin_nonce


class BookMessage(Struct):
    """`order_book`."""

    order_book: BookData
    last_updated_at: Micros = 0
    timestamp: Millis = 0

    @property
    def venue_ns(self) -> int | None:
        return stamp_ns(self.last_updated_at, self.timestamp)

    def delta(self, instrument: Instrument, received_ns: int) -> BookDelta:
        bids, asks = self._levels()
        return BookDelta(
            instrument=instrument,
            bids=bids,
            asks=asks,
            previous=self.order_book.previous,
            sequence=self.order_book.sequence,
            venue_ns=self.venue_ns,
            received_ns=received_ns,
        )

    def _levels(self) -> tuple[list[Level], list[Level]]:
        book = self.order_book
        return (
            [(level.price, level.size) for level in book.bids],
            [(level.price, level.size) for level in book.asks],
        )

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        bids, asks = self._levels()
        return BookSnapshot(
            instrument=instrument,
            bids=bids,
            asks=asks,
            sequence=self.order_book.sequence,
            venue_ns=self.venue_ns,
            received_ns=received_ns,
        )


class Quote(Struct):
    """One side of the top; empty strings where there is none."""

    price: str
    size: str


class TopData(Struct):
    a: Quote
    b: Quote


class TopMessage(Struct):
    """`ticker`: best bid and ask."""

    ticker: TopData
    nonce: Nonce = 0
    last_updated_at: Micros = 0
    timestamp: Millis = 0

    def events(self, instrument: Instrument, received_ns: int) -> tuple[Event, ...]:
        bid, bid_size = best_level(self.ticker.b.price, self.ticker.b.size, 0.0)
        ask, ask_size = best_level(self.ticker.a.price, self.ticker.a.size, inf)
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=self.nonce,
            venue_ns=stamp_ns(self.last_updated_at, self.timestamp),
            received_ns=received_ns,
        )
        return (top,)


class TradeMessage(Struct):
    """`trade` and the REST trades; what is zero or false may be missing.

    Where the resting order was the ask, the taker bought. A liquidation's taker is the account
    that is liquidated.
    """

    trade_id: Nonce
    price: Price
    size: Traded
    timestamp: Millis
    is_maker_ask: bool = False
    type: str = "trade"
    transaction_time: Micros = 0

    @property
    def is_execution(self) -> bool:
        return self.type in _EXECUTIONS

    @property
    def taker(self) -> Side:
        return Side.BUY if self.is_maker_ask else Side.SELL

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.size,
            side=self.taker,
            trade_id=str(self.trade_id),
            venue_ns=stamp_ns(self.transaction_time, self.timestamp),
            received_ns=received_ns,
        )

    def liquidation(self, instrument: Instrument, received_ns: int) -> Liquidation:
        return Liquidation(
            instrument=instrument,
            price=self.price,
            size=self.size,
            side=self.taker,
            venue_ns=stamp_ns(self.transaction_time, self.timestamp),
            received_ns=received_ns,
        )


class TradesMessage(Struct):
    """New trades, newest first; liquidations stand apart, and in no other list."""

    trades: list[TradeMessage] | None = None
    liquidation_trades: list[TradeMessage] | None = None


class Stats(Struct):
    """`spot_market_stats`, and the part of `market_stats` that both have."""

    last_trade_price: Size
    daily_base_token_volume: Size
    daily_quote_token_volume: Size
    daily_price_low: Size
    daily_price_high: Size
    daily_price_change: Percent

    def ticker(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.last_trade_price,
            high=self.daily_price_high,
            low=self.daily_price_low,
            volume=self.daily_base_token_volume,
            quote_volume=self.daily_quote_token_volume,
            change=self.daily_price_change / 100,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class PerpetualStats(Struct):
    """`market_stats`: `current_funding_rate` will be charged next, `funding_timestamp` is past."""

    mark_price: Price
    index_price: Price
    open_interest: Size
    current_funding_rate: Rate
    funding_timestamp: Millis

    def mark(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> MarkPrice:
        return MarkPrice(
            instrument=instrument,
            mark=self.mark_price,
            index=self.index_price,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def funding(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Funding:
        return Funding(
            instrument=instrument,
            rate=self.current_funding_rate / 100,
            interval_s=FUNDING_S,
            next_ns=hour_after_ms(self.funding_timestamp) * NS_PER_MS,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def interest(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int
    ) -> OpenInterest:
        size = self.open_interest / self.mark_price
        check_interest(size)
        return OpenInterest(
            instrument=instrument,
            size=size,
            value=self.open_interest,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class StatsMessage(Struct):
    """Of one market; both kinds have their own field."""

    market_stats: Raw = Raw()
    spot_market_stats: Raw = Raw()
    timestamp: Millis = 0

    @property
    def stats(self) -> Raw:
        return self.market_stats or self.spot_market_stats


class AllStatsMessage(Struct):
    """Of all markets by their numbers: first all of them, later those that changed."""

    market_stats: dict[str, Raw] = {}
    spot_market_stats: dict[str, Raw] = {}
    timestamp: Millis = 0


class CandleData(Struct):
    """`candle` and the REST candles: `t` opens it, `v` is base and `V` quote; zero is left out."""

    t: Millis
    o: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    c: Size
    v: Size = 0.0
    quote: Size = field(name="V", default=0.0)

    def kline(
        self,
        instrument: Instrument,
        interval: KlineInterval,
        venue_ns: int | None,
        received_ns: int,
    ) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.t * NS_PER_MS,
            open=self.o,
            high=self.h,
            low=self.l,
            close=self.c,
            volume=self.v,
            quote_volume=self.quote,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class CandlesMessage(Struct):
    candles: list[CandleData]
    timestamp: Millis = 0
