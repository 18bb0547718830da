"""Gate.io perpetuals seen from the server: rows of public REST. The socket is in
`sandbox_public.py`.

Source: as for `rest.py`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from exchanges.dialects.gate_v4.sandbox import GateSandbox
from exchanges.gateio_futures import VENUE
from exchanges.gateio_futures.rest import REST
from exchanges.gateio_futures.sandbox_public import (
    GateioFuturesSession,
    candle_row,
    level_rows,
    ticker_row,
    trade_row,
)
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_MS, NS_PER_S
from exchanges.rest.question import Question
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.request import ms
from exchanges.sandbox.routes import Asked
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.world import start_price

_CONTRACT_VALUE: Final = 10.0  # about what most contracts are worth, in quote currency


class GateioFuturesSandbox(GateSandbox):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    unknown_market = "Invalid contract"
    unknown_label = "CONTRACT_NOT_FOUND"
    session = GateioFuturesSession
    funding_s = 28_800.0

    def contract_size(self, base: str, settle: str) -> Decimal:
        """A power of ten, as those of most contracts."""
        base_units = _CONTRACT_VALUE * start_price(settle) / start_price(base)
        return Decimal(1).scaleb(Decimal(repr(base_units)).adjusted())

    def make_instrument(self, symbol: str) -> Instrument:
        """Sizes are whole contracts."""
        instrument = super().make_instrument(symbol)
        return replace(
            instrument,
            step=instrument.contract_size,
            min_size=instrument.contract_size,
            max_size=instrument.contract_size * 1_000_000,
        )

    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        ticker = super().answers()[Question.TICKER]
        return {
            **super().answers(),
            Question.FUNDING: lambda asked: self.market_row(asked.market, asked.now_ns),
            Question.FUNDING_HISTORY: _past_funding,
            Question.MARK_PRICE: ticker,
            Question.OPEN_INTEREST: ticker,
        }

    def market_row(self, market: SandboxMarket, now_ns: int) -> dict[str, Any]:
        instrument, state = market.instrument, market.synthetic.perpetual()
        rate = f"{state.funding_rate:.8f}"
        return {
            "name": instrument.native,
            "type": "direct",
            "quanto_multiplier": format(instrument.contract_size, "f"),
            "order_price_round": format(instrument.tick, "f"),
            "mark_price_round": format(instrument.tick, "f"),
            "order_size_min": "1",
            "order_size_max": "1000000",
            "enable_decimal": False,
            "maker_fee_rate": "-0.0001",
            "taker_fee_rate": "0.00075",
            "funding_rate": rate,
            "funding_rate_indicative": rate,
            "funding_interval": int(state.funding_interval_s),
            "funding_next_apply": state.next_funding_ns // NS_PER_S,
            "mark_price": market.price(state.mark),
            "index_price": market.price(state.index),
            "position_size": market.wire_size(state.open_interest),
            "in_delisting": False,
            "status": "trading",
            "is_pre_market": False,
            "contract_type": "",
        }

    def ticker_row(self, market: SandboxMarket) -> dict[str, Any]:
        depth = market.depth(1)
        return ticker_row(market) | {
            "highest_bid": market.price(depth.bids[0][0]) if depth.bids else "",
            "lowest_ask": market.price(depth.asks[0][0]) if depth.asks else "",
        }

    def order_book(self, market: SandboxMarket, levels: int, now_ns: int) -> dict[str, Any]:
        depth = market.depth(levels)
        return {
            "current": now_ns // NS_PER_MS / 1000,
            "update": now_ns // NS_PER_MS / 1000,
            "asks": level_rows(market.levels(depth.asks)),
            "bids": level_rows(market.levels(depth.bids)),
        }

    def trades(self, market: SandboxMarket, limit: int) -> list[Any]:
        """Their milliseconds are seconds with decimals here."""
        matches = list(market.synthetic.statistics.trades)[-limit:]
        return [
            trade_row(market, match) | {"create_time_ms": ms(match.time_ns) / 1000}
            for match in reversed(matches)
        ]

    def candle_row(self, market: SandboxMarket, candle: Candle, is_closed: bool) -> dict[str, Any]:
        return candle_row(market, candle) | {"sum": market.value(candle.value)}


def _past_funding(asked: Asked) -> list[dict[str, Any]]:
    """Newest first, all at the rate of today: the synthetic markets remember none."""
    state = asked.market.synthetic.perpetual()
    interval_s = int(state.funding_interval_s)
    last_s = state.next_funding_ns // NS_PER_S - interval_s
    return [
        {"t": last_s - age * interval_s, "r": f"{state.funding_rate:.8f}"}
        for age in range(asked.rows(100))
    ]
