"""HTX seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200, in the words of spot or of swaps.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from exchanges.htx.listing import ASSETS
from exchanges.htx.market_data import INTERVALS
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

Row = dict[str, Any]
About = Callable[[SandboxMarket, SandboxRequest], Row]

_CODES: Final = {
    400: "base-symbol-error",
    404: "base-not-found",
    BAD_PARAMETER: "invalid-parameter",
    429: "base-request-exceed-frequency-limit",
}
# One contract of the venue's largest swaps; others are worth about ten cents here.
_CONTRACT_SIZES: Final = {"BTC": Decimal("0.001"), "ETH": Decimal("0.01")}
_LEVELS: Final = 150
_OWN_NAMES: Final = {usual: own for own, usual in ASSETS.items()}


class HtxSandbox(SandboxVenue):
    """The exchange."""

    name = "htx"
    kinds = (Kind.SPOT, Kind.PERPETUAL)

    def native(self, base: str, quote: str, settle: str) -> str:
        base, quote = _own_name(base), _own_name(quote)
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

    def open_session(self, endpoint: str) -> SandboxSession:
        session = HtxNewsSession if endpoint == "swap_news" else HtxSession
        return session(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        body = {"status": "error", "err-code": _CODES[status], "err-msg": message, "data": None}
        return json_reply(body, 429 if status == 429 else 200)

    def routes(self) -> Mapping[str, Answer]:
        market, linear = "/linear-swap-ex/market", "/linear-swap-api/v1"
        return {
            "/v1/common/timestamp": lambda request: _reply(request, data=ms(request.now_ns)),
            "/v1/common/symbols": self._symbols,
            "/market/depth": self._spot(_depth),
            "/market/history/trade": self._spot(_trades),
            "/market/detail/merged": self._spot(_merged),
            "/market/tickers": self._tickers,
            "/market/history/kline": self._spot(_klines),
            f"{linear}/swap_contract_info": self._contracts,
            f"{linear}/swap_batch_funding_rate": self._funding_rates,
            f"{market}/depth": self._swap(_depth),
            f"{market}/trade": self._swap(_last_trade),
            f"{market}/detail/batch_merged": self._batch_merged,
            f"{market}/history/kline": self._swap(_klines),
            f"{market}/history/mark_price_kline": self._swap(_marks),
            "/v5/market/funding_rate": self._swap(_funding),
            "/v5/market/funding_rate_history": self._swap(_charges),
            "/v5/market/open_interest": self._swap(_open_interest),
        }

    def _spot(self, answer: About) -> Answer:
        return self._about(Kind.SPOT, "symbol", answer)

    def _swap(self, answer: About) -> Answer:
        return self._about(Kind.PERPETUAL, "contract_code", answer)

    def _about(self, kind: Kind, parameter: str, answer: About) -> Answer:
        """Answers about the market that the query names."""

        def find(request: SandboxRequest) -> SandboxReply:
            market = self.market(kind, request.query.get(parameter, ""))
            if market is None:
                return self.error_reply(400, "invalid symbol")
            return _reply(request, **answer(market, request))

        return find

    def _symbols(self, request: SandboxRequest) -> SandboxReply:
        return _reply(
            request, data=[_symbol_row(one.instrument) for one in self.of_kind(Kind.SPOT)]
        )

    def _contracts(self, request: SandboxRequest) -> SandboxReply:
        swaps = self.of_kind(Kind.PERPETUAL)
        return _reply(request, data=[_contract_row(one.instrument) for one in swaps])

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        rows = []
        for one in self.of_kind(Kind.SPOT):
            bid, ask = best_row(one)
            row = day_row(one) | {"symbol": one.instrument.native}
            row |= {"bid": bid[0], "bidSize": bid[1]} if bid else {}
            rows.append(row | ({"ask": ask[0], "askSize": ask[1]} if ask else {}))
        return _reply(request, data=rows)

    def _batch_merged(self, request: SandboxRequest) -> SandboxReply:
        """Of one contract, or of all."""
        wanted = request.query.get("contract_code", "")
        swaps = self.of_kind(Kind.PERPETUAL)
        rows = [
            _merged(one, request)["tick"] | {"contract_code": one.instrument.native}
            for one in swaps
            if wanted in ("", one.instrument.native)
        ]
        return _reply(request, ticks=rows) if rows else self.error_reply(400, "invalid symbol")

    def _funding_rates(self, request: SandboxRequest) -> SandboxReply:
        rows = [_funding(one, request)["data"][0] for one in self.of_kind(Kind.PERPETUAL)]
        return _reply(request, data=rows)


def _reply(request: SandboxRequest, **body: Any) -> SandboxReply:
    """The newer paths say that all is well with a code."""
    good = {"code": 200} if request.path.startswith("/v5/") else {"status": "ok"}
    return json_reply({**good, **body, "ts": ms(request.now_ns)})


def _own_name(asset: str) -> str:
    return _OWN_NAMES.get(asset, asset)


def _symbol_row(instrument: Instrument) -> Row:
    return {
        "base-currency": _own_name(instrument.base).lower(),
        "quote-currency": _own_name(instrument.quote).lower(),
        "price-precision": -instrument.tick.adjusted(),
        "amount-precision": -instrument.step.adjusted(),
        "symbol": instrument.native,
        "state": "online",
        "limit-order-min-order-amt": float(instrument.min_size),
        "api-trading": "enabled",
        "tags": "",
    }


def _contract_row(instrument: Instrument) -> Row:
    return {
        "symbol": _own_name(instrument.base),
        "contract_code": instrument.native,
        "contract_size": float(instrument.contract_size),
        "price_tick": float(instrument.tick),
        "contract_status": 1,
        "support_margin_mode": "all",
        "business_type": "swap",
        "pair": instrument.native,
        "contract_type": "swap",
    }


def _depth(market: SandboxMarket, request: SandboxRequest) -> Row:
    depth = market.depth(request.integer("depth", _LEVELS))
    tick = {
        "ts": ms(request.now_ns),
        "version": depth.last_id,
        "bids": levels(market, depth.bids),
        "asks": levels(market, depth.asks),
    }
    return {"tick": tick}


def _trades(market: SandboxMarket, request: SandboxRequest) -> Row:
    """The newest first, each as an order of its own."""
    matches = list(market.synthetic.statistics.trades)[-request.integer("size", 1) :]
    rows = [
        {"id": match.trade_id, "data": [trade_row(market, match, "trade-id")]}
        for match in reversed(matches)
    ]
    return {"data": rows}


def _last_trade(market: SandboxMarket, request: SandboxRequest) -> Row:
    matches = list(market.synthetic.statistics.trades)[-1:]
    return {"tick": {"data": [trade_row(market, match) for match in matches]}}


def _merged(market: SandboxMarket, request: SandboxRequest) -> Row:
    bid, ask = best_row(market)
    return {"tick": day_row(market) | {"bid": bid, "ask": ask}}


def _klines(market: SandboxMarket, request: SandboxRequest) -> Row:
    interval = request.choice("period", INTERVALS)
    candles = market.synthetic.statistics.candles(interval)[-request.integer("size", 150) :]
    return {"data": [candle_row(market, candle) for candle in reversed(candles)]}


def _marks(market: SandboxMarket, request: SandboxRequest) -> Row:
    return {"data": [mark_row(market, request.now_ns)]}


def _funding(market: SandboxMarket, request: SandboxRequest) -> Row:
    state = market.synthetic.perpetual()
    next_ms, length_ms = ms(state.next_funding_ns), round(state.funding_interval_s * 1000)
    row = {
        "contract_code": market.instrument.native,
        "funding_rate": f"{state.funding_rate:.18f}",
        "funding_time": str(next_ms),
        "next_funding_time": str(next_ms + length_ms),
    }
    return {"data": [row]}


def _charges(market: SandboxMarket, request: SandboxRequest) -> Row:
    """As if every rate of the past had been that of now; the newest first."""
    (row,) = _funding(market, request)["data"]
    length_ms = int(row["next_funding_time"]) - int(row["funding_time"])
    rows = [
        {**row, "id": str(age), "funding_time": str(int(row["funding_time"]) - age * length_ms)}
        for age in range(1, request.rows("limit", 10) + 1)
    ]
    return {"data": rows}


def _open_interest(market: SandboxMarket, request: SandboxRequest) -> Row:
    state = market.synthetic.perpetual()
    both = 2 * state.open_interest
    row = {
        "contract_code": market.instrument.native,
        "amount": market.size(both),
        "volume": market.wire_size(both),
        "value": market.value(both * state.mark),
    }
    return {"data": row}
