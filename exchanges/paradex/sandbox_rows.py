"""What Paradex's server tells of a market, as the rows of its REST replies.

Source: as for `rest.py`. The frames of the socket tell the same.
"""

from typing import Any, Final

from exchanges.market.orders import Side
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Match
from exchanges.sandbox.request import ms

Row = dict[str, Any]

# Most markets have eight. In those that have one the charge of an hour is the rate.
FUNDING_HOURS: Final = 1
MS_PER_HOUR: Final = 3_600_000


def bbo_row(market: SandboxMarket) -> Row:
    """Best bid and ask, empty where there is none."""
    depth = market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ["", ""]]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ["", ""]]
    return {"bid": bid, "bid_size": bid_size, "ask": ask, "ask_size": ask_size}


def trade_row(market: SandboxMarket, match: Match) -> Row:
    return {
        "id": f"{ms(match.time_ns)}2017{match.trade_id:011d}",
        "market": market.instrument.native,
        "side": "BUY" if match.side is Side.BUY else "SELL",
        "size": market.size(match.size),
        "price": market.price(match.price),
        "created_at": ms(match.time_ns),
        "trade_type": "FILL",
    }


def summary_row(market: SandboxMarket, now_ns: int) -> Row:
    day, state, top = (
        market.synthetic.statistics.day(),
        market.synthetic.perpetual(),
        bbo_row(market),
    )
    return {
        "symbol": market.instrument.native,
        "mark_price": market.price(state.mark),
        "last_traded_price": market.price(day.close),
        "bid": top["bid"],
        "ask": top["ask"],
        "volume_24h": market.value(day.value),
        "total_volume": market.value(day.value),
        "created_at": ms(now_ns),
        "underlying_price": market.price(state.index),
        "open_interest": market.size(state.open_interest),
        "funding_rate": f"{state.funding_rate:.14f}",
        "price_change_rate_24h": f"{day.close / day.open - 1:.6f}",
    }


def funding_row(market: SandboxMarket, now_ns: int, ago_ms: int = 0) -> Row:
    """The rate as it was so long ago, as if it had always been that of now."""
    state = market.synthetic.perpetual()
    premium = state.funding_rate * market.price_number(state.index)
    rate = f"{state.funding_rate:.14f}"
    return {
        "market": market.instrument.native,
        "funding_index": f"{-premium * ago_ms / (FUNDING_HOURS * MS_PER_HOUR):.17f}",
        "funding_premium": f"{premium:.17f}",
        "funding_rate": rate,
        "funding_rate_8h": f"{state.funding_rate * 8 / FUNDING_HOURS:.8f}",
        "funding_period_hours": FUNDING_HOURS,
        "created_at": ms(now_ns) - ago_ms,
    }
