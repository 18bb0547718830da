"""Binance wire structs, spot and USD-M: market data, in the venue's own spelling.

Source: "WebSocket Streams" and "General endpoints / Market data endpoints" of the spot API
documentation (2026-07-21), the USD-M equivalents (2026-07-24), and recorded frames of both.
Prices and sizes are JSON strings; times are integer milliseconds.
"""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Raw, Struct

from exchanges.numbers import Millis, Price, Rate, Size

Levels = list[tuple[Price, Size]]
UpdateId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class StreamError(Struct):
    """`error` of a USD-M refusal; on spot these fields stand in the envelope itself."""

    code: int
    msg: str = ""


class Envelope(Struct):
    """Any text frame of a combined stream: data (`stream`, `data`) or an answer (`id`).

    `data` stays undecoded until the stream's name has told its type.
    """

    stream: str = ""
    data: Raw = Raw()
    id: int | None = None
    error: StreamError | None = None
    code: int | None = None
    msg: str = ""


class DepthUpdate(Struct):
    """Diff. depth stream. `pu` is the `u` of the event before; spot events have none."""

    E: Millis
    U: UpdateId
    u: UpdateId
    b: Levels
    a: Levels
    pu: UpdateId | None = None


class BookTicker(Struct):
    """Individual symbol book ticker; spot frames carry no time. An empty side has price 0."""

    u: UpdateId
    b: Size
    B: Size
    a: Size
    A: Size
    E: Millis | None = None


class TradeMessage(Struct):
    """Trade (`t`) and aggregate trade (`a`) streams. `m`: the buyer was the maker.

    `X` is the kind of a USD-M trade: others than MARKET are transfers, not book prints.
    """

    e: str
    p: Size
    q: Size
    T: Millis
    m: bool
    t: int = 0
    a: int = 0
    X: str = "MARKET"


class TickerMessage(Struct):
    """24hr ticker stream. `P` is percent; USD-M frames have no best bid and ask."""

    E: Millis
    c: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    v: Size
    q: Size
    P: Rate
    b: Size | None = None
    a: Size | None = None


class Candle(Struct):
    """`k` of a kline event: `t` open time, `v` base and `q` quote volume, `x` closed."""

    t: Millis
    i: str
    o: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    c: Size
    v: Size
    q: Size
    n: int
    x: bool


class KlineMessage(Struct):
    """Kline stream."""

    E: Millis
    k: Candle


class MarkPriceMessage(Struct):
    """USD-M mark price stream: `r` is charged at `T`; `T` 0 means that none is scheduled."""

    E: Millis
    p: Price
    i: Size
    r: Rate | None
    T: Millis


class LiquidationOrder(Struct):
    """`o` of a force order: `S` side of the order, `ap` average price, `z` filled so far."""

    S: str
    ap: Price
    z: Size
    T: Millis


class LiquidationMessage(Struct):
    """USD-M liquidation order stream."""

    E: Millis
    o: LiquidationOrder


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


class ExchangeInfo(Struct):
    symbols: list[SymbolInfo]


class Depth(Struct):
    """Order book; `E` on USD-M only."""

    lastUpdateId: UpdateId
    bids: Levels
    asks: Levels
    E: Millis | None = None


class RestTrade(Struct):
    id: int
    price: Price
    qty: Size
    time: Millis
    isBuyerMaker: bool


class Ticker24h(Struct):
    """24hr ticker price change statistics; USD-M rows have no best bid and ask."""

    lastPrice: Size
    highPrice: Size
    lowPrice: Size
    volume: Size
    quoteVolume: Size
    priceChangePercent: Rate
    closeTime: Millis
    bidPrice: Size | None = None
    askPrice: Size | None = None


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


class ServerTime(Struct):
    serverTime: Millis


class PremiumIndex(Struct):
    """Mark price. Despite its name `lastFundingRate` is charged at `nextFundingTime`."""

    markPrice: Price
    indexPrice: Size
    lastFundingRate: Rate
    nextFundingTime: Millis
    time: Millis


class FundingInfo(Struct):
    """Symbols whose funding was adjusted; those that are missing are charged every 8 h."""

    symbol: str
    fundingIntervalHours: Annotated[float, Meta(gt=0, le=24)]


class OpenInterestInfo(Struct):
    openInterest: Size
    time: Millis


class ErrorBody(Struct):
    code: int
    msg: str = ""
