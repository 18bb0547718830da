"""Gate.io spot public REST: requests and readers.

Source: "Spot" and the error labels of the API v4 documentation (stored copies of 2025). The limit
is per path and address, within ten seconds.
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
from exchanges.events import BookSnapshot, Kline, KlineInterval, Ticker, Trade
from exchanges.gateio import messages, replies
from exchanges.gateio.messages import CANDLE_NAMES
from exchanges.instrument import Instrument, Kind
from exchanges.numbers import NS_PER_MS
from exchanges.rest import Listing, PublicRest, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_INSTRUMENT: Final = msgspec.json.Decoder(replies.InstrumentInfo)
_DEPTH: Final = msgspec.json.Decoder(replies.Depth, strict=False)
_TRADES: Final = msgspec.json.Decoder(list[messages.TradeRow], strict=False)
_TICKERS: Final = msgspec.json.Decoder(list[messages.TickerRow], strict=False)
_KLINES: Final = msgspec.json.Decoder(list[replies.KlineRow], strict=False)
_TIME: Final = msgspec.json.Decoder(replies.ServerTime)
_ERROR: Final = msgspec.json.Decoder(replies.ErrorBody)

_PREFIX: Final = "/api/v4/spot"
# Requests that are allowed in ten seconds, by path.
LIMITS: Final[Mapping[str, int]] = {
    f"{_PREFIX}/time": 200,
    f"{_PREFIX}/currency_pairs": 200,
    f"{_PREFIX}/order_book": 200,
    f"{_PREFIX}/trades": 200,
    f"{_PREFIX}/tickers": 200,
    f"{_PREFIX}/candlesticks": 200,
}
LIMIT_WINDOW_S: Final = 10.0

# More levels may be had (ccxt asks for up to 1000), but only so many are documented. As many are
# kept up to date by the stream that books are joined to.
BOOK_LEVELS: Final = 100
_MOST_ROWS: Final = 1000

_ERRORS: Final[Mapping[str, type[ExchangeError]]] = {
    "INVALID_CURRENCY_PAIR": InvalidSymbol,
    "INVALID_CURRENCY": InvalidSymbol,
    "IP_FORBIDDEN": PermissionDenied,
    "FORBIDDEN": PermissionDenied,
    "TRADE_RESTRICTED": TradingDisabled,
    "INTERNAL": VenueUnavailable,
    "SERVER_ERROR": VenueUnavailable,
    "TOO_BUSY": VenueUnavailable,
}
_TOO_MANY: Final = frozenset({"TOO_MANY_REQUESTS", "TOO_FAST"})


class GateioRest(PublicRest):
    """Public requests."""

    venue = "gateio"
    symbol_parameter = "currency_pair"
    retry_s = LIMIT_WINDOW_S  # no Retry-After is sent; a window later the venue has forgotten
    paths: ClassVar = {
        f"{_PREFIX}/currency_pairs": ("instruments", Kind.SPOT),
        f"{_PREFIX}/order_book": ("book", Kind.SPOT),
    }

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        if response.status < 400 or not response.body.startswith(b"{"):
            return None
        body = _ERROR.decode(response.body)
        message = body.message or body.detail
        if body.label in _TOO_MANY:
            return RateLimited(
                message,
                venue=self.venue,
                code=body.label,
                asked=asked,
                retry_after_s=self.retry_s,
            )
        error = _ERRORS.get(body.label, ExchangeError)
        return error(message, venue=self.venue, code=body.label, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(rows: list[msgspec.Raw], _: int) -> Listing:
            return self._listing(rows, _INSTRUMENT, lambda row: row.instrument(self.venue))

        return (self._ask("instruments", None, "/currency_pairs", _ROWS, read),)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        return self._ask(
            "book",
            instrument,
            "/order_book",
            _DEPTH,
            lambda reply, received_ns: reply.snapshot(instrument, BOOK_LEVELS, received_ns),
            limit=min(depth or BOOK_LEVELS, BOOK_LEVELS),
            with_id="true",
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(rows: list[messages.TradeRow], received_ns: int) -> list[Trade]:
            # Nobody promises an order.
            rows.sort(key=lambda row: row.id)
            return [row.trade(instrument, received_ns) for row in rows]

        return self._ask(
            "trades", instrument, "/trades", _TRADES, read, limit=min(limit, _MOST_ROWS)
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask(
            "ticker",
            instrument,
            "/tickers",
            _TICKERS,
            lambda rows, received_ns: rows[0].ticker(instrument, None, received_ns),
        )

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(rows: list[replies.KlineRow], received_ns: int) -> list[Kline]:
            rows.sort(key=lambda row: row.time_s)
            return [row.kline(instrument, interval, received_ns) for row in rows]

        return self._ask(
            "klines",
            instrument,
            "/candlesticks",
            _KLINES,
            read,
            interval=CANDLE_NAMES[interval],
            limit=min(limit, _MOST_ROWS),
        )

    def server_time(self) -> Request[int]:
        return self._ask(
            "time", None, "/time", _TIME, lambda reply, _: reply.server_time * NS_PER_MS
        )

    def ping(self) -> Request[None]:
        """The venue has no lighter request than its time."""
        return self._ask("ping", None, "/time", _TIME, lambda reply, _: None)

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        **query: str | int,
    ) -> Request[T]:
        return self._get(
            name,
            "rest",
            _PREFIX + path,
            decoder,
            translate,
            costs=((_PREFIX + path, 1),),
            instrument=instrument,
            **query,
        )
