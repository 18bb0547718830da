"""Recordings through the very same codecs, books and detector as live traffic.

A replay is pure: it is given records in the order of their stamps and takes these for the time.
Snapshots that a codec wants come from the HTTP replies of the recording, if it has them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from actors.books.order_book import MarketKey, OrderBook
from actors.detection.detector import Detector
from actors.detection.identity import AssetIdentity
from actors.detection.opportunity import DetectorSettings, OpportunityChange
from actors.detection.pairs import PairStatistics
from actors.detection.sides import Watch
from actors.recording.format import Record, RecordedFrame, RecordedQuote
from actors.recording.packing import RecordingError
from actors.venue.clock import VenueClock
from exchanges import VENUES, Venue
from exchanges.errors import ExchangeError, VenueProtocolError
from exchanges.market.events import BookDelta, BookLost, BookSnapshot, Fault, StreamEvent, Top
from exchanges.market.instrument import Instrument
from exchanges.market.scaled import unscaled
from exchanges.market.topics import Channel, Topic
from exchanges.market.units import Unit
from exchanges.replies.response import Response
from exchanges.stream.books import MarketCodec
from exchanges.stream.facts import Stream
from exchanges.stream.talk import UnreadableFrame
from exchanges.venue import GuessedInstruments

_QUOTES: Final = "quotes"

Batch = tuple[int, Iterable[StreamEvent]]
"""Events, and the number of the connection that they came from; later ones have higher numbers."""


class Unread(NamedTuple):
    """Why records could not be read; what they say of themselves is left out."""

    venue: str
    stream: str
    reason: str


class Replay:
    """Feeds records through codecs, books and detector.

    `fee_of` gives the taker fee of an instrument as a fraction, `units_of` what is known of the
    units in which a venue trades some assets.

    Attributes:
        frames: records fed so far; `unread` counts those that could not be read.
        detector: what watches the books.
        books: those of all markets met so far.
    """

    def __init__(
        self,
        settings: DetectorSettings,
        identity: AssetIdentity,
        fee_of: Callable[[Venue, Instrument], float],
        units_of: Callable[[str], Mapping[str, Unit]] = lambda venue: {},
        is_compared: Callable[[Instrument], bool] = lambda instrument: True,
    ) -> None:
        """Markets that are not compared tell rates between quotes alone."""
        self.frames = 0
        self.unread: Counter[Unread] = Counter()
        self.detector = Detector(settings, identity.quotes)
        self.books: dict[MarketKey, OrderBook] = {}
        self._identity = identity
        self._fee_of = fee_of
        self._units_of = units_of
        self._is_compared = is_compared
        self._venues: dict[str, _VenueReplay] = {}
        self._sources: dict[MarketKey, int] = {}
        self._now_ns = 0

    def feed(self, record: Record) -> list[OpportunityChange]:
        """Take the next record; returns what became of opportunities.

        Raises:
            RecordingError: frames of a venue that nobody here can read.
        """
        self.frames += 1
        self._now_ns = max(self._now_ns, record.at_ns)
        changes: list[OpportunityChange] = []
        if self._now_ns >= self.detector.deadline_ns:
            changes += self.detector.expire(self._now_ns)
        venue = self._venue(record)
        if venue is None:
            self.unread[Unread(record.venue, _QUOTES, "no such venue here")] += 1
            return changes
        try:
            batches = venue.batches(record, self.frames)
        except VenueProtocolError as error:
            self.unread[Unread(record.venue, venue.stream_name(record), error.reason)] += 1
            batches = venue.batches_of_unreadable(record, error)
        for source, events in batches:
            for market in self._apply(venue, source, events, changes):
                book = self.books[market]
                top = book.top() if book.fault is None else book.fault
                if isinstance(top, Top) and top.venue_ns is not None:
                    venue.clock.heard(top.venue_ns, top.received_ns, top.instrument.symbol)
                changes += self.detector.take({market: top}, self._now_ns)
        return changes

    @property
    def unparsed(self) -> int:
        """Records that could not be read."""
        return self.unread.total()

    def report(self) -> dict[str, Any]:
        """What came of it: counts, books, opportunities and refusals, as plain data."""
        found = self._statistics()
        pairs = [
            {"sell": ":".join(sell), "buy": ":".join(buy), **_figures([statistics])}
            for (sell, buy), statistics in found.items()
        ]
        return {
            "frames": self.frames,
            "unparsed": self.unparsed,
            "unread": [
                {**reason._asdict(), "frames": count} for reason, count in self.unread.most_common()
            ],
            "books": [_book_report(book) for book in self.books.values()],
            "opportunities": {**_figures(found.values()), "pairs": pairs},
            "refused": {str(reason): count for reason, count in self.detector.refused.items()},
        }

    def _venue(self, record: Record) -> "_VenueReplay | None":
        """The venue of a record; None for quotes of one that is not known here."""
        venue = self._venues.get(record.venue)
        if venue is None:
            record_of = venue_recorded_as(record.venue)
            if record_of is None:
                if isinstance(record, RecordedQuote):
                    return None
                raise RecordingError(f"no venue here reads recordings of {record.venue!r}")
            # Markets of one venue may be recorded under several names.
            known = [one for one in self._venues.values() if one.venue is record_of]
            venue = self._venues[record.venue] = known[0] if known else self._venue_of(record_of)
        return venue

    def _venue_of(self, venue: Venue) -> "_VenueReplay":
        return _VenueReplay(venue, self._units_of(venue.name))

    def _apply(
        self,
        venue: "_VenueReplay",
        source: int,
        events: Iterable[StreamEvent],
        changes: list[OpportunityChange],
    ) -> set[MarketKey]:
        """Bring the books up to date; returns whose. What new rules do is added to `changes`.

        While a connection is replaced two send the same market. As in the live system, the book
        follows the older one until the newer one brings a snapshot.
        """
        touched: set[MarketKey] = set()
        for event in events:
            if not isinstance(event, BookDelta | BookSnapshot | BookLost):
                continue
            instrument = event.instrument
            market = (instrument.venue, instrument.symbol)
            followed = self._sources.get(market, -1)
            if source > followed and isinstance(event, BookSnapshot):
                self._sources[market] = followed = source
            if source != followed:
                continue
            book = self.books.get(market) or self._open(venue, instrument)
            if isinstance(event, BookSnapshot) and instrument != book.instrument:
                book.change(instrument)  # the recording tells no other way
                changes += self.detector.change(self._watch(venue, book), self._now_ns)
            book.apply(event)
            touched.add(market)
            if trouble := book.trouble:
                venue.resync(instrument.symbol, trouble, book.detail, self._now_ns)
        return touched

    def _open(self, venue: "_VenueReplay", instrument: Instrument) -> OrderBook:
        # Nobody can fetch another start, so that a limited one must do.
        book = OrderBook(instrument, venue.venue.checksum)
        self.books[instrument.venue, instrument.symbol] = book
        self.detector.add(self._watch(venue, book))
        return book

    def _watch(self, venue: "_VenueReplay", book: OrderBook) -> Watch:
        one = book.instrument
        return Watch(
            instrument=one,
            quote=self._identity.quote(one),
            book=book,
            clock=venue.clock,
            taker_fee=self._fee_of(venue.venue, one),
            group=self._identity.group(one) if self._is_compared(one) else "",
        )

    def _statistics(self) -> dict[tuple[MarketKey, MarketKey], PairStatistics]:
        """What each direction has brought, the opportunities still open included."""
        found = {
            key: PairStatistics(one.opened, one.closed, one.open_s, one.best_edge_bps)
            for key, one in self.detector.statistics.items()
        }
        for opportunity in self.detector.open(self._now_ns):
            sell, buy = opportunity.sell.instrument, opportunity.buy.instrument
            key = ((sell.venue, sell.symbol), (buy.venue, buy.symbol))
            found[key].open_s += (self._now_ns - opportunity.opened_ns) / 1e9
        return found


class _Connection:
    """One connection of the recording; `met` are the books of which it has brought updates."""

    def __init__(self, source: int, codec: MarketCodec) -> None:
        self.source = source
        self.codec = codec
        self.met: set[Topic] = set()


class _VenueReplay:
    """One venue of the recording: its instruments, its clock, and a codec for each connection."""

    def __init__(self, venue: Venue, units: Mapping[str, Unit]) -> None:
        self.venue = venue
        self.clock = VenueClock()
        self._instruments = GuessedInstruments(venue, units=units)
        self._connections: dict[tuple[str, str], _Connection] = {}
        self._snapshots: dict[Topic, BookSnapshot] = {}  # the latest that were fetched

    def batches(self, record: Record, number: int) -> Iterable[Batch]:
        """What a record says.

        Raises:
            VenueProtocolError: nothing that the venue's documentation allows.
            RecordingError: frames of markets whose books nobody here can read.
        """
        if isinstance(record, RecordedQuote):
            return ((0, self._quote(record, number)),)
        if record.dir == "recv":
            connection = self._connection(record.venue, record.conn)
            events = connection.codec.receive(record.frame, record.at_ns)
            if self._snapshots and connection.codec.has_work:
                events += tuple(self._begin(connection))
            return ((connection.source, events),)
        return self._reply(record) if record.dir == "http" else ()

    def batches_of_unreadable(self, record: Record, error: VenueProtocolError) -> list[Batch]:
        """What a frame said before it could not be read, and the loss of the books concerned."""
        if isinstance(error, UnreadableFrame) and isinstance(record, RecordedFrame):
            connection = self._connection(record.venue, record.conn)
            lost = connection.codec.distrust(record.frame, error, record.at_ns)
            return [(connection.source, (*error.told, *lost))]
        return self.resync(error.symbol, Fault.BAD_FRAME, error.message, record.at_ns)

    def stream_name(self, record: Record) -> str:
        """What of the venue a record was told by."""
        if isinstance(record, RecordedQuote):
            return _QUOTES
        if record.dir == "http":
            return "replies"
        return self._stream(record.venue, record.conn).name

    def resync(self, symbol: str, fault: Fault, detail: str, now_ns: int) -> list[Batch]:
        """Let no codec go on with a book that is wrong."""
        return [
            (one.source, one.codec.resync(symbol, fault, detail, now_ns))
            for one in self._connections.values()
        ]

    def _connection(self, name: str, conn: str) -> _Connection:
        connection = self._connections.get((name, conn))
        if connection is None:
            stream = self._stream(name, conn)
            codec = self.venue.codec(stream, self._instruments, listening=True)
            connection = _Connection(len(self._connections), codec)
            self._connections[name, conn] = connection
        return connection

    def _stream(self, name: str, conn: str) -> Stream:
        """The stream that our recorder named the connection after, else that of the books."""
        for stream in self.venue.streams:
            if conn.startswith(f"{stream.name}."):
                return stream
        of_books = self.venue.stream_for(self.venue.recorded[name], Channel.BOOK)
        if of_books is None:
            raise RecordingError(f"no venue here reads recordings of frames of {name!r}")
        return of_books

    def _begin(self, connection: _Connection) -> Iterator[StreamEvent]:
        """Start books whose first update comes after their snapshot, as in a quiet market."""
        for topic in connection.codec.topics:
            if topic not in connection.met:
                connection.met.add(topic)
                if snapshot := self._snapshots.get(topic):
                    yield from connection.codec.start(snapshot)

    def _start(self, snapshot: BookSnapshot) -> Iterator[Batch]:
        """Start a book on the connections that have brought updates of it.

        One whose books are all live has not asked for the snapshot.
        """
        topic = Topic(Channel.BOOK, snapshot.instrument.symbol)
        self._snapshots[topic] = snapshot
        for connection in self._connections.values():
            if topic in connection.codec.topics:
                connection.met.add(topic)
                if connection.codec.has_work:
                    yield connection.source, connection.codec.start(snapshot)

    def _reply(self, record: RecordedFrame) -> Iterable[Batch]:
        """A recorded HTTP reply: an instrument list, or the snapshot of a book."""
        request = self.venue.rest.recognise(record.url, self._instruments.native)
        if request is None:
            return ()
        frame = record.frame
        body = frame.encode() if isinstance(frame, str) else frame
        try:
            answer = request.read(Response(status=200, body=body, received_ns=record.at_ns))
        except VenueProtocolError:
            raise
        except ExchangeError:
            return ()  # the venue refused, as it may
        if isinstance(answer, BookSnapshot):
            return self._start(answer)
        for instrument in answer.instruments:
            self._instruments.add(instrument)
        return ()

    def _quote(self, record: RecordedQuote, number: int) -> list[StreamEvent]:
        """A best quote is a book of one level a side."""
        kind = self.venue.recorded[record.venue]
        instrument = self._instruments.native(kind, record.symbol)
        if instrument is None:
            raise VenueProtocolError("unknown market", venue=self.venue.name, payload=record.symbol)
        snapshot = BookSnapshot(
            instrument=instrument,
            bids=[(record.bid, record.bid_qty)],
            asks=[(record.ask, record.ask_qty)],
            sequence=number,
            received_ns=record.at_ns,
        )
        return [unscaled(snapshot)]


def venue_recorded_as(name: str) -> Venue | None:
    """The venue whose markets recordings list under `name`."""
    # A venue's own name is the likeliest start; asking for a record imports the venue.
    likely_first = sorted(VENUES, key=lambda venue: not name.startswith(venue.split("_")[0]))
    for venue in likely_first:
        if name in VENUES[venue].recorded:
            return VENUES[venue]
    return None


def _figures(statistics: Iterable[PairStatistics]) -> dict[str, float]:
    found = list(statistics)
    return {
        "opened": sum(one.opened for one in found),
        "open_s": sum(one.open_s for one in found),
        "best_edge_bps": max((one.best_edge_bps for one in found), default=0.0),
    }


def _book_report(book: OrderBook) -> dict[str, Any]:
    return {
        "venue": book.instrument.venue,
        "symbol": book.instrument.symbol,
        "live": book.is_live,
        "gaps": book.losses[Fault.GAP] + book.losses[Fault.CHECKSUM],
        "resyncs": max(book.snapshots - 1, 0),
        "sequence": book.sequence,
        "bids": book.bids(10) if book.is_live else [],
        "asks": book.asks(10) if book.is_live else [],
    }
