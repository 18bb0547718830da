"""Kraken seen from the server: public REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from exchanges.kraken.listing import ASSETS, IDS, altname
from exchanges.kraken.market_data import INTERVALS
from exchanges.kraken.sandbox_public import KrakenSession, average_price, rfc3339
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import (
    BAD_PARAMETER,
    Answer,
    SandboxReply,
    SandboxRequest,
    json_reply,
)
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue

_OWN_NAMES: Final = {usual: own for own, usual in ASSETS.items()}
_ERRORS: Final = {
    400: "EQuery:Unknown asset pair",
    404: "EGeneral:Unknown method",
    BAD_PARAMETER: "EGeneral:Invalid arguments",
    429: "EGeneral:Too many requests",
}
_INTERVALS: Final = {str(minutes): interval for minutes, interval in INTERVALS.items()}
_COARSEST_STEP: Final = Decimal(1)
_MOST_CANDLES: Final = 720


class KrakenSandbox(SandboxVenue):
    """The exchange."""

    name = "kraken"
    kinds = (Kind.SPOT,)

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{_OWN_NAMES.get(base, base)}/{_OWN_NAMES.get(quote, quote)}"

    def make_instrument(self, symbol: str) -> Instrument:
        """Sizes are counted in decimals, so that no step is above one unit."""
        instrument = super().make_instrument(symbol)
        return replace(instrument, step=min(instrument.step, _COARSEST_STEP))

    def open_session(self, endpoint: str) -> SandboxSession:
        return KrakenSession(self, endpoint)

    def error_reply(self, status: int, message: str) -> SandboxReply:
        return json_reply({"error": [_ERRORS[status]]})

    def routes(self) -> Mapping[str, Answer]:
        return {
            "/0/public/Time": lambda request: _reply({"unixtime": request.now_ns // NS_PER_S}),
            "/0/public/SystemStatus": lambda request: _reply(
                {"status": "online", "timestamp": rfc3339(request.now_ns)}
            ),
            "/0/public/AssetPairs": self._pairs,
            "/0/public/Ticker": self._tickers,
            "/0/public/Depth": self._about(_depth),
            "/0/public/Trades": self._about(_trades, goes_on=True),
            "/0/public/OHLC": self._about(_candles, goes_on=True),
        }

    def _find(self, name: str) -> SandboxMarket | None:
        """The market that a request names in one of the ways that there are."""
        for market in self.markets.values():
            native = market.instrument.native
            if name in (altname(native), _pair_id(native)):
                return market
        return None

    def _about(
        self, answer: Callable[[SandboxMarket, SandboxRequest], Any], *, goes_on: bool = False
    ) -> Answer:
        """Answers about the pair that the query names; some tell where the next ones begin."""

        def find(request: SandboxRequest) -> SandboxReply:
            market = self._find(request.query.get("pair", ""))
            if market is None:
                return self.error_reply(400, "unknown pair")
            result = {_pair_id(market.instrument.native): answer(market, request)}
            return _reply(result | ({"last": str(request.now_ns)} if goes_on else {}))

        return find

    def _pairs(self, request: SandboxRequest) -> SandboxReply:
        markets = [market.instrument for market in self.markets.values()]
        return _reply({_pair_id(one.native): _pair_row(one) for one in markets})

    def _tickers(self, request: SandboxRequest) -> SandboxReply:
        name = request.query.get("pair")
        market = self._find(name) if name else None
        if name and market is None:
            return self.error_reply(400, "unknown pair")
        wanted = [market] if market else self.markets.values()
        return _reply({_pair_id(one.instrument.native): _ticker(one) for one in wanted})


def _reply(result: object) -> SandboxReply:
    return json_reply({"error": [], "result": result})


def _pair_id(native: str) -> str:
    """`BTC/USD` is `XXBTZUSD`; pairs with a newer asset have no such id."""
    ids = [IDS.get(asset, "") for asset in native.split("/")]
    return "".join(ids) if all(ids) else altname(native)


def _pair_row(instrument: Instrument) -> dict[str, Any]:
    name = altname(instrument.native)
    base, quote = (altname(asset) for asset in instrument.native.split("/"))
    return {
        "altname": name,
        "wsname": f"{base}/{quote}",
        "aclass_base": "currency",
        "base": IDS.get(instrument.base, base),
        "aclass_quote": "currency",
        "quote": IDS.get(instrument.quote, quote),
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": _decimals(instrument.tick),
        "lot_decimals": _decimals(instrument.step),
        "lot_multiplier": 1,
        "fees": [],
        "fees_maker": [],
        "ordermin": format(instrument.min_size, "f"),
        "costmin": format(instrument.min_notional, "f"),
        "tick_size": format(instrument.tick, "f"),
        "status": "online",
    }


def _decimals(unit: Decimal) -> int:
    return max(-int(unit.as_tuple().exponent), 0)


def _depth(market: SandboxMarket, request: SandboxRequest) -> dict[str, Any]:
    depth, at_s = market.depth(request.integer("count", 100)), request.now_ns // NS_PER_S
    return {
        "asks": [[*level, at_s] for level in market.levels(depth.asks)],
        "bids": [[*level, at_s] for level in market.levels(depth.bids)],
    }


def _trades(market: SandboxMarket, request: SandboxRequest) -> list[list[Any]]:
    matches = list(market.synthetic.statistics.trades)[-request.integer("count", 1000) :]
    return [
        [
            market.price(match.price),
            market.size(match.size),
            match.time_ns / NS_PER_S,
            match.side.name[0].lower(),
            "m",
            "",
            match.trade_id,
        ]
        for match in matches
    ]


def _ticker(market: SandboxMarket) -> dict[str, Any]:
    """The day of this venue begins whenever it is asked."""
    day, depth = market.synthetic.statistics.day(), market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("0", "0")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("0", "0")]
    average = average_price(market, day)
    return {
        "a": [ask, "1", ask_size],
        "b": [bid, "1", bid_size],
        "c": [market.price(day.close), bid_size],
        "v": [market.size(day.volume)] * 2,
        "p": [average, average],
        "t": [day.trades] * 2,
        "l": [market.price(day.low)] * 2,
        "h": [market.price(day.high)] * 2,
        "o": market.price(day.open),
    }


def _candles(market: SandboxMarket, request: SandboxRequest) -> list[list[Any]]:
    interval = request.choice("interval", _INTERVALS, "1")
    return [
        [
            candle.open_ns // NS_PER_S,
            market.price(candle.open),
            market.price(candle.high),
            market.price(candle.low),
            market.price(candle.close),
            average_price(market, candle),
            market.size(candle.volume),
            candle.trades,
        ]
        for candle in market.synthetic.statistics.candles(interval)[-_MOST_CANDLES:]
    ]
