"""Bybit v5 public REST: requests and readers.

Source: chapter "Market", error codes and rate limits of the API v5 documentation (2026-07-24). A
request names its market by category and symbol; all share one limit per address.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, TypeVar
from urllib.parse import unquote

import msgspec

from exchanges.bybit import listing, market_data
from exchanges.bybit.listing import Reply, Rows
from exchanges.bybit.market_data import CANDLE_NAMES
from exchanges.errors import (
    SAMPLE_BYTES,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
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
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
U = TypeVar("U")
Result = TypeVar("Result")

_SPOT_INFO: Final = msgspec.json.Decoder(listing.SpotInfo)
_LINEAR_INFO: Final = msgspec.json.Decoder(listing.LinearInfo)
_ROWS: Final = msgspec.json.Decoder(Reply[Rows[msgspec.Raw]])
_BOOK: Final = msgspec.json.Decoder(Reply[listing.BookReply], strict=False)
_TRADES: Final = msgspec.json.Decoder(Reply[Rows[listing.TradeReply]], strict=False)
_TICKERS: Final = msgspec.json.Decoder(Reply[Rows[market_data.TickerRow]])
_LINEAR_TICKERS: Final = msgspec.json.Decoder(Reply[Rows[market_data.LinearTickerRow]])
_CANDLES: Final = msgspec.json.Decoder(Reply[Rows[listing.KlineRow]], strict=False)
_CHARGES: Final = msgspec.json.Decoder(Reply[Rows[listing.FundingRow]], strict=False)
_TIME: Final = msgspec.json.Decoder(Reply[listing.ServerTime], strict=False)
_ERROR: Final = msgspec.json.Decoder(listing.ErrorBody)

BUCKET: Final = "requests"
CATEGORIES: Final = {Kind.SPOT: "spot", Kind.PERPETUAL: "linear"}
_INSTRUMENTS: Final = "/v5/market/instruments-info"

_MOST_ROWS: Final = 1000
_MOST_TRADES: Final = {Kind.SPOT: 60, Kind.PERPETUAL: 1000}
_MOST_CHARGES: Final = 200

# Too many requests of an address are answered with HTTP 403, and it must stay away for ten
# minutes; other addresses get that status for the country they are in.
_FORBIDDEN: Final = 403
_TOO_FREQUENT: Final = b"too frequent"
_STAY_AWAY_S: Final = 600.0

_ERRORS: Final[Mapping[int, type[ExchangeError]]] = {
    10029: InvalidSymbol,
    170121: InvalidSymbol,
    110074: InvalidSymbol,
    -1: TimestampError,
    10002: TimestampError,
    10005: PermissionDenied,
    10009: PermissionDenied,
    10010: PermissionDenied,
    10024: PermissionDenied,
    10000: VenueUnavailable,
    10016: VenueUnavailable,
    10019: VenueUnavailable,
    170001: VenueUnavailable,
    170007: VenueUnavailable,
    170032: VenueUnavailable,
    170146: VenueUnavailable,
    170147: VenueUnavailable,
}
_TOO_MANY: Final = frozenset({10006, 10403, 10429, 170005, 170222, 20003})


class BybitRest(OldRest):
    """Public requests. Books start in the stream, so that recorded ones are not recognised."""

    venue = "bybit"
    retry_s = 1.0  # the limits of single paths are per second, and no Retry-After is sent
    paths: ClassVar = {_INSTRUMENTS: ("instruments", None)}

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        """Errors come with HTTP 200 as well; the code says more than the status."""
        if response.status == _FORBIDDEN:
            return self._forbidden(response, asked)
        if not response.body.startswith(b"{"):
            return None
        body = _ERROR.decode(response.body)
        if body.retCode == 0:
            return None
        code, message = str(body.retCode)[:SAMPLE_BYTES], body.retMsg[:SAMPLE_BYTES]
        if body.retCode in _TOO_MANY:
            return RateLimited(
                message, venue=self.venue, code=code, asked=asked, retry_after_s=self.retry_s
            )
        error = _ERRORS.get(body.retCode, ExchangeError)
        return error(message, venue=self.venue, code=code, asked=asked)

    def _forbidden(self, response: Response, asked: str) -> ExchangeError:
        code = str(_FORBIDDEN)
        if _TOO_FREQUENT in response.body.lower():
            return RateLimited(
                "access too frequent",
                venue=self.venue,
                code=code,
                asked=asked,
                retry_after_s=_STAY_AWAY_S,
            )
        return PermissionDenied("HTTP 403", venue=self.venue, code=code, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        """Without a status the venue lists those that trade; only linear ones come in pages."""

        def read(reply: Reply[Rows[msgspec.Raw]], _: int) -> Listing:
            rows = reply.result.list
            return self._listing(rows, _SPOT_INFO, lambda row: row.instrument(self.venue))

        spot = self._ask("instruments", Kind.SPOT, _INSTRUMENTS, _ROWS, read)
        return spot, self._linear_instruments()

    def _linear_instruments(self, cursor: str = "") -> Request[Listing]:
        """The page of linear contracts that begins at a cursor."""

        def read(reply: Reply[Rows[msgspec.Raw]], _: int) -> Listing:
            rows = reply.result.list
            listing = self._listing(rows, _LINEAR_INFO, lambda row: row.instrument(self.venue))
            # The cursor comes encoded for the query.
            following = unquote(reply.result.nextPageCursor)
            if not rows or following in ("", cursor):
                return listing
            return msgspec.structs.replace(listing, more=self._linear_instruments(following))

        page = {"cursor": cursor} if cursor else {}
        return self._ask(
            "instruments", Kind.PERPETUAL, _INSTRUMENTS, _ROWS, read, limit=_MOST_ROWS, **page
        )

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        def read(reply: Reply[listing.BookReply], received_ns: int) -> BookSnapshot:
            return reply.result.snapshot(instrument, reply.result.venue_ns, received_ns)

        limit = min(depth or _MOST_ROWS, _MOST_ROWS)
        return self._ask("book", instrument, "/v5/market/orderbook", _BOOK, read, limit=limit)

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(reply: Reply[Rows[listing.TradeReply]], received_ns: int) -> list[Trade]:
            # As all lists, this one seems to have the newest first, but nobody promises it.
            rows = reply.result.list[::-1]
            rows.sort(key=lambda row: row.time)
            return [row.trade(instrument, received_ns) for row in rows]

        return self._ask(
            "trades",
            instrument,
            "/v5/market/recent-trade",
            _TRADES,
            read,
            limit=min(limit, _MOST_TRADES[instrument.kind]),
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        def read(reply: Reply[Rows[market_data.TickerRow]], received_ns: int) -> Ticker:
            return reply.result.list[0].ticker(instrument, reply.time * NS_PER_MS, received_ns)

        return self._ask("ticker", instrument, "/v5/market/tickers", _TICKERS, read)

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        def read(reply: Reply[Rows[market_data.TickerRow]], received_ns: int) -> list[Ticker]:
            found = ((row, find(kind, row.symbol)) for row in reply.result.list)
            venue_ns = reply.time * NS_PER_MS
            return [row.ticker(one, venue_ns, received_ns) for row, one in found if one]

        return self._ask("tickers", kind, "/v5/market/tickers", _TICKERS, read)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(reply: Reply[Rows[listing.KlineRow]], received_ns: int) -> list[Kline]:
            rows = reply.result.list  # the newest first, and it alone may still be open
            return [
                row.kline(instrument, interval, None if row is rows[0] else True, received_ns)
                for row in reversed(rows)
            ]

        return self._ask(
            "klines",
            instrument,
            "/v5/market/kline",
            _CANDLES,
            read,
            interval=CANDLE_NAMES[interval],
            limit=min(limit, _MOST_ROWS),
        )

    def server_time(self) -> Request[int]:
        return self._ask(
            "time", None, "/v5/market/time", _TIME, lambda reply, _: reply.result.timeNano
        )

    def ping(self) -> Request[None]:
        """The venue has no lighter request than its time."""
        return self._ask("ping", None, "/v5/market/time", _TIME, lambda reply, _: None)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        return self._state("funding", instrument, market_data.LinearTickerRow.funding)

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self._state("mark price", instrument, market_data.LinearTickerRow.mark_price)

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        """Of the ticker, which tells its value as well."""
        return self._state("open interest", instrument, market_data.LinearTickerRow.open_interest)

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        def read(reply: Reply[Rows[listing.FundingRow]], received_ns: int) -> list[FundingCharge]:
            rows = sorted(reply.result.list, key=lambda row: row.fundingRateTimestamp)
            return [row.charge(instrument, received_ns) for row in rows]

        return self._ask(
            "funding history",
            instrument,
            "/v5/market/funding/history",
            _CHARGES,
            read,
            limit=min(limit, _MOST_CHARGES),
        )

    def _state(
        self,
        name: str,
        instrument: Instrument,
        translate: Callable[[market_data.LinearTickerRow, Instrument, int, int], U | None],
    ) -> Request[U]:
        """What the ticker of a linear contract tells beside."""

        def read(reply: Reply[Rows[market_data.LinearTickerRow]], received_ns: int) -> U:
            row, venue_ns = reply.result.list[0], reply.time * NS_PER_MS
            state = translate(row, instrument, venue_ns, received_ns)
            if state is None:
                raise ValueError(f"{instrument.native} has no {name}")
            return state

        return self._ask(name, instrument, "/v5/market/tickers", _LINEAR_TICKERS, read)

    def _ask(
        self,
        name: str,
        about: Instrument | Kind | None,
        path: str,
        decoder: "msgspec.json.Decoder[Reply[Result]]",
        translate: Callable[[Reply[Result], int], T],
        **query: str | int,
    ) -> Request[T]:
        instrument = about if isinstance(about, Instrument) else None
        kind = about.kind if isinstance(about, Instrument) else about
        if kind:
            query = {"category": CATEGORIES[kind], **query}
        return self._get(
            name,
            "rest",
            path,
            decoder,
            translate,
            costs=((BUCKET, 1),),
            instrument=instrument,
            **query,
        )
