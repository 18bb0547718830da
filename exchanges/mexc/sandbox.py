"""MEXC seen from the server: public spot REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from exchanges.market.instrument import Instrument, Kind
from exchanges.market.orders import Side
from exchanges.mexc.listing import ASSETS
from exchanges.mexc.rest import REST_CANDLES
from exchanges.mexc.sandbox_public import MexcSession
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

_OWN_NAMES: Final = {usual: own for own, usual in ASSETS.items()}
_INTERVALS: Final = {name: interval for interval, name in REST_CANDLES.items()}
_CODES: Final = {400: -1121, 404: 404, BAD_PARAMETER: 700008, 429: 429}
_MAKER_FEE: Final = Decimal(0)
_TAKER_FEE: Final = Decimal("0.0005")


class MexcSandbox(SandboxVenue):
    """The exchange."""

    name = "mexc"
    kinds = (Kind.SPOT,)

    def native(self, base: str, quote: str, settle: str) -> str:
        return _OWN_NAMES.get(base, base) + _OWN_NAMES.get(quote, quote)

    def make_instrument(self, symbol: str) -> Instrument:
        """The venue counts digits after the point: no tick or step is above one."""
        instrument = super().make_instrument(symbol)
        return replace(
            instrument,
            tick=min(instrument.tick, Decimal(1)),
            step=min(instrument.step, Decimal(1)),
            maker_fee=_MAKER_FEE,
            taker_fee=_TAKER_FEE,
        )

    def open_session(self, endpoint: str) -> SandboxSession:
        return MexcSession(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        headers = {"retry-after": "1"} if status == 429 else {}
        http_status = 400 if status == BAD_PARAMETER else status
        return json_reply({"code": _CODES[status], "msg": message}, http_status, headers)

    def routes(self) -> Mapping[str, Answer]:
        return {
            "/api/v3/ping": lambda request: json_reply({}),
            "/api/v3/time": lambda request: json_reply({"serverTime": ms(request.now_ns)}),
            "/api/v3/exchangeInfo": self._exchange_info,
            "/api/v3/depth": self._about(_depth),
            "/api/v3/trades": self._about(_trades),
            "/api/v3/klines": self._about(_klines),
            "/api/v3/ticker/24hr": self._tickers,
        }

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        if "symbol" in request.query:
            return self._about(_ticker_24h)(request)
        return json_reply([_ticker_24h(market, request) for market in self.markets.values()])

    def _about(self, answer: Callable[[SandboxMarket, SandboxRequest], Any]) -> Answer:
        """Answers about the market that the query names."""

        def find(request: SandboxRequest) -> SandboxReply:
            market = self.market(Kind.SPOT, request.query.get("symbol", ""))
            if market is None:
                return self.error_reply(400, "Invalid symbol.")
            return json_reply(answer(market, request))

        return find

    def _exchange_info(self, request: SandboxRequest) -> SandboxReply:
        return json_reply(
            {
                "timezone": "CST",
                "serverTime": ms(request.now_ns),
                "rateLimits": [],
                "exchangeFilters": [],
                "symbols": [_symbol_row(market.instrument) for market in self.markets.values()],
            }
        )


def _symbol_row(instrument: Instrument) -> dict[str, Any]:
    base = _OWN_NAMES.get(instrument.base, instrument.base)
    return {
        "symbol": instrument.native,
        "status": "1",
        "baseAsset": base,
        "baseAssetPrecision": _digits(instrument.step),
        "quoteAsset": _OWN_NAMES.get(instrument.quote, instrument.quote),
        "quotePrecision": _digits(instrument.tick),
        "quoteAssetPrecision": _digits(instrument.tick),
        "orderTypes": ["LIMIT", "MARKET", "LIMIT_MAKER"],
        "isSpotTradingAllowed": True,
        "quoteAmountPrecision": format(instrument.min_notional, "f"),
        "baseSizePrecision": format(instrument.min_size, "f"),
        "permissions": ["SPOT"],
        "filters": [],
        "maxQuoteAmount": "2000000",
        "makerCommission": format(_MAKER_FEE, "f"),
        "takerCommission": format(_TAKER_FEE, "f"),
        "quoteAmountPrecisionMarket": format(instrument.min_notional, "f"),
        "maxQuoteAmountMarket": "100000",
        "fullName": base,
        "tradeSideType": 1,
    }


def _digits(increment: Decimal) -> int:
    return -increment.adjusted()


def _depth(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    depth = market.depth(request.integer("limit", 100))
    return {
        "lastUpdateId": depth.last_id,
        "bids": market.levels(depth.bids),
        "asks": market.levels(depth.asks),
        "timestamp": ms(request.now_ns),
    }


def _trades(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    matches = list(market.synthetic.statistics.trades)[-request.integer("limit", 500) :]
    return [
        {
            "id": None,
            "price": market.price(match.price),
            "qty": market.size(match.size),
            "quoteQty": market.value(match.price * match.size),
            "time": ms(match.time_ns),
            "isBuyerMaker": match.side is Side.SELL,
            "isBestMatch": True,
            "tradeType": "BID" if match.side is Side.BUY else "ASK",
        }
        for match in reversed(matches)
    ]


def _klines(market: SandboxMarket, request: SandboxRequest) -> list[list[Any]]:
    interval = request.choice("interval", _INTERVALS)
    candles = market.synthetic.statistics.candles(interval)[-request.integer("limit", 500) :]
    return [
        [
            ms(candle.open_ns),
            market.price(candle.open),
            market.price(candle.high),
            market.price(candle.low),
            market.price(candle.close),
            market.size(candle.volume),
            ms(candle.open_ns) + interval.seconds * 1000,
            market.value(candle.value),
        ]
        for candle in candles
    ]


def _ticker_24h(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    day, depth = market.synthetic.statistics.day(), market.depth(1)
    return {
        "symbol": market.instrument.native,
        "priceChange": market.price(day.close - day.open),
        "priceChangePercent": f"{day.close / day.open - 1:.8f}",
        "prevClosePrice": market.price(day.open),
        "lastPrice": market.price(day.close),
        "bidPrice": market.price(depth.bids[0][0]) if depth.bids else "",
        "bidQty": "",
        "askPrice": market.price(depth.asks[0][0]) if depth.asks else "",
        "askQty": "",
        "openPrice": market.price(day.open),
        "highPrice": market.price(day.high),
        "lowPrice": market.price(day.low),
        "volume": market.size(day.volume),
        "quoteVolume": market.value(day.value),
        "openTime": ms(request.now_ns) - 24 * 3_600_000,
        "closeTime": ms(request.now_ns),
        "count": None,
    }
