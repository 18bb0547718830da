"""REST replies of this dialect, spot and USD-M: the wire's own spelling, and what it means.

Source: "General endpoints" and "Market data endpoints" of the documents that the venues' records
name.
"""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from exchanges.dialects.mbx.market_data import Levels, UpdateId, taker_side
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
from exchanges.market.numbers import (
    NS_PER_MS,
    Millis,
    Percent,
    Price,
    Rate,
    Size,
    optional_rate,
)
from exchanges.market.topics import KlineInterval

_STATUS: Final = {
    "TRADING": Status.TRADING,
    "CLOSE": Status.DELISTED,
    "SETTLING": Status.DELISTED,
    "PRE_SETTLE": Status.DELISTED,
}

_REGULAR: Final = "Regular"


class Filter(Struct):
    """One trading rule of a symbol; which fields are there depends on `filterType`."""

    filterType: str
    tickSize: Decimal = Decimal(0)
    stepSize: Decimal = Decimal(0)
    minQty: Decimal = Decimal(0)
    maxQty: Decimal = Decimal(0)
    minNotional: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)


class SymbolInfo(Struct):
    """One row of exchangeInfo. USD-M rows have `contractType` and `marginAsset`."""

    symbol: str
    status: str
    baseAsset: str
    quoteAsset: str
    filters: list[Filter]
    contractType: str = ""
    marginAsset: str = ""

    def instrument(self, venue: str, kind: Kind) -> Instrument | None:
        """Dated futures, perpetuals on equities (TRADIFI_PERPETUAL) and inverse ones are left out.

        Sizes of inverse ones are dollars. They have a list of their own, but streams of all
        markets tell both since June 2026.
        """
        is_inverse = bool(self.marginAsset) and self.marginAsset == self.baseAsset
        if kind is Kind.PERPETUAL and (self.contractType != "PERPETUAL" or is_inverse):
            return None
        tick = step = min_size = max_size = min_notional = Decimal(0)
        for rule in self.filters:
            match rule.filterType:
                case "PRICE_FILTER":
                    tick = rule.tickSize
                case "LOT_SIZE":
                    step, min_size, max_size = rule.stepSize, rule.minQty, rule.maxQty
                case "NOTIONAL" | "MIN_NOTIONAL":
                    min_notional = rule.minNotional or rule.notional
        settle = self.marginAsset if kind is Kind.PERPETUAL else ""
        return Instrument(
            venue=venue,
            symbol=unified_symbol(self.baseAsset, self.quoteAsset, settle),
            native=self.symbol,
            kind=kind,
            base=self.baseAsset,
            quote=self.quoteAsset,
            settle=settle,
            tick=tick,
            step=step,
            min_size=min_size,
            max_size=max_size or None,
            min_notional=min_notional,
            status=_STATUS.get(self.status, Status.HALTED),
        )


class ExchangeInfo(Struct):
    symbols: list[Raw]


class Depth(Struct):
    """Order book; `E` on USD-M only."""

    lastUpdateId: UpdateId
    bids: Levels
    asks: Levels
    E: Millis | None = None

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=self.bids,
            asks=self.asks,
            sequence=self.lastUpdateId,
            venue_ns=None if self.E is None else self.E * NS_PER_MS,
            received_ns=received_ns,
        )


class RestTrade(Struct):
    """Recent trades list."""

    id: int
    price: Price
    qty: Size
    time: Millis
    isBuyerMaker: bool

    def trade(self, instrument: Instrument, received_ns: int) -> Trade | None:
        """None of a trade of nothing, as the venues list at times."""
        if not self.qty:
            return None
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.qty,
            side=taker_side(self.isBuyerMaker),
            trade_id=str(self.id),
            venue_ns=self.time * NS_PER_MS,
            received_ns=received_ns,
        )


class Ticker24h(Struct):
    """24hr ticker price change statistics; USD-M rows have no best bid and ask."""

    lastPrice: Size
    highPrice: Size
    lowPrice: Size
    volume: Size
    quoteVolume: Size
    priceChangePercent: Percent
    closeTime: Millis
    bidPrice: Size | None = None
    askPrice: Size | None = None

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.lastPrice,
            bid=self.bidPrice,
            ask=self.askPrice,
            high=self.highPrice,
            low=self.lowPrice,
            volume=self.volume,
            quote_volume=self.quoteVolume,
            change=self.priceChangePercent / 100,
            venue_ns=self.closeTime * NS_PER_MS,
            received_ns=received_ns,
        )


class KlineRow(Struct, array_like=True):
    """One candle: an array whose tail may grow."""

    open_ms: Millis
    open: Size
    high: Size
    low: Size
    close: Size
    volume: Size
    close_ms: Millis
    quote_volume: Size
    trades: int

    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.open_ms * NS_PER_MS,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            quote_volume=self.quote_volume,
            trades=self.trades,
            closed=self.close_ms * NS_PER_MS < received_ns,
            received_ns=received_ns,
        )


class ServerTime(Struct):
    """Check server time."""

    serverTime: Millis


class PremiumIndex(Struct):
    """Mark price. Despite its name `lastFundingRate` is charged at `nextFundingTime`.

    As in the stream, an empty rate or a time of 0 means that nothing will be charged, and a price
    of 0 that there is none.
    """

    markPrice: Size
    indexPrice: Size
    lastFundingRate: str
    nextFundingTime: Millis
    time: Millis

    def funding(self, instrument: Instrument, received_ns: int) -> Funding | None:
        rate = optional_rate(self.lastFundingRate)
        if rate is None or not self.nextFundingTime:
            return None
        return Funding(
            instrument=instrument,
            rate=rate,
            interval_s=instrument.funding_interval_s,
            next_ns=self.nextFundingTime * NS_PER_MS,
            venue_ns=self.time * NS_PER_MS,
            received_ns=received_ns,
        )

    def mark_price(self, instrument: Instrument, received_ns: int) -> MarkPrice | None:
        if not self.markPrice:
            return None
        return MarkPrice(
            instrument=instrument,
            mark=self.markPrice,
            index=self.indexPrice or None,
            venue_ns=self.time * NS_PER_MS,
            received_ns=received_ns,
        )


class FundingInfo(Struct):
    """How often a symbol is charged; some venues leave those out that have the usual interval."""

    symbol: str
    fundingIntervalHours: Annotated[float, Meta(gt=0, le=24)]


class FundingRate(Struct):
    """A funding rate that was charged.

    Since July 2026 some rows are of another type, "Special": what a stock's dividend costs.
    """

    fundingRate: Rate
    fundingTime: Millis
    rateType: str = _REGULAR

    def charge(self, instrument: Instrument, received_ns: int) -> FundingCharge | None:
        if self.rateType != _REGULAR:
            return None
        return FundingCharge(
            instrument=instrument,
            rate=self.fundingRate,
            charged_ns=self.fundingTime * NS_PER_MS,
            received_ns=received_ns,
        )


class OpenInterestInfo(Struct):
    """Open interest in base units."""

    openInterest: Size
    time: Millis

    def open_interest(self, instrument: Instrument, received_ns: int) -> OpenInterest:
        return OpenInterest(
            instrument=instrument,
            size=self.openInterest,
            venue_ns=self.time * NS_PER_MS,
            received_ns=received_ns,
        )


class ErrorBody(Struct):
    """Any refused request."""

    code: int
    msg: str = ""
