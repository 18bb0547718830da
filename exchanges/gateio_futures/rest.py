"""Gate.io perpetuals, public REST: where requests go, and what reads the replies.

Source: "Futures" of the API v4 documentation (stored copies of 2025), and limits seen in August
2026. What can be asked about spot as well is in the `rest.py` of `dialects/gate_v4`.
"""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from exchanges.dialects.gate_v4.errors import ERRORS
from exchanges.dialects.gate_v4.rest import LIMIT, PREFIX, surface
from exchanges.gateio_futures import listing, market_data
from exchanges.gateio_futures.market_data import TickerRow
from exchanges.market.instrument import Kind
from exchanges.market.units import Unit, Units
from exchanges.rest.call import Call, Count, Means, Query, T, told, told_at
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import Page, one

# Without it sizes are cut to whole contracts, with it they are strings with all their digits.
DECIMAL_SIZES: Final = (("X-Gate-Size-Decimal", "1"),)

_PATH: Final = f"{PREFIX}/futures/usdt"
_PAGE: Final = 100  # contracts, where no limit is asked for
_MOST_CHARGES: Final = 1000  # 1001 are refused


def _following(page: Page, asked: Mapping[str, str]) -> Query:
    """The list came whole in 2026, though the documentation has pages."""
    if len(page.rows) != _PAGE:
        return ()
    offset = int(asked.get("offset", "0")) + _PAGE
    return (("limit", str(_PAGE)), ("offset", str(offset)))


def _ticker(means: Means[TickerRow, T]) -> Call[TickerRow, T]:
    """What a ticker tells."""
    return Call(path=f"{_PATH}/tickers", reads=TickerRow, means=means, rate=LIMIT)


_COMMON: Final = surface(
    "/futures/usdt",
    "contracts",
    "contract",
    instrument=listing.ContractInfo,
    names="name",
    depth=listing.Depth,
    trade=market_data.TradeRow,
    ticker=TickerRow,
    kline=market_data.CandleRow,
    follows=_following,
    most_candles=2000,
    headers=DECIMAL_SIZES,
)
_PERPETUAL: Final = replace(
    _COMMON,
    # The only one of the list of 2023 whose name tells a number; other contracts hold thousands
    # of an asset, which their `quanto_multiplier` tells, and are priced per asset.
    units=Units(known={"MBABYDOGE": Unit("BABYDOGE", 1_000_000)}),
    # From the contract: the tickers tell neither the interval nor the time of the charge.
    funding=Call(
        path=f"{_PATH}/contracts/{{native}}",
        reads=listing.ContractFunding,
        means=told(listing.ContractFunding.funding),
        rows=one,
        bucket=f"{_PATH}/contracts",  # a contract shares the limit of the list
    ),
    funding_history=Call(
        path=f"{_PATH}/funding_rate",
        reads=listing.PastFunding,
        means=told(listing.PastFunding.charge),
        count=Count(most=_MOST_CHARGES),
        rate=LIMIT,
    ),
    mark_price=_ticker(told_at(TickerRow.mark)),
    open_interest=_ticker(told_at(TickerRow.open_interest)),
)

REST: Final = PublicRest("gateio_futures", {Kind.PERPETUAL: _PERPETUAL}, ERRORS)
