"""Binance public REST, spot (market-data-only host) and USD-M: hosts, paths and weights.

Source: "General endpoints" and "Market data endpoints" of the spot API documentation
(2026-07-21) and of the USD-M one (2026-07-24); weights as listed there. The requests are those of
`exchanges/dialects/mbx/rest.py`.
"""

from typing import ClassVar

from exchanges.dialects.mbx import INTERVALS
from exchanges.dialects.mbx.rest import MbxRest, Surface
from exchanges.market.instrument import Kind
from exchanges.market.topics import KlineInterval


class BinanceRest(MbxRest):
    """Public requests of spot and USD-M."""

    venue = "binance"
    # A symbol that fundingInfo does not list is charged every 8 h (the documentation's rule).
    default_funding_s = 8 * 3600.0
    funding_costs = (("um_funding", 1),)
    paths: ClassVar = {
        "/api/v3/exchangeInfo": ("instruments", Kind.SPOT),
        "/api/v3/depth": ("book", Kind.SPOT),
        "/fapi/v1/exchangeInfo": ("instruments", Kind.PERPETUAL),
        "/fapi/v1/depth": ("book", Kind.PERPETUAL),
    }
    surfaces: ClassVar = {
        Kind.SPOT: Surface(
            endpoint="spot_rest",
            prefix="/api/v3",
            bucket="spot_weight",
            list_weight=20,
            trades_weight=25,
            ticker_weight=2,
            tickers_weight=80,
            # 1000 levels keep a book for hours; 5000 would cost five times as much.
            depth=((100, 5), (500, 25), (1000, 50), (5000, 250)),
            klines=((1000, 2),),
            intervals=(KlineInterval.S1, *INTERVALS),
        ),
        Kind.PERPETUAL: Surface(
            endpoint="um_rest",
            prefix="/fapi/v1",
            bucket="um_weight",
            list_weight=1,
            trades_weight=5,
            ticker_weight=1,
            tickers_weight=40,
            depth=((5, 2), (10, 2), (20, 2), (50, 2), (100, 5), (500, 10), (1000, 20)),
            klines=((100, 1), (500, 2), (1000, 5), (1500, 10)),
        ),
    }
