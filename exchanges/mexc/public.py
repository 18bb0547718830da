"""MEXC spot public streams: binary frames in, events out; text frames answer requests.

Source: the WebSocket pages of the documentation (2025 and April 2026). The rules of the order
book are those of `sequence.py`: a frame brings the book from `fromVersion` - 1 to `toVersion`,
and the start is fetched. `limit.depth` and `bookTicker.batch` are only read, from recordings.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from google.protobuf.message import DecodeError

from exchanges.errors import CodecUsageError
from exchanges.market.events import BookSnapshot, StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.mexc import market_data as wire
from exchanges.mexc.market_data import INTERVALS, STREAM_CANDLES, read, sent_ns
from exchanges.mexc.rest import MexcRest
from exchanges.mexc.wire.mexc_push_pb2 import PushDataV3ApiWrapper
from exchanges.rest.request import Request
from exchanges.stream.codec import Frame, StreamCodec
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.subscriptions import Handler, Route

_ANSWER: Final = msgspec.json.Decoder(wire.Answer)
_PUSH: Final = PushDataV3ApiWrapper.FromString

_SPOT: Final = "spot@"
_VERSION: Final = ".v3.api.pb@"
_PACE: Final = "100ms@"
_PARTIAL_BOOKS: Final = "spot@public.limit.depth."
_BATCHES: Final = "spot@public.bookTicker.batch."
# Statistics of the last 24 hours instead of those since some midnight.
_ZONE: Final = "24H"
_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "public.aggre.depth",
    Channel.TOP: "public.aggre.bookTicker",
    Channel.TRADES: "public.aggre.deals",
    Channel.TICKER: "public.miniTicker",
    Channel.KLINES: "public.kline",
}
_CHANNELS: Final[Mapping[str, Channel]] = {
    **{name: channel for channel, name in _NAMES.items()},
    "public.limit.depth": Channel.BOOK,
    "public.bookTicker.batch": Channel.TOP,
}
_PING: Final = '{"method":"PING"}'
_PONG: Final = "PONG"


def _body(push: PushDataV3ApiWrapper, name: str) -> Any:
    """The one message of a frame, if it is of the type that the channel sends."""
    if push.WhichOneof("body") != name:
        raise ValueError(f"the frame holds {push.WhichOneof('body')} in place of {name}")
    return getattr(push, name)


def _top(route: Route, push: PushDataV3ApiWrapper, received_ns: int) -> tuple[StreamEvent, ...]:
    if route.key.startswith(_BATCHES):
        tickers = _body(push, "publicBookTickerBatch").items
    else:
        tickers = (_body(push, "publicAggreBookTicker"),)
    return tuple(
        read(ticker, wire.BookTicker).top(route.instrument, sent_ns(push), received_ns)
        for ticker in tickers
    )


def _trades(route: Route, push: PushDataV3ApiWrapper, received_ns: int) -> tuple[StreamEvent, ...]:
    return tuple(
        read(deal, wire.Deal).trade(route.instrument, received_ns)
        for deal in _body(push, "publicAggreDeals").deals
    )


def _ticker(route: Route, push: PushDataV3ApiWrapper, received_ns: int) -> tuple[StreamEvent, ...]:
    ticker = read(_body(push, "publicMiniTicker"), wire.MiniTicker)
    return (ticker.ticker(route.instrument, sent_ns(push), received_ns),)


def _kline(route: Route, push: PushDataV3ApiWrapper, received_ns: int) -> tuple[StreamEvent, ...]:
    kline = read(_body(push, "publicSpotKline"), wire.SpotKline)
    return (kline.kline(route.instrument, sent_ns(push), received_ns),)


_READERS: Final[Mapping[Channel, Handler]] = {
    Channel.TOP: _top,
    Channel.TRADES: _trades,
    Channel.TICKER: _ticker,
    Channel.KLINES: _kline,
}


class MexcStream(StreamCodec):
    """One connection. A key is the name of a channel, as it is subscribed."""

    venue = "mexc"
    rest = MexcRest()

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        native = instrument.native
        match topic.channel:
            case Channel.TICKER:
                market = f"{native}@{_ZONE}"
            case Channel.KLINES:
                if topic.interval not in STREAM_CANDLES:
                    raise CodecUsageError(f"{self.venue} has no candles of {topic.interval}")
                market = f"{native}@{STREAM_CANDLES[topic.interval]}"
            case _:
                market = f"{_PACE}{native}"
        return f"{_SPOT}{_NAMES[topic.channel]}{_VERSION}{market}"

    def _topic_of(self, key: str) -> Topic | None:
        name, _, market = key.removeprefix(_SPOT).partition(_VERSION)
        native, _, rest = market.removeprefix("10ms@").removeprefix(_PACE).partition("@")
        channel, instrument = _CHANNELS.get(name), self.instruments.native(Kind.SPOT, native)
        if channel is None or instrument is None:
            return None
        interval = INTERVALS[rest] if channel is Channel.KLINES else None
        return Topic(channel, instrument.symbol, interval)

    def _handler(self, topic: Topic) -> Handler:
        return self._book if topic.channel is Channel.BOOK else _READERS[topic.channel]

    def _rule(self, key: str) -> BookRule:
        is_whole = key.startswith(_PARTIAL_BOOKS)
        return BookRule(Recovery.SNAPSHOT_IN_STREAM if is_whole else Recovery.SNAPSHOT_BY_REQUEST)

    def _snapshot_request(self, route: Route) -> Request[BookSnapshot]:
        return self.rest.book(route.instrument)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        request = {
            "method": "SUBSCRIPTION" if subscribe else "UNSUBSCRIPTION",
            "params": [route.key for route in routes],
            "id": request_id,
        }
        return msgspec.json.encode(request).decode()

    def _ping(self) -> Frame:
        return _PING

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        if isinstance(frame, str):
            return self._answer(_ANSWER.decode(frame), received_ns)
        try:
            push = _PUSH(frame)
        except DecodeError as error:
            raise self._protocol_error(str(error), frame) from error
        return self._dispatch(push.channel, push, received_ns)

    def _answer(self, answer: wire.Answer, received_ns: int) -> tuple[StreamEvent, ...]:
        if answer.msg == _PONG:
            return ()
        # What is granted is named; a refusal begins "Not Subscribed", and has code 0 as well.
        if answer.code == 0 and answer.msg.startswith(_SPOT):
            return self._granted(answer.id, received_ns)
        return self._refused(answer.id, f"{answer.msg} [{answer.code}]", received_ns)

    def _book(
        self, route: Route, push: PushDataV3ApiWrapper, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        if route.key.startswith(_PARTIAL_BOOKS):
            return self._partial_book(route, push, received_ns)
        update = wire.AggreDepths.of(_body(push, "publicAggreDepths"))
        return self._delta(
            route,
            update.fromVersion - 1,
            update.toVersion,
            update.bids,
            update.asks,
            sent_ns(push),
            received_ns,
        )

    def _partial_book(
        self, route: Route, push: PushDataV3ApiWrapper, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        book = wire.LimitDepths.of(_body(push, "publicLimitDepths"))
        feed = route.feed
        if feed and feed.is_live and book.version <= feed.last:
            return ()
        return self._snapshot(route, book.snapshot(route.instrument, sent_ns(push), received_ns))
