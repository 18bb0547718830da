"""Bybit seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200 and a code, except that an address which asks
too often is forbidden.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from exchanges.bybit import VENUE
from exchanges.bybit.rest import REST
from exchanges.bybit.sandbox_public import BybitSession, levels_row, side_name, ticker_row
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import SandboxReply, SandboxRequest, Trouble, json_reply, ms
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.venue import TINY, SandboxVenue

_CODES: Final = {
    Trouble.UNKNOWN_MARKET: 10029,
    Trouble.NO_SUCH_PATH: 10404,
    Trouble.BAD_PARAMETER: 10001,
    Trouble.TOO_MANY: 10429,
}
_FUNDING_MINUTES: Final = 480
_PAGE: Final = 500


class BybitSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "The requested symbol is invalid."
    funding_s = _FUNDING_MINUTES * 60.0
    session = BybitSession

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}PERP" if settle == "USDC" else f"{base}{quote}"

    def traded_as(self, base: str, settle: str) -> str:
        """One of them has its number behind."""
        if not settle or base not in TINY:
            return base
        return f"{base}1000" if base == "SHIB" else f"1000{base}"

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        body = {"retCode": _CODES[trouble], "retMsg": message, "result": {}, "retExtInfo": {}}
        return json_reply(body | {"time": 0}, 429 if trouble is Trouble.TOO_MANY else 200)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: _time,
            Question.INSTRUMENTS: self._instruments,
            Question.BOOK: _book,
            Question.TRADES: _trades,
            Question.TICKER: lambda asked: [_ticker(asked.market)],
            Question.TICKERS: lambda asked: [_ticker(one) for one in self.of_kind(asked.kind)],
            Question.KLINES: _klines,
            Question.FUNDING: lambda asked: [_ticker(asked.market)],
            Question.MARK_PRICE: lambda asked: [_ticker(asked.market)],
            Question.OPEN_INTEREST: lambda asked: [_ticker(asked.market)],
            Question.FUNDING_HISTORY: _charges,
        }

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        """Lists name their category."""
        if isinstance(value, list):
            value = {"category": dict(asked.call.query)["category"], "list": value}
        return json_reply(
            {
                "retCode": 0,
                "retMsg": "OK",
                "result": value,
                "retExtInfo": {},
                "time": ms(asked.now_ns),
            }
        )

    def _instruments(self, asked: Asked) -> dict[str, Any]:
        """Spot is listed at once, linear in pages."""
        rows = [_instrument_row(market.listed) for market in self.of_kind(asked.kind)]
        cursor, request = "", asked.request
        if asked.kind is Kind.PERPETUAL:
            start, limit = request.integer("cursor", 0), request.integer("limit", _PAGE)
            cursor = str(start + limit) if len(rows) > start + limit else ""
            rows = rows[start : start + limit]
        category = dict(asked.call.query)["category"]
        return {"category": category, "list": rows, "nextPageCursor": cursor}


def _time(asked: Asked) -> dict[str, Any]:
    return {"timeSecond": str(asked.now_ns // NS_PER_S), "timeNano": str(asked.now_ns)}


def _instrument_row(instrument: Instrument) -> dict[str, Any]:
    row: dict[str, Any] = {
        "symbol": instrument.native,
        "status": "Trading",
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "priceFilter": {"tickSize": format(instrument.tick, "f")},
        "symbolType": "",
    }
    step, least = format(instrument.step, "f"), format(instrument.min_size, "f")
    if instrument.kind is Kind.SPOT:
        lot = {"basePrecision": step, "minOrderQty": least, "minOrderAmt": "0"}
        return row | {"lotSizeFilter": lot}
    return row | {
        "contractType": "LinearPerpetual",
        "settleCoin": instrument.settle,
        "lotSizeFilter": {"qtyStep": step, "minOrderQty": least, "minNotionalValue": "0"},
        "fundingInterval": _FUNDING_MINUTES,
    }


def _book(asked: Asked) -> dict[str, Any]:
    depth = asked.market.depth(asked.count(1 if asked.kind is Kind.SPOT else 25))
    stamp = ms(asked.now_ns)
    return levels_row(asked.market, depth) | {"ts": stamp, "cts": stamp}


def _trades(asked: Asked) -> list[Any]:
    market = asked.market
    return [
        {
            "execId": str(match.trade_id),
            "symbol": market.instrument.native,
            "price": market.price(match.price),
            "size": market.size(match.size),
            "side": side_name(match.side),
            "time": str(ms(match.time_ns)),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": str(match.trade_id),
        }
        for match in reversed(asked.trades(60 if asked.kind is Kind.SPOT else 500))
    ]


def _ticker(market: SandboxMarket) -> dict[str, str]:
    """Of spot markets too, with bid and ask, which the stream leaves out."""
    row = ticker_row(market)
    if market.instrument.kind is Kind.PERPETUAL:
        return row
    ((bid, bid_size),), ((ask, ask_size),) = (
        market.levels(side) or [["", ""]] for side in (market.depth(1).bids, market.depth(1).asks)
    )
    return row | {
        "bid1Price": bid,
        "bid1Size": bid_size,
        "ask1Price": ask,
        "ask1Size": ask_size,
    }


def _klines(asked: Asked) -> dict[str, Any]:
    market = asked.market
    rows = [
        [
            str(ms(candle.open_ns)),
            market.price(candle.open),
            market.price(candle.high),
            market.price(candle.low),
            market.price(candle.close),
            market.size(candle.volume),
            market.value(candle.value),
        ]
        for candle in reversed(asked.candles(200))
    ]
    category = dict(asked.call.query)["category"]
    return {"category": category, "list": rows, "symbol": market.instrument.native}


def _charges(asked: Asked) -> list[Any]:
    """As if every rate of the past had been that of now."""
    state = asked.market.synthetic.perpetual()
    interval_ms = round(state.funding_interval_s * 1000)
    return [
        {
            "symbol": asked.market.instrument.native,
            "fundingRate": f"{state.funding_rate:.8f}",
            "fundingRateTimestamp": str(ms(state.next_funding_ns) - age * interval_ms),
        }
        for age in range(1, asked.rows(200) + 1)
    ]
