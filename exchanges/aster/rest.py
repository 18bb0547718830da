"""Aster's public REST: host, paths and weights.

Source: "Market Data Endpoints" of the futures V3 document (June 2026). The requests are those of
the dialect, but for the open interest, which is not documented: public programs of
2025 and 2026 ask for it under `/fapi/v1`.
"""

from typing import ClassVar, Final

from exchanges.dialects.mbx.listing import SymbolInfo
from exchanges.dialects.mbx.rest import OPEN_INTEREST, MbxRest, Surface
from exchanges.market.events import OpenInterest
from exchanges.market.instrument import Instrument, Kind
from exchanges.rest.request import Request

OPEN_INTEREST_PATH: Final = "/fapi/v1/openInterest"
# Nobody tells its weight; five times that of its neighbours is no burden at one call a market.
_OPEN_INTEREST_WEIGHT: Final = 5
_TEST: Final = "TEST"  # the venue's own test symbols begin with it


class AsterRest(MbxRest):
    """Public requests."""

    venue = "aster"
    funding_costs = (("weight", 1),)
    paths: ClassVar = {
        "/fapi/v3/exchangeInfo": ("instruments", Kind.PERPETUAL),
        "/fapi/v3/depth": ("book", Kind.PERPETUAL),
    }
    surfaces: ClassVar = {
        Kind.PERPETUAL: Surface(
            endpoint="rest",
            prefix="/fapi/v3",
            bucket="weight",
            list_weight=1,
            trades_weight=1,
            ticker_weight=1,
            tickers_weight=40,
            depth=((5, 2), (10, 2), (20, 2), (50, 2), (100, 5), (500, 10), (1000, 20)),
            klines=((99, 1), (499, 2), (1000, 5), (1500, 10)),
        ),
    }

    def _instrument(self, row: SymbolInfo, kind: Kind) -> Instrument | None:
        return None if row.symbol.startswith(_TEST) else super()._instrument(row, kind)

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        surface = self.surfaces[Kind.PERPETUAL]
        return self._get(
            "open interest",
            surface.endpoint,
            OPEN_INTEREST_PATH,
            OPEN_INTEREST,
            lambda reply, received_ns: reply.open_interest(instrument, received_ns),
            costs=((surface.bucket, _OPEN_INTEREST_WEIGHT),),
            instrument=instrument,
        )
