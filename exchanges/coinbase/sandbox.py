"""Coinbase seen from the server: public REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.coinbase import VENUE
from exchanges.coinbase.market_data import ASSETS
from exchanges.coinbase.rest import REST
from exchanges.coinbase.sandbox_public import CoinbaseSession, candle_row, trade_row, utc_text
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate
from exchanges.sandbox.request import (
    SandboxReply,
    SandboxRequest,
    Trouble,
    json_reply,
    ms,
)
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.venue import SandboxVenue

_PREFIX: Final = "/api/v3/brokerage"
_MARKET: Final = f"{_PREFIX}/market/products"
_IDS: Final = {
    Trouble.UNKNOWN_MARKET: "NOT_FOUND",
    Trouble.NO_SUCH_PATH: "not_found",
    Trouble.BAD_PARAMETER: "INVALID_ARGUMENT",
    Trouble.TOO_MANY: "rate_limit_exceeded",
}
_STATUS: Final = {
    Trouble.UNKNOWN_MARKET: 404,
    Trouble.NO_SUCH_PATH: 404,
    Trouble.BAD_PARAMETER: 400,
    Trouble.TOO_MANY: 429,
}
_FUNDING_S: Final = 3600
# One contract of the venue's US futures.
_CONTRACT_SIZES: Final = {"BTC": Decimal("0.01"), "ETH": Decimal("0.1")}
_ALL_LEVELS: Final = 1_000_000
_MOST_CANDLES: Final = 350


class CoinbaseSandbox(SandboxVenue):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "Not found"
    assets = ASSETS
    funding_s = float(_FUNDING_S)
    session = CoinbaseSession

    def __init__(self, *args: Any, **facts: Any) -> None:
        """A market in USDC has the book of that in USD, if that is there."""
        super().__init__(*args, **facts)
        for market in self.of_kind(Kind.SPOT):
            if market.quote == "USDC" and (book := self.market(Kind.SPOT, f"{market.base}-USD")):
                market.join(book)

    def advance(self, now_ns: int) -> dict[SandboxMarket, MarketUpdate]:
        """A book that two markets share moves once."""
        books = dict.fromkeys(one.synthetic for one in self.markets.values())
        moved = {book: book.step(now_ns) for book in books}
        return {one: moved[one.synthetic] for one in self.markets.values()}

    def native(self, base: str, quote: str, settle: str) -> str:
        """A code and a far date for a US future, as for `BIP-20DEC30-CDE`."""
        if not settle:
            return f"{base}-{quote}"
        return f"{base}{'' if quote == 'USD' else quote}P-20DEC30-CDE"

    def contract_size(self, base: str, settle: str) -> Decimal:
        return _CONTRACT_SIZES.get(base, Decimal(1)) if settle else Decimal(1)

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        entry = {"id": _IDS[trouble], "message": message}
        return json_reply({"errors": [entry]}, _STATUS[trouble])

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: _time,
            Question.INSTRUMENTS: self._products,
            Question.TICKERS: self._products,
            Question.BOOK: _book,
            Question.TRADES: _trades,
            Question.KLINES: _candles,
            Question.TICKER: lambda asked: _product(asked.market),
            Question.FUNDING: lambda asked: _product(asked.market),
            Question.OPEN_INTEREST: lambda asked: _product(asked.market),
        }

    def other(self, request: SandboxRequest) -> SandboxReply | None:
        """Without a type all products are listed."""
        if request.path != _MARKET or "product_type" in request.query:
            return None
        rows = [_product(market) for market in self.markets.values()]
        return json_reply({"products": rows, "num_products": len(rows)})

    def _products(self, asked: Asked) -> dict[str, Any]:
        rows = [_product(market) for market in self.of_kind(asked.kind)]
        return {"products": rows, "num_products": len(rows)}


def _time(asked: Asked) -> dict[str, str]:
    now_ms = ms(asked.now_ns)
    return {
        "iso": utc_text(asked.now_ns),
        "epochSeconds": str(now_ms // 1000),
        "epochMillis": str(now_ms),
    }


def _product(market: SandboxMarket) -> dict[str, Any]:
    instrument, day = market.instrument, market.synthetic.statistics.day()
    is_future = bool(instrument.settle)
    per_contract = instrument.contract_size
    row = {
        "product_id": instrument.native,
        "price": market.price(day.close),
        "price_percentage_change_24h": f"{(day.close / day.open - 1) * 100:.14f}",
        "volume_24h": market.wire_size(day.volume),
        "base_increment": format(instrument.step / per_contract, "f"),
        "quote_increment": format(instrument.tick, "f"),
        "quote_min_size": "0",
        "base_min_size": format(instrument.min_size / per_contract, "f"),
        "base_max_size": "",
        "is_disabled": False,
        "status": "" if is_future else "online",
        "cancel_only": False,
        "limit_only": False,
        "post_only": False,
        "trading_disabled": False,
        "auction_mode": False,
        "product_type": "FUTURE" if is_future else "SPOT",
        "quote_currency_id": market.quote,
        "base_currency_id": "" if is_future else market.base,
        "alias": instrument.book_of,
        "alias_to": [],
        "view_only": False,
        "price_increment": format(instrument.tick, "f"),
        "product_venue": "CBE",
        "approximate_quote_24h_volume": market.value(day.value),
        "best_bid_price": "",
        "best_ask_price": "",
    }
    if is_future:
        row["product_venue"] = "FCM"
        row["display_name"] = f"{market.base} PERP"
        row["future_product_details"] = _future_details(market)
        row["fcm_trading_session_details"] = {"is_session_open": True}
    return row


def _future_details(market: SandboxMarket) -> dict[str, Any]:
    instrument, state = market.instrument, market.synthetic.perpetual()
    last_ns = state.next_funding_ns - _FUNDING_S * NS_PER_S
    return {
        "contract_size": format(instrument.contract_size, "f"),
        "contract_root_unit": market.base,
        "contract_expiry_type": "EXPIRING",
        "non_crypto": False,
        "futures_asset_type": "FUTURES_ASSET_TYPE_CRYPTO",
        "funding_interval": f"{_FUNDING_S}s",
        "funding_rate": f"{state.funding_rate:.8f}",
        "funding_time": utc_text(last_ns),
        "open_interest": market.wire_size(state.open_interest),
        "index_price": market.price(state.index),
    }


def _book(asked: Asked) -> dict[str, Any]:
    market = asked.market
    depth = market.depth(asked.count(_ALL_LEVELS))
    bids, asks = (
        [{"price": price, "size": size} for price, size in market.levels(side)]
        for side in (depth.bids, depth.asks)
    )
    book = {
        "product_id": market.instrument.native,
        "bids": bids,
        "asks": asks,
        "time": utc_text(asked.now_ns),
    }
    return {"pricebook": book}


def _trades(asked: Asked) -> dict[str, Any]:
    market = asked.market
    (bid, *_), (ask, *_) = market.depth(1).bids, market.depth(1).asks
    return {
        "trades": [trade_row(market, match) for match in reversed(asked.trades(100))],
        "best_bid": market.price(bid[0]),
        "best_ask": market.price(ask[0]),
    }


def _candles(asked: Asked) -> dict[str, Any]:
    market, request = asked.market, asked.request
    since_ns, until_ns = (request.integer(name, 0) * NS_PER_S for name in ("start", "end"))
    candles = [
        candle
        for candle in market.synthetic.statistics.candles(asked.interval("ONE_MINUTE"))
        if since_ns <= candle.open_ns <= until_ns
    ][-min(asked.count(_MOST_CANDLES), _MOST_CANDLES) :]
    return {"candles": [candle_row(market, candle) for candle in reversed(candles)]}
