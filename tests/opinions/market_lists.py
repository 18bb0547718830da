"""Lists of markets, and how each is read by us and by ccxt."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import ccxt
import msgspec

from exchanges import VENUES
from exchanges.market.instrument import Instrument
from tests.exchanges.transcripts import ok

Market = Mapping[str, Any]
"""What ccxt says of a market."""


class MarketList(msgspec.Struct, frozen=True):
    """One of a venue's lists: the request of ours (a pattern), and the class of ccxt that reads it.

    `options` keep ccxt from asking for other lists. What it asks for all the same is answered
    with `others`, by a part of the address, and everything else with the list, or with what
    `reply` makes of it. `native` gives our name of one of ccxt's markets. With `digits` ccxt says
    how many significant digits prices and how many decimals sizes have, in place of increments.
    """

    venue: str
    request: str
    exchange: str
    options: Mapping[str, Any] = {}
    others: Mapping[str, Any] = {}
    reply: Callable[[Any], object] = lambda rows: rows
    native: Callable[[Market], str] = lambda market: str(market["id"])
    digits: bool = False

    def ours(self, body: bytes) -> list[Instrument]:
        requests = VENUES[self.venue].rest.instruments()
        (request,) = (one for one in requests if re.search(self.request, str(one)))
        listing = request.read(ok(body))
        assert not listing.odd
        return listing.instruments

    def theirs(self, body: bytes) -> dict[str, Market]:
        """ccxt's markets by our native names."""
        exchange = getattr(ccxt, self.exchange)(
            {"enableRateLimit": False, "options": dict(self.options)}
        )

        def fetch(url: str, *_: object) -> Any:
            found = [reply for part, reply in self.others.items() if part in url]
            return found[0] if found else self.reply(msgspec.json.decode(body))

        exchange.fetch = fetch
        return {self.native(market): market for market in exchange.fetch_markets()}


def _only(*types: str) -> Mapping[str, Any]:
    return {"fetchMarkets": {"types": list(types)}}


def _of_htx(kind: str) -> Mapping[str, Any]:
    return {"fetchMarkets": {"types": {one: one == kind for one in ("spot", "linear", "inverse")}}}


def _without_prefix(market: Market) -> str:
    """Bitfinex: ccxt takes the `t` of requests for a part of the name."""
    return str(market["id"]).removeprefix("t")


def _streamed(market: Market) -> str:
    """Kraken's newer streams write today's names; pairs that they do not know have the older."""
    name = str(market["info"].get("wsname", market["id"]))
    return name.replace("XBT", "BTC").replace("XDG", "DOGE")


_NO_ROWS: Final[Mapping[str, Any]] = {"data": []}

ASTER: Final = MarketList("aster", "exchangeInfo", "aster", others={"sapi": {"symbols": []}})
BACKPACK: Final = MarketList("backpack", "markets", "backpack", others={"securities": []})
BINANCE_SPOT: Final = MarketList("binance", "/api/v3/exchangeInfo", "binance", _only("spot"))
BINANCE_UM: Final = MarketList("binance", "/fapi/v1/exchangeInfo", "binance", _only("linear"))
# ccxt asks for four lists at once: spot, futures, securities, and what has margin.
BITFINEX_SPOT: Final = MarketList(
    "bitfinex",
    r"info:pair(,|$)",
    "bitfinex",
    reply=lambda rows: [rows[0], [], [], []],
    native=_without_prefix,
    digits=True,
)
BITFINEX_FUTURES: Final = MarketList(
    "bitfinex",
    r"info:pair:futures(,|$)",
    "bitfinex",
    reply=lambda rows: [[], rows[0], [], []],
    native=_without_prefix,
    digits=True,
)
BYBIT_SPOT: Final = MarketList("bybit", "category=spot", "bybit", _only("spot"))
BYBIT_LINEAR: Final = MarketList(
    "bybit",
    "category=linear",
    "bybit",
    _only("linear"),
    {"PreLaunch": {"retCode": 0, "result": {"list": []}}},
)
COINBASE_SPOT: Final = MarketList(
    "coinbase", "product_type=SPOT", "coinbase", others={"product_type=FUTURE": {"products": []}}
)
COINBASE_FUTURES: Final = MarketList("coinbase", "product_type=FUTURE", "coinbase")
GATE_SPOT: Final = MarketList("gateio", "currency_pairs", "gate", _only("spot"), {"margin": []})
GATE_FUTURES: Final = MarketList(
    "gateio_futures", "contracts", "gate", _only("swap"), {"btc/contracts": []}
)
HTX_SPOT: Final = MarketList("htx", "symbols", "htx", _of_htx("spot"))
HTX_SWAP: Final = MarketList("htx", "swap_contract_info", "htx", _of_htx("linear"))
KRAKEN: Final = MarketList("kraken", "AssetPairs", "kraken", native=_streamed)
KUCOIN: Final = MarketList(
    "kucoin", "symbols", "kucoin", _only("spot"), {"allTickers": {"data": {"ticker": []}}}
)
LIGHTER: Final = MarketList("lighter", "orderBookDetails", "lighter")
MEXC: Final = MarketList("mexc", "exchangeInfo", "mexc", others={"contract": _NO_ROWS})
OKX_SPOT: Final = MarketList("okx", "instType=SPOT", "okx", {"fetchMarkets": ["spot"]})
OKX_SWAP: Final = MarketList("okx", "instType=SWAP", "okx", {"fetchMarkets": ["swap"]})
PARADEX: Final = MarketList("paradex", "markets", "paradex")
