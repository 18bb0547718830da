"""Frames lost, doubled and swapped at many seeded places: what a client can be made to believe.

The book frames of a venue's sandbox are recorded once, with the market's true levels. At each
place a copy of the client goes on alone with hurt frames, and after each of them every book that
can be read is compared with the true ones.
"""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from enum import StrEnum
from random import Random
from typing import Final

import msgspec

from actors.books.order_book import OrderBook
from exchanges.errors import VenueProtocolError
from exchanges.market.events import BookDelta, BookLost, BookSnapshot, Fault, Level, StreamEvent
from exchanges.market.topics import Channel
from exchanges.stream.books import MarketCodec
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame
from exchanges.venue import Venue
from supervisor.verify.case import book_streams
from supervisor.verify.lab import START_NS, STEP_NS, Lab, levels_of, rounded

PLACES: Final = 200
WINDOW: Final = 24
"""Frames that follow a fault."""
DEPTH: Final = 20
"""Levels of each side that are compared."""

FAULT_HEADER: Final = [
    "venue",
    "stream",
    "lost: seen at the next frame",
    "later",
    "book right all the same",
    "doubled: books lost",
    "swapped: noticed",
    "wrong books readable",
]

Sides = tuple[list[Level], list[Level]]


class Harm(StrEnum):
    """What happens to a frame."""

    LOST = "lost"
    DOUBLED = "doubled"
    SWAPPED = "swapped"  # with the next frame of the same book


class Count(msgspec.Struct, kw_only=True):
    """What came of one harm at one venue's book stream.

    `at_once`: the next frame of the symbol showed it; `later`: a further one did; `unseen`: none
    did and none had to, as the book is right all the same; `wrong`: a wrong book could be read.
    """

    venue: str
    stream: str
    harm: Harm
    places: int = 0
    at_once: int = 0
    later: int = 0
    unseen: int = 0
    wrong: int = 0


def count_faults(venue: Venue) -> Iterator[Count]:
    """One count for each harm and book stream."""
    for stream in book_streams(venue):
        story = _Story(venue, stream)
        counts = [
            Count(venue=venue.name, stream=stream.name, harm=harm, places=PLACES) for harm in Harm
        ]
        for place, client in story.places():
            for count in counts:
                _try(client.copy(), story, place, count)
        yield from counts


def fault_row(counts: Iterable[Count]) -> list[str]:
    """One stream's counts as a row under `FAULT_HEADER`."""
    by_harm = {count.harm: count for count in counts}
    lost, doubled, swapped = (by_harm[harm] for harm in Harm)
    return [
        lost.venue,
        lost.stream,
        f"{lost.at_once}",
        f"{lost.later}",
        f"{lost.unseen}",
        f"{doubled.at_once + doubled.later}",
        f"{swapped.at_once + swapped.later}",
        f"{lost.wrong + doubled.wrong + swapped.wrong}",
    ]


class _Story:
    """The book frames of one connection after its books have come to life.

    Where all frames of the connection are numbered together the others are there too; they are
    of no symbol, and nothing happens to them.
    """

    def __init__(self, venue: Venue, stream: Stream) -> None:
        lab = Lab.open(venue, stream, (Channel.BOOK,))
        lab.run(5)
        lab.settle()
        self.client = _Client(lab.codec, lab.books)
        self.frames: list[Frame] = []
        self.symbols: list[str] = []
        self.true: dict[str, list[Sides]] = {
            symbol: [levels_of(lab.sandbox.markets[symbol], DEPTH)] for symbol in lab.books
        }
        book_frames = 0
        while book_frames < PLACES + WINDOW + 2:
            lab.now_ns += STEP_NS
            lab.sandbox.step(lab.now_ns)
            for symbol, states in self.true.items():
                states.append(levels_of(lab.sandbox.markets[symbol], DEPTH))
            for outgoing in lab.session.take():
                is_book = outgoing.stream and outgoing.stream.channel is Channel.BOOK
                if is_book or stream.shared_sequence:
                    symbol = outgoing.stream.market.instrument.symbol if outgoing.stream else ""
                    self.frames.append(outgoing.frame)
                    self.symbols.append(symbol)
                    book_frames += bool(symbol)

    def places(self) -> Iterator[tuple[int, "_Client"]]:
        """Each place and the client as it is before that frame."""
        last = len(self.frames) - WINDOW - 2
        books = [at for at in range(last) if self.symbols[at]]
        wanted = set(Random("places").sample(books, min(PLACES, len(books))))
        for at in range(last):
            if at in wanted:
                yield at, self.client
            self.client.feed(self.frames[at])

    def is_right(self, book: OrderBook) -> bool:
        """Whether the market has been so."""
        ours = rounded(book.bids(DEPTH)), rounded(book.asks(DEPTH))
        sizes = len(ours[0]), len(ours[1])
        states = self.true[book.instrument.symbol]
        return any(ours == (bids[: sizes[0]], asks[: sizes[1]]) for bids, asks in reversed(states))


class _Client:
    """A codec and the books that it keeps."""

    def __init__(self, codec: MarketCodec, books: dict[str, OrderBook]) -> None:
        self.codec = codec
        self.books = books

    def copy(self) -> "_Client":
        """One that goes on from the same state; what never changes is shared."""
        shared: dict[int, object] = {id(self.codec.wire.instruments): self.codec.wire.instruments}
        for book in self.books.values():
            for side in (book._bids, book._asks):
                # Faster than deep copies of so many floats.
                shared |= {id(side.sizes): dict(side.sizes), id(side._near): list(side._near)}
        return deepcopy(self, shared)

    def feed(self, frame: Frame) -> None:
        try:
            events = self.codec.receive(frame, START_NS)
        except VenueProtocolError as error:
            events = self.codec.resync(error.symbol, Fault.BAD_FRAME, "", START_NS)
        self._apply(events)

    def _apply(self, events: tuple[StreamEvent, ...]) -> None:
        for event in events:
            if isinstance(event, BookSnapshot | BookDelta | BookLost):
                book = self.books[event.instrument.symbol]
                book.apply(event)
                if trouble := book.trouble:
                    self._apply(self.codec.resync(book.instrument.symbol, trouble, "", START_NS))


def _order(story: _Story, place: int, harm: Harm) -> list[int]:
    """The frames that arrive, by their numbers."""
    intact = list(range(place, place + WINDOW))
    match harm:
        case Harm.LOST:
            return intact[1:]
        case Harm.DOUBLED:
            return [place, *intact]
        case Harm.SWAPPED:
            other = story.symbols.index(story.symbols[place], place + 1)
            swapped = {place: other, other: place}
            return [swapped.get(at, at) for at in intact]


def _try(client: _Client, story: _Story, place: int, count: Count) -> None:
    """Go on with one frame hurt, and see what the client makes of it."""
    symbol = story.symbols[place]
    chances = 0
    for at in _order(story, place, count.harm):
        client.feed(story.frames[at])
        if any(book.is_live and not story.is_right(book) for book in client.books.values()):
            count.wrong += 1
            return
        chances += story.symbols[at] == symbol
        if not client.books[symbol].is_live:
            count.at_once += chances <= 1
            count.later += chances > 1
            return
    count.unseen += 1
