"""Public streams of this dialect, spot and USD-M: combined frames in, events out.

Source: "WebSocket Streams" of the documents that the venues' records name. The rules of the order
book are those of `sequence.py`: a spot event brings the book from `U` - 1 to `u`, a USD-M event
from `pu` to `u`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Raw

from exchanges.dialects.mbx import market_data as wire
from exchanges.dialects.mbx.rest import MbxRest
from exchanges.market.events import BookSnapshot, Notice, StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.rest.request import Request
from exchanges.stream.codec import Frame, StreamCodec
from exchanges.stream.readers import one
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_DEPTH: Final = msgspec.json.Decoder(wire.DepthUpdate, strict=False)

_READERS: Final[Mapping[Channel, Handler]] = {
    Channel.TOP: one(wire.BookTicker),
    Channel.TRADES: one(wire.TradeMessage),
    Channel.TICKER: one(wire.TickerMessage),
    Channel.KLINES: one(wire.KlineMessage),
    Channel.MARK_PRICE: one(wire.MarkPriceMessage),
    Channel.FUNDING: one(wire.MarkPriceMessage),
    Channel.LIQUIDATIONS: one(wire.LiquidationMessage),
}

# Stream names after the symbol. The book's own alternatives (@depth, @depth@500ms, ...) and
# @trade on USD-M differ in pace only and are read as well, as recordings hold them.
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


class MbxStream(StreamCodec):
    """One combined-stream connection."""

    rest: ClassVar[MbxRest]

    @property
    def _kind(self) -> Kind:
        """Spot and USD-M have streams of their own."""
        (kind,) = self.stream.kinds
        return kind

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        native = instrument.native.lower()
        if topic.channel is Channel.KLINES:
            self.rest.check_interval(instrument, topic.interval)
            return f"{native}@{_KLINE}{topic.interval}"
        return f"{native}@{_NAMES[self._kind][topic.channel]}"

    def _topic_of(self, key: str) -> Topic | None:
        native, _, name = key.partition("@")
        instrument = self.instruments.native(self._kind, native.upper())
        if instrument is None:
            return None
        if name.startswith(_KLINE):
            interval = KlineInterval(name.removeprefix(_KLINE))
            return Topic(Channel.KLINES, instrument.symbol, interval)
        channel = _CHANNELS.get(name.partition("@")[0])
        return Topic(channel, instrument.symbol) if channel else None

    def _handler(self, topic: Topic) -> Handler:
        return self._depth if topic.channel is Channel.BOOK else _READERS[topic.channel]

    def _rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST)

    def _snapshot_request(self, route: Route) -> Request[BookSnapshot]:
        return self.rest.book(route.instrument)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        method = "SUBSCRIBE" if subscribe else "UNSUBSCRIBE"
        return _command(method, request_id, [route.key for route in routes])

    def _ping(self) -> Frame:
        return _command("LIST_SUBSCRIPTIONS", _PING_ID)

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.stream:
            if envelope.stream == _SHUTDOWN:
                return (Notice(venue=self.venue, close_in_s=0.0, message="server shutdown"),)
            return self._dispatch(envelope.stream, envelope.data, received_ns)
        error = envelope.error
        code, message = (error.code, error.msg) if error else (envelope.code, envelope.msg)
        if code is not None:
            # A refusal of something else than a request of ours (bad JSON) has no id.
            request_id = -1 if envelope.id is None else envelope.id
            return self._refused(request_id, f"{message} [{code}]", received_ns)
        if envelope.id is None:
            raise self._protocol_error("neither data nor an answer", frame)
        return self._granted(envelope.id, received_ns)

    def _depth(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        update = _DEPTH.decode(data)
        previous = update.U - 1 if update.pu is None else update.pu
        return self._delta(
            route, previous, update.u, update.b, update.a, update.E * NS_PER_MS, received_ns
        )


def _command(method: str, request_id: int, params: list[str] | None = None) -> str:
    command: dict[str, Any] = {"method": method, "id": request_id}
    if params is not None:
        command["params"] = params
    return msgspec.json.encode(command).decode()
