"""Bitfinex seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. Most paths name a market; errors come with HTTP 500.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from exchanges.bitfinex import VENUE
from exchanges.bitfinex.listing import ASSETS, PRICE_DIGITS, STEP, TICK, native_of
from exchanges.bitfinex.rest import REST
from exchanges.bitfinex.sandbox_public import (
    BitfinexSession,
    book_rows,
    candle_row,
    status_row,
    ticker_row,
    trade_row,
)
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import (
    SandboxReply,
    SandboxRequest,
    Trouble,
    json_reply,
    ms,
)
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.venue import SandboxVenue

_ERRORS: Final = {
    Trouble.UNKNOWN_MARKET: (10020, "symbol: invalid"),
    Trouble.NO_SUCH_PATH: (10020, "symbol: invalid"),
    Trouble.BAD_PARAMETER: (10020, "limit: invalid"),
    Trouble.TOO_MANY: (11010, "ratelimit: error"),
}
_MOST_CHARGES: Final = 10
_LISTS: Final = {
    "/v2/conf/pub:info:pair": Kind.SPOT,
    "/v2/conf/pub:info:pair:futures": Kind.PERPETUAL,
}
# A part of the venue's map; the whole has a hundred rows.
_OWN_NAMES: Final = [["ALG", "ALGO"], ["EUT", "EURt"], ["UST", "USDt"], ["WBT", "WBTC"]]


class BitfinexSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "symbol: invalid"
    assets = ASSETS
    session = BitfinexSession

    def native(self, base: str, quote: str, settle: str) -> str:
        return native_of(base, quote, settle)

    def make_instrument(self, symbol: str) -> Instrument:
        """Prices of five digits, sizes of eight decimals at most."""
        instrument = super().make_instrument(symbol)
        step = max(instrument.step, STEP)
        return replace(instrument, tick=instrument.tick * 10, step=step, min_size=step)

    def as_listed(self, instrument: Instrument) -> Instrument:
        """The engine needs a tick; the venue knows only significant digits."""
        return replace(instrument, tick=TICK, step=STEP, price_digits=PRICE_DIGITS)

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        return json_reply(["error", *_ERRORS[trouble]], 429 if trouble is Trouble.TOO_MANY else 500)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: lambda asked: [1],
            Question.PING: lambda asked: [1],
            Question.INSTRUMENTS: lambda asked: [self._pairs(asked.kind), _OWN_NAMES],
            Question.BOOK: lambda asked: book_rows(
                asked.market, asked.market.depth(asked.count(25))
            ),
            Question.TRADES: lambda asked: [
                trade_row(asked.market, match) for match in reversed(asked.trades(125))
            ],
            Question.TICKER: lambda asked: ticker_row(asked.market),
            Question.TICKERS: lambda asked: [
                [f"t{one.instrument.native}", *ticker_row(one)] for one in self.markets.values()
            ],
            Question.KLINES: lambda asked: [
                candle_row(asked.market, candle) for candle in reversed(asked.candles(100))
            ],
            Question.FUNDING: _states,
            Question.MARK_PRICE: _states,
            Question.OPEN_INTEREST: _states,
            Question.FUNDING_HISTORY: _past_states,
        }

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        """Nothing but the date of an answer tells the time."""
        at = datetime.fromtimestamp(asked.now_ns // NS_PER_S, UTC)
        return json_reply(value, headers={"date": at.strftime("%a, %d %b %Y %H:%M:%S GMT")})

    def other(self, request: SandboxRequest) -> SandboxReply | None:
        """A list of pairs by itself, and the states of several perpetuals, or of all."""
        if request.path in _LISTS:
            return json_reply([self._pairs(_LISTS[request.path])])
        if request.path != "/v2/status/deriv":
            return None
        wanted = request.query.get("keys", "").split(",")
        rows = [
            _state_row(market, request.now_ns)
            for market in self.of_kind(Kind.PERPETUAL)
            if f"t{market.instrument.native}" in wanted or wanted == ["ALL"]
        ]
        return json_reply(rows)

    def _pairs(self, kind: Kind) -> list[Any]:
        return [_pair_row(market.instrument) for market in self.of_kind(kind)]


def _states(asked: Asked) -> list[Any]:
    return [_state_row(asked.market, asked.now_ns)]


def _state_row(market: SandboxMarket, now_ns: int) -> list[Any]:
    return [f"t{market.instrument.native}", *status_row(market, now_ns)]


def _pair_row(instrument: Instrument) -> list[Any]:
    facts: list[Any] = [None] * 12
    facts[3] = format(instrument.min_size, "f")
    if instrument.kind is Kind.PERPETUAL:
        facts[8:10] = [0.01, 0.005]
    return [instrument.native, facts]


def _past_states(asked: Asked) -> list[Any]:
    """One state of each period, newest first; the rate that is due now has always been the rate."""
    state = asked.market.synthetic.perpetual()
    interval_ms = round(state.funding_interval_s * 1000)
    rows = []
    for number in range(_MOST_CHARGES):
        row = status_row(asked.market, asked.now_ns)
        row[7] -= number * interval_ms
        row[0] = min(row[7] - 1, ms(asked.now_ns))
        rows.append(row)
    return rows
