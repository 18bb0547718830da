"""Public REST of this dialect, spot and USD-M: requests and readers.

Source: "General endpoints" and "Market data endpoints" of the documents that the venues' records
name.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, TypeVar

import msgspec
from msgspec import Raw

from exchanges.dialects.mbx import INTERVALS
from exchanges.dialects.mbx import listing as wire
from exchanges.errors import (
    SAMPLE_BYTES,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    RateLimited,
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
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_INFO: Final = msgspec.json.Decoder(wire.ExchangeInfo)
_SYMBOL: Final = msgspec.json.Decoder(wire.SymbolInfo, strict=False)
_DEPTH: Final = msgspec.json.Decoder(wire.Depth, strict=False)
_TRADES: Final = msgspec.json.Decoder(list[wire.RestTrade], strict=False)
_TICKER: Final = msgspec.json.Decoder(wire.Ticker24h, strict=False)
_ROWS: Final = msgspec.json.Decoder(list[Raw])
_NAMED: Final = msgspec.json.Decoder(wire.Named)
_KLINES: Final = msgspec.json.Decoder(list[wire.KlineRow], strict=False)
_TIME: Final = msgspec.json.Decoder(wire.ServerTime)
_PREMIUM: Final = msgspec.json.Decoder(wire.PremiumIndex, strict=False)
_FUNDING_INFO: Final = msgspec.json.Decoder(list[wire.FundingInfo])
_FUNDING_RATES: Final = msgspec.json.Decoder(list[wire.FundingRate], strict=False)
OPEN_INTEREST: Final = msgspec.json.Decoder(wire.OpenInterestInfo, strict=False)
_EMPTY: Final = msgspec.json.Decoder(dict[str, object])
_ERROR: Final = msgspec.json.Decoder(wire.ErrorBody)

SYNC_LEVELS: Final = 1000
_MOST_CHARGES: Final = 1000

_ERRORS: Final[Mapping[int, type[ExchangeError]]] = {
    -1110: InvalidSymbol,
    -1121: InvalidSymbol,
    -4144: InvalidSymbol,
    -1000: VenueUnavailable,
    -1001: VenueUnavailable,
    -1006: VenueUnavailable,
    -1007: VenueUnavailable,
    -1008: VenueUnavailable,
    -1016: VenueUnavailable,
}
_TOO_MANY_REQUESTS: Final = -1003
# The window of the request weight is the clock minute.
_WINDOW_S: Final = 60.0

Steps = tuple[tuple[int, float], ...]
"""Weight of a request up to each number of rows."""


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """The requests about one kind of market: host, prefix of paths, and what they weigh.

    `list_weight` is that of the list of symbols, `tickers_weight` that of the tickers of all;
    `depth` and `klines` depend on how many levels or candles are asked for.
    """

    endpoint: str
    prefix: str
    bucket: str
    list_weight: float
    trades_weight: float
    ticker_weight: float
    tickers_weight: float
    depth: Steps
    klines: Steps
    intervals: tuple[KlineInterval, ...] = INTERVALS


class MbxRest(PublicRest):
    """Public requests; a venue gives a surface for each kind of market.

    The first one tells the time. `funding_costs` is what the funding intervals and past funding
    rates cost.
    """

    surfaces: ClassVar[Mapping[Kind, Surface]]
    funding_costs: ClassVar[tuple[tuple[str, float], ...]]

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        if response.status < 400 or not response.body.startswith(b"{"):
            return None
        body = _ERROR.decode(response.body)
        code, message = str(body.code), body.msg[:SAMPLE_BYTES]
        if body.code == _TOO_MANY_REQUESTS:
            return RateLimited(
                message, venue=self.venue, code=code, asked=asked, retry_after_s=_WINDOW_S
            )
        error = _ERRORS.get(body.code, ExchangeError)
        return error(message, venue=self.venue, code=code, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(kind: Kind) -> Callable[[wire.ExchangeInfo, int], Listing]:
            return lambda info, _: self._listing(
                info.symbols, _SYMBOL, lambda row: self._instrument(row, kind)
            )

        return tuple(
            self._ask("instruments", kind, "/exchangeInfo", _INFO, read(kind), surface.list_weight)
            for kind, surface in self.surfaces.items()
        )

    def _instrument(self, row: wire.SymbolInfo, kind: Kind) -> Instrument | None:
        """The instrument of a row, unless it is left out."""
        return row.instrument(self.venue, kind)

    def funding_intervals(self) -> Request[dict[str, float]]:
        surface = self.surfaces[Kind.PERPETUAL]
        return self._get(
            "funding intervals",
            surface.endpoint,
            f"{surface.prefix}/fundingInfo",
            _FUNDING_INFO,
            lambda rows, _: {row.symbol: row.fundingIntervalHours * 3600 for row in rows},
            costs=self.funding_costs,
        )

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        steps = self.surfaces[instrument.kind].depth
        wanted = depth or SYNC_LEVELS
        limit, weight = next((step for step in steps if step[0] >= wanted), steps[-1])
        return self._ask(
            "book",
            instrument,
            "/depth",
            _DEPTH,
            lambda reply, received_ns: reply.snapshot(instrument, received_ns),
            weight,
            limit=limit,
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        return self._ask(
            "trades",
            instrument,
            "/trades",
            _TRADES,
            lambda rows, received_ns: [
                row.trade(instrument, received_ns) for row in rows if row.qty
            ],
            self.surfaces[instrument.kind].trades_weight,
            limit=limit,
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask(
            "ticker",
            instrument,
            "/ticker/24hr",
            _TICKER,
            lambda reply, received_ns: reply.ticker(instrument, received_ns),
            self.surfaces[instrument.kind].ticker_weight,
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        if kind not in self.surfaces:
            raise self._absent(f"tickers of {kind} markets")

        def read(rows: list[Raw], received_ns: int) -> list[Ticker]:
            named = ((find(kind, _NAMED.decode(row).symbol), row) for row in rows)
            return [
                _TICKER.decode(row).ticker(instrument, received_ns)
                for instrument, row in named
                if instrument
            ]

        weight = self.surfaces[kind].tickers_weight
        return self._ask("tickers", kind, "/ticker/24hr", _ROWS, read, weight)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        steps = self.surfaces[instrument.kind].klines
        self.check_interval(instrument, interval)
        return self._ask(
            "klines",
            instrument,
            "/klines",
            _KLINES,
            lambda rows, received_ns: [
                row.kline(instrument, interval, received_ns) for row in rows
            ],
            next((step[1] for step in steps if step[0] >= limit), steps[-1][1]),
            interval=interval.value,
            limit=limit,
        )

    def check_interval(self, instrument: Instrument, interval: KlineInterval | None) -> None:
        """Raise a `CodecUsageError` unless the market has such candles."""
        if interval not in self.surfaces[instrument.kind].intervals:
            raise CodecUsageError(f"{instrument.symbol} has no candles of {interval}")

    def server_time(self) -> Request[int]:
        kind = next(iter(self.surfaces))
        return self._ask(
            "time", kind, "/time", _TIME, lambda reply, _: reply.serverTime * NS_PER_MS, 1
        )

    def ping(self) -> Request[None]:
        kind = next(iter(self.surfaces))
        return self._ask("ping", kind, "/ping", _EMPTY, lambda reply, _: None, 1)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        """The instrument must tell its interval, unless the venue has a usual one."""
        interval_s = instrument.funding_interval_s or self.default_funding_s
        if interval_s is None:
            raise CodecUsageError(f"nothing tells how often {instrument.symbol} is charged")
        return self._ask(
            "funding",
            instrument,
            "/premiumIndex",
            _PREMIUM,
            lambda reply, received_ns: reply.funding(instrument, interval_s, received_ns),
            1,
        )

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        surface = self.surfaces[Kind.PERPETUAL]
        return self._get(
            "funding history",
            surface.endpoint,
            f"{surface.prefix}/fundingRate",
            _FUNDING_RATES,
            lambda rows, received_ns: [row.charge(instrument, received_ns) for row in rows],
            costs=self.funding_costs,
            instrument=instrument,
            limit=min(limit, _MOST_CHARGES),
        )

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self._ask(
            "mark price",
            instrument,
            "/premiumIndex",
            _PREMIUM,
            lambda reply, received_ns: reply.mark_price(instrument, received_ns),
            1,
        )

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._ask(
            "open interest",
            instrument,
            "/openInterest",
            OPEN_INTEREST,
            lambda reply, received_ns: reply.open_interest(instrument, received_ns),
            1,
        )

    def _ask(
        self,
        name: str,
        about: Instrument | Kind,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        weight: float,
        **query: str | int,
    ) -> Request[T]:
        instrument = about if isinstance(about, Instrument) else None
        surface = self.surfaces[about.kind if isinstance(about, Instrument) else about]
        return self._get(
            name,
            surface.endpoint,
            surface.prefix + path,
            decoder,
            translate,
            costs=((surface.bucket, weight),),
            instrument=instrument,
            **query,
        )
