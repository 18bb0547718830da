"""This dialect seen from the server: market data REST, spot and USD-M.

Source: as for `rest.py`. The streams are in `sandbox_public.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from exchanges.dialects.mbx.rest import Surface
from exchanges.dialects.mbx.sandbox_public import MbxSession
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
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
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import SandboxVenue

_INVALID_SYMBOL: Final = -1121
_CODES: Final = {BAD_PARAMETER: -1130, 429: -1003}
_INTERVALS: Final = {interval.value: interval for interval in KlineInterval}

KindAnswer = Callable[[Kind, SandboxRequest], SandboxReply]


class MbxSandbox(SandboxVenue):
    """The exchange.

    A venue gives its `surfaces`, as its client side does, its side of the sockets, and the path
    of its open interest.
    """

    surfaces: ClassVar[Mapping[Kind, Surface]]
    session: ClassVar[type[MbxSession]]
    open_interest_path: ClassVar[str]

    def native(self, base: str, quote: str, settle: str) -> str:
        return base + quote

    def open_session(self, endpoint: str) -> SandboxSession:
        return self.session(self, endpoint)

    def lists_funding(self, market: SandboxMarket) -> bool:
        """Whether the funding intervals list a market."""
        return True

    def error_reply(self, status: int, message: str) -> SandboxReply:
        code = _CODES.get(status, _INVALID_SYMBOL)
        headers = {"retry-after": "1"} if status == 429 else {}
        http_status = 400 if status == BAD_PARAMETER else status
        return json_reply({"code": code, "msg": message}, http_status, headers)

    def routes(self) -> Mapping[str, Answer]:
        common: dict[str, KindAnswer] = {
            "/ping": lambda kind, request: json_reply({}),
            "/time": _time,
            "/exchangeInfo": self._exchange_info,
            "/depth": self._about(_depth),
            "/trades": self._about(_trades),
            "/klines": self._about(_klines),
            "/ticker/24hr": self._tickers,
        }
        futures = {
            "/premiumIndex": self._about(_premium_index),
            "/fundingInfo": self._funding_info,
            "/fundingRate": self._about(_funding_rates),
        }
        answers = {
            surface.prefix + path: _for(kind, answer)
            for kind, surface in self.surfaces.items()
            for path, answer in (common | (futures if kind is Kind.PERPETUAL else {})).items()
        }
        open_interest = _for(Kind.PERPETUAL, self._about(_open_interest))
        return {**answers, self.open_interest_path: open_interest}

    def _about(self, answer: Callable[[SandboxMarket, SandboxRequest], Any]) -> KindAnswer:
        """Answers about the market that the query names."""

        def find(kind: Kind, request: SandboxRequest) -> SandboxReply:
            market = self.market(kind, request.query.get("symbol", ""))
            if market is None:
                return self.error_reply(400, "Invalid symbol.")
            return json_reply(answer(market, request))

        return find

    def _tickers(self, kind: Kind, request: SandboxRequest) -> SandboxReply:
        """Of one market, or of all."""
        if "symbol" in request.query:
            return self._about(_ticker_24h)(kind, request)
        return json_reply([_ticker_24h(market, request) for market in self.of_kind(kind)])

    def _exchange_info(self, kind: Kind, request: SandboxRequest) -> SandboxReply:
        symbols = [_symbol_info(market.instrument) for market in self.of_kind(kind)]
        return json_reply({"timezone": "UTC", "serverTime": ms(request.now_ns), "symbols": symbols})

    def _funding_info(self, kind: Kind, request: SandboxRequest) -> SandboxReply:
        rows = [
            {
                "symbol": market.instrument.native,
                "fundingIntervalHours": int(market.synthetic.perpetual().funding_interval_s / 3600),
            }
            for market in self.of_kind(kind)
            if self.lists_funding(market)
        ]
        return json_reply(rows)


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


def _time(kind: Kind, request: SandboxRequest) -> SandboxReply:
    return json_reply({"serverTime": ms(request.now_ns)})


def _depth(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    depth = market.depth(request.integer("limit", 100))
    return {
        "lastUpdateId": depth.last_id,
        "bids": market.levels(depth.bids),
        "asks": market.levels(depth.asks),
    }


def _trades(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    matches = list(market.synthetic.statistics.trades)[-request.integer("limit", 500) :]
    return [
        {
            "id": match.trade_id,
            "price": market.price(match.price),
            "qty": market.size(match.size),
            "time": ms(match.time_ns),
            "isBuyerMaker": match.side is Side.SELL,
        }
        for match in matches
    ]


def _klines(market: SandboxMarket, request: SandboxRequest) -> list[list[Any]]:
    interval = request.choice("interval", _INTERVALS)
    candles = market.synthetic.statistics.candles(interval)[-request.integer("limit", 500) :]
    return [_kline_row(market, interval, candle) for candle in candles]


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


def _ticker_24h(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
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
        "closeTime": ms(request.now_ns),
    }


def _premium_index(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    state = market.synthetic.perpetual()
    return {
        "symbol": market.instrument.native,
        "markPrice": market.price(state.mark),
        "indexPrice": market.price(state.index),
        "lastFundingRate": f"{state.funding_rate:.8f}",
        "nextFundingTime": ms(state.next_funding_ns),
        "time": ms(request.now_ns),
    }


def _open_interest(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    return {
        "symbol": market.instrument.native,
        "openInterest": market.size(market.synthetic.perpetual().open_interest),
        "time": ms(request.now_ns),
    }


def _funding_rates(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    """Oldest first, all at the rate of today: the synthetic markets remember none."""
    state = market.synthetic.perpetual()
    interval_ns = int(state.funding_interval_s) * NS_PER_S
    ages = reversed(range(1, request.rows("limit", 200) + 1))
    return [
        {
            "symbol": market.instrument.native,
            "fundingRate": f"{state.funding_rate:.8f}",
            "fundingTime": ms(state.next_funding_ns - age * interval_ns),
        }
        for age in ages
    ]


def _for(kind: Kind, answer: Callable[[Kind, SandboxRequest], SandboxReply]) -> Answer:
    return lambda request: answer(kind, request)
