"""Gate.io spot public streams: WebSocket messages in, events out.

Source: "Spot WebSocket v4" of the API documentation (stored copies of 2025). The frames around
the rows and the books are those of the `public.py` of `dialects/gate_v4`.
"""

from typing import ClassVar, Final

import msgspec

from exchanges.dialects.gate_v4.market_data import BookTickerFrame, BookUpdateFrame, PlainLevel
from exchanges.dialects.gate_v4.public import GateWire
from exchanges.gateio import market_data as wire
from exchanges.market.events import BookSnapshot
from exchanges.market.topics import Channel
from exchanges.stream.readers import one
from exchanges.stream.wire import (
    Frame,
    Route,
)

_PARTIAL_BOOK: Final = msgspec.json.Decoder(wire.PartialBookFrame, strict=False)


class GateioWire(GateWire):
    """One connection."""

    venue = "gateio"
    prefix = "spot"
    names: ClassVar = {
        Channel.BOOK: "obu",
        Channel.TOP: "book_ticker",
        Channel.TRADES: "trades",
        Channel.TICKER: "tickers",
        Channel.KLINES: "candlesticks",
    }
    readers: ClassVar = {
        Channel.TOP: one(BookTickerFrame),
        Channel.TRADES: one(wire.TradeFrame),
        Channel.TICKER: one(wire.TickerFrame),
        Channel.KLINES: one(wire.CandleFrame),
    }
    joined_book: ClassVar = msgspec.json.Decoder(BookUpdateFrame[PlainLevel], strict=False)

    def _partial_book(self, route: Route, frame: Frame, received_ns: int) -> BookSnapshot:
        return _PARTIAL_BOOK.decode(frame).result.snapshot(route.instrument, received_ns)
