"""Lighter seen from the server: public REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.lighter import VENUE
from exchanges.lighter.market_data import FIRST_SPOT, FUNDING_S
from exchanges.lighter.rest import REST
from exchanges.lighter.sandbox_public import LighterSession, candle_row, trade_row
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_MS, NS_PER_S
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Level
from exchanges.sandbox.request import SandboxReply, SandboxRequest, Trouble, json_reply
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.venue import TINY, SandboxVenue

Row = dict[str, Any]

_CODES: Final = {
    Trouble.UNKNOWN_MARKET: 21602,
    Trouble.NO_SUCH_PATH: 29404,
    Trouble.BAD_PARAMETER: 20001,
    Trouble.TOO_MANY: 23000,
}
_OLDEST: Final = {("ETH", "USDC"): 0, ("BTC", "USDC"): 1}
_FIRST_PERPETUAL: Final = 2
_MOST_ORDERS: Final = 250
_ALL_LEVELS: Final = 1_000_000


class LighterSandbox(SandboxVenue):
    """The exchange. Markets get their numbers in the order in which they are opened."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "invalid market index"
    counts_digits = True
    maker_fee = taker_fee = Decimal(0)
    funding_s = FUNDING_S
    session = LighterSession

    def prepare(self) -> None:
        self._numbers: dict[tuple[str, str, str], int] = {}

    def native(self, base: str, quote: str, settle: str) -> str:
        if settle and (base, quote) in _OLDEST:
            return str(_OLDEST[base, quote])
        first = _FIRST_PERPETUAL if settle else FIRST_SPOT
        of_kind = [
            number for names, number in self._numbers.items() if bool(names[2]) == bool(settle)
        ]
        number = self._numbers.setdefault((base, quote, settle), first + len(of_kind))
        return str(number)

    def traded_as(self, base: str, settle: str) -> str:
        return f"1000{base}" if settle and base in TINY else base

    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        return json_reply({"code": _CODES[trouble], "message": message}, trouble.status)

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        return {
            Question.SERVER_TIME: _state,
            Question.INSTRUMENTS: self._details,
            Question.TICKER: self._details,
            Question.TICKERS: self._details,
            Question.MARK_PRICE: self._details,
            Question.OPEN_INTEREST: self._details,
            Question.BOOK: _orders,
            Question.TRADES: _trades,
            Question.KLINES: _candles,
            Question.FUNDING_HISTORY: _fundings,
            Question.FUNDING: self._funding_rates,
        }

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        return json_reply(
            value if asked.question is Question.SERVER_TIME else {"code": 200, **value}
        )

    def _details(self, asked: Asked) -> Row:
        request = asked.request
        wanted, number = request.query.get("filter", "all"), request.query.get("market_id")
        chosen = [
            market for market in self.markets.values() if number in (None, market.instrument.native)
        ]
        rows = {
            kind: [_details_row(one) for one in chosen if one.instrument.kind is kind]
            for kind in self.kinds
        }
        perpetuals = rows[Kind.PERPETUAL] if wanted != "spot" else None
        spots = rows[Kind.SPOT] if wanted != "perp" else None
        return {"order_book_details": perpetuals, "spot_order_book_details": spots}

    def _funding_rates(self, asked: Asked) -> Row:
        """Rates of other venues are told beside the own ones."""
        rows = [
            {
                "market_id": int(market.instrument.native),
                "exchange": exchange,
                "symbol": market.listed.base,
                "rate": market.synthetic.perpetual().funding_rate * 8 * factor,
            }
            for market in self.of_kind(Kind.PERPETUAL)
            for exchange, factor in (("elsewhere", 2.0), ("lighter", 1.0))
        ]
        return {"funding_rates": rows}


def _state(asked: Asked) -> Row:
    return {"status": "1", "network_id": "1", "timestamp": str(asked.now_ns // NS_PER_S)}


def _details_row(market: SandboxMarket) -> Row:
    instrument, day = market.listed, market.synthetic.statistics.day()
    is_perpetual = instrument.kind is Kind.PERPETUAL
    is_usual = is_perpetual and instrument.quote == "USDC"
    price = market.price_number
    row: Row = {
        "symbol": instrument.base if is_usual else f"{instrument.base}/{instrument.quote}",
        "market_id": int(instrument.native),
        "market_type": "perp" if is_perpetual else "spot",
        "status": "active",
        "taker_fee": "0.0000",
        "is_taker_fee_enabled": True,
        "maker_fee": "0.0000",
        "is_maker_fee_enabled": True,
        "min_base_amount": format(instrument.min_size, "f"),
        "min_quote_amount": "0.000000",
        "size_decimals": _decimals(instrument.step),
        "price_decimals": _decimals(instrument.tick),
        "last_trade_price": price(day.close),
        "daily_trades_count": day.trades,
        "daily_base_token_volume": market.size_number(day.volume),
        "daily_quote_token_volume": market.synthetic.values.number(day.value),
        "daily_price_low": price(day.low),
        "daily_price_high": price(day.high),
        "daily_price_change": (day.close / day.open - 1) * 100,
    }
    if is_perpetual:
        state = market.synthetic.perpetual()
        row["open_interest"] = market.size_number(state.open_interest)
        row["mark_price"] = market.price(state.mark)
        row["index_price"] = market.price(state.index)
        row["market_config"] = {"force_reduce_only": False, "trading_hours": ""}
    return row


def _decimals(increment: Decimal) -> int:
    return -int(increment.as_tuple().exponent)


def _orders(asked: Asked) -> Row:
    """Levels as orders: in two, where there is something to divide."""
    market, request = asked.market, asked.request
    depth = market.depth(_ALL_LEVELS)
    limit = min(request.integer("limit", _MOST_ORDERS), _MOST_ORDERS)
    bids, asks = (_resting(market, side) for side in (depth.bids, depth.asks))
    return {
        "total_bids": len(bids),
        "bids": bids[:limit],
        "total_asks": len(asks),
        "asks": asks[:limit],
    }


def _resting(market: SandboxMarket, levels: Iterable[Level]) -> list[Row]:
    return [
        {"price": market.price(price), "remaining_base_amount": market.size(part)}
        for price, lots in levels
        for part in (lots - lots // 2, lots // 2)
        if part
    ]


def _trades(asked: Asked) -> Row:
    return {"trades": [trade_row(asked.market, match) for match in reversed(asked.trades(100))]}


def _candles(asked: Asked) -> Row:
    market, request = asked.market, asked.request
    until_ns = request.integer("end_timestamp", 0) * NS_PER_MS
    candles = [
        candle
        for candle in market.synthetic.statistics.candles(asked.interval())
        if candle.open_ns <= until_ns
    ]
    return {
        "r": request.query["resolution"],
        "c": [candle_row(market, candle) for candle in candles[-asked.count(1) :]],
    }


def _fundings(asked: Asked) -> Row:
    """The rate that is due now has always been the rate."""
    state = asked.market.synthetic.perpetual()
    last_s = state.next_funding_ns // NS_PER_S - int(FUNDING_S)
    rows = [
        {
            "timestamp": last_s - age * int(FUNDING_S),
            "value": "0.00000000",
            "rate": f"{abs(state.funding_rate) * 100:.8f}",
            "direction": "short" if state.funding_rate < 0 else "long",
        }
        for age in reversed(range(asked.rows(1)))
    ]
    return {"resolution": "1h", "fundings": rows}
