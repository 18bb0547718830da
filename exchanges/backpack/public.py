"""Backpack public streams: frames in, events out.

Source: "Streams" of the API document (copy of August 2026), and wire probes of September 2026. The
rules of the order book are those of `sequence.py`: an update brings the book from `U` - 1 to `u`,
and the book starts from a snapshot by request.

Nothing is acknowledged, and an unknown market stays silent for ever: data alone proves that a
subscription was taken. So a fetched snapshot starts no book before an update of it has come.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Raw

from exchanges.backpack import market_data as wire
from exchanges.backpack.market_data import CANDLE_NAMES, INTERVALS, kind_of
from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instrument, Instruments, Kind, Status
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.facts import Stream
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Reader,
    Route,
    Said,
)

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_KLINE: Final = msgspec.json.Decoder(wire.KlineMessage, strict=False)
_LIQUIDATION: Final = msgspec.json.Decoder(wire.LiquidationMessage, strict=False)

_READERS: Final[Mapping[Channel, Reader]] = {
    Channel.BOOK: one(wire.DepthUpdate),
    Channel.TOP: one(wire.BookTicker),
    Channel.TRADES: one(wire.TradeMessage),
    Channel.TICKER: one(wire.TickerMessage),
    Channel.MARK_PRICE: one(wire.MarkPriceMessage),
    Channel.FUNDING: one(wire.MarkPriceMessage),
    Channel.OPEN_INTEREST: one(wire.OpenInterestMessage),
}
_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "depth",
    Channel.TOP: "bookTicker",
    Channel.TRADES: "trade",
    Channel.TICKER: "ticker",
    Channel.KLINES: "kline",
    Channel.MARK_PRICE: "markPrice",
    Channel.FUNDING: "markPrice",
    Channel.OPEN_INTEREST: "openInterest",
    Channel.LIQUIDATIONS: "liquidation",
}
_CHANNELS: Final[Mapping[str, Channel]] = {
    **{name: channel for channel, name in _NAMES.items()},
    "markPrice": Channel.MARK_PRICE,
}
# The book's streams that gather the changes of some time, which only recordings hold.
_PACES: Final = frozenset({"200ms", "600ms", "1000ms"})
# The market whose mark price keeps a quiet connection alive, where no market is known.
_LIVELY: Final = "BTC_USDC_PERP"


class BackpackWire(MarketWire):
    """One connection."""

    venue = "backpack"
    candles: ClassVar = CANDLE_NAMES

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._lifelines: set[str] = set()  # streams that keep the connection alive

    def key(self, topic: Topic, instrument: Instrument) -> str:
        name = _NAMES[topic.channel]
        match topic.channel:
            case Channel.LIQUIDATIONS:
                return name  # of all markets
            case Channel.KLINES:
                return f"{name}.{self.candle(topic)}.{instrument.native}"
        return f"{name}.{instrument.native}"

    def topic(self, key: str) -> Topic | None:
        name, _, native = key.partition(".")
        interval = None
        first, _, rest = native.partition(".")  # a few symbols have a point themselves
        if name == "kline":
            interval, native = INTERVALS[first], rest
        elif name == "depth" and first in _PACES:
            native = rest
        channel = _CHANNELS.get(name)
        instrument = self.instruments.native(kind_of(native), native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def reader(self, topic: Topic) -> Reader:
        match topic.channel:
            case Channel.KLINES:
                return self._candle
            case Channel.LIQUIDATIONS:
                return self._liquidation
            case channel:
                return _READERS[channel]

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        return _command(
            "SUBSCRIBE" if subscribe else "UNSUBSCRIBE", [route.key for route in routes]
        )

    def ping(self, now_ns: int) -> Frame:
        """Ask for the mark price of some market: it is told every second, whatever happens."""
        markets = (
            each.native
            for each in self.instruments
            if each.kind is Kind.PERPETUAL and each.status is Status.TRADING
        )
        lifeline = f"markPrice.{next(markets, _LIVELY)}"
        self._lifelines.add(lifeline)
        return _command("SUBSCRIBE", [lifeline])

    def said(self, frame: Frame) -> Iterable[Said]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.stream:
            is_lifeline = envelope.stream in self._lifelines
            return (Data(envelope.stream, envelope.data, is_lifeline),)
        if envelope.error:
            return ()  # about a frame of ours, but nobody can say which
        raise ValueError("neither data nor an error")

    def _candle(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        _, name, _ = route.key.split(".", 2)
        return (_KLINE.decode(data).kline(route.instrument, INTERVALS[name], received_ns),)

    def _liquidation(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        """One stream tells those of all markets; only what is wished for is passed on."""
        message = _LIQUIDATION.decode(data)
        instrument = self.instruments.native(kind_of(message.s), message.s)
        if instrument and Topic(Channel.LIQUIDATIONS, instrument.symbol) in route.topics:
            return message.events(instrument, received_ns)
        return ()


def _command(method: str, streams: list[str]) -> str:
    command: dict[str, Any] = {"method": method, "params": streams}
    return msgspec.json.encode(command).decode()
