"""Paradex seen from the server: public REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from exchanges.chance import Chance
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.paradex.listing import CANDLE_NAMES
from exchanges.paradex.sandbox_public import (
    FUNDING_HOURS,
    BookNumbers,
    ParadexSession,
    funding_row,
    summary_row,
    trade_row,
)
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate
from exchanges.sandbox.request import (
    BAD_PARAMETER,
    Answer,
    SandboxReply,
    SandboxRequest,
    json_reply,
    ms,
)
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.synthetic import Candle, MarketProfile
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

Row = dict[str, Any]

_PREFIX: Final = "/v1"
_BOOKS: Final = f"{_PREFIX}/orderbook/"
_CODES: Final = {
    400: "INVALID_SYMBOL",
    404: "NOT_FOUND",
    BAD_PARAMETER: "VALIDATION_ERROR",
    429: "TOO_MANY_REQUESTS",
}
_COLLATERAL: Final = "USDC"
_DOLLAR: Final = "USD"
_ALL: Final = "ALL"
_PAGE: Final = 100
_INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}


class ParadexSandbox(SandboxVenue):
    """The exchange. Markets in other currencies than dollars are settled in their own."""

    name = "paradex"
    kinds = (Kind.PERPETUAL,)

    def __init__(
        self,
        symbols: Iterable[str],
        world: World,
        chance: Chance,
        now_ns: int,
        profile: MarketProfile | None = None,
    ) -> None:
        super().__init__(symbols, world, chance, now_ns, profile)
        self._numbers = BookNumbers()

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}-{quote}-PERP"

    def make_instrument(self, symbol: str) -> Instrument:
        instrument = super().make_instrument(symbol)
        return replace(instrument, funding_interval_s=FUNDING_HOURS * 3600.0)

    def advance(self, now_ns: int) -> dict[SandboxMarket, MarketUpdate]:
        updates = super().advance(now_ns)
        for market, update in updates.items():
            self._numbers.count(market, update)
        return updates

    def open_session(self, endpoint: str) -> SandboxSession:
        return ParadexSession(self, endpoint, self._numbers)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        body = {"error": _CODES[status], "message": message, "data": None}
        return json_reply(body, 400 if status == BAD_PARAMETER else status)

    def route(self, path: str) -> Answer | None:
        """The path of a book names its market."""
        if not path.startswith(_BOOKS):
            return super().route(path)
        market = self.market(Kind.PERPETUAL, path.removeprefix(_BOOKS))
        if market is None:
            return lambda _: self.error_reply(400, "invalid symbol")
        return lambda request: json_reply(self._book(market, request))

    def routes(self) -> Mapping[str, Answer]:
        return {
            f"{_PREFIX}/system/time": _time,
            f"{_PREFIX}/system/state": lambda _: json_reply({"status": "ok"}),
            f"{_PREFIX}/markets": self._markets,
            f"{_PREFIX}/markets/summary": self._summaries,
            f"{_PREFIX}/markets/klines": self._about("symbol", _klines),
            f"{_PREFIX}/trades": self._about("market", _trades),
            f"{_PREFIX}/funding/data": self._about("market", _funding),
        }

    def _about(
        self, parameter: str, answer: Callable[[SandboxMarket, SandboxRequest], list[Any]]
    ) -> Answer:
        """Answers about the market that the query names."""

        def find(request: SandboxRequest) -> SandboxReply:
            market = self.market(Kind.PERPETUAL, request.query.get(parameter, ""))
            if market is None:
                return self.error_reply(400, "invalid symbol")
            rows = answer(market, request)
            return json_reply({"next": None, "prev": None, "results": rows})

        return find

    def _markets(self, request: SandboxRequest) -> SandboxReply:
        rows = [_market_row(market.instrument) for market in self.of_kind(Kind.PERPETUAL)]
        return json_reply({"results": rows})

    def _summaries(self, request: SandboxRequest) -> SandboxReply:
        """Of one market or of all; one must be named."""
        if request.query.get("market") != _ALL:
            return self._about(
                "market", lambda market, request: [summary_row(market, request.now_ns)]
            )(request)
        markets = self.of_kind(Kind.PERPETUAL)
        return json_reply({"results": [summary_row(market, request.now_ns) for market in markets]})

    def _book(self, market: SandboxMarket, request: SandboxRequest) -> Row:
        depth = market.depth(request.integer("depth", 20))
        return {
            "market": market.instrument.native,
            "seq_no": self._numbers.of(market),
            "last_updated_at": ms(request.now_ns),
            "asks": market.levels(depth.asks),
            "bids": market.levels(depth.bids),
        }


def _time(request: SandboxRequest) -> SandboxReply:
    return json_reply({"server_time": str(ms(request.now_ns))})


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


def _trades(market: SandboxMarket, request: SandboxRequest) -> list[Row]:
    count = request.integer("page_size", _PAGE)
    matches = list(market.synthetic.statistics.trades)[-count:]
    return [trade_row(market, match) for match in reversed(matches)]


def _klines(market: SandboxMarket, request: SandboxRequest) -> list[list[float]]:
    interval = request.choice("resolution", _INTERVALS)
    since_ns, until_ns = (request.integer(name, 0) * NS_PER_MS for name in ("start_at", "end_at"))
    return [
        _candle_row(market, candle)
        for candle in market.synthetic.statistics.candles(interval)
        if since_ns < candle.open_ns <= until_ns
    ]


def _candle_row(market: SandboxMarket, candle: Candle) -> list[float]:
    """The volume in dollars, at the typical price, which readers take it for."""
    price = market.synthetic.ticks.number
    high, low, close = price(candle.high), price(candle.low), price(candle.close)
    volume = market.synthetic.lots.number(candle.volume) * (high + low + close) / 3
    return [ms(candle.open_ns), price(candle.open), high, low, close, volume]


def _funding(market: SandboxMarket, request: SandboxRequest) -> list[Row]:
    """Newest first: a rate of now, and those of whole periods before."""
    rows = [
        funding_row(market, request.now_ns, age) for age in range(request.rows("page_size", _PAGE))
    ]
    since_ms = request.integer("start_at", 0)
    return [row for row in rows if row["created_at"] >= since_ms]
