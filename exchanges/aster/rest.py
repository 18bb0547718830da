"""Aster's public REST: host, paths and weights.

Source: "Market Data Endpoints" of the futures V3 document (June 2026). What can be asked is that
of the dialect; the open interest is not documented, but a vendor of recorded data asks for it
under the same prefix, with a weight of 1 (August 2026).
"""

from typing import Final

from exchanges.aster.errors import ERRORS
from exchanges.dialects.mbx.listing import SymbolInfo
from exchanges.dialects.mbx.rest import perpetual, surface
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.units import Naming, Units
from exchanges.rest.call import About
from exchanges.rest.public import PublicRest

_PREFIX: Final = "/fapi/v3"
_TEST: Final = "TEST"  # the venue's own test symbols begin with it


def _instrument(row: SymbolInfo, about: About) -> Instrument | None:
    is_test = row.symbol.startswith(_TEST)
    return None if is_test else row.instrument(about.venue, Kind.PERPETUAL)


_PERPETUAL: Final = perpetual(
    surface(
        _PREFIX,
        endpoint="rest",
        bucket="weight",
        list_weight=1,
        trades_weight=1,
        ticker_weight=1,
        tickers_weight=40,
        depth=((5, 2), (10, 2), (20, 2), (50, 2), (100, 5), (500, 10), (1000, 20)),
        klines=((99, 1), (499, 2), (1000, 5), (1500, 10)),
        instrument=_instrument,
        units=Units((Naming.NUMBER,)),  # `1000PEPE`
    ),
    _PREFIX,
    funding_bucket="weight",
    # 8 h is the usual interval; whether the list is complete is not documented.
    funding_s=8 * 3600.0,
)

REST: Final = PublicRest("aster", {Kind.PERPETUAL: _PERPETUAL}, ERRORS)
