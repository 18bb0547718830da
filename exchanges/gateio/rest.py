"""Gate.io spot public REST: where its requests go, and what reads the replies.

Source: "Spot" of the API v4 documentation (stored copies of 2025). The requests are those of
the `rest.py` of `dialects/gate_v4`.
"""

from typing import ClassVar

from msgspec.json import Decoder

from exchanges.dialects.gate_v4.rest import GateRest, Rows
from exchanges.gateio import listing, market_data
from exchanges.market.instrument import Kind


class GateioRest(GateRest):
    """Public requests."""

    venue = "gateio"
    symbol_parameter = "currency_pair"
    kind = Kind.SPOT
    root = "/spot"
    list_name = "currency_pairs"
    rows: ClassVar = Rows(
        instrument=Decoder(listing.InstrumentInfo),
        depth=Decoder(listing.Depth, strict=False),
        trades=Decoder(list[market_data.TradeRow], strict=False),
        ticker=Decoder(market_data.TickerRow, strict=False),
        klines=Decoder(list[listing.KlineRow], strict=False),
    )
