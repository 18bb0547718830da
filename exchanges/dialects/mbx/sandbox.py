"""This dialect seen from the server: market data REST, spot and USD-M.

Source: as for `rest.py`. The streams are in `sandbox_public.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
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
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import TINY, SandboxVenue

_INVALID_SYMBOL: Final = -1121
_CODES: Final = {Trouble.BAD_PARAMETER: -1130, Trouble.TOO_MANY: -1003}


class MbxSandbox(SandboxVenue):
    """The exchange.

    A venue gives its requests, as its client side does, and its side of the sockets.
    """

    unknown_market = "Invalid symbol."

    def native(self, base: str, quote: str, settle: str) -> str:
        return base + quote

    def traded_as(self, base: str, settle: str) -> str:
        return f"1000{base}" if settle and base in TINY else base

    def lists_funding(self, market: SandboxMarket) -> bool:
        """Whether the funding intervals list a market."""
        return True

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        code = _CODES.get(trouble, _INVALID_SYMBOL)
        return status_reply(trouble, {"code": code, "msg": message})

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
                _ticker_24h(market, asked.now_ns) for market in self.of_kind(asked.kind)
            ],
            Question.MARK_PRICE: _premium_index,
            Question.FUNDING: _premium_index,
            Question.FUNDING_INTERVALS: self._funding_info,
            Question.FUNDING_HISTORY: _funding_rates,
            Question.OPEN_INTEREST: _open_interest,
        }

    def _exchange_info(self, asked: Asked) -> dict[str, Any]:
        symbols = [_symbol_info(market.listed) for market in self.of_kind(asked.kind)]
        return {"timezone": "UTC", "serverTime": ms(asked.now_ns), "symbols": symbols}

    def _funding_info(self, asked: Asked) -> list[Any]:
        return [
            {
                "symbol": market.instrument.native,
                "fundingIntervalHours": int(market.synthetic.perpetual().funding_interval_s / 3600),
            }
            for market in self.of_kind(asked.kind)
            if self.lists_funding(market)
        ]


# What the requests are answered.


def _symbol_info(instrument: Instrument) -> dict[str, Any]:
    minimum = str(instrument.min_notional)
    notional = {"filterType": "NOTIONAL", "minNotional": minimum}
    if instrument.kind is Kind.PERPETUAL:
        notional = {"filterType": "MIN_NOTIONAL", "notional": minimum}
    row = {
        "symbol": instrument.native,
        "status": "TRADING",
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": format(instrument.tick, "f")},
            {
                "filterType": "LOT_SIZE",
                "stepSize": format(instrument.step, "f"),
                "minQty": format(instrument.min_size, "f"),
                "maxQty": format(instrument.max_size or 0, "f"),
            },
            notional,
        ],
    }
    if instrument.kind is Kind.PERPETUAL:
        row |= {"contractType": "PERPETUAL", "marginAsset": instrument.settle}
    return row


def _depth(asked: Asked) -> dict[str, Any]:
    market = asked.market
    depth = market.depth(asked.count(100))
    return {
        "lastUpdateId": depth.last_id,
        "bids": market.levels(depth.bids),
        "asks": market.levels(depth.asks),
    }


def _trades(asked: Asked) -> list[dict[str, Any]]:
    market = asked.market
    return [
        {
            "id": match.trade_id,
            "price": market.price(match.price),
            "qty": market.size(match.size),
            "time": ms(match.time_ns),
            "isBuyerMaker": match.side is Side.SELL,
        }
        for match in asked.trades(500)
    ]


def _klines(asked: Asked) -> list[list[Any]]:
    market = asked.market
    return [_kline_row(market, asked.interval(), candle) for candle in asked.candles(500)]


def _kline_row(market: SandboxMarket, interval: KlineInterval, candle: Candle) -> list[Any]:
    open_ms = ms(candle.open_ns)
    return [
        open_ms,
        market.price(candle.open),
        market.price(candle.high),
        market.price(candle.low),
        market.price(candle.close),
        market.size(candle.volume),
        open_ms + interval.seconds * 1000 - 1,
        market.value(candle.value),
        candle.trades,
        market.size(candle.buy_volume),
        market.value(candle.buy_value),
        "0",
    ]


def _ticker_24h(market: SandboxMarket, now_ns: int) -> dict[str, Any]:
    day, depth = market.synthetic.statistics.day(), market.depth(1)
    return {
        "symbol": market.instrument.native,
        "lastPrice": market.price(day.close),
        "highPrice": market.price(day.high),
        "lowPrice": market.price(day.low),
        "bidPrice": market.price(depth.bids[0][0]),
        "askPrice": market.price(depth.asks[0][0]),
        "volume": market.size(day.volume),
        "quoteVolume": market.value(day.value),
        "priceChangePercent": f"{(day.close / day.open - 1) * 100:.3f}",
        "closeTime": ms(now_ns),
    }


def _premium_index(asked: Asked) -> dict[str, Any]:
    market = asked.market
    state = market.synthetic.perpetual()
    return {
        "symbol": market.instrument.native,
        "markPrice": market.price(state.mark),
        "indexPrice": market.price(state.index),
        "lastFundingRate": f"{state.funding_rate:.8f}",
        "nextFundingTime": ms(state.next_funding_ns),
        "time": ms(asked.now_ns),
    }


def _open_interest(asked: Asked) -> dict[str, Any]:
    market = asked.market
    return {
        "symbol": market.instrument.native,
        "openInterest": market.size(market.synthetic.perpetual().open_interest),
        "time": ms(asked.now_ns),
    }


def _funding_rates(asked: Asked) -> list[dict[str, Any]]:
    """Oldest first, all at the rate of today: the synthetic markets remember none."""
    market = asked.market
    state = market.synthetic.perpetual()
    interval_ns = int(state.funding_interval_s) * NS_PER_S
    ages = reversed(range(1, asked.rows(200) + 1))
    return [
        {
            "symbol": market.instrument.native,
            "fundingRate": f"{state.funding_rate:.8f}",
            "fundingTime": ms(state.next_funding_ns - age * interval_ns),
        }
        for age in ages
    ]
