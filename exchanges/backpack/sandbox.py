"""Backpack seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from exchanges.backpack import VENUE
from exchanges.backpack.rest import DEPTHS, REST
from exchanges.backpack.sandbox_public import BackpackSession, utc_text
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S, NS_PER_US
from exchanges.market.orders import Side
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import Refusal, SandboxReply, SandboxRequest, Trouble, json_reply, ms
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.venue import TINY, SandboxVenue

_CODES: Final = {
    Trouble.UNKNOWN_MARKET: "INVALID_CLIENT_REQUEST",
    Trouble.NO_SUCH_PATH: "RESOURCE_NOT_FOUND",
    Trouble.BAD_PARAMETER: "INVALID_CLIENT_REQUEST",
}
_FUNDING_S: Final = 3600.0


class BackpackSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "Invalid market symbol"
    funding_s = _FUNDING_S
    session = BackpackSession

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}_{quote}_PERP" if settle else f"{base}_{quote}"

    def traded_as(self, base: str, settle: str) -> str:
        return f"k{base}" if settle and base in TINY else base

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        code = _CODES.get(trouble, "TOO_MANY_REQUESTS")
        return json_reply({"code": code, "message": message}, trouble.status)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.PING: lambda asked: {"status": "Ok", "message": None},
            Question.SERVER_TIME: lambda asked: ms(asked.now_ns),
            Question.INSTRUMENTS: lambda asked: [
                _market_row(market.listed) for market in self.markets.values()
            ],
            Question.BOOK: _depth,
            Question.TRADES: _trades,
            Question.KLINES: _klines,
            Question.TICKER: lambda asked: _ticker(asked.market),
            Question.TICKERS: lambda asked: [_ticker(market) for market in self.markets.values()],
            Question.MARK_PRICE: _mark_price,
            Question.FUNDING: _mark_price,
            Question.FUNDING_HISTORY: _funding_rates,
            Question.OPEN_INTEREST: _open_interest,
        }


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


def _refused(words: bytes) -> Refusal:
    """Some requests are refused in plain text."""
    return Refusal(SandboxReply(status=400, body=words, headers=()))


def _depth(asked: Asked) -> dict[str, Any]:
    market, levels = asked.market, asked.count(DEPTHS[-1])
    if levels not in DEPTHS:
        raise _refused(b"parse error: invalid limit")
    depth = market.depth(levels)
    return {
        "asks": market.levels(depth.asks),
        "bids": market.levels(reversed(depth.bids)),
        "lastUpdateId": str(depth.last_id),
        "timestamp": asked.now_ns // NS_PER_US,
    }


def _trades(asked: Asked) -> list[dict[str, Any]]:
    market = asked.market
    return [
        {
            "id": match.trade_id,
            "price": market.price(match.price),
            "quantity": market.size(match.size),
            "quoteQuantity": market.value(match.price * match.size),
            "timestamp": ms(match.time_ns),
            "isBuyerMaker": match.side is Side.SELL,
        }
        for match in reversed(asked.trades(100))
    ]


def _klines(asked: Asked) -> list[dict[str, Any]]:
    market, request = asked.market, asked.request
    if not request.query.get("startTime", "").isdecimal():
        raise _refused(b"missing startTime")
    interval = asked.interval()
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


def _ticker(market: SandboxMarket) -> dict[str, Any]:
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


def _mark_price(asked: Asked) -> list[dict[str, Any]]:
    market = asked.market
    state = market.synthetic.perpetual()
    row = {
        "symbol": market.instrument.native,
        "markPrice": market.price(state.mark),
        "indexPrice": market.price(state.index),
        "fundingRate": f"{state.funding_rate:.12f}",
        "nextFundingTimestamp": ms(state.next_funding_ns),
    }
    return [row]


def _open_interest(asked: Asked) -> list[dict[str, Any]]:
    market = asked.market
    row = {
        "symbol": market.instrument.native,
        "openInterest": market.size(market.synthetic.perpetual().open_interest),
        "timestamp": ms(asked.now_ns),
    }
    return [row]


def _funding_rates(asked: Asked) -> list[dict[str, Any]]:
    """Newest first, beginning with the interval that is running.

    All are at the rate of today: the synthetic markets remember none.
    """
    market = asked.market
    state = market.synthetic.perpetual()
    interval_ns = int(state.funding_interval_s) * NS_PER_S
    return [
        {
            "symbol": market.instrument.native,
            "fundingRate": f"{state.funding_rate:.9f}",
            "intervalEndTimestamp": utc_text(state.next_funding_ns - age * interval_ns, "T"),
        }
        for age in range(asked.rows(100))
    ]
