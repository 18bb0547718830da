"""Paradex public streams: binary frames in, events out; text frames answer requests.

Source: official AsyncAPI document (August 2026), "Binary Encoding (SBE)" of the documentation,
and captures of September and October 2026. Since 21 September 2026 public data are binary only.
A frame names its market and what it tells, and not its channel; the answers to requests do. The
book is that of `deltas`, without a rate, a depth or a grouping of prices: such books are refused
or are other books. It holds no orders that only retail clients can take. The rules of the order
book are those of `sequence.py` with the snapshot in the stream: a delta brings the book from
`seq` - 1 to `seq`. Nobody promises that the number never falls, so that a low one, unless it
repeats the one before, is a gap as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from exchanges.market.events import Event, StreamEvent
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.paradex import market_data as wire
from exchanges.paradex import sbe
from exchanges.paradex.sbe import Message
from exchanges.stream.books import MarketWire
from exchanges.stream.facts import Stream
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
    # `funding_data` tells fewer digits of the rate.
    Channel.FUNDING: "markets_summary",
}
_CHANNELS: Final[Mapping[str, Channel]] = {
    "bbo": Channel.TOP,
    "trades": Channel.TRADES,
    "markets_summary": Channel.TICKER,
    "funding_data": Channel.FUNDING,
}
_TEMPLATES: Final[Mapping[int, str]] = {
    sbe.TRADE: "trades",
    sbe.BBO: "bbo",
    sbe.MARKET_SUMMARY: "markets_summary",
    sbe.FUNDING_DATA: "funding_data",
}
# Channels of all markets, options among them.
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

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._books: dict[str, str] = {}  # the one channel of each market's book, as granted
        self._of_all: set[str] = set()  # what is told of all markets

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
                return _top
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
        if isinstance(frame, str):
            return self._answer(wire.ANSWER.decode(frame))
        message = sbe.read(frame)
        if message is None:
            return ()
        market = message.market
        if message.template == sbe.BOOK:
            return (Data(self._books.get(market) or f"{_BOOKS}.{market}.{_DELTAS}", message),)
        name = _TEMPLATES[message.template]
        return (Data(f"{name}.{market}", message, is_shared=name in self._of_all),)

    def _answer(self, answer: wire.Answer) -> tuple[Said, ...]:
        if answer.error:
            return self._error(answer.id, answer.error)
        if answer.id is None or answer.result is None:
            raise ValueError("neither data nor an answer")
        if self.listening:
            self._note(answer.result.channel)
        return (Granted(answer.id),)

    def _note(self, channel: str) -> None:
        """Remember what somebody has asked for, as frames do not say of which channel they are."""
        name, _, rest = channel.partition(".")
        if name == _BOOKS:
            self._books[rest.partition(".")[0]] = channel
        elif channel in _OF_ALL:
            self._of_all.add(_OF_ALL[channel])

    def _error(self, request_id: int | None, error: wire.Error) -> tuple[Said, ...]:
        """Errors that name no request refuse none, nor does haste: it is told as unanswered."""
        if request_id is None or request_id == _PING_ID or error.code == _TOO_MANY:
            return ()
        detail = f": {error.data}" if isinstance(error.data, str) else ""
        return (Refused(request_id, f"{error.message}{detail}", str(error.code)),)

    def _trade(self, route: Route, message: Message, received_ns: int) -> tuple[StreamEvent, ...]:
        trade = wire.TradeEvent.of(message)
        if trade.is_execution and self._tells(Channel.TRADES):
            return (trade.trade(route.instrument, received_ns),)
        if trade.is_liquidation and self._tells(Channel.LIQUIDATIONS):
            return (trade.liquidation(route.instrument, received_ns),)
        return ()

    def _summary(self, route: Route, message: Message, received_ns: int) -> tuple[StreamEvent, ...]:
        """One channel tells all of these; those of this connection are passed on together."""
        if message.template == sbe.FUNDING_DATA:
            return (wire.funding(message, route.instrument, received_ns),)
        summary, about = wire.MarketSummary.of(message), (route.instrument, received_ns)
        events: list[Event] = []
        if self._tells(Channel.TICKER):
            events.append(summary.ticker(*about))
        if self._tells(Channel.MARK_PRICE):
            events += (summary.mark_price(*about), summary.open_interest(*about))
            if funding := summary.funding(*about):
                events.append(funding)
        return tuple(events)

    def _tells(self, channel: Channel) -> bool:
        return self.listening or channel in self.stream.channels


def _book(route: Route, message: Message, received_ns: int) -> tuple[StreamEvent, ...]:
    window = 0 if route.key.endswith(_DELTAS) else _DEPTH
    return (wire.book(message, route.instrument, window, received_ns),)


def _top(route: Route, message: Message, received_ns: int) -> tuple[StreamEvent, ...]:
    return (wire.top(message, route.instrument, received_ns),)
