"""Backpack public streams: frames in, events out.

Source: "Streams" of the API document (copy of August 2026), and wire probes of September 2026. The
rules of the order book are those of `sequence.py`: an update brings the book from `U` - 1 to `u`,
and the book starts from a snapshot by request.

Nothing is acknowledged, and an unknown market stays silent for ever: data alone proves that a
subscription was taken. So a fetched snapshot starts no book before an update of it has come.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw

from exchanges.backpack import market_data as wire
from exchanges.backpack.market_data import CANDLE_NAMES, INTERVALS
from exchanges.backpack.rest import BackpackRest
from exchanges.errors import CodecUsageError
from exchanges.market.events import BookSnapshot, StreamEvent
from exchanges.market.instrument import Instrument, Instruments, Kind, Status
from exchanges.market.numbers import NS_PER_US
from exchanges.market.topics import Channel, Topic
from exchanges.rest.request import Request
from exchanges.stream.codec import Frame, StreamCodec
from exchanges.stream.facts import Stream
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_DEPTH: Final = msgspec.json.Decoder(wire.DepthUpdate, strict=False)
_KLINE: Final = msgspec.json.Decoder(wire.KlineMessage, strict=False)
_LIQUIDATION: Final = msgspec.json.Decoder(wire.LiquidationMessage, strict=False)

_READERS: Final[Mapping[Channel, Handler]] = {
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


class BackpackStream(StreamCodec):
    """One connection."""

    venue = "backpack"
    rest = BackpackRest()

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._lifelines: set[str] = set()  # streams that keep the connection alive

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        name = _NAMES[topic.channel]
        match topic.channel:
            case Channel.LIQUIDATIONS:
                return name  # of all markets
            case Channel.KLINES:
                if topic.interval not in CANDLE_NAMES:
                    raise CodecUsageError(f"{self.venue} has no candles of {topic.interval}")
                return f"{name}.{CANDLE_NAMES[topic.interval]}.{instrument.native}"
        return f"{name}.{instrument.native}"

    def _topic_of(self, key: str) -> Topic | None:
        name, _, native = key.partition(".")
        interval = None
        first, _, rest = native.partition(".")  # a few symbols have a point themselves
        if name == "kline":
            interval, native = INTERVALS[first], rest
        elif name == "depth" and first in _PACES:
            native = rest
        channel = _CHANNELS.get(name)
        instrument = self.instruments.native(self.rest.kind_of(native), native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def _handler(self, topic: Topic) -> Handler:
        match topic.channel:
            case Channel.BOOK:
                return self._depth
            case Channel.KLINES:
                return self._candle
            case Channel.LIQUIDATIONS:
                return self._liquidation
            case channel:
                return _READERS[channel]

    def _rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST)

    def _snapshot_request(self, route: Route) -> Request[BookSnapshot]:
        return self.rest.book(route.instrument)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        return _command(
            "SUBSCRIBE" if subscribe else "UNSUBSCRIBE", [route.key for route in routes]
        )

    def _ping(self) -> Frame:
        """Ask for the mark price of some market: it is told every second, whatever happens."""
        markets = (
            each.native
            for each in self.instruments
            if each.kind is Kind.PERPETUAL and each.status is Status.TRADING
        )
        lifeline = f"markPrice.{next(markets, _LIVELY)}"
        self._lifelines.add(lifeline)
        return _command("SUBSCRIBE", [lifeline])

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.stream:
            if envelope.stream in self._lifelines and not self._knows(envelope.stream):
                return ()
            return self._dispatch(envelope.stream, envelope.data, received_ns)
        if envelope.error:
            return ()  # about a frame of ours, but nobody can say which
        raise self._protocol_error("neither data nor an error", frame)

    def _knows(self, key: str) -> bool:
        return self._subscriptions.by_key(key) is not None

    def answer(
        self, request: Request[BookSnapshot], snapshot: BookSnapshot
    ) -> tuple[StreamEvent, ...]:
        """Start a book of which an update has come; else the snapshot is fetched again."""
        route = self._landed(request)
        is_heard = route and route.feed and route.feed.has_updates
        return self.start(snapshot) if is_heard else ()

    def _depth(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        update = _DEPTH.decode(data)
        return self._delta(
            route,
            update.U - 1,
            update.u,
            update.b,
            update.a,
            update.E * NS_PER_US,
            received_ns,
        )

    def _candle(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        _, name, _ = route.key.split(".", 2)
        return (_KLINE.decode(data).kline(route.instrument, INTERVALS[name], received_ns),)

    def _liquidation(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        """One stream tells those of all markets; only what is wished for is passed on."""
        message = _LIQUIDATION.decode(data)
        instrument = self.instruments.native(self.rest.kind_of(message.s), message.s)
        if instrument and Topic(Channel.LIQUIDATIONS, instrument.symbol) in route.topics:
            return message.events(instrument, received_ns)
        return ()


def _command(method: str, streams: list[str]) -> str:
    command: dict[str, Any] = {"method": method, "params": streams}
    return msgspec.json.encode(command).decode()
