"""OKX v5 public streams: WebSocket messages in, events out.

Source: official guide, "Order Book Trading / Market Data" and "Public Data" (July 2026). The
order book's rules are those of `sequence.py` with the snapshot in the stream: an update brings
the book from `prevSeqId` to `seqId`, and maintenance may restart the count.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Raw

from exchanges.errors import CodecUsageError
from exchanges.market.events import Level, Notice, StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, plain
from exchanges.market.topics import Channel, Topic
from exchanges.okx import market_data as wire
from exchanges.okx.market_data import CANDLE_NAMES, in_base_units
from exchanges.okx.rest import OkxRest
from exchanges.stream.codec import Frame, StreamCodec
from exchanges.stream.readers import each
from exchanges.stream.sequence import BookRule, Recovery, interleaved_crc32
from exchanges.stream.subscriptions import Handler, Route

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOKS: Final = msgspec.json.Decoder(list[wire.BookMessage], strict=False)
_CANDLES: Final = msgspec.json.Decoder(list[wire.CandleRow], strict=False)
_LIQUIDATIONS: Final = msgspec.json.Decoder(list[wire.LiquidationMessage], strict=False)

_READERS: Final[Mapping[Channel, Handler]] = {
    Channel.TOP: each(wire.TopMessage),
    Channel.TRADES: each(wire.TradeMessage),
    Channel.TICKER: each(wire.TickerMessage),
    Channel.FUNDING: each(wire.FundingMessage),
    Channel.MARK_PRICE: each(wire.MarkPriceMessage),
    Channel.OPEN_INTEREST: each(wire.OpenInterestMessage),
}

_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "books",
    Channel.TOP: "bbo-tbt",
    Channel.TRADES: "trades",
    Channel.TICKER: "tickers",
    Channel.FUNDING: "funding-rate",
    Channel.MARK_PRICE: "mark-price",
    Channel.OPEN_INTEREST: "open-interest",
    Channel.LIQUIDATIONS: "liquidation-orders",
}
_CHANNELS: Final = {name: channel for channel, name in _NAMES.items()}
_CANDLE: Final = "candle"
_INTERVALS: Final = {_CANDLE + name: interval for interval, name in CANDLE_NAMES.items()}

BOOK_LEVELS: Final = 400
# What the checksum of old recordings covers; nothing proves the levels below.
CHECKSUM_LEVELS: Final = 25
_CLOSING_SOON: Final = "64008"
_CLOSING_S: Final = 60.0


class OkxStream(StreamCodec):
    """One connection to the public or the business address."""

    venue = "okx"
    rest = OkxRest()

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES:
            if topic.interval not in CANDLE_NAMES:
                raise CodecUsageError(f"{self.venue} has no candles of {topic.interval}")
            return f"{_CANDLE}{CANDLE_NAMES[topic.interval]}:{instrument.native}"
        if topic.channel is Channel.LIQUIDATIONS:
            return f"{_NAMES[topic.channel]}:SWAP"
        return f"{_NAMES[topic.channel]}:{instrument.native}"

    def _topic_of(self, key: str) -> Topic | None:
        name, _, native = key.partition(":")
        instrument = self.instruments.native(self.rest.kind_of(native), native)
        if instrument is None:
            return None
        if interval := _INTERVALS.get(name):
            return Topic(Channel.KLINES, instrument.symbol, interval)
        channel = _CHANNELS.get(name)
        return Topic(channel, instrument.symbol) if channel else None

    def _handler(self, topic: Topic) -> Handler:
        match topic.channel:
            case Channel.BOOK:
                return self._book
            case Channel.KLINES:
                return self._candles
            case Channel.LIQUIDATIONS:
                return self._liquidations
            case channel:
                return _READERS[channel]

    def _rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM, resets=True)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        request = {
            "id": str(request_id),
            "op": "subscribe" if subscribe else "unsubscribe",
            "args": [_arg(route.key) for route in routes],
        }
        return msgspec.json.encode(request).decode()

    def _ping(self) -> Frame:
        return "ping"

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        if frame == "pong":
            return ()
        envelope = _ENVELOPE.decode(frame)
        key = f"{envelope.arg.channel}:{envelope.arg.instId or envelope.arg.instType}"
        if envelope.event:
            return self._event(envelope, key, received_ns)
        if envelope.arg.channel == _NAMES[Channel.BOOK]:
            return self._dispatch(key, envelope, received_ns)
        return self._dispatch(key, envelope.data, received_ns)

    def _event(
        self, envelope: wire.Envelope, key: str, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """News of the connection itself."""
        match envelope.event:
            case "subscribe" | "unsubscribe":
                subscribe = envelope.event == "subscribe"
                return self._granted_one(key, received_ns, subscribe=subscribe)
            case "error":
                # It names the request, not the arg; those granted have been told one by one.
                request_id = int(envelope.id) if envelope.id.isdecimal() else -1
                message = f"{envelope.msg} [{envelope.code}]"
                return self._refused(request_id, message, received_ns)
            case "notice" if envelope.code == _CLOSING_SOON:
                notice = Notice(venue=self.venue, close_in_s=_CLOSING_S, message=envelope.msg)
                return (notice,)
        return ()

    def _book(
        self, route: Route, envelope: wire.Envelope, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        feed, instrument = route.feed, route.instrument
        assert feed is not None
        events: tuple[StreamEvent, ...] = ()
        for message in _BOOKS.decode(envelope.data):
            has_ids = message.has_ids
            if envelope.action == "snapshot":
                snapshot = message.snapshot(
                    instrument,
                    received_ns,
                    window=BOOK_LEVELS,
                    verified=0 if has_ids else CHECKSUM_LEVELS,
                )
                events += self._snapshot(route, snapshot)
                continue
            # Recordings from before 2023 have no ids: their updates are taken as they come, and
            # the book is proven by the checksum, which has been dead (always 0) since June 2026.
            # An older update that comes late can bring back an older book with a right checksum;
            # its stamp gives it away.
            last, previous = message.sequence, message.prevSeqId
            events += self._delta(
                route,
                min(feed.last, last) if previous is None else previous,
                last,
                in_base_units(message.bids, instrument),
                in_base_units(message.asks, instrument),
                message.ts * NS_PER_MS,
                received_ns,
                None if has_ids else message.checksum,
            )
        return events

    def _candles(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        interval = _INTERVALS[route.key.partition(":")[0]]
        return tuple(
            row.kline(route.instrument, interval, received_ns) for row in _CANDLES.decode(data)
        )

    def _liquidations(self, route: Route, data: Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        """One stream tells those of all swaps; only what is wished for is passed on."""
        events: tuple[StreamEvent, ...] = ()
        for message in _LIQUIDATIONS.decode(data):
            instrument = self.instruments.native(Kind.PERPETUAL, message.instId)
            if instrument and Topic(Channel.LIQUIDATIONS, instrument.symbol) in route.topics:
                events += message.events(instrument, received_ns)
        return events


def checksum(instrument: Instrument, bids: list[Level], asks: list[Level]) -> int:
    """CRC-32 over the 25 best levels of both sides in turn, as the venue printed them."""

    def text(level: Level) -> str:
        price, size = level
        if instrument.kind is Kind.PERPETUAL:
            # Contracts have eight decimals at most; rounding takes out what converting left.
            size = round(size / instrument.base_per_contract(price), 8)
        return f"{plain(price)}:{plain(size)}"

    return interleaved_crc32(bids[:CHECKSUM_LEVELS], asks[:CHECKSUM_LEVELS], text)


def _arg(key: str) -> dict[str, str]:
    name, _, subject = key.partition(":")
    is_kind = name == _NAMES[Channel.LIQUIDATIONS]
    return {"channel": name, "instType" if is_kind else "instId": subject}
