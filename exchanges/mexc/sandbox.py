"""MEXC seen from the server: public spot REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.market.orders import Side
from exchanges.mexc import VENUE
from exchanges.mexc.listing import ASSETS
from exchanges.mexc.rest import REST
from exchanges.mexc.sandbox_public import MexcSession
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import (
    SandboxReply,
    SandboxRequest,
    Trouble,
    ms,
    status_reply,
)
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.venue import SandboxVenue

_CODES: Final = {
    Trouble.UNKNOWN_MARKET: -1121,
    Trouble.NO_SUCH_PATH: 404,
    Trouble.BAD_PARAMETER: 700008,
    Trouble.TOO_MANY: 429,
}


class MexcSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "Invalid symbol."
    assets = ASSETS
    counts_digits = True
    maker_fee = Decimal(0)
    taker_fee = Decimal("0.0005")
    session = MexcSession

    def native(self, base: str, quote: str, settle: str) -> str:
        return base + quote

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        return status_reply(trouble, {"code": _CODES[trouble], "msg": message})

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.PING: lambda asked: {},
            Question.SERVER_TIME: lambda asked: {"serverTime": ms(asked.now_ns)},
            Question.INSTRUMENTS: self._exchange_info,
            Question.BOOK: _depth,
            Question.TRADES: _trades,
            Question.KLINES: _klines,
            Question.TICKER: lambda asked: _ticker_24h(asked.market, asked.now_ns),
            Question.TICKERS: lambda asked: [
                _ticker_24h(market, asked.now_ns) for market in self.markets.values()
            ],
        }

    def _exchange_info(self, asked: Asked) -> dict[str, Any]:
        return {
            "timezone": "CST",
            "serverTime": ms(asked.now_ns),
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [self._symbol_row(market) for market in self.markets.values()],
        }

    def _symbol_row(self, market: SandboxMarket) -> dict[str, Any]:
        instrument, base = market.instrument, market.base
        return {
            "symbol": instrument.native,
            "status": "1",
            "baseAsset": base,
            "baseAssetPrecision": _digits(instrument.step),
            "quoteAsset": market.quote,
            "quotePrecision": _digits(instrument.tick),
            "quoteAssetPrecision": _digits(instrument.tick),
            "orderTypes": ["LIMIT", "MARKET", "LIMIT_MAKER"],
            "isSpotTradingAllowed": True,
            "quoteAmountPrecision": format(instrument.min_notional, "f"),
            "baseSizePrecision": format(instrument.min_size, "f"),
            "permissions": ["SPOT"],
            "filters": [],
            "maxQuoteAmount": "2000000",
            "makerCommission": format(self.maker_fee, "f"),
            "takerCommission": format(self.taker_fee, "f"),
            "quoteAmountPrecisionMarket": format(instrument.min_notional, "f"),
            "maxQuoteAmountMarket": "100000",
            "fullName": base,
            "tradeSideType": 1,
        }


def _digits(increment: Decimal) -> int:
    return -increment.adjusted()


def _depth(asked: Asked) -> dict[str, Any]:
    market = asked.market
    depth = market.depth(asked.count(100))
    return {
        "lastUpdateId": depth.last_id,
        "bids": market.levels(depth.bids),
        "asks": market.levels(depth.asks),
        "timestamp": ms(asked.now_ns),
    }


def _trades(asked: Asked) -> list[dict[str, Any]]:
    market = asked.market
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
        for match in reversed(asked.trades(500))
    ]


def _klines(asked: Asked) -> list[list[Any]]:
    market = asked.market
    return [
        [
            ms(candle.open_ns),
            market.price(candle.open),
            market.price(candle.high),
            market.price(candle.low),
            market.price(candle.close),
            market.size(candle.volume),
            ms(candle.open_ns) + asked.interval().seconds * 1000,
            market.value(candle.value),
        ]
        for candle in asked.candles(500)
    ]


def _ticker_24h(market: SandboxMarket, now_ns: int) -> dict[str, Any]:
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
        "openTime": ms(now_ns) - 24 * 3_600_000,
        "closeTime": ms(now_ns),
        "count": None,
    }
