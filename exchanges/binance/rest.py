"""Binance public REST, spot (market-data-only host) and USD-M: requests and readers.

Source: "General endpoints" and "Market data endpoints" of the spot API documentation
(2026-07-21) and of the USD-M one (2026-07-24); weights as listed there.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, TypeVar

import msgspec

from exchanges.binance import replies as wire
from exchanges.errors import ExchangeError, InvalidSymbol, RateLimited, VenueUnavailable
from exchanges.events import (
    BookSnapshot,
    Funding,
    Kline,
    KlineInterval,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.instrument import Instrument, Kind
from exchanges.numbers import NS_PER_MS
from exchanges.rest import Listing, PublicRest, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_INFO: Final = msgspec.json.Decoder(wire.ExchangeInfo)
_SYMBOL: Final = msgspec.json.Decoder(wire.SymbolInfo, strict=False)
_DEPTH: Final = msgspec.json.Decoder(wire.Depth, strict=False)
_TRADES: Final = msgspec.json.Decoder(list[wire.RestTrade], strict=False)
_TICKER: Final = msgspec.json.Decoder(wire.Ticker24h, strict=False)
_KLINES: Final = msgspec.json.Decoder(list[wire.KlineRow], strict=False)
_TIME: Final = msgspec.json.Decoder(wire.ServerTime)
_PREMIUM: Final = msgspec.json.Decoder(wire.PremiumIndex, strict=False)
_FUNDING_INFO: Final = msgspec.json.Decoder(list[wire.FundingInfo])
_OPEN_INTEREST: Final = msgspec.json.Decoder(wire.OpenInterestInfo, strict=False)
_EMPTY: Final = msgspec.json.Decoder(dict[str, object])
_ERROR: Final = msgspec.json.Decoder(wire.ErrorBody)

_ENDPOINT: Final = {Kind.SPOT: "spot_rest", Kind.PERPETUAL: "um_rest"}
_BUCKET: Final = {Kind.SPOT: "spot_weight", Kind.PERPETUAL: "um_weight"}
_PREFIX: Final = {Kind.SPOT: "/api/v3", Kind.PERPETUAL: "/fapi/v1"}

# Weight of /depth up to each number of levels. 1000 levels keep a book for hours; 5000 on spot
# would cost five times as much.
_DEPTH_WEIGHT: Final[Mapping[Kind, tuple[tuple[int, int], ...]]] = {
    Kind.SPOT: ((100, 5), (500, 25), (1000, 50), (5000, 250)),
    Kind.PERPETUAL: ((5, 2), (10, 2), (20, 2), (50, 2), (100, 5), (500, 10), (1000, 20)),
}
_KLINES_WEIGHT: Final[Mapping[Kind, tuple[tuple[int, int], ...]]] = {
    Kind.SPOT: ((1000, 2),),
    Kind.PERPETUAL: ((100, 1), (500, 2), (1000, 5), (1500, 10)),
}
_SYNC_DEPTH: Final = 1000
# A symbol that fundingInfo does not list is charged every 8 h (the documentation's rule).
_FUNDING_S: Final = 8 * 3600.0

_ERRORS: Final[Mapping[int, type[ExchangeError]]] = {
    -1121: InvalidSymbol,
    -1000: VenueUnavailable,
    -1001: VenueUnavailable,
    -1006: VenueUnavailable,
    -1007: VenueUnavailable,
    -1008: VenueUnavailable,
}
_TOO_MANY_REQUESTS: Final = -1003
# The window of the request weight is the clock minute.
_WINDOW_S: Final = 60.0


class BinanceRest(PublicRest):
    """Public requests of spot and USD-M."""

    venue = "binance"
    default_funding_s = _FUNDING_S
    paths: ClassVar = {
        "/api/v3/exchangeInfo": ("instruments", Kind.SPOT),
        "/api/v3/depth": ("book", Kind.SPOT),
        "/fapi/v1/exchangeInfo": ("instruments", Kind.PERPETUAL),
        "/fapi/v1/depth": ("book", Kind.PERPETUAL),
    }

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        if response.status < 400 or not response.body.startswith(b"{"):
            return None
        body = _ERROR.decode(response.body)
        code, message = str(body.code), body.msg
        if body.code == _TOO_MANY_REQUESTS:
            return RateLimited(
                message, venue=self.venue, code=code, asked=asked, retry_after_s=_WINDOW_S
            )
        error = _ERRORS.get(body.code, ExchangeError)
        return error(message, venue=self.venue, code=code, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(kind: Kind) -> Callable[[wire.ExchangeInfo, int], Listing]:
            return lambda info, _: self._listing(
                info.symbols, _SYMBOL, lambda row: row.instrument(self.venue, kind)
            )

        spot, perpetuals = read(Kind.SPOT), read(Kind.PERPETUAL)
        return (
            self._ask("instruments", Kind.SPOT, "/exchangeInfo", _INFO, spot, 20),
            self._ask("instruments", Kind.PERPETUAL, "/exchangeInfo", _INFO, perpetuals, 1),
        )

    def funding_intervals(self) -> Request[dict[str, float]]:
        return self._get(
            "funding intervals",
            "um_rest",
            "/fapi/v1/fundingInfo",
            _FUNDING_INFO,
            lambda rows, _: {row.symbol: row.fundingIntervalHours * 3600 for row in rows},
            costs=(("um_funding", 1),),
        )

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        steps = _DEPTH_WEIGHT[instrument.kind]
        wanted = depth or _SYNC_DEPTH
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
            25 if instrument.kind is Kind.SPOT else 5,
            limit=limit,
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._ask(
            "ticker",
            instrument,
            "/ticker/24hr",
            _TICKER,
            lambda reply, received_ns: reply.ticker(instrument, received_ns),
            2 if instrument.kind is Kind.SPOT else 1,
        )

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        steps = _KLINES_WEIGHT[instrument.kind]
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

    def server_time(self) -> Request[int]:
        return self._ask(
            "time", Kind.SPOT, "/time", _TIME, lambda reply, _: reply.serverTime * NS_PER_MS, 1
        )

    def ping(self) -> Request[None]:
        return self._ask("ping", Kind.SPOT, "/ping", _EMPTY, lambda reply, _: None, 1)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        interval_s = instrument.funding_interval_s or _FUNDING_S
        return self._ask(
            "funding",
            instrument,
            "/premiumIndex",
            _PREMIUM,
            lambda reply, received_ns: reply.funding(instrument, interval_s, received_ns),
            1,
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
            _OPEN_INTEREST,
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
        kind = about.kind if isinstance(about, Instrument) else about
        return self._get(
            name,
            _ENDPOINT[kind],
            _PREFIX[kind] + path,
            decoder,
            translate,
            costs=((_BUCKET[kind], weight),),
            instrument=instrument,
            **query,
        )
