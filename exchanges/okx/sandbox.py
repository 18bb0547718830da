"""OKX seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200 and a code, except for too many requests.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel
from exchanges.okx.market_data import CANDLE_NAMES
from exchanges.okx.sandbox_public import ROWS, OkxSession, book_row, candle_row, trade_row
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

_INTERVALS: Final = {name: interval for interval, name in CANDLE_NAMES.items()}
_KINDS: Final = {"SPOT": Kind.SPOT, "SWAP": Kind.PERPETUAL}
# One contract of the venue's largest swaps; others have a unit of the base asset.
_CONTRACT_SIZES: Final = {"BTC": Decimal("0.01"), "ETH": Decimal("0.1")}
_CODES: Final = {400: "51001", 404: "50404", BAD_PARAMETER: "51000", 429: "50011"}


class OkxSandbox(SandboxVenue):
    """The exchange."""

    name = "okx"
    kinds = (Kind.SPOT, Kind.PERPETUAL)

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}-{quote}-SWAP" if settle else f"{base}-{quote}"

    def contract_size(self, base: str, settle: str) -> Decimal:
        return _CONTRACT_SIZES.get(base, Decimal(1)) if settle else Decimal(1)

    def open_session(self, endpoint: str) -> SandboxSession:
        return OkxSession(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        body = {"code": _CODES[status], "msg": message, "data": []}
        return json_reply(body, 429 if status == 429 else 200)

    def routes(self) -> Mapping[str, Answer]:
        return {
            "/api/v5/public/time": lambda request: _reply([{"ts": str(ms(request.now_ns))}]),
            "/api/v5/public/instruments": self._instruments,
            "/api/v5/public/funding-rate": self._row(Channel.FUNDING),
            "/api/v5/public/mark-price": self._row(Channel.MARK_PRICE),
            "/api/v5/public/open-interest": self._row(Channel.OPEN_INTEREST),
            "/api/v5/market/books": self._about(_book),
            "/api/v5/market/trades": self._about(_trades),
            "/api/v5/public/funding-rate-history": self._about(_charges),
            "/api/v5/market/ticker": self._row(Channel.TICKER),
            "/api/v5/market/tickers": self._tickers,
            "/api/v5/market/candles": self._about(_candles),
        }

    def _about(self, answer: Callable[[SandboxMarket, SandboxRequest], list[Any]]) -> Answer:
        """Answers about the instrument that the query names."""

        def find(request: SandboxRequest) -> SandboxReply:
            native = request.query.get("instId", "")
            kind = Kind.PERPETUAL if native.endswith("-SWAP") else Kind.SPOT
            market = self.market(kind, native)
            if market is None:
                return self.error_reply(400, "Instrument ID doesn't exist.")
            return _reply(answer(market, request))

        return find

    def _row(self, channel: Channel) -> Answer:
        """Answers with what the stream of the same name would say now."""
        return self._about(lambda market, request: [ROWS[channel](market, request.now_ns)])

    def _instruments(self, request: SandboxRequest) -> SandboxReply:
        kind = _KINDS.get(request.query.get("instType", ""))
        if kind is None:
            return self.error_reply(400, "Parameter instType error.")
        return _reply([_instrument_row(market.instrument) for market in self.of_kind(kind)])

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        markets = self.of_kind(_KINDS.get(request.query.get("instType", ""), Kind.SPOT))
        row = ROWS[Channel.TICKER]
        return _reply(
            [row(one, request.now_ns) | {"instId": one.instrument.native} for one in markets]
        )


def _reply(rows: list[Any]) -> SandboxReply:
    return json_reply({"code": "0", "msg": "", "data": rows})


def _instrument_row(instrument: Instrument) -> dict[str, str]:
    is_swap = instrument.kind is Kind.PERPETUAL
    per_contract = instrument.contract_size
    return {
        "instType": "SWAP" if is_swap else "SPOT",
        "instId": instrument.native,
        "state": "live",
        "baseCcy": "" if is_swap else instrument.base,
        "quoteCcy": "" if is_swap else instrument.quote,
        "settleCcy": instrument.settle,
        "uly": f"{instrument.base}-{instrument.quote}" if is_swap else "",
        "ctType": "linear" if is_swap else "",
        "ctVal": format(per_contract, "f") if is_swap else "",
        "ctMult": "1" if is_swap else "",
        "tickSz": format(instrument.tick, "f"),
        "lotSz": format(instrument.step / per_contract, "f"),
        "minSz": format(instrument.min_size / per_contract, "f"),
        "maxLmtSz": "",
    }


def _book(market: SandboxMarket, request: SandboxRequest) -> list[Any]:
    return [book_row(market, market.depth(request.integer("sz", 1)), request.now_ns)]


def _trades(market: SandboxMarket, request: SandboxRequest) -> list[Any]:
    matches = list(market.synthetic.statistics.trades)[-request.integer("limit", 100) :]
    return [trade_row(market, match) for match in reversed(matches)]


def _charges(market: SandboxMarket, request: SandboxRequest) -> list[Any]:
    """The rate that is due now has always been the rate."""
    state = market.synthetic.perpetual()
    interval_ns = int(state.funding_interval_s * NS_PER_S)
    return [
        {
            "instId": market.instrument.native,
            "fundingTime": str(ms(state.next_funding_ns - number * interval_ns)),
            "realizedRate": f"{state.funding_rate:.8f}",
        }
        for number in range(1, min(request.integer("limit", 100), 10) + 1)
    ]


def _candles(market: SandboxMarket, request: SandboxRequest) -> list[Any]:
    interval = request.choice("bar", _INTERVALS, "1m")
    candles = market.synthetic.statistics.candles(interval)[-request.integer("limit", 100) :]
    *closed, running = candles
    rows = [candle_row(market, candle, is_closed=True) for candle in closed]
    return [candle_row(market, running, is_closed=False), *reversed(rows)]
