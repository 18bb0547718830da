"""Gate API v4 seen from the server: public REST, without the rows that differ by market.

Source: as for `rest.py`. The socket is in `sandbox_public.py`.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from exchanges.dialects.gate_v4.listing import ASSETS
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import SandboxReply, SandboxRequest, Trouble, json_reply, ms
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import SandboxVenue

_LABELS: Final = {
    Trouble.NO_SUCH_PATH: "NOT_FOUND",
    Trouble.BAD_PARAMETER: "INVALID_PARAM_VALUE",
    Trouble.TOO_MANY: "TOO_MANY_REQUESTS",
}


class GateSandbox(SandboxVenue):
    """The markets of one kind.

    A venue gives its requests, the label of the error if there is no market of a name, and its
    side of the socket.
    """

    unknown_label: ClassVar[str]
    assets = ASSETS

    @abstractmethod
    def market_row(self, market: SandboxMarket, now_ns: int) -> Any:
        """A row of the list of markets."""

    @abstractmethod
    def ticker_row(self, market: SandboxMarket) -> Any: ...

    @abstractmethod
    def order_book(self, market: SandboxMarket, levels: int, now_ns: int) -> dict[str, Any]:
        """A book without its id."""

    @abstractmethod
    def trades(self, market: SandboxMarket, limit: int) -> list[Any]: ...

    @abstractmethod
    def candle_row(self, market: SandboxMarket, candle: Candle, is_closed: bool) -> Any: ...

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}_{quote}"

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        headers = {"x-gate-ratelimit-requests-remain": "0"} if trouble is Trouble.TOO_MANY else {}
        label = _LABELS.get(trouble, self.unknown_label)
        return json_reply({"label": label, "message": message}, trouble.status, headers)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: lambda asked: {"server_time": ms(asked.now_ns)},
            Question.INSTRUMENTS: lambda asked: [
                self.market_row(market, asked.now_ns) for market in self.markets.values()
            ],
            Question.BOOK: self._order_book,
            Question.TRADES: lambda asked: self.trades(asked.market, asked.count(100)),
            Question.TICKER: lambda asked: [self.ticker_row(asked.market)],
            Question.TICKERS: lambda asked: [self.ticker_row(one) for one in self.markets.values()],
            Question.KLINES: self._candlesticks,
        }

    def _order_book(self, asked: Asked) -> dict[str, Any]:
        book = self.order_book(asked.market, asked.count(10), asked.now_ns)
        if asked.request.query.get("with_id") == "true":
            book["id"] = asked.market.depth(0).last_id
        return book

    def _candlesticks(self, asked: Asked) -> list[Any]:
        market = asked.market
        *closed, running = asked.candles(100, "30m")
        return [
            *(self.candle_row(market, candle, True) for candle in closed),
            self.candle_row(market, running, False),
        ]
