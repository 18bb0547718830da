"""MEXC spot public REST: requests and readers.

Source: "Market Data" and the error codes of the spot v3 documentation (2025 and April 2026).
Weights are those that ccxt reckons with, which are the documented ones or more.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, TypeVar

import msgspec

from exchanges.errors import (
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.mexc import listing as wire
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_INFO: Final = msgspec.json.Decoder(wire.ExchangeInfo)
_SYMBOL: Final = msgspec.json.Decoder(wire.SymbolInfo, strict=False)
_DEPTH: Final = msgspec.json.Decoder(wire.Depth, strict=False)
_TRADES: Final = msgspec.json.Decoder(list[wire.RestTrade], strict=False)
_TICKER: Final = msgspec.json.Decoder(wire.Ticker24h, strict=False)
_TICKERS: Final = msgspec.json.Decoder(list[wire.NamedTicker], strict=False)
_KLINES: Final = msgspec.json.Decoder(list[wire.KlineRow], strict=False)
_TIME: Final = msgspec.json.Decoder(wire.ServerTime)
_EMPTY: Final = msgspec.json.Decoder(dict[str, object])
_ERROR: Final = msgspec.json.Decoder(wire.ErrorBody)

_PREFIX: Final = "/api/v3"
# Weight of each path. The shared bucket and one of the path's own pay.
WEIGHTS: Final[Mapping[str, int]] = {
    f"{_PREFIX}/ping": 1,
    f"{_PREFIX}/time": 1,
    f"{_PREFIX}/exchangeInfo": 25,
    f"{_PREFIX}/depth": 3,
    f"{_PREFIX}/trades": 5,
    f"{_PREFIX}/klines": 1,
    f"{_PREFIX}/ticker/24hr": 25,
}
_TICKERS_WEIGHT: Final = 40  # of those of all markets
SHARED: Final = "weight"

# What the rules of the order book ask for, and the most that may be had.
SYNC_LEVELS: Final = 1000
_MOST_LEVELS: Final = 5000
_MOST_ROWS: Final = 1000

# Streams spell all of them differently.
REST_CANDLES: Final = {
    KlineInterval.M1: "1m",
    KlineInterval.M5: "5m",
    KlineInterval.M15: "15m",
    KlineInterval.M30: "30m",
    KlineInterval.H1: "60m",
    KlineInterval.H4: "4h",
    KlineInterval.D1: "1d",
    KlineInterval.W1: "1W",
    KlineInterval.MO1: "1M",
}

_ERRORS: Final[Mapping[int, type[ExchangeError]]] = {
    **dict.fromkeys((10007, 30014, 30021, -1121, 730001), InvalidSymbol),
    **dict.fromkeys(
        (26, 403, 406, 511, 701, 702, 703, 704, 70011, 700006, 700007), PermissionDenied
    ),
    **dict.fromkeys((30000, 30016, 30018, 30027, 30028), TradingDisabled),
    **dict.fromkeys((500, 501, 503, 504, 604, 801, 11444, 20002), VenueUnavailable),
}
_TOO_MANY: Final = frozenset({429, 510})


class MexcRest(OldRest):
    """Public requests."""

    venue = "mexc"
    # Where the venue does not say how long to stay away (one source); its firewall, which answers
    # with a bare 403, wants as much.
    retry_s = 60.0
    paths: ClassVar = {
        f"{_PREFIX}/exchangeInfo": ("instruments", Kind.SPOT),
        f"{_PREFIX}/depth": ("book", Kind.SPOT),
    }

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        if response.status < 400:
            return None
        is_json = response.body.startswith(b"{")
        body = _ERROR.decode(response.body) if is_json else wire.ErrorBody()
        message = body.msg or body.message
        if body.code is None:
            return self._too_many("firewall", asked) if response.status == 403 else None
        if body.code in _TOO_MANY:
            return self._too_many(message, asked)
        error = _ERRORS.get(body.code, ExchangeError)
        return error(message, venue=self.venue, code=str(body.code), asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(info: wire.ExchangeInfo, _: int) -> Listing:
            return self._listing(info.symbols, _SYMBOL, lambda row: row.instrument(self.venue))

        return (self._ask("instruments", None, "/exchangeInfo", _INFO, read),)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        return self._ask(
            "book",
            instrument,
            "/depth",
            _DEPTH,
            lambda reply, received_ns: reply.snapshot(instrument, received_ns),
            limit=min(depth or SYNC_LEVELS, _MOST_LEVELS),
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(rows: list[wire.RestTrade], received_ns: int) -> list[Trade]:
            # The venue lists the newest first.
            return [row.trade(instrument, received_ns) for row in reversed(rows)]

        return self._ask(
            "trades", instrument, "/trades", _TRADES, read, limit=min(limit, _MOST_ROWS)
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask(
            "ticker",
            instrument,
            "/ticker/24hr",
            _TICKER,
            lambda reply, received_ns: reply.ticker(instrument, received_ns),
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        if kind is not Kind.SPOT:
            raise self._absent(f"tickers of {kind} markets")

        def read(rows: list[wire.NamedTicker], received_ns: int) -> list[Ticker]:
            found = ((row, find(kind, row.symbol)) for row in rows)
            return [row.ticker(one, received_ns) for row, one in found if one]

        return self._ask("tickers", None, "/ticker/24hr", _TICKERS, read, _TICKERS_WEIGHT)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        if interval not in REST_CANDLES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(rows: list[wire.KlineRow], received_ns: int) -> list[Kline]:
            # Nobody promises an order.
            rows.sort(key=lambda row: row.open_ms)
            return [row.kline(instrument, interval, received_ns) for row in rows]

        return self._ask(
            "klines",
            instrument,
            "/klines",
            _KLINES,
            read,
            interval=REST_CANDLES[interval],
            limit=min(limit, _MOST_ROWS),
        )

    def server_time(self) -> Request[int]:
        return self._ask(
            "time", None, "/time", _TIME, lambda reply, _: reply.serverTime * NS_PER_MS
        )

    def ping(self) -> Request[None]:
        return self._ask("ping", None, "/ping", _EMPTY, lambda reply, _: None)

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        weight: float | None = None,
        **query: str | int,
    ) -> Request[T]:
        full_path = _PREFIX + path
        return self._get(
            name,
            "rest",
            full_path,
            decoder,
            translate,
            costs=((SHARED, weight or WEIGHTS[full_path]), (full_path, 1)),
            instrument=instrument,
            **query,
        )

    def _too_many(self, message: str, asked: str) -> RateLimited:
        return RateLimited(
            message, venue=self.venue, code="429", asked=asked, retry_after_s=self.retry_s
        )
