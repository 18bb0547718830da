"""Backpack REST replies: the venue's own spelling, and what it means.

Source: "Markets" and "Trades" of the API document (copy of August 2026), wire probes of September
2026, and replies quoted by ccxt in 2025. Times come in milliseconds, microseconds and as text
without a zone, which is UTC.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from exchanges.backpack.market_data import Levels, Micros, UpdateId, change_of, utc_ns
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_MS, NS_PER_US, Millis, Price, Rate, Size, Traded, exact
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

# Others are dated, predictions, inverse, or traded by request for quote.
_KINDS: Final = {"SPOT": Kind.SPOT, "PERP": Kind.PERPETUAL}
_OPEN: Final = "Open"  # in other states orders are taken in part or not at all
# One and eight hours were seen; a day leaves room.
_LONGEST_FUNDING_MS: Final = 86_400_000


class PriceRules(Struct):
    tickSize: str


class QuantityRules(Struct):
    """Base units; what does not exist is null."""

    stepSize: str
    minQuantity: str | None = None
    maxQuantity: str | None = None


class Filters(Struct):
    price: PriceRules
    quantity: QuantityRules


class MarketInfo(Struct):
    """A row of the markets. `fundingInterval` (milliseconds) means something to perpetuals only."""

    symbol: str
    baseSymbol: str
    quoteSymbol: str
    marketType: str
    filters: Filters
    orderBookState: str
    fundingInterval: Annotated[int, Meta(gt=0, le=_LONGEST_FUNDING_MS)] | None = None
    visible: bool = True

    def instrument(self, venue: str) -> Instrument | None:
        """The instrument, unless it is hidden or of another kind.

        A base such as `kSHIB` is a thousand of another asset; see `Surface.units`.
        """
        kind = _KINDS.get(self.marketType)
        if kind is None or not self.visible:
            return None
        is_perpetual = kind is Kind.PERPETUAL
        settle = self.quoteSymbol if is_perpetual else ""
        interval_ms, quantity = self.fundingInterval, self.filters.quantity
        return Instrument(
            venue=venue,
            symbol=unified_symbol(self.baseSymbol, self.quoteSymbol, settle),
            native=self.symbol,
            kind=kind,
            base=self.baseSymbol,
            quote=self.quoteSymbol,
            settle=settle,
            tick=exact(self.filters.price.tickSize),
            step=exact(quantity.stepSize),
            min_size=exact(quantity.minQuantity),
            max_size=exact(quantity.maxQuantity) or None,
            funding_interval_s=interval_ms / 1000 if interval_ms and is_perpetual else None,
            status=Status.TRADING if self.orderBookState == _OPEN else Status.HALTED,
        )


class Depth(Struct):
    """Order book; bids ascend, so that the best one is the last."""

    bids: Levels
    asks: Levels
    lastUpdateId: UpdateId
    timestamp: Micros

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=sorted(self.bids, reverse=True),
            asks=self.asks,
            sequence=self.lastUpdateId,
            venue_ns=self.timestamp * NS_PER_US,
            received_ns=received_ns,
        )


class TradeRow(Struct):
    """Recent trades."""

    id: int
    price: Price
    quantity: Traded
    timestamp: Millis
    isBuyerMaker: bool

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.quantity,
            side=Side.SELL if self.isBuyerMaker else Side.BUY,
            trade_id=str(self.id),
            venue_ns=self.timestamp * NS_PER_MS,
            received_ns=received_ns,
        )


class TickerRow(Struct):
    """The last 24 hours; `volume` base, `quoteVolume` quote."""

    firstPrice: Size
    lastPrice: Size
    high: Size
    low: Size
    volume: Size
    quoteVolume: Size

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.lastPrice,
            high=self.high,
            low=self.low,
            volume=self.volume,
            quote_volume=self.quoteVolume,
            change=change_of(self.firstPrice, self.lastPrice),
            received_ns=received_ns,
        )


class KlineRow(Struct):
    """One candle; both of its times are texts with a space."""

    start: str
    end: str
    open: Size
    high: Size
    low: Size
    close: Size
    volume: Size
    quoteVolume: Size
    trades: int

    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=utc_ns(self.start),
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            quote_volume=self.quoteVolume,
            trades=self.trades,
            closed=utc_ns(self.end) <= received_ns,
            received_ns=received_ns,
        )


class MarkPriceRow(Struct):
    """Mark prices; the rate is the estimate of the interval that ends at the time told."""

    markPrice: Price
    indexPrice: Size
    fundingRate: Rate
    nextFundingTimestamp: Millis

    def mark_price(self, instrument: Instrument, received_ns: int) -> MarkPrice:
        return MarkPrice(
            instrument=instrument,
            mark=self.markPrice,
            index=self.indexPrice or None,
            received_ns=received_ns,
        )

    def funding(self, instrument: Instrument, received_ns: int) -> Funding:
        return Funding(
            instrument=instrument,
            rate=self.fundingRate,
            interval_s=instrument.funding_interval_s,
            next_ns=self.nextFundingTimestamp * NS_PER_MS,
            received_ns=received_ns,
        )


class FundingRow(Struct):
    """Past funding; the newest interval may still be running."""

    fundingRate: Rate
    intervalEndTimestamp: str

    def charge(self, instrument: Instrument, received_ns: int) -> FundingCharge:
        return FundingCharge(
            instrument=instrument,
            rate=self.fundingRate,
            charged_ns=utc_ns(self.intervalEndTimestamp),
            received_ns=received_ns,
        )


class OpenInterestRow(Struct):
    """Open interest in base units; some markets have none (null)."""

    openInterest: Size | None
    timestamp: Millis

    def open_interest(self, instrument: Instrument, received_ns: int) -> OpenInterest | None:
        if self.openInterest is None:
            return None
        return OpenInterest(
            instrument=instrument,
            size=self.openInterest,
            venue_ns=self.timestamp * NS_PER_MS,
            received_ns=received_ns,
        )


class ErrorBody(Struct):
    """Most refused requests; others are plain text."""

    code: Annotated[str, Meta(max_length=50)]
    message: str = ""


class Health(Struct):
    """Whether the venue works."""

    status: str
    message: str | None = None
