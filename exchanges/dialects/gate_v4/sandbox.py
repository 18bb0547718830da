"""Gate API v4 seen from the server: public REST, without the rows that differ by market.

Source: as for `rest.py`. The socket is in `sandbox_public.py`.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from exchanges.dialects.gate_v4.listing import ASSETS
from exchanges.dialects.gate_v4.market_data import INTERVALS
from exchanges.dialects.gate_v4.sandbox_public import GateSession
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
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import SandboxVenue

_OWN_NAMES: Final = {usual: own for own, usual in ASSETS.items()}
_LABELS: Final = {
    404: "NOT_FOUND",
    BAD_PARAMETER: "INVALID_PARAM_VALUE",
    429: "TOO_MANY_REQUESTS",
}

About = Callable[[SandboxMarket, SandboxRequest], Any]


class GateSandbox(SandboxVenue):
    """The markets of one kind.

    A venue gives the `root` of its paths, the name of its list of markets, how the query names a
    market, the label of the error if there is none of that name, and its side of the socket.
    """

    root: ClassVar[str]
    list_name: ClassVar[str]
    symbol_parameter: ClassVar[str]
    unknown_label: ClassVar[str]
    session: ClassVar[type[GateSession]]

    @abstractmethod
    def market_row(self, market: SandboxMarket, now_ns: int) -> Any:
        """A row of the list of markets."""

    @abstractmethod
    def ticker_row(self, market: SandboxMarket) -> Any: ...

    @abstractmethod
    def order_book(self, market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
        """A book without its id."""

    @abstractmethod
    def trades(self, market: SandboxMarket, request: SandboxRequest) -> list[Any]: ...

    @abstractmethod
    def candle_row(self, market: SandboxMarket, candle: Candle, is_closed: bool) -> Any: ...

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{_OWN_NAMES.get(base, base)}_{_OWN_NAMES.get(quote, quote)}"

    def open_session(self, endpoint: str) -> SandboxSession:
        return self.session(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        headers = {"x-gate-ratelimit-requests-remain": "0"} if status == 429 else {}
        label = _LABELS.get(status, self.unknown_label)
        http_status = 400 if status == BAD_PARAMETER else status
        return json_reply({"label": label, "message": message}, http_status, headers)

    def routes(self) -> Mapping[str, Answer]:
        prefix = f"/api/v4{self.root}"
        return {
            "/api/v4/spot/time": lambda request: json_reply({"server_time": ms(request.now_ns)}),
            f"{prefix}/{self.list_name}": self._list,
            f"{prefix}/order_book": self._about(self._order_book),
            f"{prefix}/trades": self._about(self.trades),
            f"{prefix}/tickers": self._tickers,
            f"{prefix}/candlesticks": self._about(self._candlesticks),
        }

    def _about(self, answer: About) -> Answer:
        """Answers about the market that the query names."""

        def find(request: SandboxRequest) -> SandboxReply:
            market = self.market(self.kinds[0], request.query.get(self.symbol_parameter, ""))
            if market is None:
                return self.error_reply(400, f"Invalid {self.symbol_parameter}")
            return json_reply(answer(market, request))

        return find

    def _list(self, request: SandboxRequest) -> SandboxReply:
        rows = [self.market_row(market, request.now_ns) for market in self.markets.values()]
        return json_reply(rows)

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        """Of one market, or of all."""
        if self.symbol_parameter in request.query:
            return self._about(lambda market, _: [self.ticker_row(market)])(request)
        return json_reply([self.ticker_row(market) for market in self.markets.values()])

    def _order_book(self, market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
        book = self.order_book(market, request)
        if request.query.get("with_id") == "true":
            book["id"] = market.depth(0).last_id
        return book

    def _candlesticks(self, market: SandboxMarket, request: SandboxRequest) -> list[Any]:
        interval = request.choice("interval", INTERVALS, "30m")
        candles = market.synthetic.statistics.candles(interval)[-request.integer("limit", 100) :]
        *closed, running = candles
        return [
            *(self.candle_row(market, candle, True) for candle in closed),
            self.candle_row(market, running, False),
        ]
