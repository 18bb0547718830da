"""Gate API v4 public REST: the requests that all markets have, and how errors are told.

Source: "Spot", "Futures" and the error labels of the API v4 documentation (stored copies of
2025). The limit is per path and address, within ten seconds.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from msgspec.structs import replace

from exchanges.dialects.gate_v4.listing import ErrorBody, ServerTime
from exchanges.dialects.gate_v4.market_data import CANDLE_NAMES, Subject
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
from exchanges.limits import Rate
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

RAW_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_SUBJECT: Final = msgspec.json.Decoder(Subject)
_TIME: Final = msgspec.json.Decoder(ServerTime)
_ERROR: Final = msgspec.json.Decoder(ErrorBody)

_PREFIX: Final = "/api/v4"
_TIME_PATH: Final = "/spot/time"  # the one clock of all markets
_WINDOW_S: Final = 10.0
LIMIT: Final = Rate.within(200, _WINDOW_S)
"""Of each path."""

# More levels may be had (ccxt asks for up to 1000), but only so many are documented. As many are
# kept up to date by the stream that books are joined to.
BOOK_LEVELS: Final = 100
_MOST_TRADES: Final = 1000

_ERRORS: Final[dict[str, type[ExchangeError]]] = {
    "INVALID_CURRENCY_PAIR": InvalidSymbol,
    "INVALID_CURRENCY": InvalidSymbol,
    "CONTRACT_NOT_FOUND": InvalidSymbol,
    "IP_FORBIDDEN": PermissionDenied,
    "FORBIDDEN": PermissionDenied,
    "TRADE_RESTRICTED": TradingDisabled,
    "INTERNAL": VenueUnavailable,
    "SERVER_ERROR": VenueUnavailable,
    "TOO_BUSY": VenueUnavailable,
}
_TOO_MANY: Final = frozenset({"TOO_MANY_REQUESTS", "TOO_FAST"})


class Rows(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What reads one row of each reply, or the whole of a book.

    The wire structs that they give have a method named after what they mean: `instrument`,
    `snapshot`, `trade`, `ticker`, `kline`.
    """

    instrument: msgspec.json.Decoder[Any]
    depth: msgspec.json.Decoder[Any]
    trades: msgspec.json.Decoder[list[Any]]
    ticker: msgspec.json.Decoder[Any]
    klines: msgspec.json.Decoder[list[Any]]


class GateRest(OldRest):
    """Public requests of the markets of one kind.

    A venue gives the `root` of its paths, the name of its list of markets, what reads its
    `rows`, the most candles that one reply holds, and `headers` for every request.
    """

    retry_s = _WINDOW_S  # no Retry-After is sent; a window later the venue has forgotten
    kind: ClassVar[Kind]
    root: ClassVar[str]
    list_name: ClassVar[str]
    rows: ClassVar[Rows]
    most_candles: ClassVar[int] = 1000
    headers: ClassVar[tuple[tuple[str, str], ...]] = ()
    more_paths: ClassVar[tuple[str, ...]] = ()
    """Those below the root that are the venue's own."""

    def __init_subclass__(cls) -> None:
        cls.paths = {
            f"{_PREFIX}{cls.root}/{cls.list_name}": ("instruments", cls.kind),
            f"{_PREFIX}{cls.root}/order_book": ("book", cls.kind),
        }

    @property
    def limits(self) -> dict[str, Rate]:
        """What each path allows."""
        names = (self.list_name, "order_book", "trades", "tickers", "candlesticks")
        own = [f"{self.root}/{name}" for name in (*names, *self.more_paths)]
        return {_PREFIX + path: LIMIT for path in (*own, _TIME_PATH)}

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        if response.status < 400 or not response.body.startswith(b"{"):
            return None
        body = _ERROR.decode(response.body)
        message = (body.message or body.detail)[:SAMPLE_BYTES]
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
        return (self._ask("instruments", None, self.list_name, RAW_ROWS, self._markets),)

    def _markets(self, rows: list[msgspec.Raw], received_ns: int) -> Listing:
        return self._listing(rows, self.rows.instrument, lambda row: row.instrument(self.venue))

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        def read(reply: Any, received_ns: int) -> BookSnapshot:
            snapshot: BookSnapshot = reply.snapshot(instrument, BOOK_LEVELS, received_ns)
            return snapshot

        return self._ask(
            "book",
            instrument,
            "order_book",
            self.rows.depth,
            read,
            limit=min(depth or BOOK_LEVELS, BOOK_LEVELS),
            with_id="true",
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(rows: list[Any], received_ns: int) -> list[Trade]:
            # Nobody promises an order.
            rows.sort(key=lambda row: row.id)
            trades = (row.trade(instrument, received_ns) for row in rows)
            return [trade for trade in trades if trade]

        return self._ask(
            "trades", instrument, "trades", self.rows.trades, read, limit=min(limit, _MOST_TRADES)
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._of_ticker(
            "ticker",
            instrument,
            lambda row, received_ns: row.ticker(instrument, None, received_ns),
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        if kind is not self.kind:
            raise self._absent(f"tickers of {kind} markets")

        def read(rows: list[msgspec.Raw], received_ns: int) -> list[Ticker]:
            named = ((find(kind, _SUBJECT.decode(row).name), row) for row in rows)
            return [
                self.rows.ticker.decode(row).ticker(instrument, None, received_ns)
                for instrument, row in named
                if instrument
            ]

        return self._ask("tickers", None, "tickers", RAW_ROWS, read)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(rows: list[Any], received_ns: int) -> list[Kline]:
            klines = (row.kline(instrument, interval, received_ns) for row in rows)
            return sorted(klines, key=lambda kline: kline.open_ns)

        return self._ask(
            "klines",
            instrument,
            "candlesticks",
            self.rows.klines,
            read,
            interval=CANDLE_NAMES[interval],
            limit=min(limit, self.most_candles),
        )

    def server_time(self) -> Request[int]:
        return self._of_time("time", lambda reply, _: reply.server_time * NS_PER_MS)

    def ping(self) -> Request[None]:
        """The venue has no cheaper request than its time."""
        return self._of_time("ping", lambda reply, _: None)

    def _of_time(self, name: str, translate: Callable[[ServerTime, int], T]) -> Request[T]:
        path = _PREFIX + _TIME_PATH
        return self._get(name, "rest", path, _TIME, translate, costs=((path, 1),))

    def _of_ticker(
        self, name: str, instrument: Instrument, translate: Callable[[Any, int], T]
    ) -> Request[T]:
        """A request for the ticker of one market."""

        def read(rows: list[msgspec.Raw], received_ns: int) -> T:
            return translate(self.rows.ticker.decode(rows[0]), received_ns)

        return self._ask(name, instrument, "tickers", RAW_ROWS, read)

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        *,
        item: str = "",
        **query: str | int,
    ) -> Request[T]:
        """A GET below the root, or of one `item` below that, which shares the limit."""
        target = f"{_PREFIX}{self.root}/{path}"
        request = self._get(
            name,
            "rest",
            f"{target}/{item}" if item else target,
            decoder,
            translate,
            costs=((target, 1),),
            instrument=instrument,
            **query,
        )
        return replace(request, headers=self.headers)
