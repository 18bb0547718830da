"""Paradex public streams: JSON-RPC frames in, events out.

Source: official AsyncAPI document (August 2026), and captures of September and October 2026. The
book is that of `deltas`, without a rate, a depth or a grouping of prices: such books are refused
or are other books. It holds no orders that only retail clients can take. The rules of the order
book are those of `sequence.py` with the snapshot in the stream: a delta brings the book from
`seq_no` - 1 to `seq_no`. Nobody promises that the number never falls, so that a low one, unless
it repeats the one before, is a gap as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from exchanges.market.events import Event, StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.paradex import market_data as wire
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
_NAMED: Final = msgspec.json.Decoder(wire.Named)
_BOOK: Final = msgspec.json.Decoder(wire.BookMessage, strict=False)
_TRADE: Final = msgspec.json.Decoder(wire.TradeMessage, strict=False)
_SUMMARY: Final = msgspec.json.Decoder(wire.Summary)
_PERPETUAL: Final = msgspec.json.Decoder(wire.PerpetualSummary, strict=False)
_TOP: Final = one(wire.TopMessage)
_FUNDING: Final = one(wire.FundingMessage)

_BOOKS: Final = "order_book"
_DELTAS: Final = "deltas"
# Each frame of it is a book of 15 levels; recordings may have it. Prices are grouped where
# something follows the rate.
_DEPTH: Final = 15
_SNAPSHOTS: Final = f"snapshot@{_DEPTH}@"
_NAMES: Final[Mapping[Channel, str]] = {
    Channel.TOP: "bbo",
    Channel.TRADES: "trades",
    Channel.LIQUIDATIONS: "trades",
    Channel.TICKER: "markets_summary",
    Channel.MARK_PRICE: "markets_summary",
    Channel.OPEN_INTEREST: "markets_summary",
    Channel.FUNDING: "funding_data",
}
_CHANNELS: Final[Mapping[str, Channel]] = {
    "bbo": Channel.TOP,
    "trades": Channel.TRADES,
    "markets_summary": Channel.TICKER,
    "funding_data": Channel.FUNDING,
}
# Channels of all markets, of which each frame names its own.
_OF_ALL: Final[Mapping[str, str]] = {
    "bbo.ALL": "bbo",
    "trades.ALL": "trades",
    "markets_summary": "markets_summary",
    "markets_summary.ALL": "markets_summary",
    "funding_data": "funding_data",
    "funding_data.ALL": "funding_data",
}
_TOO_MANY: Final = 42901
# Requests of ours are numbered from 1. There is no ping: the end of something that was never
# asked for is answered by an error, which does as well.
_PING_ID: Final = 0
_PING: Final = (
    f'{{"jsonrpc":"2.0","method":"unsubscribe","params":{{"channel":"bbo.ALL"}},"id":{_PING_ID}}}'
)


class ParadexWire(MarketWire):
    """One connection."""

    venue = "paradex"

    def key(self, topic: Topic, instrument: Instrument) -> str:
        if topic.channel is Channel.BOOK:
            return f"{_BOOKS}.{instrument.native}.{_DELTAS}"
        return f"{_NAMES[topic.channel]}.{instrument.native}"

    def topic(self, key: str) -> Topic | None:
        name, _, native = key.partition(".")
        channel = _CHANNELS.get(name)
        if name == _BOOKS:
            native, _, feed = native.partition(".")
            is_plain = feed.startswith(_SNAPSHOTS) and feed.count("@") == _SNAPSHOTS.count("@")
            channel = Channel.BOOK if feed == _DELTAS or is_plain else None
        instrument = self.instruments.native(Kind.PERPETUAL, native)
        return Topic(channel, instrument.symbol) if channel and instrument else None

    def reader(self, topic: Topic) -> Reader:
        match topic.channel:
            case Channel.BOOK:
                return _book
            case Channel.TOP:
                return _TOP
            case Channel.FUNDING:
                return _FUNDING
            case Channel.TRADES | Channel.LIQUIDATIONS:
                return self._trade
        return self._summary

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM, resets=True)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        request = {
            "jsonrpc": "2.0",
            "method": "subscribe" if subscribe else "unsubscribe",
            "params": {"channel": routes[0].key},
            "id": request_id,
        }
        return msgspec.json.encode(request).decode()

    def ping(self, now_ns: int) -> Frame:
        return _PING

    def said(self, frame: Frame) -> Iterable[Said]:
        envelope = _ENVELOPE.decode(frame)
        if envelope.method == "subscription" and envelope.params:
            channel, data = envelope.params.channel, envelope.params.data
            if name := _OF_ALL.get(channel):
                named = _NAMED.decode(data)
                # Options among them.
                return (Data(f"{name}.{named.market or named.symbol}", data, is_shared=True),)
            return (Data(channel, data),)
        if envelope.error:
            return self._error(envelope.id, envelope.error)
        if envelope.id is not None and envelope.result:
            return (Granted(envelope.id),)
        raise ValueError("neither data nor an answer")

    def _error(self, request_id: int | None, error: wire.Error) -> tuple[Said, ...]:
        """Errors that name no request refuse none, nor does haste: it is told as unanswered."""
        if request_id is None or request_id == _PING_ID or error.code == _TOO_MANY:
            return ()
        detail = f": {error.data}" if isinstance(error.data, str) else ""
        return (Refused(request_id, f"{error.message}{detail}", str(error.code)),)

    def _trade(self, route: Route, data: msgspec.Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        message = _TRADE.decode(data)
        if message.is_execution and self._tells(Channel.TRADES):
            return (message.trade(route.instrument, received_ns),)
        if message.is_liquidation and self._tells(Channel.LIQUIDATIONS):
            return (message.liquidation(route.instrument, received_ns),)
        return ()

    def _summary(
        self, route: Route, data: msgspec.Raw, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """One channel tells all of these; those of this connection are passed on together."""
        events: list[Event] = []
        if self._tells(Channel.TICKER):
            events.append(_SUMMARY.decode(data).ticker(route.instrument, received_ns))
        if self._tells(Channel.MARK_PRICE):
            perpetual = _PERPETUAL.decode(data)
            events.append(perpetual.mark(route.instrument, received_ns))
            events.append(perpetual.interest(route.instrument, received_ns))
        return tuple(events)

    def _tells(self, channel: Channel) -> bool:
        return self.listening or channel in self.stream.channels


def _book(route: Route, data: msgspec.Raw, received_ns: int) -> tuple[StreamEvent, ...]:
    message = _BOOK.decode(data)
    if message.market != route.instrument.native:
        raise ValueError("the book of another market")
    if message.update_type == "d":
        return (message.delta(route.instrument, received_ns),)
    window = 0 if route.key.endswith(_DELTAS) else _DEPTH
    return (message.snapshot(route.instrument, window, received_ns),)
