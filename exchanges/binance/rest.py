"""Binance public REST, spot (market-data-only host) and USD-M: requests and readers.

Source: "General endpoints" and "Market data endpoints" of the spot API documentation
(2026-07-21) and of the USD-M one (2026-07-24); weights as listed there.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from exchanges.binance.messages import (
    Depth,
    ErrorBody,
    ExchangeInfo,
    FundingInfo,
    KlineRow,
    OpenInterestInfo,
    PremiumIndex,
    RestTrade,
    ServerTime,
    SymbolInfo,
    Ticker24h,
)
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
from exchanges.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.numbers import NS_PER_MS
from exchanges.orders import Side
from exchanges.rest import PublicRest, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_INFO: Final = msgspec.json.Decoder(ExchangeInfo, strict=False)
_DEPTH: Final = msgspec.json.Decoder(Depth, strict=False)
_TRADES: Final = msgspec.json.Decoder(list[RestTrade], strict=False)
_TICKER: Final = msgspec.json.Decoder(Ticker24h, strict=False)
_KLINES: Final = msgspec.json.Decoder(list[KlineRow], strict=False)
_TIME: Final = msgspec.json.Decoder(ServerTime)
_PREMIUM: Final = msgspec.json.Decoder(PremiumIndex, strict=False)
_FUNDING_INFO: Final = msgspec.json.Decoder(list[FundingInfo])
_OPEN_INTEREST: Final = msgspec.json.Decoder(OpenInterestInfo, strict=False)
_EMPTY: Final = msgspec.json.Decoder(dict[str, object])
_ERROR: Final = msgspec.json.Decoder(ErrorBody)

_ENDPOINT: Final = {Kind.SPOT: "spot_rest", Kind.PERPETUAL: "um_rest"}
_BUCKET: Final = {Kind.SPOT: "spot_weight", Kind.PERPETUAL: "um_weight"}
_PREFIX: Final = {Kind.SPOT: "/api/v3", Kind.PERPETUAL: "/fapi/v1"}

# Weight of /depth up to each number of levels. 1000 levels keep a book for hours; 5000 on spot
# would cost five times as much.
_DEPTH_WEIGHT: Final[Mapping[Kind, tuple[tuple[int, int], ...]]] = {
    Kind.SPOT: ((100, 5), (500, 25), (1000, 50), (5000, 250)),
    Kind.PERPETUAL: ((5, 2), (10, 2), (20, 2), (50, 2), (100, 5), (500, 10), (1000, 20)),
}
_SYNC_DEPTH: Final = 1000
# A symbol that fundingInfo does not list is charged every 8 h (the documentation's rule).
_DEFAULT_FUNDING_S: Final = 8 * 3600.0

_STATUS: Final = {
    "TRADING": Status.TRADING,
    "CLOSE": Status.DELISTED,
    "SETTLING": Status.DELISTED,
    "PRE_SETTLE": Status.DELISTED,
}
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
    paths = {
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

    def instruments(self) -> tuple[Request[list[Instrument]], ...]:
        return (
            self._ask("instruments", Kind.SPOT, "/exchangeInfo", _INFO, _spot_instruments, 20),
            self._ask("instruments", Kind.PERPETUAL, "/exchangeInfo", _INFO, _perpetuals, 1),
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

        def translate(wire: Depth, received_ns: int) -> BookSnapshot:
            return BookSnapshot(
                instrument=instrument,
                bids=wire.bids,
                asks=wire.asks,
                sequence=wire.lastUpdateId,
                venue_ns=None if wire.E is None else wire.E * NS_PER_MS,
                received_ns=received_ns,
            )

        return self._of("book", instrument, "/depth", _DEPTH, translate, weight, limit=limit)

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def translate(wire: list[RestTrade], received_ns: int) -> list[Trade]:
            return [
                Trade(
                    instrument=instrument,
                    price=row.price,
                    size=row.qty,
                    side=Side.SELL if row.isBuyerMaker else Side.BUY,
                    trade_id=str(row.id),
                    venue_ns=row.time * NS_PER_MS,
                    received_ns=received_ns,
                )
                for row in wire
            ]

        weight = 25 if instrument.kind is Kind.SPOT else 5
        return self._of("trades", instrument, "/trades", _TRADES, translate, weight, limit=limit)

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        def translate(wire: Ticker24h, received_ns: int) -> Ticker:
            return Ticker(
                instrument=instrument,
                last=wire.lastPrice,
                bid=wire.bidPrice,
                ask=wire.askPrice,
                high=wire.highPrice,
                low=wire.lowPrice,
                volume=wire.volume,
                quote_volume=wire.quoteVolume,
                change=wire.priceChangePercent / 100,
                venue_ns=wire.closeTime * NS_PER_MS,
                received_ns=received_ns,
            )

        weight = 2 if instrument.kind is Kind.SPOT else 1
        return self._of("ticker", instrument, "/ticker/24hr", _TICKER, translate, weight)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        def translate(wire: list[KlineRow], received_ns: int) -> list[Kline]:
            return [
                Kline(
                    instrument=instrument,
                    interval=interval,
                    open_ns=row.open_ms * NS_PER_MS,
                    open=row.open,
                    high=row.high,
                    low=row.low,
                    close=row.close,
                    volume=row.volume,
                    quote_volume=row.quote_volume,
                    trades=row.trades,
                    closed=row.close_ms * NS_PER_MS < received_ns,
                    received_ns=received_ns,
                )
                for row in wire
            ]

        return self._of(
            "klines", instrument, "/klines", _KLINES, translate, 5,
            interval=interval.value, limit=limit,
        )

    def server_time(self) -> Request[int]:
        return self._ask(
            "time", Kind.SPOT, "/time", _TIME, lambda wire, _: wire.serverTime * NS_PER_MS, 1
        )

    def ping(self) -> Request[None]:
        return self._ask("ping", Kind.SPOT, "/ping", _EMPTY, lambda wire, _: None, 1)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        def translate(wire: PremiumIndex, received_ns: int) -> Funding:
            return Funding(
                instrument=instrument,
                rate=wire.lastFundingRate,
                interval_s=instrument.funding_interval_s or _DEFAULT_FUNDING_S,
                next_ns=wire.nextFundingTime * NS_PER_MS,
                venue_ns=wire.time * NS_PER_MS,
                received_ns=received_ns,
            )

        return self._of("funding", instrument, "/premiumIndex", _PREMIUM, translate, 1)

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        def translate(wire: PremiumIndex, received_ns: int) -> MarkPrice:
            return MarkPrice(
                instrument=instrument,
                mark=wire.markPrice,
                index=wire.indexPrice or None,
                venue_ns=wire.time * NS_PER_MS,
                received_ns=received_ns,
            )

        return self._of("mark price", instrument, "/premiumIndex", _PREMIUM, translate, 1)

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        def translate(wire: OpenInterestInfo, received_ns: int) -> OpenInterest:
            return OpenInterest(
                instrument=instrument,
                size=wire.openInterest,
                venue_ns=wire.time * NS_PER_MS,
                received_ns=received_ns,
            )

        return self._of("open interest", instrument, "/openInterest", _OPEN_INTEREST, translate, 1)

    def _of(
        self,
        name: str,
        instrument: Instrument,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        weight: float,
        **query: str | int,
    ) -> Request[T]:
        """A request about one instrument."""
        return self._ask(
            name, instrument.kind, path, decoder, translate, weight,
            instrument=instrument, symbol=instrument.native, **query,
        )

    def _ask(
        self,
        name: str,
        kind: Kind,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        weight: float,
        instrument: Instrument | None = None,
        **query: str | int,
    ) -> Request[T]:
        return self._get(
            name, _ENDPOINT[kind], _PREFIX[kind] + path, decoder, translate,
            costs=((_BUCKET[kind], weight),), instrument=instrument, **query,
        )


def _spot_instruments(wire: ExchangeInfo, received_ns: int) -> list[Instrument]:
    return [_instrument(row, Kind.SPOT) for row in wire.symbols]


def _perpetuals(wire: ExchangeInfo, received_ns: int) -> list[Instrument]:
    # Dated futures and perpetuals on equities (TRADIFI_PERPETUAL) are left out.
    return [
        _instrument(row, Kind.PERPETUAL)
        for row in wire.symbols
        if row.contractType == "PERPETUAL"
    ]


def _instrument(row: SymbolInfo, kind: Kind) -> Instrument:
    tick = step = min_size = max_size = min_notional = Decimal(0)
    for rule in row.filters:
        match rule.filterType:
            case "PRICE_FILTER":
                tick = rule.tickSize
            case "LOT_SIZE":
                step, min_size, max_size = rule.stepSize, rule.minQty, rule.maxQty
            case "NOTIONAL" | "MIN_NOTIONAL":
                min_notional = rule.minNotional or rule.notional
    settle = row.marginAsset if kind is Kind.PERPETUAL else ""
    return Instrument(
        venue="binance",
        symbol=unified_symbol(row.baseAsset, row.quoteAsset, settle),
        native=row.symbol,
        kind=kind,
        base=row.baseAsset,
        quote=row.quoteAsset,
        settle=settle,
        tick=tick,
        step=step,
        min_size=min_size,
        max_size=max_size or None,
        min_notional=min_notional,
        status=_STATUS.get(row.status, Status.HALTED),
    )
