"""Binance public REST, spot (market-data-only host) and USD-M: hosts, paths and weights.

Source: "General endpoints" and "Market data endpoints" of the spot API documentation
(2026-07-21) and of the USD-M one (2026-07-24); weights as listed there. What can be asked is in
`exchanges/dialects/mbx/rest.py`.
"""

from typing import Final

from exchanges.dialects.mbx import INTERVALS
from exchanges.dialects.mbx.errors import ERRORS
from exchanges.dialects.mbx.rest import perpetual, surface
from exchanges.market.instrument import Kind
from exchanges.market.topics import KlineInterval
from exchanges.market.units import Naming, Units
from exchanges.rest.public import PublicRest

# `1000PEPE`, `1MBABYDOGE`: mostly perpetuals, some spot markets (`1000SATS`).
_UNITS: Final = Units((Naming.NUMBER, Naming.MILLION))
_SPOT: Final = surface(
    "/api/v3",
    endpoint="spot_rest",
    bucket="spot_weight",
    list_weight=20,
    # Who may trade a symbol is most of its row, and nothing that we read.
    list_wants=(("showPermissionSets", "false"),),
    trades_weight=25,
    ticker_weight=2,
    tickers_weight=80,
    depth=((100, 5), (500, 25), (1000, 50), (5000, 250)),
    klines=((1000, 2),),
    intervals=(KlineInterval.S1, *INTERVALS),
    units=_UNITS,
)
_PERPETUAL: Final = perpetual(
    surface(
        "/fapi/v1",
        endpoint="um_rest",
        bucket="um_weight",
        list_weight=1,
        trades_weight=5,
        ticker_weight=1,
        tickers_weight=40,
        depth=((5, 2), (10, 2), (20, 2), (50, 2), (100, 5), (500, 10), (1000, 20)),
        klines=((99, 1), (499, 2), (1000, 5), (1500, 10)),
        units=_UNITS,
    ),
    "/fapi/v1",
    funding_bucket="um_funding",
    # A symbol that fundingInfo does not list is charged every 8 h (the documentation's rule).
    funding_s=8 * 3600.0,
)

REST: Final = PublicRest("binance", {Kind.SPOT: _SPOT, Kind.PERPETUAL: _PERPETUAL}, ERRORS)
