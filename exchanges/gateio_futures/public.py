"""Gate.io perpetuals, public streams: WebSocket messages in, events out.

Source: "Futures WebSocket v4" of the API documentation (stored copies of 2025, changes of August
2026). The frames around the rows and the books are those of `dialects/gate_v4`; most frames here
have a list of rows, each of which names its market, or one row without a list.
"""

from collections.abc import Iterable
from typing import ClassVar, Final, Protocol

import msgspec
from msgspec import Raw, Struct

from exchanges.dialects.gate_v4.market_data import (
    BookTickerFrame,
    BookUpdateFrame,
    PriceSize,
    Subject,
)
from exchanges.dialects.gate_v4.public import GateWire
from exchanges.gateio_futures import market_data as wire
from exchanges.market.events import BookSnapshot, StreamEvent
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import Millis
from exchanges.market.topics import Channel
from exchanges.stream.readers import one
from exchanges.stream.wire import (
    Data,
    Frame,
    Reader,
    Route,
    Said,
)


class RowsFrame(Struct):
    """A frame with several rows, which stay undecoded until their market is known."""

    result: list[Raw]
    time_ms: Millis | None = None


class RowFrame(Struct):
    """The same with one row that is in no list.

    Liquidations came so until August 2026, against the documentation, and tickers were seen both
    ways.
    """

    result: Raw
    time_ms: Millis | None = None


class Row(Protocol):
    """A wire struct of one row; `sent_ms` is when its frame was sent."""

    def events(
        self, instrument: Instrument, sent_ms: int | None, received_ns: int
    ) -> tuple[StreamEvent, ...]: ...


_ROWS: Final = msgspec.json.Decoder(RowsFrame)
_ONE_ROW: Final = msgspec.json.Decoder(RowFrame)
_PARTIAL_BOOK: Final = msgspec.json.Decoder(wire.PartialBookFrame, strict=False)


def _row(row: type[Row]) -> Reader:
    """Reads one row, given with the stamp of its frame, or as the frame that has no other."""
    decode = msgspec.json.Decoder(row, strict=False).decode

    def read(
        route: Route, payload: tuple[Raw, int | None] | Frame, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        raw, sent_ms = payload if isinstance(payload, tuple) else _bare(payload)
        return decode(raw).events(route.instrument, sent_ms, received_ns)

    return read


def _bare(frame: Frame) -> tuple[Raw, int | None]:
    content = _ONE_ROW.decode(frame)
    return content.result, content.time_ms


_TICKERS: Final = _row(wire.TickerRow)


class GateioFuturesWire(GateWire):
    """One connection for contracts that settle in USDT.

    The tickers are the stream of funding, mark price and open interest as well.
    """

    venue = "gateio_futures"
    prefix = "futures"
    names: ClassVar = {
        Channel.BOOK: "obu",
        Channel.TOP: "book_ticker",
        Channel.TRADES: "trades",
        Channel.TICKER: "tickers",
        Channel.KLINES: "candlesticks",
        Channel.FUNDING: "tickers",
        Channel.MARK_PRICE: "tickers",
        Channel.OPEN_INTEREST: "tickers",
        Channel.LIQUIDATIONS: "public_liquidates",
    }
    readers: ClassVar = {
        Channel.TOP: one(BookTickerFrame),
        Channel.TRADES: _row(wire.TradeRow),
        Channel.TICKER: _TICKERS,
        Channel.KLINES: _row(wire.CandleRow),
        Channel.FUNDING: _TICKERS,
        Channel.MARK_PRICE: _TICKERS,
        Channel.OPEN_INTEREST: _TICKERS,
        Channel.LIQUIDATIONS: _row(wire.LiquidationRow),
    }
    joined_book: ClassVar = msgspec.json.Decoder(BookUpdateFrame[PriceSize], strict=False)

    def _rows(self, channel: str, subjects: list[Subject], frame: Frame) -> Iterable[Said]:
        content = _ROWS.decode(frame)
        return [
            Data(f"{channel}:{subject.name}", (row, content.time_ms))
            for subject, row in zip(subjects, content.result, strict=True)
        ]

    def _partial_book(self, route: Route, frame: Frame, received_ns: int) -> BookSnapshot:
        return _PARTIAL_BOOK.decode(frame).result.snapshot(route.instrument, received_ns)
