"""Kraken REST replies: the envelope, pairs, tickers, books, trades, candles.

Source: docs.kraken.com, spot REST "Market Data" (2025, 2026). Numbers are decimal strings, times
are seconds. Results are keyed by an id of the venue's own (`XXBTZUSD`) whatever name was asked
for, and a name asked for is written without a slash (`XBTUSD`). A pair's `wsname` is that of the
older streams; the newer ones write BTC and DOGE.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from msgspec import Raw, Struct

from exchanges.kraken.market_data import value_of
from exchanges.market.events import BookSnapshot, Kline, Level, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_S, Digits, Price, Seconds, Size, Traded, exact, tick_of
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

# What the venue calls by names that mean another asset elsewhere (secondary source). Its REP is
# Augur of before 2020, and its REPV2 what is called REP elsewhere.
ASSETS: Final = {
    "LUNA": "LUNC",
    "LUNA2": "LUNA",
    "REP": "REPV1",
    "REPV2": "REP",
    "UST": "USTC",
}
# Names in requests and pairs, by those of the streams.
_OLD_NAMES: Final = {"BTC": "XBT", "DOGE": "XDG"}
_NEW_NAMES: Final = {old: new for new, old in _OLD_NAMES.items()}
# Asset ids that are not the asset's name.
_CRYPTO: Final = ("ETC", "ETH", "LTC", "MLN", "REP", "XBT", "XDG", "XLM", "XMR", "XRP", "ZEC")
_MONEY: Final = ("AUD", "CAD", "EUR", "GBP", "JPY", "USD")
IDS: Final = {
    **{_NEW_NAMES.get(name, name): f"X{name}" for name in _CRYPTO},
    **{name: f"Z{name}" for name in _MONEY},
}
_BY_ID: Final = {asset_id: name for name, asset_id in IDS.items()}

_ONLINE: Final = "online"
_INTERNATIONAL: Final = "international"
_BUYS: Final = {"b": Side.BUY, "s": Side.SELL}


def altname(native: str) -> str:
    """How requests name a pair: `BTC/USD` is `XBTUSD`."""
    return "".join(_OLD_NAMES.get(asset, asset) for asset in native.split("/"))


def streamed(wsname: str) -> str:
    """How the streams name a pair: `XBT/USD` is `BTC/USD`."""
    return "/".join(_NEW_NAMES.get(asset, asset) for asset in wsname.split("/"))


def natives_of(pair_id: str) -> Iterator[str]:
    """What the streams may call the pair of an id, the shortest quote assets first."""
    for at in range(len(pair_id) - 1, 0, -1):
        base, quote = (_BY_ID.get(part, part) for part in (pair_id[:at], pair_id[at:]))
        yield streamed(f"{base}/{quote}")


class Reply(Struct):
    """Every reply; with errors there is no result. A warning's text begins with W."""

    error: list[str]
    result: dict[str, Raw] = {}

    @property
    def only(self) -> Raw:
        """The result about one pair, beside which there may be where to go on.

        Raises:
            LookupError: there is none.
        """
        found = next((value for key, value in self.result.items() if key != "last"), None)
        if found is None:
            raise LookupError("no result about a pair")
        return found


class ErrorBody(Struct):
    error: list[str] = []


class ServerTime(Struct):
    unixtime: Seconds


class TimeReply(Struct):
    result: ServerTime


class SystemStatus(Struct):
    status: str


class StatusReply(Struct):
    result: SystemStatus


