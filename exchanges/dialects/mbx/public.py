"""Public streams of this dialect, spot and USD-M: combined frames in, events out.

Source: "WebSocket Streams" of the documents that the venues' records name. The rules of the order
book are those of `sequence.py`: a spot event brings the book from `U` - 1 to `u`, a USD-M event
from `pu` to `u`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from exchanges.dialects.mbx import INTERVALS
from exchanges.dialects.mbx import market_data as wire
from exchanges.market.events import Notice
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Granted,
    Reader,
    Refused,
    Route,
    Said,
)

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)

_READERS: Final[Mapping[Channel, Reader]] = {
    Channel.BOOK: one(wire.DepthUpdate),
    Channel.TOP: one(wire.BookTicker),
    Channel.TRADES: one(wire.TradeMessage),
    Channel.TICKER: one(wire.TickerMessage),
    Channel.KLINES: one(wire.KlineMessage),
    Channel.MARK_PRICE: one(wire.MarkPriceMessage),
    Channel.FUNDING: one(wire.MarkPriceMessage),
    Channel.LIQUIDATIONS: one(wire.LiquidationMessage),
}

# Stream names after the symbol. The book's own alternatives (@depth, @depth@500ms, ...) and
# @trade on USD-M differ in pace only and are read as well, as recordings hold them. There is a
# faster one of USD-M books, @depth@0ms, which others record (2026) and no document names: a name
# that is no more is acknowledged and stays silent, so that the documented one is asked for.
_SPOT_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "depth@100ms",
    Channel.TOP: "bookTicker",
    Channel.TRADES: "trade",
    Channel.TICKER: "ticker",
}
_PERPETUAL_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "depth@100ms",
    Channel.TOP: "bookTicker",
    Channel.TRADES: "aggTrade",
    Channel.TICKER: "ticker",
    Channel.MARK_PRICE: "markPrice@1s",
    Channel.FUNDING: "markPrice@1s",
    Channel.LIQUIDATIONS: "forceOrder",
}
_NAMES: Final = {Kind.SPOT: _SPOT_NAMES, Kind.PERPETUAL: _PERPETUAL_NAMES}
_CHANNELS: Final[Mapping[str, Channel]] = {
    "depth": Channel.BOOK,
    "bookTicker": Channel.TOP,
    "trade": Channel.TRADES,
    "aggTrade": Channel.TRADES,
    "ticker": Channel.TICKER,
    "markPrice": Channel.MARK_PRICE,
    "forceOrder": Channel.LIQUIDATIONS,
}
_KLINE: Final = "kline_"
_SHUTDOWN: Final = "!serverShutdown"
# LIST_SUBSCRIPTIONS is the one harmless request that is always answered: the dialect knows no
# other application ping, and its protocol pings prove nothing about the feed.
_PING_ID: Final = 0


class MbxWire(MarketWire):
    """One combined-stream connection."""

    candles: ClassVar = {interval: interval.value for interval in (KlineInterval.S1, *INTERVALS)}

    def key(self, topic: Topic, instrument: Instrument) -> str:
        native = instrument.native.lower()
        if topic.channel is Channel.KLINES:
            return f"{native}@{_KLINE}{self.candle(topic)}"
        return f"{native}@{_NAMES[self.stream.kind][topic.channel]}"

    def topic(self, key: str) -> Topic | None:
        native, _, name = key.partition("@")
        instrument = self.instruments.native(self.stream.kind, native.upper())
        if instrument is None:
            return None
        if name.startswith(_KLINE):
            interval = KlineInterval(name.removeprefix(_KLINE))
            return Topic(Channel.KLINES, instrument.symbol, interval)
        channel = _CHANNELS.get(name.partition("@")[0])
        return Topic(channel, instrument.symbol) if channel else None

    def reader(self, topic: Topic) -> Reader:
        return _READERS[topic.channel]

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        method = "SUBSCRIBE" if subscribe else "UNSUBSCRIBE"
        return _command(method, request_id, [route.key for route in routes])

    def ping(self, now_ns: int) -> Frame:
        return _command("LIST_SUBSCRIPTIONS", _PING_ID)

    def said(self, frame: Frame) -> Iterable[Said]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.stream:
            if envelope.stream == _SHUTDOWN:
                return (Notice(venue=self.venue, close_in_s=0.0, message="server shutdown"),)
            return (Data(envelope.stream, envelope.data),)
        error = envelope.error
        code, message = (error.code, error.msg) if error else (envelope.code, envelope.msg)
        if code is not None:
            # A refusal of something else than a request of ours (bad JSON) has no id.
            request_id = -1 if envelope.id is None else envelope.id
            return (Refused(request_id, message, str(code)),)
        if envelope.id is None:
            raise ValueError("neither data nor an answer")
        return (Granted(envelope.id),)


def _command(method: str, request_id: int, params: list[str] | None = None) -> str:
    command: dict[str, Any] = {"method": method, "id": request_id}
    if params is not None:
        command["params"] = params
    return msgspec.json.encode(command).decode()
