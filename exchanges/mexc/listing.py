"""MEXC spot REST replies: the venue's own spelling, and what it means.

Source: "Market Data" of the spot v3 documentation (2025), and replies quoted by Mexc.Net. Prices
and sizes are JSON strings; times are integer milliseconds.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import (
    NS_PER_MS,
    Digits,
    Millis,
    Price,
    Rate,
    Size,
    Traded,
    exact,
    optional,
    tick_of,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.mexc.market_data import Levels, Version

# Assets that this venue calls differently from most others, by its own name.
ASSETS: Final[Mapping[str, str]] = {
    "BEYONDPROTOCOL": "BEYOND",
    "BIFI": "BIFIF",
    "BYN": "BEYONDFI",
    "COFI": "COFIX",
    "DFI": "DFISTARTER",
    "DFT": "DFUTURE",
    "EGC": "EGORASCREDIT",
    "FLUX": "FLUX1",
    "FLUX1": "FLUX",
    "FREE": "FREEROSSDAO",
    "GAS": "GASDAO",
    "GASNEO": "GAS",
    "GMT": "GMTTOKEN",
    "HERO": "STEPHERO",
    "MIMO": "MIMOSA",
    "PROS": "PROSFINANCE",
    "SIN": "SINCITYTOKEN",
    "SOUL": "SOULSWAP",
    "STEPN": "GMT",
}

# "ENABLED" is from before 2024.
_STATUS: Final = {
    "1": Status.TRADING,
    "2": Status.HALTED,
    "3": Status.DELISTED,
    "ENABLED": Status.TRADING,
}
_BOTH_SIDES: Final = 1
_SIDES: Final = {"BID": Side.BUY, "ASK": Side.SELL}


class SymbolInfo(Struct):
    """One row of exchangeInfo; the names of its numbers are misleading.

    `baseSizePrecision` is the smallest size, `quoteAmountPrecision` the smallest value of an
    order, the commissions are list prices as fractions.
    """

    symbol: str
    status: str
    baseAsset: str
    quoteAsset: str
    baseAssetPrecision: Digits
    quotePrecision: Digits
    baseSizePrecision: str
    quoteAmountPrecision: str
    makerCommission: str
    takerCommission: str
    isSpotTradingAllowed: bool
    tradeSideType: int = _BOTH_SIDES

    def instrument(self, venue: str) -> Instrument:
        base = ASSETS.get(self.baseAsset, self.baseAsset)
        quote = ASSETS.get(self.quoteAsset, self.quoteAsset)
        status = _STATUS.get(self.status, Status.HALTED)
        # Markets closed to the API, or to one side, are listed as online.
        is_open = self.isSpotTradingAllowed and self.tradeSideType == _BOTH_SIDES
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote),
            native=self.symbol,
            kind=Kind.SPOT,
            base=base,
            quote=quote,
            tick=tick_of(self.quotePrecision),
            step=tick_of(self.baseAssetPrecision),
            min_size=exact(self.baseSizePrecision),
            min_notional=exact(self.quoteAmountPrecision),
            status=status if is_open or status is not Status.TRADING else Status.HALTED,
            maker_fee=exact(self.makerCommission),
            taker_fee=exact(self.takerCommission),
        )


class Depth(Struct):
    """Order book; one source has `timestamp` on the live site."""

    lastUpdateId: Version
    bids: Levels
    asks: Levels
    timestamp: Millis | None = None

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=self.bids,
            asks=self.asks,
            sequence=self.lastUpdateId,
            venue_ns=None if self.timestamp is None else self.timestamp * NS_PER_MS,
            received_ns=received_ns,
        )


class RestTrade(Struct):
    """Recent trades list: `tradeType` is the taker's side, and there are no ids."""

    price: Price
    qty: Traded
    time: Millis
    tradeType: str

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.qty,
            side=_SIDES[self.tradeType],
            venue_ns=self.time * NS_PER_MS,
            received_ns=received_ns,
        )


class Ticker24h(Struct):
    """24hr ticker statistics: `priceChangePercent` is a fraction of `prevClosePrice`.

    Whether that is the price of 24 hours ago, as the name of the request says, or that of midnight
    at UTC+8, is not documented; it is taken for the former.
    """

    lastPrice: Size
    bidPrice: str
    askPrice: str
    highPrice: Size
    lowPrice: Size
    volume: Size
    quoteVolume: Size | None
    priceChangePercent: Rate
    closeTime: Millis

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.lastPrice,
            bid=optional(self.bidPrice),
            ask=optional(self.askPrice),
            high=self.highPrice,
            low=self.lowPrice,
            volume=self.volume,
            quote_volume=self.quoteVolume,
            change=self.priceChangePercent,
            venue_ns=self.closeTime * NS_PER_MS,
            received_ns=received_ns,
        )


class KlineRow(Struct, array_like=True):
    """One candle; `close_ms` is when the next one opens."""

    open_ms: Millis
    open: Size
    high: Size
    low: Size
    close: Size
    volume: Size
    close_ms: Millis
    quote_volume: Size

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
            closed=self.close_ms * NS_PER_MS <= received_ns,
            received_ns=received_ns,
        )


class ErrorBody(Struct):
    """Any refused request; some have `message` in place of `msg`."""

    code: int | None = None
    msg: str = ""
    message: str = ""