class PairInfo(Struct):
    """A row of AssetPairs. Fees are percent, first those of the smallest volume.

    Old lists have no tick: a price then moves by its last decimal.
    """

    altname: str
    pair_decimals: Digits
    lot_decimals: Digits
    wsname: str = ""
    tick_size: str | None = None
    ordermin: str | None = None
    costmin: str | None = None
    status: str = _ONLINE
    fees: list[tuple[Decimal, Decimal]] = []
    fees_maker: list[tuple[Decimal, Decimal]] = []
    execution_venue: str = _INTERNATIONAL

    def instrument(self, venue: str) -> Instrument | None:
        """Left out are pairs of another venue's engine, and those that no stream tells of.

        Tick and step are written with the decimals that the checksum of a book is made of.
        """
        if not self.wsname or self.execution_venue != _INTERNATIONAL:
            return None
        native = streamed(self.wsname)
        base, slash, quote = native.partition("/")
        if not base or not quote or not slash:
            raise ValueError(f"{self.wsname!r} is no pair")
        base, quote = (ASSETS.get(asset, asset) for asset in (base, quote))
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote),
            native=native,
            kind=Kind.SPOT,
            base=base,
            quote=quote,
            tick=self._tick(),
            step=tick_of(self.lot_decimals),
            min_size=exact(self.ordermin),
            min_notional=exact(self.costmin),
            status=Status.TRADING if self.status == _ONLINE else Status.HALTED,
            maker_fee=_fee(self.fees_maker or self.fees),
            taker_fee=_fee(self.fees),
        )

    def _tick(self) -> Decimal:
        finest = tick_of(self.pair_decimals)
        tick = exact(self.tick_size) or finest
        if tick % finest:
            raise ValueError(f"a tick of {tick} in prices of {self.pair_decimals} decimals")
        return tick.quantize(finest)


def _fee(steps: list[tuple[Decimal, Decimal]]) -> Decimal | None:
    return steps[0][1] / 100 if steps else None


class BookRow(Struct, array_like=True, gc=False):
    """`[price, volume, time]`."""

    price: Price
    volume: Size


class Depth(Struct):
    bids: list[BookRow]
    asks: list[BookRow]

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        """A book without id, to which no stream can be joined."""
        return BookSnapshot(
            instrument=instrument,
            bids=_levels(self.bids),
            asks=_levels(self.asks),
            sequence=0,
            received_ns=received_ns,
        )


def _levels(rows: list[BookRow]) -> list[Level]:
    return [(row.price, row.volume) for row in rows]


class TradeRow(Struct, array_like=True):
    """`[price, volume, time, taker's side, kind of the taker's order, -, id]`."""

    price: Price
    volume: Traded
    time: Decimal
    side: str
    order_type: str
    misc: str
    trade_id: int

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        if not 0 <= self.time < 1 << 43:
            raise ValueError(f"{self.time} is no time")
        return Trade(
            instrument=instrument,
            price=self.price,
            size=self.volume,
            side=_BUYS[self.side],
            trade_id=str(self.trade_id),
            venue_ns=int(self.time * NS_PER_S),
            received_ns=received_ns,
        )


class TickerInfo(Struct):
    """A ticker: of `v`, `p`, `l` and `h` the second number is that of the last 24 hours.

    `a`, `b` are price, whole lots and volume of the best ask and bid, `c` the last trade.
    """

    a: tuple[Size, Size, Size]
    b: tuple[Size, Size, Size]
    c: tuple[Size, Size]
    v: tuple[Size, Size]
    p: tuple[Size, Size]
    l: tuple[Size, Size]  # noqa: E741 - the venue's spelling
    h: tuple[Size, Size]

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        return Ticker(
            instrument=instrument,
            last=self.c[0],
            bid=self.b[0],
            ask=self.a[0],
            high=self.h[1],
            low=self.l[1],
            volume=self.v[1],
            quote_volume=value_of(self.v[1], self.p[1]),
            received_ns=received_ns,
        )


class OhlcRow(Struct, array_like=True):
    """`[time, open, high, low, close, vwap, volume, count]`; the last row is still running."""

    time: Seconds
    open: Price
    high: Price
    low: Price
    close: Price
    vwap: Size
    volume: Size
    count: int

    def kline(
        self, instrument: Instrument, interval: KlineInterval, received_ns: int, *, closed: bool
    ) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.time * NS_PER_S,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=self.volume,
            quote_volume=value_of(self.volume, self.vwap),
            trades=self.count,
            closed=closed,
            received_ns=received_ns,
        )
