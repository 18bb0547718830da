"""KuCoin seen from the server: public REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200 and a code, except for too many requests.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.kucoin import VENUE
from exchanges.kucoin.listing import ASSETS, LIST_FEE
from exchanges.kucoin.rest import REST
from exchanges.kucoin.sandbox_public import KucoinSession
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import SandboxReply, SandboxRequest, Trouble, json_reply, ms
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import SandboxVenue

_CODES: Final = {
    Trouble.UNKNOWN_MARKET: "900001",
    Trouble.NO_SUCH_PATH: "404000",
    Trouble.BAD_PARAMETER: "400100",
    Trouble.TOO_MANY: "429000",
}
_MOST_CANDLES: Final = 1500
_MOST_TRADES: Final = 100
_MOST_LEVELS: Final = 100


class KucoinSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "The symbol does not exist"
    assets = ASSETS
    maker_fee = taker_fee = LIST_FEE
    session = KucoinSession

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}-{quote}"

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        body = {"code": _CODES[trouble], "msg": message}
        headers = {"gw-ratelimit-reset": "1000"} if trouble is Trouble.TOO_MANY else {}
        return json_reply(body, 429 if trouble is Trouble.TOO_MANY else 200, headers)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: lambda asked: ms(asked.now_ns),
            Question.INSTRUMENTS: self._symbols,
            Question.BOOK: _book,
            Question.TRADES: _histories,
            Question.TICKER: lambda asked: _stats(asked.market) | {"time": ms(asked.now_ns)},
            Question.TICKERS: self._all_tickers,
            Question.KLINES: _candles,
        }

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        return json_reply({"code": "200000", "data": value})

    def _symbols(self, asked: Asked) -> list[Any]:
        return [_symbol_row(market.instrument) for market in self.markets.values()]

    def _all_tickers(self, asked: Asked) -> dict[str, Any]:
        rows = [
            _stats(market) | {"symbolName": market.instrument.native}
            for market in self.markets.values()
        ]
        return {"time": ms(asked.now_ns), "ticker": rows}


def _symbol_row(instrument: Instrument) -> dict[str, Any]:
    """The currencies under the names they have now, which differ from the codes of old."""
    return {
        "symbol": instrument.native,
        "name": f"{instrument.base}-{instrument.quote}",
        "baseCurrency": instrument.base,
        "quoteCurrency": instrument.quote,
        "feeCurrency": instrument.quote,
        "baseMinSize": format(instrument.min_size, "f"),
        "baseMaxSize": None,
        "baseIncrement": format(instrument.step, "f"),
        "priceIncrement": format(instrument.tick, "f"),
        "minFunds": None,
        "enableTrading": True,
        "feeCategory": 1,
        "makerFeeCoefficient": _coefficient(instrument.maker_fee),
        "takerFeeCoefficient": _coefficient(instrument.taker_fee),
        "callauctionIsEnabled": False,
    }


def _coefficient(fee: Decimal | None) -> str:
    return format((fee or LIST_FEE) / LIST_FEE, "f")


def _book(asked: Asked) -> dict[str, Any]:
    market = asked.market
    depth = market.depth(asked.count(_MOST_LEVELS))
    return {
        "time": ms(asked.now_ns),
        "sequence": str(depth.last_id),
        "bids": market.levels(depth.bids),
        "asks": market.levels(depth.asks),
    }


def _histories(asked: Asked) -> list[dict[str, Any]]:
    market = asked.market
    return [
        {
            "sequence": str(match.trade_id),
            "price": market.price(match.price),
            "size": market.size(match.size),
            "side": match.side.name.lower(),
            "time": match.time_ns,
        }
        for match in asked.trades(_MOST_TRADES)
    ]


def _stats(market: SandboxMarket) -> dict[str, Any]:
    day, depth = market.synthetic.statistics.day(), market.depth(1)
    return {
        "symbol": market.instrument.native,
        "buy": market.price(depth.bids[0][0]) if depth.bids else None,
        "sell": market.price(depth.asks[0][0]) if depth.asks else None,
        "changeRate": f"{day.close / day.open - 1:.4f}",
        "changePrice": market.price(day.close - day.open),
        "high": market.price(day.high),
        "low": market.price(day.low),
        "vol": market.size(day.volume),
        "volValue": market.value(day.value),
        "last": market.price(day.close),
    }


def _candles(asked: Asked) -> list[list[str]]:
    """The newest first; those from `startAt` to `endAt`, both 0 where they are not given."""
    market, request = asked.market, asked.request
    start_s, end_s = request.integer("startAt", 0), request.integer("endAt", 0)

    def row(candle: Candle) -> list[str]:
        return [
            str(candle.open_ns // NS_PER_S),
            market.price(candle.open),
            market.price(candle.close),
            market.price(candle.high),
            market.price(candle.low),
            market.size(candle.volume),
            market.value(candle.value),
        ]

    candles = reversed(asked.candles(_MOST_CANDLES))
    return [row(one) for one in candles if start_s <= one.open_ns // NS_PER_S <= end_s]
