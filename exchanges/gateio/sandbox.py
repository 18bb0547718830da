"""Gate.io seen from the server: public spot REST. The socket is in `sandbox_streams.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from exchanges.events import KlineInterval
from exchanges.gateio.messages import INTERVALS
from exchanges.gateio.replies import ASSETS
from exchanges.gateio.sandbox_streams import GateioSession, ticker_row, trade_row
from exchanges.instrument import Instrument, Kind
from exchanges.numbers import NS_PER_S
from exchanges.sandbox import (
    Answer,
    SandboxMarket,
    SandboxReply,
    SandboxRequest,
    SandboxSession,
    SandboxVenue,
    json_reply,
    ms,
)

_OWN_NAMES: Final = {usual: own for own, usual in ASSETS.items()}
_LABELS: Final = {400: "INVALID_CURRENCY_PAIR", 404: "NOT_FOUND", 429: "TOO_MANY_REQUESTS"}
_FEE: Final = Decimal("0.002")


class GateioSandbox(SandboxVenue):
    """The exchange."""

    name = "gateio"
    kinds = (Kind.SPOT,)

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{_OWN_NAMES.get(base, base)}_{_OWN_NAMES.get(quote, quote)}"

    def make_instrument(self, symbol: str) -> Instrument:
        """The venue counts digits after the point: no tick or step is above one."""
        instrument = super().make_instrument(symbol)
        return replace(
            instrument,
            tick=min(instrument.tick, Decimal(1)),
            step=min(instrument.step, Decimal(1)),
            maker_fee=_FEE,
            taker_fee=_FEE,
        )

    def open_session(self, endpoint: str) -> SandboxSession:
        return GateioSession(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        headers = {"x-gate-ratelimit-requests-remain": "0"} if status == 429 else {}
        return json_reply({"label": _LABELS[status], "message": message}, status, headers)

    def routes(self) -> Mapping[str, Answer]:
        return {
            "/api/v4/spot/time": lambda request: json_reply({"server_time": ms(request.now_ns)}),
            "/api/v4/spot/currency_pairs": self._currency_pairs,
            "/api/v4/spot/order_book": self._about(_order_book),
            "/api/v4/spot/trades": self._about(_trades),
            "/api/v4/spot/tickers": self._tickers,
            "/api/v4/spot/candlesticks": self._about(_candlesticks),
        }

    def _about(self, answer: Callable[[SandboxMarket, SandboxRequest], Any]) -> Answer:
        """Answers about the pair that the query names."""

        def find(request: SandboxRequest) -> SandboxReply:
            market = self.market(Kind.SPOT, request.query.get("currency_pair", ""))
            if market is None:
                return self.error_reply(400, "Invalid currency pair")
            return json_reply(answer(market, request))

        return find

    def _currency_pairs(self, request: SandboxRequest) -> SandboxReply:
        return json_reply([_pair_row(market.instrument) for market in self.markets.values()])

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        """Of one pair, or of all."""
        if "currency_pair" in request.query:
            return self._about(lambda market, _: [ticker_row(market)])(request)
        return json_reply([ticker_row(market) for market in self.markets.values()])


def _pair_row(instrument: Instrument) -> dict[str, Any]:
    base, _, quote = instrument.native.rpartition("_")
    return {
        "id": instrument.native,
        "base": base,
        "quote": quote,
        "fee": "0.2",
        "min_base_amount": format(instrument.min_size, "f"),
        "amount_precision": _digits(instrument.step),
        "precision": _digits(instrument.tick),
        "trade_status": "tradable",
        "sell_start": 0,
        "buy_start": 0,
        "type": "normal",
    }


def _digits(increment: Decimal) -> int:
    return -increment.adjusted()


def _order_book(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    depth = market.depth(request.integer("limit", 10))
    book = {
        "current": ms(request.now_ns),
        "update": ms(request.now_ns),
        "asks": market.levels(depth.asks),
        "bids": market.levels(depth.bids),
    }
    if request.query.get("with_id") == "true":
        book["id"] = depth.last_id
    return book


def _trades(market: SandboxMarket, request: SandboxRequest) -> list[dict[str, Any]]:
    matches = list(market.synthetic.statistics.trades)[-request.integer("limit", 100) :]
    rows = [trade_row(market, match) for match in reversed(matches)]
    return [{**row, "id": str(row["id"]), "create_time": str(row["create_time"])} for row in rows]


def _candlesticks(market: SandboxMarket, request: SandboxRequest) -> list[list[str]]:
    interval = INTERVALS.get(request.query.get("interval", ""), KlineInterval.M30)
    candles = market.synthetic.statistics.candles(interval)[-request.integer("limit", 100) :]
    running = candles[-1]
    return [
        [
            str(candle.open_ns // NS_PER_S),
            market.value(candle.value),
            market.price(candle.close),
            market.price(candle.high),
            market.price(candle.low),
            market.price(candle.open),
            market.size(candle.volume),
            "false" if candle is running else "true",
        ]
        for candle in candles
    ]
