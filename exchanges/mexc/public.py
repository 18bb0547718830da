"""MEXC spot public streams: binary frames in, events out; text frames answer requests.

Source: the WebSocket pages of the documentation (2025 and April 2026). The rules of the order
book are those of `sequence.py`: a frame brings the book from `fromVersion` - 1 to `toVersion`,
and the start is fetched. `limit.depth` and `bookTicker.batch` are only read, from recordings.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec
from google.protobuf.message import DecodeError

from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.mexc import market_data as wire
from exchanges.mexc.market_data import INTERVALS, STREAM_CANDLES, read, sent_ns
from exchanges.mexc.wire.mexc_push_pb2 import PushDataV3ApiWrapper
from exchanges.stream.books import MarketWire
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

_ANSWER: Final = msgspec.json.Decoder(wire.Answer)
_PUSH: Final = PushDataV3ApiWrapper.FromString

_SPOT: Final = "spot@"
_VERSION: Final = ".v3.api.pb@"
# The faster of the two paces; the rules of the book are the same, and recordings may hold either.
_PACE: Final = "10ms@"
_SLOW: Final = "100ms@"
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


def _book(route: Route, push: PushDataV3ApiWrapper, received_ns: int) -> tuple[StreamEvent, ...]:
    about = route.instrument, sent_ns(push), received_ns
    if route.key.startswith(_PARTIAL_BOOKS):
        return (wire.LimitDepths.of(_body(push, "publicLimitDepths")).snapshot(*about),)
    return (wire.AggreDepths.of(_body(push, "publicAggreDepths")).delta(*about),)


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


_READERS: Final[Mapping[Channel, Reader]] = {
    Channel.BOOK: _book,
    Channel.TOP: _top,
    Channel.TRADES: _trades,
    Channel.TICKER: _ticker,
    Channel.KLINES: _kline,
}


class MexcWire(MarketWire):
    """One connection. A key is the name of a channel, as it is subscribed."""

    venue = "mexc"
    candles: ClassVar = STREAM_CANDLES

    def key(self, topic: Topic, instrument: Instrument) -> str:
        native = instrument.native
        match topic.channel:
            case Channel.TICKER:
                market = f"{native}@{_ZONE}"
            case Channel.KLINES:
                market = f"{native}@{self.candle(topic)}"
            case _:
                market = f"{_PACE}{native}"
        return f"{_SPOT}{_NAMES[topic.channel]}{_VERSION}{market}"

    def topic(self, key: str) -> Topic | None:
        name, _, market = key.removeprefix(_SPOT).partition(_VERSION)
        native, _, rest = market.removeprefix(_SLOW).removeprefix(_PACE).partition("@")
        channel, instrument = _CHANNELS.get(name), self.instruments.native(Kind.SPOT, native)
        if channel is None or instrument is None:
            return None
        interval = INTERVALS[rest] if channel is Channel.KLINES else None
        return Topic(channel, instrument.symbol, interval)

    def reader(self, topic: Topic) -> Reader:
        return _READERS[topic.channel]

    def rule(self, key: str) -> BookRule:
        if key.startswith(_PARTIAL_BOOKS):
            return BookRule(Recovery.SNAPSHOT_IN_STREAM, whole=True)
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        request = {
            "method": "SUBSCRIPTION" if subscribe else "UNSUBSCRIPTION",
            "params": [route.key for route in routes],
            "id": request_id,
        }
        return msgspec.json.encode(request).decode()

    def ping(self, now_ns: int) -> Frame:
        return _PING

    def said(self, frame: Frame) -> Iterable[Said]:
        if isinstance(frame, str):
            return self._answer(_ANSWER.decode(frame))
        try:
            push = _PUSH(frame)
        except DecodeError as error:
            raise ValueError(str(error)) from error
        return (Data(push.channel, push),)

    def _answer(self, answer: wire.Answer) -> tuple[Said, ...]:
        if answer.msg == _PONG:
            return ()
        # What is granted is named; a refusal begins "Not Subscribed", and has code 0 as well.
        if answer.code == 0 and answer.msg.startswith(_SPOT):
            return (Granted(answer.id),)
        return (Refused(answer.id, answer.msg, str(answer.code)),)
