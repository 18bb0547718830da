"""Gate.io spot public streams: WebSocket messages in, events out.

Source: "Spot WebSocket v4" of the API documentation (stored copies of 2025). The rules of the
order book are those of `sequence.py`: an update brings the book from `U` - 1 to `u`, and a frame
with `full` replaces it at any time. `spot.obu` begins with such a frame. `spot.order_book_update`
is joined to a snapshot by request; like `spot.order_book` it is only read, from recordings.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Final

import msgspec

from exchanges.codec import Frame, StreamCodec
from exchanges.errors import CodecUsageError
from exchanges.events import BookSnapshot, Notice, StreamEvent
from exchanges.gateio import messages as wire
from exchanges.gateio.messages import CANDLE_NAMES, INTERVALS
from exchanges.gateio.rest import BOOK_LEVELS, GateioRest
from exchanges.instrument import Instrument, Kind
from exchanges.numbers import NS_PER_MS, NS_PER_S
from exchanges.readers import one
from exchanges.rest import Request
from exchanges.sequence import BookRule, Recovery
from exchanges.stream import Channel, Topic
from exchanges.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOK_UPDATE: Final = msgspec.json.Decoder(wire.BookUpdateFrame, strict=False)
_PARTIAL_BOOK: Final = msgspec.json.Decoder(wire.PartialBookFrame, strict=False)

_READERS: Final[Mapping[Channel, Handler]] = {
    Channel.TOP: one(wire.BookTickerFrame),
    Channel.TRADES: one(wire.TradeFrame),
    Channel.TICKER: one(wire.TickerFrame),
    Channel.KLINES: one(wire.CandleFrame),
}

_BOOK: Final = "spot.obu"
_JOINED_BOOK: Final = "spot.order_book_update"
_PARTIAL_BOOKS: Final = "spot.order_book:"
_KLINES: Final = "spot.candlesticks"
_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: _BOOK,
    Channel.TOP: "spot.book_ticker",
    Channel.TRADES: "spot.trades",
    Channel.TICKER: "spot.tickers",
    Channel.KLINES: _KLINES,
}
_CHANNELS: Final[Mapping[str, Channel]] = {
    **{name: channel for channel, name in _NAMES.items()},
    _JOINED_BOOK: Channel.BOOK,
    "spot.order_book": Channel.BOOK,
}
# Of the two depths, 50 and 400 levels, the deeper one: its 100 ms instead of 20 ms is as fast as
# other venues are. Nobody says whether levels that leave the depth are deleted, so the book cuts
# them off.
_LEVELS: Final = 400
# Candles go one to a request. Several books were never seen in one.
_ALONE: Final = frozenset({_BOOK, _KLINES})

_ANSWERS: Final = frozenset({"subscribe", "unsubscribe"})
_PONG: Final = "spot.pong"
# Said in the frame's event, or in the result of a channel `*.system`: the server is about to
# restart.
_UPGRADE: Final = "upgrade"


class GateioStream(StreamCodec):
    """One connection. A key is the channel and what the frames call the market."""

    venue = "gateio"
    rest = GateioRest()

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        name, native = _NAMES[topic.channel], instrument.native
        match topic.channel:
            case Channel.BOOK:
                return f"{name}:ob.{native}.{_LEVELS}"
            case Channel.KLINES:
                if topic.interval not in CANDLE_NAMES:
                    raise CodecUsageError(f"{self.venue} has no candles of {topic.interval}")
                return f"{name}:{CANDLE_NAMES[topic.interval]}_{native}"
        return f"{name}:{native}"

    def _topic_of(self, key: str) -> Topic | None:
        name, _, native = key.partition(":")
        interval = None
        if name == _BOOK:
            native = native.removeprefix("ob.").rpartition(".")[0]
        elif name == _KLINES:
            candle, _, native = native.partition("_")
            interval = INTERVALS[candle]
        channel, instrument = _CHANNELS.get(name), self.instruments.native(Kind.SPOT, native)
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def _handler(self, topic: Topic) -> Handler:
        return self._book if topic.channel is Channel.BOOK else _READERS[topic.channel]

    def _rule(self, key: str) -> BookRule:
        is_joined = key.startswith(_JOINED_BOOK)
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST if is_joined else Recovery.SNAPSHOT_IN_STREAM)

    def _snapshot_request(self, route: Route) -> Request[BookSnapshot]:
        return self.rest.book(route.instrument)

    def _group(self, route: Route) -> Hashable:
        """A request is about one channel; one unknown pair refuses all of it."""
        name, _, _ = route.key.partition(":")
        return route.key if name in _ALONE else name

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        keys = [route.key.partition(":") for route in routes]
        channel, payload = keys[0][0], [subject for _, _, subject in keys]
        if channel == _KLINES:
            payload = payload[0].split("_", 1)
        request = {
            "time": self._now_ns // NS_PER_S,
            "id": request_id,
            "channel": channel,
            "event": "subscribe" if subscribe else "unsubscribe",
            "payload": payload,
        }
        return msgspec.json.encode(request).decode()

    def _ping(self) -> Frame:
        ping = {"time": self._now_ns // NS_PER_S, "channel": "spot.ping"}
        return msgspec.json.encode(ping).decode()

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.error or envelope.event in _ANSWERS:
            return self._answer(envelope, received_ns)
        if envelope.channel == _PONG:
            return ()
        subject = envelope.result
        if envelope.event == _UPGRADE or (subject and subject.type == _UPGRADE):
            return (Notice(venue=self.venue, close_in_s=0.0, message="server upgrade"),)
        if subject is None:
            raise self._protocol_error("neither data nor an answer", frame)
        key = f"{envelope.channel}:{subject.s or subject.currency_pair or subject.n}"
        return self._dispatch(key, frame, received_ns)

    def _answer(self, envelope: wire.Envelope, received_ns: int) -> tuple[StreamEvent, ...]:
        """Old frames name no request."""
        request_id = -1 if envelope.id is None else envelope.id
        if error := envelope.error:
            return self._refused(request_id, f"{error.message} [{error.code}]", received_ns)
        return self._granted(request_id, received_ns)

    def _book(self, route: Route, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        if route.key.startswith(_PARTIAL_BOOKS):
            return self._partial_book(route, frame, received_ns)
        update = _BOOK_UPDATE.decode(frame).result
        if update.full:
            window = update.l or _levels(route.key)
            snapshot = update.snapshot(route.instrument, window, received_ns)
            return self._snapshot(route, snapshot)
        if update.U is None:
            raise self._protocol_error("changes without their first id", frame)
        return self._delta(
            route,
            update.U - 1,
            update.u,
            update.b,
            update.a,
            update.t * NS_PER_MS,
            received_ns,
        )

    def _partial_book(
        self, route: Route, frame: Frame, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        book = _PARTIAL_BOOK.decode(frame).result
        feed = route.feed
        if feed and feed.is_live and book.lastUpdateId < feed.last:
            return ()
        return self._snapshot(route, book.snapshot(route.instrument, received_ns))


def _levels(key: str) -> int:
    """How many levels a side the stream of a book keeps up to date."""
    if key.startswith(_JOINED_BOOK):
        return BOOK_LEVELS
    _, _, depth = key.rpartition(".")
    return int(depth)
