"""OKX v5 public streams: WebSocket messages in, events out.

Source: official guide, "Order Book Trading / Market Data" and "Public Data" (July 2026). The
order book's rules are those of `sequence.py` with the snapshot in the stream: an update brings
the book from `prevSeqId` to `seqId`, and maintenance may restart the count.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

import msgspec
from msgspec import Raw

from exchanges.market.checksums import interleaved_crc32
from exchanges.market.events import Level, Notice, StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import plain
from exchanges.market.topics import Channel, Topic
from exchanges.okx import market_data as wire
from exchanges.okx.market_data import CANDLE_NAMES, kind_of
from exchanges.stream.books import MarketWire
from exchanges.stream.readers import each
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    GrantedKey,
    Reader,
    Refused,
    Route,
    Said,
)

_ENVELOPE: Final = msgspec.json.Decoder(wire.Envelope)
_BOOKS: Final = msgspec.json.Decoder(list[wire.BookMessage], strict=False)
_CANDLES: Final = msgspec.json.Decoder(list[wire.CandleRow], strict=False)
_LIQUIDATIONS: Final = msgspec.json.Decoder(list[wire.LiquidationMessage], strict=False)

_READERS: Final[Mapping[Channel, Reader]] = {
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


class OkxWire(MarketWire):
    """One connection to the public or the business address."""

    venue = "okx"
    candles: ClassVar = CANDLE_NAMES

    def key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.KLINES:
            return f"{_CANDLE}{self.candle(topic)}:{instrument.native}"
        if topic.channel is Channel.LIQUIDATIONS:
            return f"{_NAMES[topic.channel]}:SWAP"
        return f"{_NAMES[topic.channel]}:{instrument.native}"

    def topic(self, key: str) -> Topic | None:
        name, _, native = key.partition(":")
        instrument = self.instruments.native(kind_of(native), native)
        if instrument is None:
            return None
        if interval := _INTERVALS.get(name):
            return Topic(Channel.KLINES, instrument.symbol, interval)
        channel = _CHANNELS.get(name)
        return Topic(channel, instrument.symbol) if channel else None

    def reader(self, topic: Topic) -> Reader:
        match topic.channel:
            case Channel.BOOK:
                return self._book
            case Channel.KLINES:
                return self._candles
            case Channel.LIQUIDATIONS:
                return self._liquidations
            case channel:
                return _READERS[channel]

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM, resets=True)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        request = {
            "id": str(request_id),
            "op": "subscribe" if subscribe else "unsubscribe",
            "args": [_arg(route.key) for route in routes],
        }
        return msgspec.json.encode(request).decode()

    def ping(self, now_ns: int) -> Frame:
        return "ping"

    def said(self, frame: Frame) -> Iterable[Said]:
        if frame == "pong":
            return ()
        envelope = _ENVELOPE.decode(frame)
        key = f"{envelope.arg.channel}:{envelope.arg.instId or envelope.arg.instType}"
        if envelope.event:
            return self._event(envelope, key)
        if envelope.arg.channel == _NAMES[Channel.BOOK]:
            return (Data(key, envelope),)
        return (Data(key, envelope.data),)

    def _event(self, envelope: wire.Envelope, key: str) -> tuple[Said, ...]:
        """News of the connection itself."""
        match envelope.event:
            case "subscribe" | "unsubscribe":
                subscribe = envelope.event == "subscribe"
                return (GrantedKey(key, subscribe),)
            case "error":
                # It names the request, not the arg; those granted have been told one by one.
                request_id = int(envelope.id) if envelope.id.isdecimal() else -1
                return (Refused(request_id, envelope.msg, envelope.code),)
            case "notice" if envelope.code == _CLOSING_SOON:
                notice = Notice(venue=self.venue, close_in_s=_CLOSING_S, message=envelope.msg)
                return (notice,)
        return ()

    def _book(
        self, route: Route, envelope: wire.Envelope, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """Recordings from before 2023 have no ids: a book is then proven by its checksum.

        That is dead (always 0) since June 2026. An older update that comes late can bring back an
        older book with a right checksum; its stamp gives it away.
        """
        messages = _BOOKS.decode(envelope.data)
        if envelope.action != "snapshot":
            if len(messages) == 1:  # nearly always
                return (messages[0].delta(route.instrument, received_ns),)
            return tuple(message.delta(route.instrument, received_ns) for message in messages)
        return tuple(
            message.snapshot(
                route.instrument,
                received_ns,
                window=BOOK_LEVELS,
                verified=0 if message.has_ids else CHECKSUM_LEVELS,
            )
            for message in messages
        )

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
            size = round(size / instrument.units_per_contract(price), 8)
        return f"{plain(price)}:{plain(size)}"

    return interleaved_crc32(bids[:CHECKSUM_LEVELS], asks[:CHECKSUM_LEVELS], text)


def _arg(key: str) -> dict[str, str]:
    name, _, subject = key.partition(":")
    is_kind = name == _NAMES[Channel.LIQUIDATIONS]
    return {"channel": name, "instType" if is_kind else "instId": subject}
