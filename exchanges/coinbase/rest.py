"""Coinbase public REST: requests and readers.

Source: Advanced Trade REST documentation (November 2026). What needs no login lies under `/market`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Final, TypeVar

import msgspec
from msgspec.structs import replace

from exchanges.coinbase import listing as wire
from exchanges.coinbase.market_data import kind_of
from exchanges.errors import (
    SAMPLE_BYTES,
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    VenueUnavailable,
)
from exchanges.market.events import BookSnapshot, Funding, Kline, OpenInterest, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, NS_PER_S
from exchanges.market.topics import KlineInterval
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_PRODUCTS: Final = msgspec.json.Decoder(wire.Products)
_PRODUCT: Final = msgspec.json.Decoder(wire.Product)
_NAMED: Final = msgspec.json.Decoder(wire.Named)
_TICKER: Final = msgspec.json.Decoder(wire.ProductTicker)
_FUNDING: Final = msgspec.json.Decoder(wire.ProductFunding, strict=False)
_INTEREST: Final = msgspec.json.Decoder(wire.ProductInterest, strict=False)
_BOOK: Final = msgspec.json.Decoder(wire.Book, strict=False)
_TRADES: Final = msgspec.json.Decoder(wire.Trades, strict=False)
_CANDLES: Final = msgspec.json.Decoder(wire.Candles, strict=False)
_TIME: Final = msgspec.json.Decoder(wire.Time, strict=False)
_ERROR: Final = msgspec.json.Decoder(wire.ErrorBody)

_PREFIX: Final = "/api/v3/brokerage"
_MARKET: Final = f"{_PREFIX}/market/products"
REQUESTS: Final = "requests"
_TYPES: Final[Mapping[Kind, str]] = {Kind.SPOT: "SPOT", Kind.PERPETUAL: "FUTURE"}
# 350 in one reply; a span that begins with a candle holds one more than it is long.
_MOST_CANDLES: Final = 349
_MOST_TRADES: Final = 1000  # no limit is documented

# A granularity of four hours is named by one source only, and left out.
CANDLE_NAMES: Final[Mapping[KlineInterval, str]] = {
    KlineInterval.M1: "ONE_MINUTE",
    KlineInterval.M5: "FIVE_MINUTE",
    KlineInterval.M15: "FIFTEEN_MINUTE",
    KlineInterval.M30: "THIRTY_MINUTE",
    KlineInterval.H1: "ONE_HOUR",
    KlineInterval.H2: "TWO_HOUR",
    KlineInterval.H6: "SIX_HOUR",
    KlineInterval.D1: "ONE_DAY",
}

_ERRORS: Final[Mapping[str, type[ExchangeError]]] = {
    "INVALID_PRODUCT_ID": InvalidSymbol,
    "INELIGIBLE_PAIR": InvalidSymbol,
    "NOT_FOUND": InvalidSymbol,
    "PERMISSION_DENIED": PermissionDenied,
    "GEOFENCING_RESTRICTION": PermissionDenied,
    "AUTHENTICATION_ERROR": AuthenticationError,
    "INVALID_TOKEN": AuthenticationError,
    "EXPIRED_TOKEN": AuthenticationError,
    "REVOKED_TOKEN": AuthenticationError,
    "INTERNAL_SERVER_ERROR": VenueUnavailable,
}
_TOO_MANY: Final = ("RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED")
_EXPIRED: Final = "timestamp expired"


class CoinbaseRest(PublicRest):
    """Public requests. There is no mark price, and no past funding."""

    venue = "coinbase"
    symbol_parameter = "product_id"
    paths: ClassVar = {
        _MARKET: ("instruments", None),
        f"{_PREFIX}/market/product_book": ("book", None),
    }

    def kind_of(self, native: str) -> Kind:
        return kind_of(native)

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        if response.status < 400:
            return None
        body = _ERROR.decode(response.body)
        code, message = body.error, body.message[:SAMPLE_BYTES]
        if body.errors:
            code, message = body.errors[0].id, body.errors[0].message[:SAMPLE_BYTES]
        if code.upper() in _TOO_MANY:
            return RateLimited(
                message, venue=self.venue, code=code, asked=asked, retry_after_s=self.retry_s
            )
        error = _ERRORS.get(code.upper(), ExchangeError)
        if _EXPIRED in message:
            error = TimestampError
        return error(message, venue=self.venue, code=code, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(reply: wire.Products, _: int) -> Listing:
            return self._listing(reply.products, _PRODUCT, lambda row: row.instrument(self.venue))

        return tuple(
            self._ask("instruments", _MARKET, _PRODUCTS, read, product_type=kind)
            for kind in _TYPES.values()
        )

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        path = f"{_PREFIX}/market/product_book"
        limit = {"limit": depth} if depth else {}

        def read(reply: wire.Book, received_ns: int) -> BookSnapshot:
            return reply.snapshot(instrument, received_ns)

        return self._ask("book", path, _BOOK, read, instrument, **limit)

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(reply: wire.Trades, received_ns: int) -> list[Trade]:
            rows = sorted(reply.trades, key=lambda row: row.trade_id)
            return [row.trade(instrument, received_ns) for row in rows]

        return self._ask_about(
            "trades", instrument, "/ticker", _TRADES, read, limit=min(limit, _MOST_TRADES)
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask_about(
            "ticker",
            instrument,
            "",
            _TICKER,
            lambda reply, received_ns: reply.ticker(instrument, received_ns),
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        def read(reply: wire.Products, received_ns: int) -> list[Ticker]:
            found = ((find(kind, _NAMED.decode(row).product_id), row) for row in reply.products)
            return [
                _TICKER.decode(row).ticker(instrument, received_ns)
                for instrument, row in found
                if instrument
            ]

        return self._ask("tickers", _MARKET, _PRODUCTS, read, product_type=_TYPES[kind])

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        """The venue has to be told since when and until when."""
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")
        limit = min(limit, _MOST_CANDLES)

        def read(reply: wire.Candles, received_ns: int) -> list[Kline]:
            rows = sorted(reply.candles, key=lambda row: row.start)[-limit:]
            return [row.kline(instrument, interval, received_ns) for row in rows]

        request = self._ask_about(
            "klines",
            instrument,
            "/candles",
            _CANDLES,
            read,
            granularity=CANDLE_NAMES[interval],
            limit=limit,
        )
        return replace(request, dated=partial(_span, interval.seconds * limit))

    def server_time(self) -> Request[int]:
        return self._ask(
            "time",
            f"{_PREFIX}/time",
            _TIME,
            lambda reply, _: reply.epochMillis * NS_PER_MS,
        )

    def ping(self) -> Request[None]:
        return self._ask("ping", f"{_PREFIX}/time", _TIME, lambda *_: None)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        """The answer is `VenueUnavailable` if the rate is of an interval that is over."""

        def read(reply: wire.ProductFunding, received_ns: int) -> Funding:
            funding = reply.funding(instrument, received_ns)
            if funding.next_ns is None or funding.next_ns <= received_ns:
                raise VenueUnavailable("the rate is out of date", venue=self.venue)
            return funding

        return self._ask_about("funding", instrument, "", _FUNDING, read)

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._ask_about(
            "open interest",
            instrument,
            "",
            _INTEREST,
            lambda reply, received_ns: reply.open_interest(instrument, received_ns),
        )

    def _ask_about(
        self,
        name: str,
        instrument: Instrument,
        page: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        **query: str | int,
    ) -> Request[T]:
        """A request whose path names the market."""
        path = f"{_MARKET}/{instrument.native}{page}"
        return replace(
            self._ask(name, path, decoder, translate, None, **query), instrument=instrument
        )

    def _ask(
        self,
        name: str,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        instrument: Instrument | None = None,
        **query: str | int,
    ) -> Request[T]:
        return self._get(
            name,
            "rest",
            path,
            decoder,
            translate,
            costs=((REQUESTS, 1),),
            instrument=instrument,
            **query,
        )


def _span(length_s: int, now_ns: int) -> tuple[tuple[str, str], ...]:
    """From so long ago until now, in whole seconds."""
    now_s = now_ns // NS_PER_S
    return (("start", str(now_s - length_s)), ("end", str(now_s)))
