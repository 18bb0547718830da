"""HTX linear swaps, streamed or by REST: the venue's own spelling, and what it means.

Source: linear swap API documentation (June 2021), V5 answers of June 2026, and recorded frames of
February 2022, which hold inverse swaps too. Sizes of books are contracts.

What was traded counts both sides, the buyer's and the seller's: so say the documentation of 2021
and the recording, where trades take half their size out of the book. It is halved here, in trades,
candles, statistics of the day, and open interest. That V5 still counts so is not confirmed.
"""

from math import inf
from typing import Final

from msgspec import Struct

from exchanges.htx.market_data import (
    LONGEST_FUNDING_S,
    WHOLE_LEVELS,
    Levels,
    UpdateId,
    change,
)
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
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
    in_base_units,
    inverse_in_base_units,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

# At a price near zero an inverse contract is worth more of the base than there can be.
_MOST_BASE: Final = 1e30

BestLevel = tuple[Price, Size]


def base_levels(levels: Levels, instrument: Instrument) -> list[Level]:
    """Levels in base units.

    Raises:
        ValueError: a price at which an inverse contract has no size.
    """
    if not instrument.inverse:
        return in_base_units(levels, float(instrument.contract_units))
    found = inverse_in_base_units(levels, float(instrument.contract_units))
    if not all(size < _MOST_BASE for _, size in found):
        raise ValueError("a level without a size")
    return found


class Changes(Struct):
    """`depth.size_150.high_freq`: `version` rises by one with each frame of a subscription."""

    event: str
    version: UpdateId
    bids: Levels
    asks: Levels
    ts: Millis


class BookFrame(Struct):
    """`event` is "snapshot" or "update"."""

    tick: Changes

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        """Raises `ValueError` if it is neither."""
        tick, venue_ns = self.tick, self.tick.ts * NS_PER_MS
        bids, asks = base_levels(tick.bids, instrument), base_levels(tick.asks, instrument)
        match tick.event:
            case "snapshot":
                start = BookSnapshot(
                    instrument=instrument,
                    bids=bids,
                    asks=asks,
                    sequence=tick.version,
                    window=WHOLE_LEVELS,
                    venue_ns=venue_ns,
                    received_ns=received_ns,
                )
                return (start,)
            case "update":
                delta = BookDelta(
                    instrument=instrument,
                    bids=bids,
                    asks=asks,
                    previous=tick.version - 1,
                    sequence=tick.version,
                    venue_ns=venue_ns,
                    received_ns=received_ns,
                )
                return (delta,)
        raise ValueError("neither a snapshot nor an update")


class BestLevels(Struct):
    """`bbo`: price and contracts; a side that is empty is missing."""

    version: UpdateId
    ts: Millis
    bid: BestLevel | None = None
    ask: BestLevel | None = None


class BestLevelsFrame(Struct):
    tick: BestLevels

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        bid, bid_size = _best(self.tick.bid, instrument, 0.0)
        ask, ask_size = _best(self.tick.ask, instrument, inf)
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=self.tick.version,
            venue_ns=self.tick.ts * NS_PER_MS,
            received_ns=received_ns,
        )
        return (top,)


def _best(level: BestLevel | None, instrument: Instrument, no_price: float) -> Level:
    if level is None:
        return no_price, 0.0
    (best,) = base_levels([level], instrument)
    return best


class TradeRow(Struct):
    """`trade.detail`: `quantity` is base units of both sides, `direction` the taker's."""

    id: UpdateId
    ts: Millis
    quantity: Traded
    price: Price
    direction: str

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        size = self.quantity / 2
        if not size:
            raise ValueError(f"a trade of {self.quantity}")
        return Trade(
            instrument=instrument,
            price=self.price,
            size=size,
            side=Side[self.direction.upper()],
            trade_id=str(self.id),
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )


class Trades(Struct):
    data: list[TradeRow]


class TradesFrame(Struct):
    """Streamed, or the last trade by REST."""

    tick: Trades

    def trades(self, instrument: Instrument, received_ns: int) -> list[Trade]:
        rows = sorted(self.tick.data, key=lambda row: row.id)
        return [row.trade(instrument, received_ns) for row in rows]

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return tuple(self.trades(instrument, received_ns))


