"""Paradex seen from the server: public REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_MS
from exchanges.paradex import VENUE
from exchanges.paradex.rest import REST
from exchanges.paradex.sandbox_public import BookNumbers, ParadexSession
from exchanges.paradex.sandbox_rows import FUNDING_HOURS, funding_row, summary_row, trade_row
from exchanges.paradex.sbe import UNIT
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate
from exchanges.sandbox.request import SandboxReply, SandboxRequest, Trouble, json_reply, ms
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import TINY, SandboxVenue

Row = dict[str, Any]

_CODES: Final = {
    Trouble.UNKNOWN_MARKET: "INVALID_SYMBOL",
    Trouble.NO_SUCH_PATH: "NOT_FOUND",
    Trouble.BAD_PARAMETER: "VALIDATION_ERROR",
    Trouble.TOO_MANY: "TOO_MANY_REQUESTS",
}
FINEST: Final = Decimal(1) / UNIT
_COLLATERAL: Final = "USDC"
_DOLLAR: Final = "USD"
_PAGE: Final = 100
RATES_APART_MS: Final = 5000


class ParadexSandbox(SandboxVenue):
    """The exchange. Markets in other currencies than dollars are settled in their own."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "invalid symbol"
    funding_s = FUNDING_HOURS * 3600.0

    def prepare(self) -> None:
        self._numbers = BookNumbers()

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}-{quote}-PERP"

    def traded_as(self, base: str, settle: str) -> str:
        return f"k{base}" if settle and base in TINY else base

    def make_instrument(self, symbol: str) -> Instrument:
        """No finer rules than frames can tell."""
        made = super().make_instrument(symbol)
        step = max(made.step, FINEST * made.multiplier)
        return replace(
            made, tick=max(made.tick, FINEST / made.multiplier), step=step, min_size=step
        )

    def advance(self, now_ns: int) -> dict[SandboxMarket, MarketUpdate]:
        updates = super().advance(now_ns)
        for market, update in updates.items():
            self._numbers.count(market, update)
        return updates

    def make_session(self, endpoint: str) -> SandboxSession:
        return ParadexSession(self, endpoint, self._numbers)

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        body = {"error": _CODES[trouble], "message": message, "data": None}
        return json_reply(body, trouble.status)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: lambda asked: {"server_time": str(ms(asked.now_ns))},
            Question.PING: lambda asked: {"status": "ok"},
            Question.INSTRUMENTS: lambda asked: [
                _market_row(market.listed) for market in self.markets.values()
            ],
            Question.BOOK: self._book,
            Question.TRADES: _trades,
            Question.KLINES: _klines,
            Question.TICKER: _summary,
            Question.TICKERS: lambda asked: [
                summary_row(market, asked.now_ns) for market in self.markets.values()
            ],
            Question.MARK_PRICE: _summary,
            Question.OPEN_INTEREST: _summary,
            Question.FUNDING: _funding,
            Question.FUNDING_HISTORY: _funding,
        }

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        is_page = isinstance(value, list)
        return json_reply({"next": None, "prev": None, "results": value} if is_page else value)

    def _book(self, asked: Asked) -> Row:
        market = asked.market
        depth = market.depth(asked.count(20))
        return {
            "market": market.instrument.native,
            "seq_no": self._numbers.of(market),
            "last_updated_at": ms(asked.now_ns),
            "asks": market.levels(depth.asks),
            "bids": market.levels(depth.bids),
        }


def _summary(asked: Asked) -> list[Row]:
    return [summary_row(asked.market, asked.now_ns)]


def _market_row(instrument: Instrument) -> Row:
    settle = _COLLATERAL if instrument.quote == _DOLLAR else instrument.quote
    return {
        "symbol": instrument.native,
        "base_currency": instrument.base,
        "quote_currency": instrument.quote,
        "settlement_currency": settle,
        "order_size_increment": format(instrument.step, "f"),
        "price_tick_size": format(instrument.tick, "f"),
        "min_notional": "0",
        "max_order_size": "",
        "open_at": 0,
        "expiry_at": 0,
        "asset_kind": "PERP",
        "market_kind": "cross",
        "trading_mode": "STANDARD",
        "funding_period_hours": FUNDING_HOURS,
    }


def _trades(asked: Asked) -> list[Row]:
    return [trade_row(asked.market, match) for match in reversed(asked.trades(_PAGE))]


def _klines(asked: Asked) -> list[list[float]]:
    market, request = asked.market, asked.request
    since_ns, until_ns = (request.integer(name, 0) * NS_PER_MS for name in ("start_at", "end_at"))
    return [
        _candle_row(market, candle)
        for candle in market.synthetic.statistics.candles(asked.interval())
        if since_ns < candle.open_ns <= until_ns
    ]


def _candle_row(market: SandboxMarket, candle: Candle) -> list[float]:
    """The volume in dollars, at the typical price, which readers take it for."""
    price = market.price_number
    high, low, close = price(candle.high), price(candle.low), price(candle.close)
    volume = market.size_number(candle.volume) * (high + low + close) / 3
    return [ms(candle.open_ns), price(candle.open), high, low, close, volume]


def _funding(asked: Asked) -> list[Row]:
    """The rates of some time or of now, newest first."""
    request = asked.request
    now_ms = ms(asked.now_ns)
    until_ms = min(request.integer("end_at", now_ms), now_ms)
    since_ms = request.integer("start_at", 0)
    times = range(until_ms, since_ms - 1, -RATES_APART_MS)[: request.rows("page_size", _PAGE)]
    return [funding_row(asked.market, asked.now_ns, now_ms - time_ms) for time_ms in times]
