"""Gate.io spot public REST: where its requests go, and what reads the replies.

Source: "Spot" of the API v4 documentation (stored copies of 2025). The requests are those of
`exchanges/gate_v4/rest.py`.
"""

from typing import ClassVar

from msgspec.json import Decoder

from exchanges.gate_v4.rest import GateRest, Rows
from exchanges.gateio import messages, replies
from exchanges.instrument import Kind


class GateioRest(GateRest):
    """Public requests."""

    venue = "gateio"
    symbol_parameter = "currency_pair"
    kind = Kind.SPOT
    root = "/spot"
    list_name = "currency_pairs"
    rows: ClassVar = Rows(
        instrument=Decoder(replies.InstrumentInfo),
        depth=Decoder(replies.Depth, strict=False),
        trades=Decoder(list[messages.TradeRow], strict=False),
        ticker=Decoder(messages.TickerRow, strict=False),
        klines=Decoder(list[replies.KlineRow], strict=False),
    )
