"""Kraken seen from the server: public REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`. Errors come with HTTP 200.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.kraken import VENUE
from exchanges.kraken.listing import ASSETS, IDS, altname
from exchanges.kraken.rest import REST
from exchanges.kraken.sandbox_public import KrakenSession, average_price, rfc3339, state_of
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.call import Surface
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import SandboxReply, SandboxRequest, Trouble, json_reply
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.venue import SandboxVenue

_ERRORS: Final = {
    Trouble.UNKNOWN_MARKET: "EQuery:Unknown asset pair",
    Trouble.NO_SUCH_PATH: "EGeneral:Unknown method",
    Trouble.BAD_PARAMETER: "EGeneral:Invalid arguments",
    Trouble.TOO_MANY: "EGeneral:Too many requests",
}
_MOST_CANDLES: Final = 720


class KrakenSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "unknown pair"
    assets = ASSETS
    counts_digits = True
    session = KrakenSession

    def native(self, base: str, quote: str, settle: str) -> str:
        return f"{base}/{quote}"

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        return json_reply({"error": [_ERRORS[trouble]]})

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        """Results about one pair are keyed by its id; some tell where the next ones begin."""
        return {
            Question.SERVER_TIME: lambda asked: {"unixtime": asked.now_ns // NS_PER_S},
            Question.PING: lambda asked: {
                "status": state_of(self),
                "timestamp": rfc3339(asked.now_ns),
            },
            Question.INSTRUMENTS: lambda asked: {
                _pair_id(one.instrument.native): _pair_row(one.instrument)
                for one in self.markets.values()
            },
            Question.TICKERS: lambda asked: {
                _pair_id(one.instrument.native): _ticker(one) for one in self.markets.values()
            },
            Question.TICKER: lambda asked: _of_pair(asked, _ticker(asked.market)),
            Question.BOOK: lambda asked: _of_pair(asked, _depth(asked)),
            Question.TRADES: lambda asked: _of_pair(asked, _trades(asked)) | _last(asked),
            Question.KLINES: lambda asked: _of_pair(asked, _candles(asked)) | _last(asked),
        }

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        return json_reply({"error": [], "result": value})

    def is_called(self, market: SandboxMarket, surface: Surface, name: str) -> bool:
        """A request may name a pair by its id as well."""
        return super().is_called(market, surface, name) or name == _pair_id(
            market.instrument.native
        )


def _of_pair(asked: Asked, value: Any) -> dict[str, Any]:
    return {_pair_id(asked.market.instrument.native): value}


def _last(asked: Asked) -> dict[str, Any]:
    return {"last": str(asked.now_ns)}


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


def _depth(asked: Asked) -> dict[str, Any]:
    market = asked.market
    depth, at_s = market.depth(asked.count(100)), asked.now_ns // NS_PER_S
    return {
        "asks": [[*level, at_s] for level in market.levels(depth.asks)],
        "bids": [[*level, at_s] for level in market.levels(depth.bids)],
    }


def _trades(asked: Asked) -> list[list[Any]]:
    market = asked.market
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
        for match in asked.trades(1000)
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


def _candles(asked: Asked) -> list[list[Any]]:
    market = asked.market
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
        for candle in asked.candles(_MOST_CANDLES, "1")
    ]