class Day(Struct):
    """`detail`, and a row of the REST statistics: base units and quote value of both sides."""

    open: Size
    close: Size
    low: Size
    high: Size
    amount: Size
    trade_turnover: Size
    bid: BestLevel | None = None
    ask: BestLevel | None = None
    contract_code: str = ""

    def ticker(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.close,
            bid=self.bid[0] if self.bid else None,
            ask=self.ask[0] if self.ask else None,
            high=self.high,
            low=self.low,
            volume=self.amount / 2,
            quote_volume=self.trade_turnover / 2,
            change=change(self.open, self.close),
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class DayFrame(Struct):
    tick: Day
    ts: Millis

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.tick.ticker(instrument, self.ts * NS_PER_MS, received_ns),)


class Candle(Struct):
    """`kline`: `id` is its first second, `amount` base units and the turnover both sides'."""

    id: Seconds
    open: Size
    close: Size
    low: Size
    high: Size
    amount: Size
    trade_turnover: Size | None = None

    def kline(
        self,
        instrument: Instrument,
        interval: KlineInterval,
        venue_ns: int | None,
        received_ns: int,
        *,
        closed: bool | None = None,
    ) -> Kline:
        turnover = self.trade_turnover
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.id * NS_PER_S,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.amount / 2,
            quote_volume=None if turnover is None else turnover / 2,
            closed=closed,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class MarkCandle(Struct):
    """`mark_price.1min`, streamed or by REST: the candle's close is the mark price now."""

    id: Seconds
    close: Price

    def mark_price(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int
    ) -> MarkPrice:
        return MarkPrice(
            instrument=instrument, mark=self.close, venue_ns=venue_ns, received_ns=received_ns
        )


class MarkFrame(Struct):
    tick: MarkCandle
    ts: Millis

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.tick.mark_price(instrument, self.ts * NS_PER_MS, received_ns),)


class FundingNews(Struct):
    """`funding_rate` of the notifications: `settlement_time` is the next charge.

    `funding_time` is the time of this value here, unlike by REST.
    """

    contract_code: str
    funding_rate: Rate
    funding_time: Millis
    settlement_time: Millis
    estimated_rate: Rate | None = None


class FundingFrame(Struct):
    data: list[FundingNews]

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return tuple(
            Funding(
                instrument=instrument,
                rate=row.funding_rate,
                interval_s=instrument.funding_interval_s,
                next_ns=row.settlement_time * NS_PER_MS,
                predicted=row.estimated_rate,
                venue_ns=row.funding_time * NS_PER_MS,
                received_ns=received_ns,
            )
            for row in self.data
            if row.contract_code == instrument.native
        )


class LiquidationRow(Struct):
    """`amount` is base units, `direction` the order's: a sell closes a long."""

    contract_code: str
    direction: str
    amount: Traded
    price: Price
    created_at: Millis


class LiquidationFrame(Struct):
    data: list[LiquidationRow]

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return tuple(
            Liquidation(
                instrument=instrument,
                price=row.price,
                size=row.amount,
                side=Side[row.direction.upper()],
                venue_ns=row.created_at * NS_PER_MS,
                received_ns=received_ns,
            )
            for row in self.data
            if row.contract_code == instrument.native
        )


class FundingRow(Struct):
    """A rate of V5, charged at `funding_time`, or that was; the one after it comes at the next."""

    contract_code: str
    funding_rate: Rate
    funding_time: Millis
    next_funding_time: Millis | None = None

    @property
    def interval_s(self) -> float | None:
        """Seconds between the two charges, None where the second is not told.

        Raises:
            ValueError: they are not a day apart at most.
        """
        if self.next_funding_time is None:
            return None
        interval_s = (self.next_funding_time - self.funding_time) / 1000
        if not 0 < interval_s <= LONGEST_FUNDING_S:
            raise ValueError(f"funding every {interval_s} s")
        return interval_s

    def funding(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Funding:
        return Funding(
            instrument=instrument,
            rate=self.funding_rate,
            interval_s=self.interval_s or instrument.funding_interval_s,
            next_ns=self.funding_time * NS_PER_MS,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )

    def charge(self, instrument: Instrument, received_ns: int) -> FundingCharge:
        return FundingCharge(
            instrument=instrument,
            rate=self.funding_rate,
            charged_ns=self.funding_time * NS_PER_MS,
            received_ns=received_ns,
        )


class InterestRow(Struct):
    """Open interest of V5: base units and quote value of both sides."""

    amount: Size
    value: Size

    def open_interest(
        self, instrument: Instrument, venue_ns: int | None, received_ns: int
    ) -> OpenInterest:
        return OpenInterest(
            instrument=instrument,
            size=self.amount / 2,
            value=self.value / 2,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )
