"""Backpack seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from exchanges.backpack.market_data import CANDLE_NAMES
from exchanges.backpack.sandbox_public import BackpackSession, utc_text
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S, NS_PER_US
from exchanges.market.orders import Side
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import (
    BAD_PARAMETER,
    Answer,
    SandboxReply,
    SandboxRequest,
    json_reply,
    ms,
)
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue

_INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}
_CODES: Final = {
    400: "INVALID_CLIENT_REQUEST",
    404: "RESOURCE_NOT_FOUND",
    BAD_PARAMETER: "INVALID_CLIENT_REQUEST",
}
_FUNDING_S: Final = 3600.0
_DEPTHS: Final = ("5", "10", "20", "50", "100", "500", "1000")


class BackpackSandbox(SandboxVenue):
    """The exchange."""

    name = "backpack"
    kinds = (Kind.SPOT, Kind.PERPETUAL)

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}_{quote}_PERP" if settle else f"{base}_{quote}"

    def make_instrument(self, symbol: str) -> Instrument:
        """Perpetuals are charged every hour."""
        instrument = super().make_instrument(symbol)
        interval_s = _FUNDING_S if instrument.settle else None
        return replace(instrument, funding_interval_s=interval_s)

    def open_session(self, endpoint: str) -> SandboxSession:
        return BackpackSession(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        code = _CODES.get(status, "TOO_MANY_REQUESTS")
        http_status = 400 if status == BAD_PARAMETER else status
        return json_reply({"code": code, "message": message}, http_status)

    def routes(self) -> Mapping[str, Answer]:
        return {
            "/api/v1/status": lambda request: json_reply({"status": "Ok", "message": None}),
            "/api/v1/time": lambda request: json_reply(ms(request.now_ns)),
            "/api/v1/markets": self._markets,
            "/api/v1/depth": self._depth,
            "/api/v1/trades": self._about(_trades),
            "/api/v1/klines": self._klines,
            "/api/v1/ticker": self._about(_ticker),
            "/api/v1/tickers": self._tickers,
            "/api/v1/markPrices": self._about(_mark_price),
            "/api/v1/openInterest": self._about(_open_interest),
            "/api/v1/fundingRates": self._about(_funding_rates),
        }

    def find(self, native: str) -> SandboxMarket | None:
        """The market of a name, which tells its kind."""
        kind = Kind.PERPETUAL if native.endswith("_PERP") else Kind.SPOT
        return self.market(kind, native)

    def _about(self, answer: Callable[[SandboxMarket, SandboxRequest], Any]) -> Answer:
        """Answers about the market that the query names."""

        def find(request: SandboxRequest) -> SandboxReply:
            market = self.find(request.query.get("symbol", ""))
            if market is None:
                return self.error_reply(400, "Invalid market symbol")
            return json_reply(answer(market, request))

        return find

    def _markets(self, request: SandboxRequest) -> SandboxReply:
        return json_reply([_market_row(market.instrument) for market in self.markets.values()])

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        return json_reply([_ticker(market, request) for market in self.markets.values()])

    def _depth(self, request: SandboxRequest) -> SandboxReply:
        """A depth that is not allowed is refused in plain text."""
        if request.query.get("limit", "1000") not in _DEPTHS:
            return SandboxReply(status=400, body=b"parse error: invalid limit", headers=())
        return self._about(_depth)(request)

    def _klines(self, request: SandboxRequest) -> SandboxReply:
        if not request.query.get("startTime", "").isdecimal():
            return SandboxReply(status=400, body=b"missing startTime", headers=())
        return self._about(_klines)(request)


def _market_row(instrument: Instrument) -> dict[str, Any]:
    is_perpetual = instrument.kind is Kind.PERPETUAL
    return {
        "symbol": instrument.native,
        "baseSymbol": instrument.base,
        "quoteSymbol": instrument.quote,
        "marketType": "PERP" if is_perpetual else "SPOT",
        "filters": {
            "price": {"tickSize": format(instrument.tick, "f"), "maxPrice": None},
            "quantity": {
                "stepSize": format(instrument.step, "f"),
                "minQuantity": format(instrument.min_size, "f"),
                "maxQuantity": None,
            },
        },
        "fundingInterval": int(_FUNDING_S * 1000),
        "orderBookState": "Open",
        "visible": True,
    }


def _depth(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    depth = market.depth(request.integer("limit", 1000))
    return {
        "asks": market.levels(depth.asks),
        "bids": market.levels(reversed(depth.bids)),
        "lastUpdateId": str(depth.last_id),
        "timestamp": request.now_ns // NS_PER_US,
    }


def _trades(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    matches = list(market.synthetic.statistics.trades)[-request.integer("limit", 100) :]
    return [
        {
            "id": match.trade_id,
            "price": market.price(match.price),
            "quantity": market.size(match.size),
            "quoteQuantity": market.value(match.price * match.size),
            "timestamp": ms(match.time_ns),
            "isBuyerMaker": match.side is Side.SELL,
        }
        for match in reversed(matches)
    ]


def _klines(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    interval = request.choice("interval", _INTERVALS)
    since_ns = request.integer("startTime", 0) * NS_PER_S
    candles = market.synthetic.statistics.candles(interval)
    return [
        {
            "start": utc_text(candle.open_ns, " "),
            "end": utc_text(candle.open_ns + interval.seconds * NS_PER_S, " "),
            "open": market.price(candle.open),
            "high": market.price(candle.high),
            "low": market.price(candle.low),
            "close": market.price(candle.close),
            "volume": market.size(candle.volume),
            "quoteVolume": market.value(candle.value),
            "trades": str(candle.trades),
        }
        for candle in candles
        if candle.open_ns >= since_ns
    ]


def _ticker(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    day = market.synthetic.statistics.day()
    return {
        "symbol": market.instrument.native,
        "firstPrice": market.price(day.open),
        "lastPrice": market.price(day.close),
        "high": market.price(day.high),
        "low": market.price(day.low),
        "volume": market.size(day.volume),
        "quoteVolume": market.value(day.value),
        "trades": str(day.trades),
    }


def _mark_price(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    state = market.synthetic.perpetual()
    row = {
        "symbol": market.instrument.native,
        "markPrice": market.price(state.mark),
        "indexPrice": market.price(state.index),
        "fundingRate": f"{state.funding_rate:.12f}",
        "nextFundingTimestamp": ms(state.next_funding_ns),
    }
    return [row]


def _open_interest(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    row = {
        "symbol": market.instrument.native,
        "openInterest": market.size(market.synthetic.perpetual().open_interest),
        "timestamp": ms(request.now_ns),
    }
    return [row]


def _funding_rates(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    """Newest first, beginning with the interval that is running.

    All are at the rate of today: the synthetic markets remember none.
    """
    state = market.synthetic.perpetual()
    interval_ns = int(state.funding_interval_s) * NS_PER_S
    return [
        {
            "symbol": market.instrument.native,
            "fundingRate": f"{state.funding_rate:.9f}",
            "intervalEndTimestamp": utc_text(state.next_funding_ns - age * interval_ns, "T"),
        }
        for age in range(request.rows("limit", 100))
    ]
