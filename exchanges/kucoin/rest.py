"""KuCoin spot public REST: requests and readers.

Source: "Classic" REST documentation, its errors and its weights (2026). All public requests of
an address share one budget.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from exchanges.errors import (
    SAMPLE_BYTES,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.kucoin import listing
from exchanges.kucoin.classic import CandleRow
from exchanges.kucoin.listing import Reply
from exchanges.kucoin.market_data import CANDLE_NAMES
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, Millis, optional
from exchanges.market.topics import KlineInterval
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Data = TypeVar("Data")

_ROWS: Final = msgspec.json.Decoder(Reply[list[msgspec.Raw]])
_INSTRUMENT: Final = msgspec.json.Decoder(listing.InstrumentInfo)
_DEPTH: Final = msgspec.json.Decoder(Reply[listing.Depth], strict=False)
_TRADES: Final = msgspec.json.Decoder(Reply[list[listing.TradeRow]], strict=False)
_STATS: Final = msgspec.json.Decoder(Reply[listing.StatsReply], strict=False)
_ALL_STATS: Final = msgspec.json.Decoder(Reply[listing.AllStats], strict=False)
_CANDLES: Final = msgspec.json.Decoder(Reply[list[CandleRow]], strict=False)
_TIME: Final = msgspec.json.Decoder(Reply[Millis])
_ERROR: Final = msgspec.json.Decoder(listing.ErrorBody)

BUCKET: Final = "public"
_WINDOW_S: Final = 30.0
BUDGET: Final = (2000, _WINDOW_S)
"""Weight that an address may spend within so many seconds."""

_INSTRUMENTS: Final = "/api/v2/symbols"
_OLD_INSTRUMENTS: Final = "/api/v1/symbols"
_BOOK: Final = "/api/v1/market/orderbook/level2"
_FULL_BOOK: Final = "/api/v3/market/orderbook/level2"
_BOOK_WEIGHTS: Final = {20: 2, 100: 4}
_MOST_LEVELS: Final = 100

_ERRORS: Final[Mapping[str, type[ExchangeError]]] = {
    "900001": InvalidSymbol,
    "400600": TradingDisabled,
    "126004": TradingDisabled,
    "400303": PermissionDenied,
    "400500": PermissionDenied,
    "400006": PermissionDenied,
    "230005": VenueUnavailable,
    "408000": VenueUnavailable,
    "500000": VenueUnavailable,
}
# One code is used for all bad parameters; the words tell an unknown market.
_BAD_PARAMETER: Final = "400100"
_UNKNOWN_PAIR: Final = "Unsupported trading pair"
_TOO_MANY: Final = frozenset({"429000", "429", "1015", "200002"})
# Of the edge before the venue: an address that asks too often is shut out for some minutes.
_FORBIDDEN: Final = 403
_SHUT_OUT: Final = b"1015"
_SHUT_OUT_S: Final = 300.0


class KucoinRest(OldRest):
    """Public requests."""

    venue = "kucoin"
    retry_s = _WINDOW_S
    paths: ClassVar = {
        _INSTRUMENTS: ("instruments", Kind.SPOT),
        f"{_BOOK}_{_MOST_LEVELS}": ("book", Kind.SPOT),
    }

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        """Errors come with HTTP 200 as well; the code says more than the status."""
        if response.status == _FORBIDDEN and _SHUT_OUT in response.body:
            return RateLimited(
                "too many requests",
                venue=self.venue,
                code=_SHUT_OUT.decode(),
                asked=asked,
                retry_after_s=_SHUT_OUT_S,
            )
        if not response.body.startswith(b"{"):
            return None
        body = _ERROR.decode(response.body)
        if body.code == "200000":
            return None
        code, message = body.code[:SAMPLE_BYTES], body.msg[:SAMPLE_BYTES]
        if code in _TOO_MANY:
            return RateLimited(
                message,
                venue=self.venue,
                code=code,
                asked=asked,
                retry_after_s=_retry_after_s(response),
            )
        error = _ERRORS.get(code, ExchangeError)
        if code == _BAD_PARAMETER and _UNKNOWN_PAIR in message:
            error = InvalidSymbol
        return error(message, venue=self.venue, code=code, asked=asked)

    def _raise_for(self, response: Response, asked: str) -> None:
        """The venue tells the wait in a header of its own."""
        if response.status == 429:
            raise RateLimited(
                "HTTP 429",
                venue=self.venue,
                code="429",
                asked=asked,
                retry_after_s=_retry_after_s(response),
            )
        super()._raise_for(response, asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        return (self._instruments(_INSTRUMENTS),)

    def _instruments(self, path: str) -> Request[Listing]:
        def read(reply: Reply[list[msgspec.Raw]], _: int) -> Listing:
            return self._listing(reply.data, _INSTRUMENT, lambda row: row.instrument(self.venue))

        return self._ask("instruments", None, path, _ROWS, read, 4)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        """The best levels, to which no stream can be joined; the whole book needs a login."""
        wanted = depth or _MOST_LEVELS
        levels = next((each for each in _BOOK_WEIGHTS if each >= wanted), _MOST_LEVELS)
        return self._depth(instrument, f"{_BOOK}_{levels}", levels, _BOOK_WEIGHTS[levels])

    def _depth(
        self, instrument: Instrument, path: str, window: int, weight: int
    ) -> Request[BookSnapshot]:
        return self._ask(
            "book",
            instrument,
            path,
            _DEPTH,
            lambda reply, received_ns: reply.data.snapshot(instrument, window, received_ns),
            weight,
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        """The venue gives a hundred, however many are wanted."""

        def read(reply: Reply[list[listing.TradeRow]], received_ns: int) -> list[Trade]:
            # Nobody promises an order.
            rows = sorted(reply.data, key=lambda row: int(row.sequence))
            return [row.trade(instrument, received_ns) for row in rows[-limit:]]

        return self._ask("trades", instrument, "/api/v1/market/histories", _TRADES, read, 3)

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask(
            "ticker",
            instrument,
            "/api/v1/market/stats",
            _STATS,
            lambda reply, received_ns: reply.data.ticker(instrument, reply.data.time, received_ns),
            15,
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        if kind is not Kind.SPOT:
            raise self._absent(f"tickers of {kind} markets")

        def read(reply: Reply[listing.AllStats], received_ns: int) -> list[Ticker]:
            found = ((row, find(kind, row.symbol)) for row in reply.data.ticker)
            time_ms = reply.data.time
            return [row.ticker(one, time_ms, received_ns) for row, one in found if one]

        return self._ask("tickers", None, "/api/v1/market/allTickers", _ALL_STATS, read, 15)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        """Without times the venue gives as many of the latest as it has, up to 1500."""
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(reply: Reply[list[CandleRow]], received_ns: int) -> list[Kline]:
            rows = reply.data[:limit]  # the newest first, and it alone may still be open
            return [
                row.kline(
                    instrument, interval, None, received_ns, closed=None if row is rows[0] else True
                )
                for row in reversed(rows)
            ]

        return self._ask(
            "klines",
            instrument,
            "/api/v1/market/candles",
            _CANDLES,
            read,
            3,
            type=CANDLE_NAMES[interval],
        )

    def server_time(self) -> Request[int]:
        return self._ask(
            "time", None, "/api/v1/timestamp", _TIME, lambda reply, _: reply.data * NS_PER_MS, 3
        )

    def ping(self) -> Request[None]:
        """The venue has no lighter request than its time."""
        return self._ask("ping", None, "/api/v1/timestamp", _TIME, lambda reply, _: None, 3)

    def recognise(
        self, url: str, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[Listing] | Request[BookSnapshot] | None:
        """Recordings also hold lists of another version, and whole books."""
        parts = urlsplit(url)
        if parts.path.endswith(_OLD_INSTRUMENTS):
            return self._instruments(_OLD_INSTRUMENTS)
        if parts.path.endswith(_FULL_BOOK):
            native = dict(parse_qsl(parts.query)).get(self.symbol_parameter, "")
            instrument = find(Kind.SPOT, native)
            return self._depth(instrument, _FULL_BOOK, 0, 3) if instrument else None
        return super().recognise(url, find)

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        decoder: "msgspec.json.Decoder[Reply[Data]]",
        translate: Callable[[Reply[Data], int], T],
        weight: int,
        **query: str | int,
    ) -> Request[T]:
        return self._get(
            name,
            "rest",
            path,
            decoder,
            translate,
            costs=((BUCKET, weight),),
            instrument=instrument,
            **query,
        )


def _retry_after_s(response: Response) -> float:
    """When the budget is full again: milliseconds of a header, else a whole window."""
    try:
        wait_ms = optional(response.headers.get("gw-ratelimit-reset", ""))
    except ValueError:
        return _WINDOW_S
    return _WINDOW_S if wait_ms is None else min(wait_ms / 1000, _WINDOW_S)
