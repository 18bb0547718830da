"""Paradex public REST: requests and readers.

Source: official OpenAPI document (August 2026).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Final, TypeVar
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from exchanges.errors import (
    SAMPLE_BYTES,
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    TimestampError,
    TradingDisabled,
    VenueUnavailable,
)
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
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.paradex import listing as wire
from exchanges.paradex import market_data
from exchanges.paradex.listing import CANDLE_NAMES
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")
Row = TypeVar("Row")

_ROWS: Final = msgspec.json.Decoder(wire.Rows)
_MARKET: Final = msgspec.json.Decoder(wire.MarketRow)
_SYMBOL: Final = msgspec.json.Decoder(wire.SymbolRow)
_SUMMARY: Final = msgspec.json.Decoder(market_data.Summary)
_PERPETUAL: Final = msgspec.json.Decoder(market_data.PerpetualSummary, strict=False)
_BOOK: Final = msgspec.json.Decoder(wire.Book, strict=False)
_TRADES: Final = msgspec.json.Decoder(wire.Trades, strict=False)
_CANDLES: Final = msgspec.json.Decoder(wire.Candles, strict=False)
_FUNDING: Final = msgspec.json.Decoder(wire.FundingRows, strict=False)
_TIME: Final = msgspec.json.Decoder(wire.ServerTime, strict=False)
_STATE: Final = msgspec.json.Decoder(wire.SystemState)
_ERROR: Final = msgspec.json.Decoder(wire.ErrorBody)

REQUESTS: Final = "requests"
_PREFIX: Final = "/v1"
_MARKETS: Final = f"{_PREFIX}/markets"
_SUMMARIES: Final = f"{_MARKETS}/summary"
_FUNDING_DATA: Final = f"{_PREFIX}/funding/data"
_ALL: Final = "ALL"
_MOST_TRADES: Final = 1000
_MOST_RATES: Final = 5000
_MOST_CANDLES: Final = 500  # no limit is documented
# Rates are published every few seconds. That a page begins with the newest is not written, so
# that one is asked for which has all of the last minutes.
_LATELY_MS: Final = 600_000
_LATELY_ROWS: Final = 1000

_ERRORS: Final[Mapping[str, type[ExchangeError]]] = {
    "INVALID_SYMBOL": InvalidSymbol,
    "MARKET_NOT_FOUND": InvalidSymbol,
    "MARKET_NOT_OPEN": TradingDisabled,
    "SYSTEM_STATUS_POST_ONLY": TradingDisabled,
    "SYSTEM_STATUS_CANCEL_ONLY": TradingDisabled,
    "GEO_IP_BLOCK": PermissionDenied,
    "IP_NOT_ALLOWED": PermissionDenied,
    "REQUEST_NOT_ALLOWED": PermissionDenied,
    "NO_ACCESS_TO_MARKET": PermissionDenied,
    "NOT_ONBOARDED": AuthenticationError,
    "INVALID_TOKEN": AuthenticationError,
    "UNAUTHORIZED_ERROR": AuthenticationError,
    "INVALID_TIMESTAMP": TimestampError,
    "SERVICE_UNAVAILABLE": VenueUnavailable,
    "INTERNAL_ERROR": VenueUnavailable,
}


class ParadexRest(OldRest):
    """Public requests. Books start in the stream, so that recorded ones are not recognised."""

    venue = "paradex"
    symbol_parameter = "market"
    paths: ClassVar = {_MARKETS: ("instruments", Kind.PERPETUAL)}

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        body = _ERROR.decode(response.body)
        if not body.error:
            return None
        code, message = body.error[:SAMPLE_BYTES], (body.message or "")[:SAMPLE_BYTES]
        return _ERRORS.get(code, ExchangeError)(message, venue=self.venue, code=code, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(reply: wire.Rows, now_ns: int) -> Listing:
            return self._listing(
                reply.results, _MARKET, lambda row: row.instrument(self.venue, now_ns)
            )

        return (self._ask("instruments", None, _MARKETS, _ROWS, read),)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        """Twenty levels a side, unless told otherwise; none that only retail clients can take."""
        path = f"{_PREFIX}/orderbook/{quote(instrument.native, safe='')}"
        levels = {"depth": depth} if depth else {}

        def read(reply: wire.Book, received_ns: int) -> BookSnapshot:
            return reply.snapshot(instrument, received_ns)

        request = self._ask("book", None, path, _BOOK, read, **levels)
        return replace(request, instrument=instrument)

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(reply: wire.Trades, received_ns: int) -> list[Trade]:
            rows = (reply.results or [])[::-1]  # the newest is the first
            rows.sort(key=lambda row: row.created_at)
            return [row.trade(instrument, received_ns) for row in rows if row.is_execution]

        return self._ask(
            "trades",
            instrument,
            f"{_PREFIX}/trades",
            _TRADES,
            read,
            page_size=min(limit, _MOST_TRADES),
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask_row("ticker", instrument, _SUMMARY, market_data.Summary.ticker)

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        def read(reply: wire.Rows, received_ns: int) -> list[Ticker]:
            found = ((find(kind, _SYMBOL.decode(row).symbol), row) for row in reply.results)
            return [
                _SUMMARY.decode(row).ticker(instrument, received_ns)
                for instrument, row in found
                if instrument
            ]

        return self._ask("tickers", None, _SUMMARIES, _ROWS, read, market=_ALL)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        """The venue has to be told since when and until when."""
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")
        limit = min(limit, _MOST_CANDLES)

        def read(reply: wire.Candles, received_ns: int) -> list[Kline]:
            candles = sorted(reply.results or [], key=lambda candle: candle.time)[-limit:]
            return [candle.kline(instrument, interval, received_ns) for candle in candles]

        request = self._ask(
            "klines",
            None,
            f"{_MARKETS}/klines",
            _CANDLES,
            read,
            symbol=instrument.native,
            resolution=CANDLE_NAMES[interval],
        )
        return replace(
            request, instrument=instrument, dated=partial(_span, interval.seconds * 1000 * limit)
        )

    def server_time(self) -> Request[int]:
        return self._ask(
            "time",
            None,
            f"{_PREFIX}/system/time",
            _TIME,
            lambda reply, _: reply.server_time * NS_PER_MS,
        )

    def ping(self) -> Request[None]:
        return self._ask("ping", None, f"{_PREFIX}/system/state", _STATE, lambda *_: None)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        """The newest of the rates of the last minutes."""

        def read(reply: wire.FundingRows, received_ns: int) -> Funding:
            return reply.newest().funding(instrument, received_ns)

        request = self._ask(
            "funding", instrument, _FUNDING_DATA, _FUNDING, read, page_size=_LATELY_ROWS
        )
        return replace(request, dated=_lately)

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        """What was charged between the latest rates, which are seconds apart."""

        def read(reply: wire.FundingRows, received_ns: int) -> list[FundingCharge]:
            return reply.charges(instrument, received_ns)

        return self._ask(
            "funding history",
            instrument,
            _FUNDING_DATA,
            _FUNDING,
            read,
            page_size=min(limit + 1, _MOST_RATES),
        )

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self._ask_row(
            "mark price", instrument, _PERPETUAL, market_data.PerpetualSummary.mark
        )

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._ask_row(
            "open interest", instrument, _PERPETUAL, market_data.PerpetualSummary.interest
        )

    def _ask_row(
        self,
        name: str,
        instrument: Instrument,
        decoder: msgspec.json.Decoder[Row],
        translate: Callable[[Row, Instrument, int], T],
    ) -> Request[T]:
        """What the summary of a market says."""

        def read(reply: wire.Rows, received_ns: int) -> T:
            for row in reply.results:
                if _SYMBOL.decode(row).symbol == instrument.native:
                    return translate(decoder.decode(row), instrument, received_ns)
            raise InvalidSymbol("no such market", venue=self.venue)

        return self._ask(name, instrument, _SUMMARIES, _ROWS, read)

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
            path,
            decoder,
            translate,
            costs=((REQUESTS, 1.0),),
            instrument=instrument,
            **query,
        )


def _span(length_ms: int, now_ns: int) -> tuple[tuple[str, str], ...]:
    """From so long ago until now."""
    now_ms = now_ns // NS_PER_MS
    return (("start_at", str(now_ms - length_ms)), ("end_at", str(now_ms)))


def _lately(now_ns: int) -> tuple[tuple[str, str], ...]:
    return (("start_at", str(now_ns // NS_PER_MS - _LATELY_MS)),)
