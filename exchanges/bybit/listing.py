"""Bybit v5 REST replies that have no twin in the streams: instruments, trades, candles, time.

Source: chapter "Market" of the API v5 documentation (2026-07-24). Numbers are strings, also the
milliseconds in lists; the envelope's `time` is an integer.
"""

from decimal import Decimal
from typing import Annotated, Final, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from exchanges.bybit.market_data import Book
from exchanges.market.events import FundingCharge, Kline, Trade
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_MS, Millis, Price, Rate, Size, Traded, exact
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

T = TypeVar("T")

Nanos = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
# A day leaves room; eight hours are the longest in use.
FundingMinutes = Annotated[int, Meta(ge=0, le=24 * 60)]

_STATUS: Final = {"Trading": Status.TRADING, "Closed": Status.DELISTED}
_PERPETUAL: Final = "LinearPerpetual"
# What is no coin, and not the asset whose name it may share, by words of its type (`symbolType`,
# enum of 2026-07). Tokenised stocks ("xstocks") also count in multiples that change with the
# company's dividends. Other types are marks of risk.
_OTHER_CLASSES: Final = ("stock", "commodity", "forex")
# Maker and taker of a regular user where they are not those of the list, by mark of risk or by
# quote; all fiat quotes may be meant, and these are named. A page of 2026-07-23, at second hand.
_FIAT: Final = frozenset({"EUR", "BRL", "TRY"})
_FIAT_FEES: Final = (Decimal("0.0015"), Decimal("0.002"))
_SPOT_FEES: Final = {"adventure": (Decimal("0.002"), Decimal("0.002"))}
_LINEAR_FEES: Final = {"innovation": (Decimal("0.0004"), Decimal("0.0011"))}
_LISTED: Final = (None, None)


class Reply(Struct, Generic[T]):
    """Every reply that is not an error; `time` is when it was sent."""

    retCode: Literal[0]
    result: T
    time: Millis


class ErrorBody(Struct):
    """What a reply says of itself; `retCode` is 0 for success."""

    retCode: int
    retMsg: str = ""


class Rows(Struct, Generic[T]):
    """A list, and where the next page of it begins."""

    list: list[T]
    nextPageCursor: str = ""


class ServerTime(Struct):
    timeNano: Nanos


class BookReply(Book):
    """`u` counts as in the stream of 1000 levels; old replies have no `cts`."""

    ts: Millis
    cts: Millis | None = None

    @property
    def venue_ns(self) -> int:
        return (self.ts if self.cts is None else self.cts) * NS_PER_MS


class TradeReply(Struct):
    """Recent public trades: `side` is the taker's."""

    execId: str
    price: Price
    size: Traded
    side: str
    time: Millis

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.size,
            side=Side[self.side.upper()],
            trade_id=self.execId,
            venue_ns=self.time * NS_PER_MS,
            received_ns=received_ns,
        )


class KlineRow(Struct, array_like=True):
    """One candle: `turnover` is quote; nothing says whether it is closed."""

    start: Millis
    open: Size
    high: Size
    low: Size
    close: Size
    volume: Size
    turnover: Size

    def kline(
        self,
        instrument: Instrument,
        interval: KlineInterval,
        closed: bool | None,
        received_ns: int,
    ) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.start * NS_PER_MS,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            quote_volume=self.turnover,
            closed=closed,
            received_ns=received_ns,
        )


class FundingRow(Struct):
    """A rate that was charged."""

    fundingRate: Rate
    fundingRateTimestamp: Millis

    def charge(self, instrument: Instrument, received_ns: int) -> FundingCharge:
        return FundingCharge(
            instrument=instrument,
            rate=self.fundingRate,
            charged_ns=self.fundingRateTimestamp * NS_PER_MS,
            received_ns=received_ns,
        )


def is_coin(symbol_type: str) -> bool:
    """Whether a market of that type trades a coin."""
    return not any(word in symbol_type for word in _OTHER_CLASSES)


class PriceFilter(Struct):
    tickSize: str


class SpotLot(Struct):
    """`minOrderQty` is deprecated for `minOrderAmt`; smaller sizes were never allowed either."""

    basePrecision: str
    minOrderAmt: str
    minOrderQty: str = ""
    maxLimitOrderQty: str = ""


class SpotInfo(Struct):
    """A row of the list of spot markets."""

    symbol: str
    status: str
    baseCoin: str
    quoteCoin: str
    priceFilter: PriceFilter
    lotSizeFilter: SpotLot
    symbolType: str = ""

    def instrument(self, venue: str) -> Instrument | None:
        if not is_coin(self.symbolType):
            return None
        lot = self.lotSizeFilter
        usual = _FIAT_FEES if self.quoteCoin in _FIAT else _LISTED
        maker_fee, taker_fee = _SPOT_FEES.get(self.symbolType, usual)
        return Instrument(
            venue=venue,
            symbol=unified_symbol(self.baseCoin, self.quoteCoin),
            native=self.symbol,
            kind=Kind.SPOT,
            base=self.baseCoin,
            quote=self.quoteCoin,
            tick=_increment(self.priceFilter.tickSize),
            step=_increment(lot.basePrecision),
            min_size=exact(lot.minOrderQty),
            max_size=exact(lot.maxLimitOrderQty) or None,
            min_notional=exact(lot.minOrderAmt),
            status=_STATUS.get(self.status, Status.HALTED),
            maker_fee=maker_fee,
            taker_fee=taker_fee,
        )


class LinearLot(Struct):
    qtyStep: str
    minOrderQty: str
    maxOrderQty: str = ""
    minNotionalValue: str = ""


class LinearInfo(Struct):
    """A row of the list of linear contracts: sizes are base units, `fundingInterval` minutes."""

    symbol: str
    contractType: str
    status: str
    baseCoin: str
    quoteCoin: str
    settleCoin: str
    priceFilter: PriceFilter
    lotSizeFilter: LinearLot
    fundingInterval: FundingMinutes
    symbolType: str = ""

    def instrument(self, venue: str) -> Instrument | None:
        """Perpetuals on coins; dated futures and other classes of assets are left out."""
        if self.contractType != _PERPETUAL or not is_coin(self.symbolType):
            return None
        lot = self.lotSizeFilter
        maker_fee, taker_fee = _LINEAR_FEES.get(self.symbolType, _LISTED)
        return Instrument(
            venue=venue,
            symbol=unified_symbol(self.baseCoin, self.quoteCoin, self.settleCoin),
            native=self.symbol,
            kind=Kind.PERPETUAL,
            base=self.baseCoin,
            quote=self.quoteCoin,
            settle=self.settleCoin,
            tick=_increment(self.priceFilter.tickSize),
            step=_increment(lot.qtyStep),
            min_size=exact(lot.minOrderQty),
            max_size=exact(lot.maxOrderQty) or None,
            min_notional=exact(lot.minNotionalValue),
            funding_interval_s=self.fundingInterval * 60.0 or None,
            status=_STATUS.get(self.status, Status.HALTED),
            maker_fee=maker_fee,
            taker_fee=taker_fee,
        )


def _increment(text: str) -> Decimal:
    """A tick or step, without which no order can be made.

    Raises:
        ValueError: the venue states none.
    """
    value = exact(text)
    if not value:
        raise ValueError(f"{text!r} is no increment")
    return value
