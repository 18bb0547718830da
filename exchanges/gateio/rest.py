"""Gate.io spot public REST: where its requests go, and what reads the replies.

Source: "Spot" of the API v4 documentation (stored copies of 2025). What can be asked is in the
`rest.py` of `dialects/gate_v4`.
"""

from typing import Final

from exchanges.dialects.gate_v4.errors import ERRORS
from exchanges.dialects.gate_v4.rest import surface
from exchanges.gateio import listing, market_data
from exchanges.market.instrument import Kind
from exchanges.rest.public import PublicRest

_SPOT: Final = surface(
    "/spot",
    "currency_pairs",
    "currency_pair",
    instrument=listing.InstrumentInfo,
    names="id",
    depth=listing.Depth,
    trade=market_data.TradeRow,
    ticker=market_data.TickerRow,
    kline=listing.KlineRow,
)

REST: Final = PublicRest("gateio", {Kind.SPOT: _SPOT}, ERRORS)
