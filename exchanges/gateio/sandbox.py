"""Gate.io seen from the server: rows of public spot REST. The socket is in `sandbox_public.py`.

Source: as for `rest.py`.
"""

from decimal import Decimal
from typing import Any

from exchanges.dialects.gate_v4.sandbox import GateSandbox
from exchanges.gateio import VENUE
from exchanges.gateio.rest import REST
from exchanges.gateio.sandbox_public import GateioSession, ticker_row, trade_row
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import ms
from exchanges.sandbox.synthetic import Candle


class GateioSandbox(GateSandbox):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "Invalid currency_pair"
    unknown_label = "INVALID_CURRENCY_PAIR"
    session = GateioSession
    counts_digits = True

    def market_row(self, market: SandboxMarket, now_ns: int) -> dict[str, Any]:
        instrument = market.instrument
        base, _, quote = instrument.native.rpartition("_")
        return {
            "id": instrument.native,
            "base": base,
            "quote": quote,
            "fee": "0.2",
            "min_base_amount": format(instrument.min_size, "f"),
            "amount_precision": _digits(instrument.step),
            "precision": _digits(instrument.tick),
            "trade_status": "tradable",
            "sell_start": 0,
            "buy_start": 0,
            "type": "normal",
        }

    def ticker_row(self, market: SandboxMarket) -> dict[str, Any]:
        return ticker_row(market)

    def order_book(self, market: SandboxMarket, levels: int, now_ns: int) -> dict[str, Any]:
        depth = market.depth(levels)
        return {
            "current": ms(now_ns),
            "update": ms(now_ns),
            "asks": market.levels(depth.asks),
            "bids": market.levels(depth.bids),
        }

    def trades(self, market: SandboxMarket, limit: int) -> list[Any]:
        matches = list(market.synthetic.statistics.trades)[-limit:]
        rows = [trade_row(market, match) for match in reversed(matches)]
        return [
            {**row, "id": str(row["id"]), "create_time": str(row["create_time"])} for row in rows
        ]

    def candle_row(self, market: SandboxMarket, candle: Candle, is_closed: bool) -> list[str]:
        return [
            str(candle.open_ns // NS_PER_S),
            market.value(candle.value),
            market.price(candle.close),
            market.price(candle.high),
            market.price(candle.low),
            market.price(candle.open),
            market.size(candle.volume),
            "true" if is_closed else "false",
        ]


def _digits(increment: Decimal) -> int:
    return -increment.adjusted()
