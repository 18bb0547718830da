"""Lighter public REST: requests and readers.

Source: official REST document (July 2026), and the models of the official client of October 2026.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Final, TypeVar

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from exchanges.errors import (
    SAMPLE_BYTES,
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.lighter import listing as wire
from exchanges.lighter import market_data
from exchanges.lighter.market_data import CANDLE_NAMES, FUNDING_S, kind_of
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
from exchanges.market.numbers import NS_PER_MS, NS_PER_S
from exchanges.market.topics import KlineInterval
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")
Row = TypeVar("Row")

_MARKETS: Final = msgspec.json.Decoder(wire.Markets, strict=False)
_RULES: Final = msgspec.json.Decoder(wire.MarketRules, strict=False)
_NAMED: Final = msgspec.json.Decoder(wire.Named, strict=False)
_TICKER: Final = msgspec.json.Decoder(market_data.Stats, strict=False)
_PERPETUAL: Final = msgspec.json.Decoder(wire.PerpetualRow, strict=False)
_INTEREST: Final = msgspec.json.Decoder(wire.InterestRow, strict=False)
_ORDERS: Final = msgspec.json.Decoder(wire.Orders, strict=False)
_TRADES: Final = msgspec.json.Decoder(wire.Trades, strict=False)
_CANDLES: Final = msgspec.json.Decoder(wire.Candles, strict=False)
_RATES: Final = msgspec.json.Decoder(wire.FundingRates, strict=False)
_FUNDINGS: Final = msgspec.json.Decoder(wire.Fundings, strict=False)
_STATE: Final = msgspec.json.Decoder(wire.State, strict=False)
_ERROR: Final = msgspec.json.Decoder(wire.ErrorBody, strict=False)

_PREFIX: Final = "/api/v1"
_DETAILS: Final = f"{_PREFIX}/orderBookDetails"
REQUESTS: Final = "requests"
_COST: Final = 1.0
# Recent trades are held to 40 calls a minute where others are to 60.
_COST_OF_TRADES: Final = 1.5
_FILTERS: Final[Mapping[Kind, str]] = {Kind.SPOT: "spot", Kind.PERPETUAL: "perp"}
_MOST_ORDERS: Final = 250
_MOST_TRADES: Final = 100
_MOST_CANDLES: Final = 500
_MOST_CHARGES: Final = 500  # some 750 in one reply were seen
_GOOD: Final = 200

_TOO_MANY: Final = range(23000, 23005)
_ERRORS: Final[Mapping[int, type[ExchangeError]]] = {
    20001: AuthenticationError,
    21515: PermissionDenied,
    21511: PermissionDenied,
    21602: InvalidSymbol,
    21621: InvalidSymbol,
    21605: TradingDisabled,
    29500: VenueUnavailable,
    29501: VenueUnavailable,
}


class LighterRest(PublicRest):
    """Public requests."""

    venue = "lighter"
    symbol_parameter = "market_id"
    # There is no Retry-After, and limits are those of a minute.
    retry_s = 60.0
    clock_step_ns = NS_PER_S
    paths: ClassVar = {
        _DETAILS: ("instruments", None),
        f"{_PREFIX}/orderBookOrders": ("book", None),
    }

    def kind_of(self, native: str) -> Kind:
        return kind_of(native)

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        body = _ERROR.decode(response.body)
        if body.code == _GOOD:
            return None
        message, code = (body.message or "")[:SAMPLE_BYTES], str(body.code)
        if body.code in _TOO_MANY:
            return RateLimited(
                message, venue=self.venue, code=code, asked=asked, retry_after_s=self.retry_s
            )
        error = _ERRORS.get(body.code, ExchangeError)
        return error(message, venue=self.venue, code=code, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(reply: wire.Markets, _: int) -> Listing:
            return self._listing(reply.rows, _RULES, lambda row: row.instrument(self.venue))

        return (self._ask("instruments", None, _DETAILS, _MARKETS, read, filter="all"),)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        """Made of single orders; nothing links it to the stream, and it has no time."""
        return self._ask(
            "book",
            instrument,
            f"{_PREFIX}/orderBookOrders",
            _ORDERS,
            lambda reply, received_ns: reply.snapshot(instrument, depth, received_ns),
            limit=_MOST_ORDERS,
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(reply: wire.Trades, received_ns: int) -> list[Trade]:
            rows = sorted(reply.trades or [], key=lambda row: row.trade_id)
            return [row.trade(instrument, received_ns) for row in rows if row.is_execution]

        return self._ask(
            "trades",
            instrument,
            f"{_PREFIX}/recentTrades",
            _TRADES,
            read,
            cost=_COST_OF_TRADES,
            limit=min(limit, _MOST_TRADES),
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask_row(
            "ticker",
            instrument,
            _TICKER,
            lambda row, received_ns: row.ticker(instrument, None, received_ns),
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        def read(reply: wire.Markets, received_ns: int) -> list[Ticker]:
            found = ((find(kind, _name_of(row)), row) for row in reply.rows)
            return [
                _TICKER.decode(row).ticker(instrument, None, received_ns)
                for instrument, row in found
                if instrument
            ]

        return self._ask("tickers", None, _DETAILS, _MARKETS, read, filter=_FILTERS[kind])

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        """The venue has to be told since when, until when and how many."""
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")
        limit = min(limit, _MOST_CANDLES)

        def read(reply: wire.Candles, received_ns: int) -> list[Kline]:
            candles = sorted(reply.c or [], key=lambda candle: candle.t)[-limit:]
            return [candle.kline(instrument, interval, None, received_ns) for candle in candles]

        request = self._ask(
            "klines",
            instrument,
            f"{_PREFIX}/candles",
            _CANDLES,
            read,
            resolution=CANDLE_NAMES[interval],
            count_back=limit,
        )
        return replace(request, dated=partial(_span, interval.seconds * limit))

    def server_time(self) -> Request[int]:
        """In whole seconds."""
        return self._ask("time", None, "/", _STATE, lambda reply, _: reply.timestamp * NS_PER_S)

    def ping(self) -> Request[None]:
        return self._ask("ping", None, "/", _STATE, lambda *_: None)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        def read(reply: wire.FundingRates, received_ns: int) -> Funding:
            rows = (row for row in reply.funding_rates or [] if row.is_of(instrument))
            row = next(rows, None)
            if row is None:
                raise InvalidSymbol("no rate of this market", venue=self.venue)
            return row.funding(instrument, received_ns)

        # One reply has all markets, and takes no parameter.
        request = self._ask("funding", None, f"{_PREFIX}/funding-rates", _RATES, read)
        return replace(request, instrument=instrument)

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        limit = min(limit, _MOST_CHARGES)

        def read(reply: wire.Fundings, received_ns: int) -> list[FundingCharge]:
            rows = sorted(reply.fundings or [], key=lambda row: row.timestamp)[-limit:]
            return [row.charge(instrument, received_ns) for row in rows]

        request = self._ask(
            "funding history",
            instrument,
            f"{_PREFIX}/fundings",
            _FUNDINGS,
            read,
            resolution="1h",
            count_back=limit,
        )
        return replace(request, dated=partial(_span, int(FUNDING_S) * limit))

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self._ask_row(
            "mark price",
            instrument,
            _PERPETUAL,
            lambda row, received_ns: row.mark(instrument, received_ns),
        )

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._ask_row(
            "open interest",
            instrument,
            _INTEREST,
            lambda row, received_ns: row.interest(instrument, received_ns),
        )

    def _ask_row(
        self,
        name: str,
        instrument: Instrument,
        decoder: msgspec.json.Decoder[Row],
        translate: Callable[[Row, int], T],
    ) -> Request[T]:
        """What the list of markets says of one of them."""

        def read(reply: wire.Markets, received_ns: int) -> T:
            for row in reply.rows:
                if _name_of(row) == instrument.native:
                    return translate(decoder.decode(row), received_ns)
            raise InvalidSymbol("no such market", venue=self.venue)

        return self._ask(name, instrument, _DETAILS, _MARKETS, read)

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        cost: float = _COST,
        **query: str | int,
    ) -> Request[T]:
        return self._get(
            name,
            "rest",
            path,
            decoder,
            translate,
            costs=((REQUESTS, cost),),
            instrument=instrument,
            **query,
        )


def _name_of(row: Raw) -> str:
    return str(_NAMED.decode(row).market_id)


def _span(length_s: int, now_ns: int) -> tuple[tuple[str, str], ...]:
    """From so long ago until now, in milliseconds."""
    now_ms = now_ns // NS_PER_MS
    return (("start_timestamp", str(now_ms - length_s * 1000)), ("end_timestamp", str(now_ms)))
