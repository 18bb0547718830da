"""HTX seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200, in the words of spot, of swaps, or of V5.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from exchanges.htx import VENUE
from exchanges.htx.listing import ASSETS
from exchanges.htx.rest import REST
from exchanges.htx.sandbox_public import HtxNewsSession, HtxSession
from exchanges.htx.sandbox_rows import (
    best_row,
    candle_row,
    day_row,
    levels,
    mark_row,
    trade_row,
)
from exchanges.market.instrument import Instrument, Kind, kind_of
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import SandboxReply, SandboxRequest, Trouble, json_reply, ms
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue

Row = dict[str, Any]

_SPOT_CODES: Final = {
    Trouble.UNKNOWN_MARKET: "base-symbol-error",
    Trouble.NO_SUCH_PATH: "base-not-found",
    Trouble.BAD_PARAMETER: "invalid-parameter",
    Trouble.TOO_MANY: "base-request-exceed-frequency-limit",
}
# Numbers for paths that there are not are documented nowhere.
_SWAP_CODES: Final = {
    Trouble.UNKNOWN_MARKET: 1013,
    Trouble.NO_SUCH_PATH: 404,
    Trouble.BAD_PARAMETER: 1030,
    Trouble.TOO_MANY: 1032,
}
# One contract of the venue's largest swaps; others are worth about ten cents here.
_CONTRACT_SIZES: Final = {"BTC": Decimal("0.001"), "ETH": Decimal("0.01")}
_LEVELS: Final = 150
_V5: Final = "/v5/"


class HtxSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "invalid symbol"
    assets = ASSETS

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}-{quote}" if settle else f"{base}{quote}".lower()

    def contract_size(self, base: str, settle: str) -> Decimal:
        return _CONTRACT_SIZES.get(base, Decimal(1)) if settle else Decimal(1)

    def make_instrument(self, symbol: str) -> Instrument:
        """Swaps are traded in whole contracts; spot counts digits after the point."""
        instrument = super().make_instrument(symbol)
        if kind_of(symbol) is Kind.PERPETUAL:
            return replace(instrument, contract_size=instrument.step)
        return replace(
            instrument,
            tick=min(instrument.tick, Decimal(1)),
            step=min(instrument.step, Decimal(1)),
        )

    def make_session(self, endpoint: str) -> SandboxSession:
        session = HtxNewsSession if endpoint == "swap_news" else HtxSession
        return session(self, endpoint)

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        """Spot writes its names with hyphens, swaps with underscores, and V5 shorter ones."""
        body: Row = {"status": "error", "err-code": _SPOT_CODES[trouble], "err-msg": message}
        if request.path.startswith(_V5):
            body = {"code": _SWAP_CODES[trouble], "message": message}
        elif request.endpoint == "swap_rest":
            body = {"status": "error", "err_code": _SWAP_CODES[trouble], "err_msg": message}
        return json_reply(body | {"data": None}, 429 if trouble is Trouble.TOO_MANY else 200)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: lambda asked: {"data": ms(asked.now_ns)},
            Question.INSTRUMENTS: self._instruments,
            Question.BOOK: _depth,
            Question.TRADES: _trades,
            Question.TICKER: _ticker,
            Question.TICKERS: self._tickers,
            Question.KLINES: _klines,
            Question.FUNDING: lambda asked: {"data": [_funding_row(asked.market)]},
            Question.FUNDING_HISTORY: _charges,
            Question.MARK_PRICE: lambda asked: {"data": [mark_row(asked.market, asked.now_ns)]},
            Question.OPEN_INTEREST: _open_interest,
        }

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        """The newer paths say that all is well with a code."""
        good = {"code": 200} if asked.call.path.startswith(_V5) else {"status": "ok"}
        return json_reply({**good, **value, "ts": ms(asked.now_ns)})

    def _instruments(self, asked: Asked) -> Row:
        row = _symbol_row if asked.kind is Kind.SPOT else _contract_row
        return {"data": [row(one) for one in self.of_kind(asked.kind)]}

    def _tickers(self, asked: Asked) -> Row:
        markets = self.of_kind(asked.kind)
        if asked.kind is Kind.PERPETUAL:
            return {"ticks": [_swap_day(one) for one in markets]}
        rows = []
        for one in markets:
            bid, ask = best_row(one)
            row = day_row(one) | {"symbol": one.instrument.native}
            row |= {"bid": bid[0], "bidSize": bid[1]} if bid else {}
            rows.append(row | ({"ask": ask[0], "askSize": ask[1]} if ask else {}))
        return {"data": rows}


def _ticker(asked: Asked) -> Row:
    if asked.kind is Kind.PERPETUAL:
        return {"ticks": [_swap_day(asked.market)]}
    return {"tick": _merged(asked.market)}


def _swap_day(market: SandboxMarket) -> Row:
    return _merged(market) | {"contract_code": market.instrument.native}


def _symbol_row(market: SandboxMarket) -> Row:
    instrument = market.instrument
    return {
        "base-currency": market.base.lower(),
        "quote-currency": market.quote.lower(),
        "price-precision": -instrument.tick.adjusted(),
        "amount-precision": -instrument.step.adjusted(),
        "symbol": instrument.native,
        "state": "online",
        "limit-order-min-order-amt": float(instrument.min_size),
        "api-trading": "enabled",
        "tags": "",
    }


def _contract_row(market: SandboxMarket) -> Row:
    instrument, state = market.instrument, market.synthetic.perpetual()
    return {
        "symbol": market.base,
        "contract_code": instrument.native,
        "contract_size": float(instrument.contract_size),
        "price_tick": float(instrument.tick),
        "contract_status": 1,
        "support_margin_mode": "all",
        "business_type": "swap",
        "pair": instrument.native,
        "contract_type": "swap",
        "settlement_period": round(state.funding_interval_s / 3600),
        "settlement_date": str(ms(state.next_funding_ns)),
        "labels": ["common"],
        "tradfi_labels": [],
    }


def _depth(asked: Asked) -> Row:
    market = asked.market
    depth = market.depth(asked.count(_LEVELS))
    tick = {
        "ts": ms(asked.now_ns),
        "version": depth.last_id,
        "bids": levels(market, depth.bids),
        "asks": levels(market, depth.asks),
    }
    return {"tick": tick}


def _trades(asked: Asked) -> Row:
    """The newest first, each as an order of its own; of swaps the last one."""
    market, matches = asked.market, asked.trades(1)
    if asked.kind is Kind.PERPETUAL:
        return {"tick": {"data": [trade_row(market, match) for match in matches]}}
    rows = [
        {"id": match.trade_id, "data": [trade_row(market, match, "trade-id")]}
        for match in reversed(matches)
    ]
    return {"data": rows}


def _merged(market: SandboxMarket) -> Row:
    bid, ask = best_row(market)
    return day_row(market) | {"bid": bid, "ask": ask}


def _klines(asked: Asked) -> Row:
    return {"data": [candle_row(asked.market, one) for one in reversed(asked.candles(150))]}


def _funding_row(market: SandboxMarket) -> Row:
    state = market.synthetic.perpetual()
    next_ms, length_ms = ms(state.next_funding_ns), round(state.funding_interval_s * 1000)
    return {
        "contract_code": market.instrument.native,
        "funding_rate": f"{state.funding_rate:.18f}",
        "funding_time": str(next_ms),
        "next_funding_time": str(next_ms + length_ms),
    }


def _charges(asked: Asked) -> Row:
    """As if every rate of the past had been that of now; the newest first."""
    row = _funding_row(asked.market)
    length_ms = int(row["next_funding_time"]) - int(row["funding_time"])
    rows = [
        {**row, "id": str(age), "funding_time": str(int(row["funding_time"]) - age * length_ms)}
        for age in range(1, asked.rows(10) + 1)
    ]
    return {"data": rows}


def _open_interest(asked: Asked) -> Row:
    market = asked.market
    state = market.synthetic.perpetual()
    both = 2 * state.open_interest
    row = {
        "contract_code": market.instrument.native,
        "amount": market.size(both),
        "volume": market.wire_size(both),
        "value": market.value(both * state.mark),
    }
    return {"data": row}
