"""Bybit seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200 and a code, except that an address which asks
too often is forbidden.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from exchanges.bybit.market_data import INTERVALS
from exchanges.bybit.rest import CATEGORIES
from exchanges.bybit.sandbox_public import BybitSession, levels_row, side_name, ticker_row
from exchanges.market.instrument import Instrument, Kind
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

_KINDS: Final = {category: kind for kind, category in CATEGORIES.items()}
_CODES: Final = {400: 10029, 404: 10404, BAD_PARAMETER: 10001, 429: 10429}
_FUNDING_MINUTES: Final = 480
_PAGE: Final = 500


class BybitSandbox(SandboxVenue):
    """The exchange."""

    name = "bybit"
    kinds = (Kind.SPOT, Kind.PERPETUAL)

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}PERP" if settle == "USDC" else f"{base}{quote}"

    def make_instrument(self, symbol: str) -> Instrument:
        instrument = super().make_instrument(symbol)
        if instrument.kind is Kind.SPOT:
            return instrument
        return replace(instrument, funding_interval_s=_FUNDING_MINUTES * 60.0)

    def open_session(self, endpoint: str) -> SandboxSession:
        return BybitSession(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        body = {"retCode": _CODES[status], "retMsg": message, "result": {}, "retExtInfo": {}}
        return json_reply(body | {"time": 0}, 429 if status == 429 else 200)

    def routes(self) -> Mapping[str, Answer]:
        return {
            "/v5/market/time": _time,
            "/v5/market/instruments-info": self._instruments,
            "/v5/market/orderbook": self._about(_book),
            "/v5/market/recent-trade": self._about(_trades),
            "/v5/market/tickers": self._tickers,
            "/v5/market/kline": self._about(_klines),
            "/v5/market/funding/history": self._about(_charges),
        }

    def _about(self, answer: Callable[[SandboxMarket, SandboxRequest], dict[str, Any]]) -> Answer:
        """Answers about the market that category and symbol name."""

        def find(request: SandboxRequest) -> SandboxReply:
            kind = _KINDS.get(request.query.get("category", ""))
            market = self.market(kind, request.query.get("symbol", "")) if kind else None
            if market is None:
                return self.error_reply(400, "The requested symbol is invalid.")
            return _reply(request, answer(market, request))

        return find

    def _instruments(self, request: SandboxRequest) -> SandboxReply:
        """Spot is listed at once, linear in pages."""
        kind = _KINDS.get(request.query.get("category", ""))
        if kind is None:
            return self.error_reply(400, "Illegal category")
        rows = [_instrument_row(market.instrument) for market in self.of_kind(kind)]
        cursor = ""
        if kind is Kind.PERPETUAL:
            start, limit = request.integer("cursor", 0), request.integer("limit", _PAGE)
            cursor = str(start + limit) if len(rows) > start + limit else ""
            rows = rows[start : start + limit]
        category = request.query["category"]
        return _reply(request, {"category": category, "list": rows, "nextPageCursor": cursor})

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        """Of one market, or of all of a category."""
        if "symbol" in request.query:
            return self._about(lambda market, request: _listed(request, [_ticker(market)]))(request)
        kind = _KINDS.get(request.query.get("category", ""))
        if kind is None:
            return self.error_reply(400, "Illegal category")
        return _reply(request, _listed(request, [_ticker(one) for one in self.of_kind(kind)]))


def _reply(request: SandboxRequest, result: dict[str, Any]) -> SandboxReply:
    return json_reply(
        {
            "retCode": 0,
            "retMsg": "OK",
            "result": result,
            "retExtInfo": {},
            "time": ms(request.now_ns),
        }
    )


def _listed(request: SandboxRequest, rows: list[Any]) -> dict[str, Any]:
    return {"category": request.query["category"], "list": rows}


def _time(request: SandboxRequest) -> SandboxReply:
    seconds = request.now_ns // 1_000_000_000
    return _reply(request, {"timeSecond": str(seconds), "timeNano": str(request.now_ns)})


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


def _book(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    default = 1 if market.instrument.kind is Kind.SPOT else 25
    depth = market.depth(request.integer("limit", default))
    stamp = ms(request.now_ns)
    return levels_row(market, depth) | {"ts": stamp, "cts": stamp}


def _trades(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    default = 60 if market.instrument.kind is Kind.SPOT else 500
    matches = list(market.synthetic.statistics.trades)[-request.integer("limit", default) :]
    rows = [
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
        for match in reversed(matches)
    ]
    return _listed(request, rows)


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


def _klines(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    interval = request.choice("interval", INTERVALS)
    candles = market.synthetic.statistics.candles(interval)[-request.integer("limit", 200) :]
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
        for candle in reversed(candles)
    ]
    return _listed(request, rows) | {"symbol": market.instrument.native}


def _charges(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    """As if every rate of the past had been that of now."""
    state = market.synthetic.perpetual()
    interval_ms = round(state.funding_interval_s * 1000)
    rows = [
        {
            "symbol": market.instrument.native,
            "fundingRate": f"{state.funding_rate:.8f}",
            "fundingRateTimestamp": str(ms(state.next_funding_ns) - age * interval_ms),
        }
        for age in range(1, request.rows("limit", 200) + 1)
    ]
    return _listed(request, rows)
