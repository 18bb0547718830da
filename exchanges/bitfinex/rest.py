"""Bitfinex v2 public REST: requests and readers.

Source: docs.bitfinex.com, v2 REST "Public Endpoints" (2026). Limits are per path and minute.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import ClassVar, Final, TypeVar

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from exchanges.bitfinex import listing, market_data
from exchanges.bitfinex.market_data import CANDLE_NAMES, StatusRow, kind_of
from exchanges.errors import (
    SAMPLE_BYTES,
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    TradingDisabled,
    VenueProtocolError,
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
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import KlineInterval
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_CONF: Final = msgspec.json.Decoder(list[list[Raw]])
_PAIR: Final = msgspec.json.Decoder(listing.PairInfo)
_BOOK: Final = msgspec.json.Decoder(list[market_data.BookRow])
_TRADES: Final = msgspec.json.Decoder(list[market_data.TradeRow])
_TICKER: Final = msgspec.json.Decoder(market_data.TickerRow)
_ROWS: Final = msgspec.json.Decoder(list[Raw])
_ROW: Final = msgspec.json.Decoder(list[Raw])
_NAMED: Final = msgspec.json.Decoder(listing.Named)
_CANDLES: Final = msgspec.json.Decoder(list[market_data.CandleRow])
_STATUS: Final = msgspec.json.Decoder(StatusRow)
_STATUSES: Final = msgspec.json.Decoder(list[StatusRow])
_PLATFORM: Final = msgspec.json.Decoder(list[int])
_ERROR_ROW: Final = msgspec.json.Decoder(listing.ErrorRow)
_ERROR_BODY: Final = msgspec.json.Decoder(listing.ErrorBody)

# Requests a minute, where a range is given the least of it.
LIMITS: Final[Mapping[str, int]] = {
    "platform": 30,
    "conf": 90,
    "tickers": 90,
    "book": 240,
    "trades": 15,
    "candles": 30,
    "status": 90,
}
_INFO: Final = "/v2/conf/pub:info:pair"
_PATHS: Final = {Kind.SPOT: _INFO, Kind.PERPETUAL: f"{_INFO}:futures"}
_STATE: Final = "/v2/platform/status"
_DERIV: Final = "/v2/status/deriv"
_DEPTHS: Final = (1, 25, 100)
_MOST_ROWS: Final = 10_000
_MOST_STATES: Final = 5_000
# States come about once a minute, and a charge every eight hours.
_STATES_PER_CHARGE: Final = 480
_HTTP_DATE: Final = "%a, %d %b %Y %H:%M:%S GMT"

_ERRORS: Final[Mapping[int, type[ExchangeError]]] = {
    10000: VenueUnavailable,
    10100: AuthenticationError,
    10111: AuthenticationError,
    10112: AuthenticationError,
    10113: AuthenticationError,
    10114: TimestampError,
    10200: PermissionDenied,
    10302: InvalidSymbol,
    20051: VenueUnavailable,
    20060: TradingDisabled,
}
_TOO_MANY: Final = frozenset({11010, 10008})
_TOO_MANY_TEXT: Final = "ERR_RATE_LIMIT"
_UNKNOWN: Final = ("symbol: invalid", "Unknown symbol")
_UNAVAILABLE: Final = "temporarily_unavailable"


class BitfinexRest(PublicRest):
    """Public requests."""

    venue = "bitfinex"
    # An address that asks too often is shut out for ten to sixty seconds.
    retry_s = 60.0
    clock_step_ns = NS_PER_S
    paths: ClassVar = {path: ("instruments", kind) for kind, path in _PATHS.items()}

    def kind_of(self, native: str) -> Kind:
        return kind_of(native)

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        """Errors are arrays of the engine, mostly with HTTP 500, or objects of what is before."""
        code: int | None = None
        if response.body.startswith(b"{"):
            body = _ERROR_BODY.decode(response.body)
            text = body.error
            message = body.error_description or body.error
        elif response.body.startswith(b'["error"'):
            row = _ERROR_ROW.decode(response.body)
            code, text, message = row.code, row.text, row.text
        else:
            return None
        error = _ERRORS.get(code or 0, ExchangeError)
        if text.startswith(_UNKNOWN):
            error = InvalidSymbol
        if text == _UNAVAILABLE:
            error = VenueUnavailable
        shown = text[:SAMPLE_BYTES] if code is None else str(code)[:SAMPLE_BYTES]
        if code in _TOO_MANY or text == _TOO_MANY_TEXT:
            return RateLimited(
                message[:SAMPLE_BYTES],
                venue=self.venue,
                code=shown,
                asked=asked,
                retry_after_s=self.retry_s,
            )
        return error(message[:SAMPLE_BYTES], venue=self.venue, code=shown, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        return self._listed(Kind.SPOT), self._listed(Kind.PERPETUAL)

    def _listed(self, kind: Kind) -> Request[Listing]:
        def read(confs: list[list[Raw]], _: int) -> Listing:
            return self._listing(confs[0], _PAIR, lambda row: row.instrument(self.venue, kind))

        return self._ask("instruments", None, _PATHS[kind], "conf", _CONF, read)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        deepest = _DEPTHS[-1]
        return self._ask(
            "book",
            instrument,
            f"/v2/book/t{instrument.native}/P0",
            "book",
            _BOOK,
            lambda rows, received_ns: market_data.book_snapshot(rows, instrument, received_ns),
            len=next((each for each in _DEPTHS if each >= (depth or deepest)), deepest),
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(rows: list[market_data.TradeRow], received_ns: int) -> list[Trade]:
            # The venue lists the newest first.
            return [row.trade(instrument, received_ns) for row in reversed(rows)]

        path = f"/v2/trades/t{instrument.native}/hist"
        limit = min(limit, _MOST_ROWS)
        return self._ask("trades", instrument, path, "trades", _TRADES, read, limit=limit)

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask(
            "ticker",
            instrument,
            f"/v2/ticker/t{instrument.native}",
            "tickers",
            _TICKER,
            lambda row, received_ns: row.ticker(instrument, received_ns),
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        """One list has the markets of all kinds, and currencies to be lent, which have no `t`."""

        def read(rows: list[Raw], received_ns: int) -> list[Ticker]:
            tickers: list[Ticker] = []
            for row in rows:
                symbol = _NAMED.decode(row).symbol
                native = symbol.removeprefix("t")
                is_wanted = native != symbol and kind_of(native) is kind
                if is_wanted and (instrument := find(kind, native)):
                    fields = msgspec.json.encode(_ROW.decode(row)[1:])
                    tickers.append(_TICKER.decode(fields).ticker(instrument, received_ns))
            return tickers

        return self._ask("tickers", None, "/v2/tickers", "tickers", _ROWS, read, symbols="ALL")

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(rows: list[market_data.CandleRow], received_ns: int) -> list[Kline]:
            return [row.kline(instrument, interval, received_ns) for row in reversed(rows)]

        path = f"/v2/candles/trade:{CANDLE_NAMES[interval]}:t{instrument.native}/hist"
        limit = min(limit, _MOST_ROWS)
        return self._ask("klines", instrument, path, "candles", _CANDLES, read, limit=limit)

    def server_time(self) -> Request[int]:
        """In whole seconds: no request tells the time but by the date of its answer."""
        request = self.ping()

        def read(response: Response) -> int:
            request.read(response)
            text = response.headers.get("date", "")
            try:
                at = datetime.strptime(text, _HTTP_DATE).replace(tzinfo=UTC)
            except ValueError as error:
                raise VenueProtocolError(
                    str(error), venue=self.venue, payload=text, asked=str(request)
                ) from error
            return int(at.timestamp()) * NS_PER_S

        return Request(
            venue=self.venue,
            name="time",
            endpoint=request.endpoint,
            path=request.path,
            read=read,
            costs=request.costs,
        )

    def ping(self) -> Request[None]:
        """The venue's state; the answer is `VenueUnavailable` while it is under maintenance."""

        def read(states: list[int], _: int) -> None:
            if states[0] != 1:
                raise VenueUnavailable("the venue is under maintenance", venue=self.venue)

        return self._ask("ping", None, _STATE, "platform", _PLATFORM, read)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        return self._state("funding", instrument, StatusRow.funding)

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self._state("mark price", instrument, StatusRow.mark)

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._state("open interest", instrument, StatusRow.interest)

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        """The venue keeps states, not charges: some ten charges can be had at once."""
        limit = min(limit, _MOST_ROWS)
        return self._ask(
            "funding history",
            instrument,
            f"{_DERIV}/t{instrument.native}/hist",
            "status",
            _STATUSES,
            lambda rows, received_ns: listing.charges(rows, instrument, received_ns)[-limit:],
            limit=min((limit + 1) * _STATES_PER_CHARGE, _MOST_STATES),
        )

    def _state(
        self,
        name: str,
        instrument: Instrument,
        tell: Callable[[StatusRow, Instrument, int], T | None],
    ) -> Request[T]:
        """A request for the state of one perpetual, whose row begins with its symbol."""

        def read(rows: list[Raw], received_ns: int) -> T:
            fields = msgspec.json.encode(_ROW.decode(rows[0])[1:])
            told = tell(_STATUS.decode(fields), instrument, received_ns)
            if told is None:
                raise VenueUnavailable(f"no {name} is told now", venue=self.venue)
            return told

        keys = f"t{instrument.native}"
        return self._ask(name, instrument, _DERIV, "status", _ROWS, read, keys=keys)

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        bucket: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        **query: str | int,
    ) -> Request[T]:
        request = self._get(
            name,
            "rest",
            path,
            decoder,
            translate,
            costs=((bucket, 1),),
            instrument=None,  # which would name it in the query instead of the path
            **query,
        )
        return replace(request, instrument=instrument)
