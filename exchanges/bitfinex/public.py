"""Bitfinex v2 public streams: frames in, events out.

Source: docs.bitfinex.com, v2 WebSocket (2026), and a recording of April 2021. Frames of data are
arrays `[channel id, ...]`, to whose end the flags of the connection add a sequence number and the
venue's time. The number rises by one with every array of the connection: a hole may hide an
update of any book, so all of them start anew. Checksums, over the 25 best levels, come as frames
of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

import msgspec
from msgspec import Raw, Struct

from exchanges.bitfinex import market_data as wire
from exchanges.bitfinex.market_data import (
    CANDLE_NAMES,
    INTERVALS,
    is_perpetual,
    number_text,
)
from exchanges.market.checksums import interleaved_crc32
from exchanges.market.events import Level, Notice, StreamEvent, VenueState
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.numbers import NS_PER_MS, Millis
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketWire
from exchanges.stream.facts import Stream
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import (
    Data,
    Frame,
    Gap,
    GrantedKey,
    Reader,
    RefusedKey,
    Route,
    Said,
)

TIMESTAMP: Final = 1 << 15
SEQUENCE: Final = 1 << 16
CHECKSUM: Final = 1 << 17
BULK: Final = 1 << 29  # what changes at once is one frame
FLAGS: Final = TIMESTAMP | SEQUENCE | CHECKSUM | BULK

BOOK_LEVELS: Final = 250
CHECKED_LEVELS: Final = 25

_NAMES: Final[Mapping[Channel, str]] = {
    Channel.BOOK: "book",
    Channel.TRADES: "trades",
    Channel.TICKER: "ticker",
}
_CHANNELS: Final = {name: channel for channel, name in _NAMES.items()}
_CANDLES: Final = "candles:trade:"
_DERIV: Final = "status:deriv:"
_LIQUIDATIONS: Final = "status:liq:global"
_BOOK_PARAMETERS: Final = {"prec": "P0", "freq": "F0", "len": str(BOOK_LEVELS)}

_OPERATIVE: Final = 1
_MAINTENANCE: Final = 20060
_ANEW: Final = frozenset({20051, 20061})  # restart, and the end of maintenance
_ALREADY: Final = 10301
_RECONNECT_S: Final = 1.0


class Told(Struct, frozen=True):
    """What one array says: its kind (`hb`, `cs`, `te`, ...; "" for rows), rows, and stamps."""

    channel_id: int
    kind: str
    rows: Raw
    sequence: int | None
    venue_ns: int | None


class Platform(Struct):
    """Of the venue as a whole."""

    status: Literal[0, 1]


class News(Struct):
    """An object: about the connection or a subscription; errors repeat the request.

    The first one of a connection tells the `platform`.
    """

    event: str
    channel: str = ""
    chanId: int = -1
    symbol: str = ""
    key: str = ""
    flags: int = 0
    status: str = ""
    code: int = 0
    msg: str = ""
    platform: Platform | None = None

    @property
    def about(self) -> str:
        return f"{self.channel}:{self.key or self.symbol}"


_NEWS: Final = msgspec.json.Decoder(News)
_ARRAY: Final = msgspec.json.Decoder(list[Raw])
_WHOLE: Final = msgspec.json.Decoder(int)
_MILLIS: Final = msgspec.json.Decoder(Millis)
_KIND: Final = msgspec.json.Decoder(str)
_BOOK: Final = msgspec.json.Decoder(wire.BookRow)
_BOOKS: Final = msgspec.json.Decoder(list[wire.BookRow])
_TRADE: Final = msgspec.json.Decoder(wire.TradeRow)
_TICKER: Final = msgspec.json.Decoder(wire.TickerRow)
_CANDLE: Final = msgspec.json.Decoder(wire.CandleRow)
_CANDLE_ROWS: Final = msgspec.json.Decoder(list[wire.CandleRow])
_STATUS: Final = msgspec.json.Decoder(wire.StatusRow)
_LIQUIDATION: Final = msgspec.json.Decoder(wire.LiquidationRow)
_LIQUIDATION_ROWS: Final = msgspec.json.Decoder(list[wire.LiquidationRow])


class BitfinexWire(MarketWire):
    """One connection. A key is the channel and what it is about, as in the request."""

    venue = "bitfinex"
    candles: ClassVar = CANDLE_NAMES

    def __init__(
        self, stream: Stream, instruments: Instruments, *, listening: bool = False
    ) -> None:
        super().__init__(stream, instruments, listening=listening)
        self._keys: dict[int, str] = {}  # by channel id
        self._awaited: set[int] = set()  # books whose first frame, the snapshot, has not come
        self._states: dict[str, wire.StatusRow] = {}  # of perpetuals, by key
        self._flags = 0 if listening else FLAGS
        self._sequence: int | None = None
        self._unnumbered = 0  # arrays of books in recordings without numbers

    def greeting(self) -> Iterable[Frame]:
        return (f'{{"event":"conf","flags":{FLAGS}}}',)

    def key(self, topic: Topic, instrument: Instrument) -> str:
        symbol = f"t{instrument.native}"
        match topic.channel:
            case Channel.KLINES:
                return f"{_CANDLES}{self.candle(topic)}:{symbol}"
            case Channel.LIQUIDATIONS:
                return _LIQUIDATIONS
            case Channel.FUNDING | Channel.MARK_PRICE | Channel.OPEN_INTEREST:
                return _DERIV + symbol
            case channel:
                return f"{_NAMES[channel]}:{symbol}"

    def topic(self, key: str) -> Topic | None:
        interval: KlineInterval | None = None
        channel: Channel | None
        if key.startswith(_CANDLES):
            name, _, symbol = key.removeprefix(_CANDLES).partition(":")
            channel, interval = Channel.KLINES, INTERVALS[name]
        elif key.startswith(_DERIV):
            channel, symbol = Channel.MARK_PRICE, key.removeprefix(_DERIV)
        else:
            name, _, symbol = key.partition(":")
            channel = _CHANNELS.get(name)
        native = symbol.removeprefix("t")
        kind = Kind.PERPETUAL if is_perpetual(native) else Kind.SPOT
        instrument = self.instruments.native(kind, native) if native != symbol else None
        return Topic(channel, instrument.symbol, interval) if channel and instrument else None

    def reader(self, topic: Topic) -> Reader:
        match topic.channel:
            case Channel.BOOK:
                return self._book
            case Channel.TRADES:
                return self._trade
            case Channel.TICKER:
                return self._ticker
            case Channel.KLINES:
                return self._candles
            case Channel.LIQUIDATIONS:
                return self._liquidations
            case _:
                return self._status

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM)

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        (route,) = routes
        if not subscribe:
            ids = (number for number, key in self._keys.items() if key == route.key)
            return _text({"event": "unsubscribe", "chanId": next(ids, 0)})
        channel, _, about = route.key.partition(":")
        request: dict[str, Any] = {"event": "subscribe", "channel": channel}
        request["symbol" if channel in _CHANNELS else "key"] = about
        return _text(request | (_BOOK_PARAMETERS if channel == "book" else {}))

    def ping(self, now_ns: int) -> Frame:
        return '{"event":"ping","cid":1}'

    def said(self, frame: Frame) -> Iterable[Said]:
        if frame.lstrip()[:1] in ("{", b"{"):
            return self._news(_NEWS.decode(frame))
        told = self._read(_ARRAY.decode(frame))
        if told.sequence is None or not told.channel_id:
            return self._data(told)
        before, self._sequence = self._sequence, told.sequence
        if before is None or told.sequence == before + 1:
            return self._data(told)
        if told.sequence == before:
            return ()  # a repetition
        return (Gap(f"expected {before + 1}, got {told.sequence}"), *self._data(told))

    def lost(self) -> None:
        self._awaited.clear()  # what comes next need not be a snapshot

    def _read(self, parts: list[Raw]) -> Told:
        """Take an array apart; without flags there is no tail.

        Raises:
            ValueError: parts are missing.
        """
        has_sequence, has_time = bool(self._flags & SEQUENCE), bool(self._flags & TIMESTAMP)
        end = len(parts) - has_sequence - has_time
        if end < 2:
            raise ValueError("an array of too few parts")
        is_named = bytes(parts[1]).startswith(b'"')
        return Told(
            channel_id=_WHOLE.decode(parts[0]),
            kind=_KIND.decode(parts[1]) if is_named else "",
            rows=parts[min(2, end - 1)] if is_named else parts[1],
            sequence=_WHOLE.decode(parts[end]) if has_sequence else None,
            venue_ns=_MILLIS.decode(parts[-1]) * NS_PER_MS if has_time else None,
        )

    def _data(self, told: Told) -> tuple[Said, ...]:
        """Ids are unknown before the answer to a request, and after the end of a subscription.

        No book can be hurt by leaving them out: it has no snapshot yet, or nobody wants it.
        """
        key = self._keys.get(told.channel_id)
        return () if key is None or told.kind == "hb" else (Data(key, told),)

    def _news(self, news: News) -> tuple[Said, ...]:
        match news.event:
            case "subscribed":
                self._keys[news.chanId] = news.about
                self._awaited.discard(news.chanId)
                if news.channel == "book":
                    self._awaited.add(news.chanId)
                return (GrantedKey(news.about),)
            case "unsubscribed":
                return self._ended(news.chanId)
            case "conf":
                self._flags = news.flags if news.status == "OK" else 0
                self._sequence = None  # the count begins with the flags
            case "error":
                return self._error(news)
            case "info":
                return self._info(news)
        return ()

    def _ended(self, channel_id: int) -> tuple[Said, ...]:
        self._awaited.discard(channel_id)
        return (GrantedKey(self._keys.pop(channel_id, ""), subscribe=False),)

    def _error(self, news: News) -> tuple[Said, ...]:
        """An error repeats what was asked; those about nothing that is asked for say nothing."""
        if news.chanId in self._keys:
            return self._ended(news.chanId)  # there is nothing left to end
        if news.code == _ALREADY:
            return (GrantedKey(news.about),)
        return (RefusedKey(news.about, news.msg, str(news.code)),)

    def _info(self, news: News) -> tuple[Said, ...]:
        """After a restart and after maintenance everything is to be subscribed anew.

        How the venue is after it the new connection is told.
        """
        if news.platform:
            return (self._state(takes_orders=news.platform.status == _OPERATIVE),)
        if news.code in _ANEW:
            message = news.msg or f"info {news.code}"
            return (Notice(venue=self.venue, close_in_s=_RECONNECT_S, message=message),)
        if news.code == _MAINTENANCE:
            return (self._state(takes_orders=False), Gap("the venue is under maintenance"))
        return ()

    def _state(self, *, takes_orders: bool) -> VenueState:
        message = "operative" if takes_orders else "maintenance"
        return VenueState(venue=self.venue, takes_orders=takes_orders, message=message)

    def _book(self, route: Route, told: Told, received_ns: int) -> tuple[StreamEvent, ...]:
        """Updates have no ids of their own: that no array is missing has been checked."""
        if told.sequence is None and not self.listening:
            raise ValueError("a book whose frames are not numbered")
        sequence = told.sequence
        if sequence is None:
            self._unnumbered = sequence = self._unnumbered + 1
        about = route.instrument, received_ns, sequence, told.venue_ns
        if told.kind == "cs":
            return (wire.book_delta([], *about, checksum=_WHOLE.decode(told.rows)),)
        if told.channel_id in self._awaited:
            self._awaited.discard(told.channel_id)
            return (wire.book_snapshot(_rows(told.rows), *about, window=BOOK_LEVELS),)
        return (wire.book_delta(_rows(told.rows), *about),)

    def _trade(self, route: Route, told: Told, received_ns: int) -> tuple[StreamEvent, ...]:
        """Each trade is told at once (`te`) and again later; first come those of the past."""
        if told.kind != "te":
            return ()
        return (_TRADE.decode(told.rows).trade(route.instrument, received_ns),)

    def _ticker(self, route: Route, told: Told, received_ns: int) -> tuple[StreamEvent, ...]:
        row = _TICKER.decode(told.rows)
        return (row.ticker(route.instrument, received_ns, told.venue_ns),)

    def _candles(self, route: Route, told: Told, received_ns: int) -> tuple[StreamEvent, ...]:
        """One row, or those of the past, the newest first."""
        name, _, _ = route.key.removeprefix(_CANDLES).partition(":")
        several = _is_list_of_lists(told.rows)
        rows = _CANDLE_ROWS.decode(told.rows) if several else [_CANDLE.decode(told.rows)]
        rows.sort(key=lambda row: row.mts)
        return tuple(row.kline(route.instrument, INTERVALS[name], received_ns) for row in rows)

    def _status(self, route: Route, told: Told, received_ns: int) -> tuple[StreamEvent, ...]:
        row = _STATUS.decode(told.rows)
        known = self._states.get(route.key)
        self._states[route.key] = row = row.after(known) if known else row
        return row.events(route.instrument, received_ns)

    def _liquidations(self, route: Route, told: Told, received_ns: int) -> tuple[StreamEvent, ...]:
        """One stream tells those of all markets; only what is wished for is passed on."""
        several = _is_list_of_lists(told.rows)
        rows = _LIQUIDATION_ROWS.decode(told.rows) if several else [_LIQUIDATION.decode(told.rows)]
        events: tuple[StreamEvent, ...] = ()
        for row in rows:
            instrument = self.instruments.native(Kind.PERPETUAL, row.symbol.removeprefix("t"))
            if instrument and Topic(Channel.LIQUIDATIONS, instrument.symbol) in route.topics:
                events += row.events(instrument, received_ns)
        return events


def checksum(instrument: Instrument, bids: list[Level], asks: list[Level]) -> int | None:
    """CRC-32 over the 25 best levels of both sides in turn, asks negative, as the venue wrote them.

    Unknown where a number has an exponent: the venue's own libraries disagree how it is written.
    """
    best = bids[:CHECKED_LEVELS], [(price, -size) for price, size in asks[:CHECKED_LEVELS]]
    if not all(map(wire.is_plain, (number for side in best for level in side for number in level))):
        return None
    return interleaved_crc32(
        *best, lambda level: f"{number_text(level[0])}:{number_text(level[1])}"
    )


def _rows(rows: Raw) -> list[wire.BookRow]:
    """Those of a snapshot or of changes that came together, or a single one."""
    data = bytes(rows)
    if data == b"[]" or _is_list_of_lists(rows):
        return _BOOKS.decode(data)
    return [_BOOK.decode(data)]


def _is_list_of_lists(rows: Raw) -> bool:
    return bytes(rows)[1:].lstrip().startswith((b"[", b"]"))


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
