"""OKX seen from the server: public REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200 and a code, except for too many requests.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel
from exchanges.okx import VENUE
from exchanges.okx.rest import REST
from exchanges.okx.sandbox_public import ROWS, OkxSession, book_row, candle_row, trade_row
from exchanges.rest.question import Question
from exchanges.sandbox.request import SandboxReply, SandboxRequest, Trouble, json_reply, ms
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.venue import SandboxVenue

# One contract of the venue's largest swaps; others have a unit of the base asset.
_CONTRACT_SIZES: Final = {"BTC": Decimal("0.01"), "ETH": Decimal("0.1")}
_CODES: Final = {
    Trouble.UNKNOWN_MARKET: "51001",
    Trouble.NO_SUCH_PATH: "50404",
    Trouble.BAD_PARAMETER: "51000",
    Trouble.TOO_MANY: "50011",
}


class OkxSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "Instrument ID doesn't exist."
    session = OkxSession

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}-{quote}-SWAP" if settle else f"{base}-{quote}"

    def contract_size(self, base: str, settle: str) -> Decimal:
        return _CONTRACT_SIZES.get(base, Decimal(1)) if settle else Decimal(1)

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        body = {"code": _CODES[trouble], "msg": message, "data": []}
        return json_reply(body, 429 if trouble is Trouble.TOO_MANY else 200)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: lambda asked: {"ts": str(ms(asked.now_ns))},
            Question.INSTRUMENTS: self._instruments,
            Question.BOOK: _book,
            Question.TRADES: _trades,
            Question.TICKER: _row(Channel.TICKER),
            Question.TICKERS: self._tickers,
            Question.KLINES: _candles,
            Question.FUNDING: _row(Channel.FUNDING),
            Question.FUNDING_HISTORY: _charges,
            Question.MARK_PRICE: _row(Channel.MARK_PRICE),
            Question.OPEN_INTEREST: _row(Channel.OPEN_INTEREST),
        }

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        rows = value if isinstance(value, list) else [value]
        return json_reply({"code": "0", "msg": "", "data": rows})

    def _instruments(self, asked: Asked) -> list[Any]:
        return [_instrument_row(market.instrument) for market in self.of_kind(asked.kind)]

    def _tickers(self, asked: Asked) -> list[Any]:
        row = ROWS[Channel.TICKER]
        return [
            row(one, asked.now_ns) | {"instId": one.instrument.native}
            for one in self.of_kind(asked.kind)
        ]


def _row(channel: Channel) -> Callable[[Asked], Any]:
    """Answers with what the stream of the same name would say now."""
    return lambda asked: ROWS[channel](asked.market, asked.now_ns)


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


def _book(asked: Asked) -> Any:
    return book_row(asked.market, asked.market.depth(asked.count(1)), asked.now_ns)


def _trades(asked: Asked) -> list[Any]:
    return [trade_row(asked.market, match) for match in reversed(asked.trades(100))]


def _charges(asked: Asked) -> list[Any]:
    """The rate that is due now has always been the rate."""
    state = asked.market.synthetic.perpetual()
    interval_ns = int(state.funding_interval_s * NS_PER_S)
    return [
        {
            "instId": asked.market.instrument.native,
            "fundingTime": str(ms(state.next_funding_ns - number * interval_ns)),
            "realizedRate": f"{state.funding_rate:.8f}",
        }
        for number in range(1, min(asked.count(100), 10) + 1)
    ]


def _candles(asked: Asked) -> list[Any]:
    market = asked.market
    *closed, running = asked.candles(100, "1m")
    rows = [candle_row(market, candle, is_closed=True) for candle in closed]
    return [candle_row(market, running, is_closed=False), *reversed(rows)]
