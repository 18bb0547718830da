"""KuCoin spot REST replies: instruments, book, trades, tickers.

Source: "Classic" REST documentation (2026) and recorded replies of April 2021. Numbers are
strings; what does not exist is null or missing.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Generic, Literal, TypeVar

from msgspec import Raw, Struct

from exchanges.kucoin.market_data import Levels, Nanos, UpdateId
from exchanges.market.events import BookSnapshot, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_MS, Millis, Price, Rate, Traded, exact, optional
from exchanges.market.orders import Side

T = TypeVar("T")

# Assets that this venue calls differently from most others, by the code that its markets keep.
ASSETS: Final[Mapping[str, str]] = {
    "ALT": "APTOSLAUNCHTOKEN",
    "BCHSV": "BSV",
    "BIFI": "BIFIF",
    "FUD": "FTXDEBT",  # as ccxt found, here and at HTX; the venue does not say so
    "KALT": "ALT",
    "VAI": "VAIOT",
    "WAX": "WAXP",
}

# The fee of the first class of markets for a regular user; that of the second and third is two and
# three times as high (kucoin.com/support/48142946141635, 2026-03-26). A market's own coefficients
# multiply it.
LIST_FEE: Final = Decimal("0.001")
_CLASSES: Final = (1, 2, 3)


class Reply(Struct, Generic[T]):
    """Every reply that is not an error."""

    code: Literal["200000"]
    data: T


class ErrorBody(Struct):
    """What a reply says of itself; `code` is "200000" for success."""

    code: str
    msg: str = ""


class InstrumentInfo(Struct):
    """A row of the list of markets.

    `symbol` never changes, and is made of the codes that the assets had at first; the names of
    the currencies follow when an asset is renamed.
    """

    symbol: str
    baseCurrency: str
    quoteCurrency: str
    priceIncrement: str
    baseIncrement: str
    baseMinSize: str
    enableTrading: bool
    baseMaxSize: str | None = None
    minFunds: str | None = None
    feeCategory: int | None = None
    makerFeeCoefficient: str | None = None
    takerFeeCoefficient: str | None = None
    callauctionIsEnabled: bool | None = None

    def instrument(self, venue: str) -> Instrument:
        base_code, _, quote_code = self.symbol.partition("-")
        base = ASSETS.get(base_code, self.baseCurrency)
        quote = ASSETS.get(quote_code, self.quoteCurrency)
        tick, step = exact(self.priceIncrement), exact(self.baseIncrement)
        if not tick or not step:
            raise ValueError(f"{self.symbol}: no increments")
        # In an auction before the first day orders are taken, but nothing is traded.
        is_open = self.enableTrading and not self.callauctionIsEnabled
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote),
            native=self.symbol,
            kind=Kind.SPOT,
            base=base,
            quote=quote,
            tick=tick,
            step=step,
            min_size=exact(self.baseMinSize),
            max_size=exact(self.baseMaxSize) or None,
            min_notional=exact(self.minFunds),
            status=Status.TRADING if is_open else Status.HALTED,
            maker_fee=self._fee(self.makerFeeCoefficient),
            taker_fee=self._fee(self.takerFeeCoefficient),
        )

    def _fee(self, coefficient: str | None) -> Decimal | None:
        if self.feeCategory not in _CLASSES or coefficient is None:
            return None
        return LIST_FEE * self.feeCategory * exact(coefficient)


class Depth(Struct):
    """A book, whole or its best levels; `window` of these are told (0: all)."""

    time: Millis
    sequence: UpdateId
    bids: Levels
    asks: Levels

    def snapshot(self, instrument: Instrument, window: int, received_ns: int) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=self.bids,
            asks=self.asks,
            sequence=self.sequence,
            window=window,
            venue_ns=self.time * NS_PER_MS,
            received_ns=received_ns,
        )


class TradeRow(Struct):
    """Trade history: `side` is the taker's, `sequence` the trade's id in the streams."""

    sequence: str
    price: Price
    size: Traded
    side: str
    time: Nanos

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.size,
            side=Side[self.side.upper()],
            trade_id=self.sequence,
            venue_ns=self.time,
            received_ns=received_ns,
        )


class Stats(Struct):
    """24 hours: `vol` base, `volValue` quote, `changeRate` a fraction.

    A market that was not traded has null in many places.
    """

    symbol: str
    last: str | None
    high: str | None
    low: str | None
    vol: str | None
    volValue: str | None
    changeRate: Rate | None = None
    buy: str | None = None
    sell: str | None = None

    def ticker(self, instrument: Instrument, venue_ns: int | None, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=_number(self.last),
            bid=_number(self.buy),
            ask=_number(self.sell),
            high=_number(self.high),
            low=_number(self.low),
            volume=_number(self.vol),
            quote_volume=_number(self.volValue),
            change=self.changeRate,
            venue_ns=venue_ns,
            received_ns=received_ns,
        )


class StatsReply(Stats, kw_only=True):
    time: Millis

    def ticker_now(self, instrument: Instrument, received_ns: int) -> Ticker:
        return self.ticker(instrument, self.time * NS_PER_MS, received_ns)


class AllStats(Struct):
    time: Millis
    ticker: list[Raw]


def _number(text: str | None) -> float | None:
    return None if text is None else optional(text)
