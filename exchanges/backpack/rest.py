"""Backpack public REST: requests and readers.

Source: API document (copy of August 2026), wire probes of September 2026, and the limits that the
venue's support tells.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Final, TypeVar

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from exchanges.backpack import listing as wire
from exchanges.backpack.market_data import CANDLE_NAMES, kind_of
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
from exchanges.market.numbers import NS_PER_MS, NS_PER_S, Millis
from exchanges.market.topics import KlineInterval
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_ROWS: Final = msgspec.json.Decoder(list[Raw])
_MARKET: Final = msgspec.json.Decoder(wire.MarketInfo, strict=False)
_DEPTH: Final = msgspec.json.Decoder(wire.Depth, strict=False)
_TRADES: Final = msgspec.json.Decoder(list[wire.TradeRow], strict=False)
_NAMED: Final = msgspec.json.Decoder(wire.Named)
_TICKER: Final = msgspec.json.Decoder(wire.TickerRow, strict=False)
_KLINES: Final = msgspec.json.Decoder(list[wire.KlineRow], strict=False)
_TIME: Final = msgspec.json.Decoder(Millis)
_HEALTH: Final = msgspec.json.Decoder(wire.Health)
_MARK_PRICES: Final = msgspec.json.Decoder(list[wire.MarkPriceRow], strict=False)
_FUNDING: Final = msgspec.json.Decoder(list[wire.FundingRow], strict=False)
_OPEN_INTEREST: Final = msgspec.json.Decoder(list[wire.OpenInterestRow], strict=False)
_ERROR: Final = msgspec.json.Decoder(wire.ErrorBody)

_PREFIX: Final = "/api/v1"
REQUESTS: Final = "requests"
HISTORY: Final = "history"
"""What returns spans of time has a bucket of its own."""

# The only depths that are allowed; without one the venue tells up to 5000 levels.
_DEPTHS: Final = (5, 10, 20, 50, 100, 500, 1000)
SYNC_LEVELS: Final = _DEPTHS[-1]
_MOST_TRADES: Final = 1000
_MOST_CHARGES: Final = 1000  # more are documented, but so many were seen to work
_NO_CONTENT: Final = 204

_ERRORS: Final[Mapping[str, type[ExchangeError]]] = {
    "INVALID_MARKET": InvalidSymbol,
    "INVALID_SYMBOL": InvalidSymbol,
    "INVALID_ASSET": InvalidSymbol,
    "FORBIDDEN": PermissionDenied,
    "TRADING_PAUSED": TradingDisabled,
    "MAINTENANCE": VenueUnavailable,
    "SERVER_ERROR": VenueUnavailable,
    "TIMEOUT": VenueUnavailable,
}
_TOO_MANY: Final = "TOO_MANY_REQUESTS"
# Of a code that stands for all sorts of mistakes.
_UNKNOWN_MARKET: Final = "invalid market symbol"


class BackpackRest(PublicRest):
    """Public requests."""

    venue = "backpack"
    paths: ClassVar = {
        f"{_PREFIX}/markets": ("instruments", None),
        f"{_PREFIX}/depth": ("book", None),
    }

    def kind_of(self, native: str) -> Kind:
        return kind_of(native)

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        """Some errors are plain text; a market without trades has no statistics at all."""
        if response.status == _NO_CONTENT:
            return ExchangeError("nothing to tell", venue=self.venue, code="204", asked=asked)
        if response.status < 400 or not response.body.startswith(b"{"):
            return None
        body = _ERROR.decode(response.body)
        message = body.message[:SAMPLE_BYTES]
        if body.code == _TOO_MANY:
            return RateLimited(
                message,
                venue=self.venue,
                code=body.code,
                asked=asked,
                retry_after_s=self.retry_s,
            )
        error = _ERRORS.get(body.code, ExchangeError)
        if message.lower() == _UNKNOWN_MARKET:
            error = InvalidSymbol
        return error(message, venue=self.venue, code=body.code, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(rows: list[Raw], _: int) -> Listing:
            return self._listing(rows, _MARKET, lambda row: row.instrument(self.venue))

        return (self._ask("instruments", None, "/markets", _ROWS, read),)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        wanted = depth or SYNC_LEVELS
        return self._ask(
            "book",
            instrument,
            "/depth",
            _DEPTH,
            lambda reply, received_ns: reply.snapshot(instrument, received_ns),
            limit=next((each for each in _DEPTHS if each >= wanted), SYNC_LEVELS),
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(rows: list[wire.TradeRow], received_ns: int) -> list[Trade]:
            # Nobody promises an order.
            rows.sort(key=lambda row: row.id)
            return [row.trade(instrument, received_ns) for row in rows]

        return self._ask(
            "trades", instrument, "/trades", _TRADES, read, limit=min(limit, _MOST_TRADES)
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask(
            "ticker",
            instrument,
            "/ticker",
            _TICKER,
            lambda reply, received_ns: reply.ticker(instrument, received_ns),
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        """One list has the markets of all kinds."""

        def read(rows: list[Raw], received_ns: int) -> list[Ticker]:
            named = ((_NAMED.decode(row).symbol, row) for row in rows)
            found = ((find(kind, name), row) for name, row in named if kind_of(name) is kind)
            return [
                _TICKER.decode(row).ticker(instrument, received_ns)
                for instrument, row in found
                if instrument
            ]

        return self._ask("tickers", None, "/tickers", _ROWS, read)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        """The venue has to be told since when."""
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(rows: list[wire.KlineRow], received_ns: int) -> list[Kline]:
            klines = (row.kline(instrument, interval, received_ns) for row in rows)
            return sorted(klines, key=lambda kline: kline.open_ns)[-limit:]

        request = self._ask(
            "klines",
            instrument,
            "/klines",
            _KLINES,
            read,
            bucket=HISTORY,
            interval=CANDLE_NAMES[interval],
        )
        return replace(request, dated=partial(_since, interval.seconds * limit))

    def server_time(self) -> Request[int]:
        return self._ask("time", None, "/time", _TIME, lambda now_ms, _: now_ms * NS_PER_MS)

    def ping(self) -> Request[None]:
        """The venue's state, which says more than its ping.

        The answer is `VenueUnavailable` while it is under maintenance.
        """

        def read(health: wire.Health, _: int) -> None:
            if health.status != "Ok":
                message = health.message or health.status
                raise VenueUnavailable(message[:SAMPLE_BYTES], venue=self.venue)

        return self._ask("ping", None, "/status", _HEALTH, read)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        """The running estimate; the instrument must tell its interval.

        The answer is `VenueUnavailable` if a cache of the venue's, up to an hour old in an outage,
        tells of an interval that is over.
        """
        interval_s = instrument.funding_interval_s
        if interval_s is None:
            raise CodecUsageError(f"nothing tells how often {instrument.symbol} is charged")

        def read(rows: list[wire.MarkPriceRow], received_ns: int) -> Funding:
            funding = rows[0].funding(instrument, interval_s, received_ns)
            if funding.next_ns is None or funding.next_ns <= received_ns:
                raise VenueUnavailable("the rate is out of date", venue=self.venue)
            return funding

        return self._ask("funding", instrument, "/markPrices", _MARK_PRICES, read)

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        def read(rows: list[wire.FundingRow], received_ns: int) -> list[FundingCharge]:
            charges = (row.charge(instrument, received_ns) for row in rows)
            past = (charge for charge in charges if charge.charged_ns <= received_ns)
            return sorted(past, key=lambda charge: charge.charged_ns)

        return self._ask(
            "funding history",
            instrument,
            "/fundingRates",
            _FUNDING,
            read,
            bucket=HISTORY,
            limit=min(limit, _MOST_CHARGES),
        )

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self._ask(
            "mark price",
            instrument,
            "/markPrices",
            _MARK_PRICES,
            lambda rows, received_ns: rows[0].mark_price(instrument, received_ns),
        )

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._ask(
            "open interest",
            instrument,
            "/openInterest",
            _OPEN_INTEREST,
            lambda rows, received_ns: rows[0].open_interest(instrument, received_ns),
        )

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        bucket: str = REQUESTS,
        **query: str | int,
    ) -> Request[T]:
        return self._get(
            name,
            "rest",
            _PREFIX + path,
            decoder,
            translate,
            costs=((bucket, 1),),
            instrument=instrument,
            **query,
        )


def _since(length_s: int, now_ns: int) -> tuple[tuple[str, str], ...]:
    """From so long ago on, in whole seconds."""
    return (("startTime", str(now_ns // NS_PER_S - length_s)),)
