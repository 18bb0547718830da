"""Bitfinex seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. Most paths name a market; errors come with HTTP 500.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from exchanges.bitfinex.listing import ASSETS, PRICE_DIGITS, STEP, TICK, native_of
from exchanges.bitfinex.market_data import CANDLE_NAMES, INTERVALS
from exchanges.bitfinex.sandbox_public import (
    BitfinexSession,
    book_rows,
    candle_row,
    status_row,
    ticker_row,
    trade_row,
)
from exchanges.chance import Chance
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
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
from exchanges.sandbox.synthetic import MarketProfile
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

_OWN_NAMES: Final = {usual: own for own, usual in ASSETS.items()}
_ERRORS: Final = {
    400: (10020, "symbol: invalid"),
    404: (10020, "symbol: invalid"),
    BAD_PARAMETER: (10020, "limit: invalid"),
    429: (11010, "ratelimit: error"),
}
_MOST_CHARGES: Final = 10

Report = Callable[[SandboxMarket, SandboxRequest], Any]


class BitfinexSandbox(SandboxVenue):
    """The exchange."""

    name = "bitfinex"
    kinds = (Kind.SPOT, Kind.PERPETUAL)

    def __init__(
        self,
        symbols: Iterable[str],
        world: World,
        chance: Chance,
        now_ns: int,
        profile: MarketProfile | None = None,
    ) -> None:
        super().__init__(symbols, world, chance, now_ns, profile)
        for market in self.markets.values():
            # The engine needs a tick; the venue knows only significant digits.
            market.instrument = replace(
                market.instrument, tick=TICK, step=STEP, price_digits=PRICE_DIGITS
            )

    def native(self, base: str, quote: str, settle: str) -> str:
        return native_of(_OWN_NAMES.get(base, base), _OWN_NAMES.get(quote, quote), settle)

    def make_instrument(self, symbol: str) -> Instrument:
        """Prices of five digits, sizes of eight decimals at most."""
        instrument = super().make_instrument(symbol)
        step = max(instrument.step, STEP)
        return replace(instrument, tick=instrument.tick * 10, step=step, min_size=step)

    def open_session(self, endpoint: str) -> SandboxSession:
        return BitfinexSession(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        return json_reply(["error", *_ERRORS[status]], 429 if status == 429 else 500)

    def routes(self) -> Mapping[str, Answer]:
        routes: dict[str, Answer] = {
            "/v2/platform/status": _state,
            "/v2/conf/pub:info:pair": lambda _: self._pairs(Kind.SPOT),
            "/v2/conf/pub:info:pair:futures": lambda _: self._pairs(Kind.PERPETUAL),
            "/v2/tickers": self._tickers,
            "/v2/status/deriv": self._states,
        }
        for market in self.markets.values():
            symbol = f"t{market.instrument.native}"
            reports: dict[str, Report] = {
                f"book/{symbol}/P0": _book,
                f"trades/{symbol}/hist": _trades,
                f"ticker/{symbol}": lambda market, request: ticker_row(market),
            }
            for name in CANDLE_NAMES.values():
                reports[f"candles/trade:{name}:{symbol}/hist"] = partial(_candles, name)
            if market.instrument.kind is Kind.PERPETUAL:
                reports[f"status/deriv/{symbol}/hist"] = _past_states
            routes |= {f"/v2/{path}": _answer(report, market) for path, report in reports.items()}
        return routes

    def _pairs(self, kind: Kind) -> SandboxReply:
        return json_reply([[_pair_row(market.instrument) for market in self.of_kind(kind)]])

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        return json_reply(
            [[f"t{one.instrument.native}", *ticker_row(one)] for one in self.markets.values()]
        )

    def _states(self, request: SandboxRequest) -> SandboxReply:
        wanted = request.query.get("keys", "").split(",")
        markets = self.of_kind(Kind.PERPETUAL)
        named = [(f"t{market.instrument.native}", market) for market in markets]
        rows = [
            [name, *status_row(market, request.now_ns)]
            for name, market in named
            if name in wanted or wanted == ["ALL"]
        ]
        return json_reply(rows)


def _answer(report: Report, market: SandboxMarket) -> Answer:
    return lambda request: json_reply(report(market, request))


def _state(request: SandboxRequest) -> SandboxReply:
    at = datetime.fromtimestamp(request.now_ns // NS_PER_S, UTC)
    return json_reply([1], headers={"date": at.strftime("%a, %d %b %Y %H:%M:%S GMT")})


def _pair_row(instrument: Instrument) -> list[Any]:
    facts: list[Any] = [None] * 12
    facts[3] = format(instrument.min_size, "f")
    if instrument.kind is Kind.PERPETUAL:
        facts[8:10] = [0.01, 0.005]
    return [instrument.native, facts]


def _book(market: SandboxMarket, request: SandboxRequest) -> list[Any]:
    depth = market.depth(request.integer("len", 25))
    return book_rows(market, depth)


def _trades(market: SandboxMarket, request: SandboxRequest) -> list[Any]:
    matches = list(market.synthetic.statistics.trades)[-request.integer("limit", 125) :]
    return [trade_row(market, match) for match in reversed(matches)]


def _candles(name: str, market: SandboxMarket, request: SandboxRequest) -> list[Any]:
    candles = market.synthetic.statistics.candles(INTERVALS[name])
    return [
        candle_row(market, candle) for candle in reversed(candles[-request.integer("limit", 100) :])
    ]


def _past_states(market: SandboxMarket, request: SandboxRequest) -> list[Any]:
    """One state of each period, newest first; the rate that is due now has always been the rate."""
    state = market.synthetic.perpetual()
    interval_ms = round(state.funding_interval_s * 1000)
    rows = []
    for number in range(_MOST_CHARGES):
        row = status_row(market, request.now_ns)
        row[7] -= number * interval_ms
        row[0] = min(row[7] - 1, ms(request.now_ns))
        rows.append(row)
    return rows
