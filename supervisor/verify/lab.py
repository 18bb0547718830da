"""A client of a venue and its sandbox, without sockets: all books are checked at every event."""

from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from random import Random
from typing import Final
from weakref import WeakKeyDictionary

from actors.books.order_book import OrderBook
from actors.sandbox.faults import FrameFaults
from exchanges.dialogue import Dialogue, answer
from exchanges.errors import ExchangeError, VenueProtocolError
from exchanges.market.events import BookDelta, BookLost, BookSnapshot, Fault, Level, StreamEvent
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.rest.lists import MarketLists
from exchanges.rest.request import Request
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.session import Outgoing
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame
from exchanges.venue import Venue
from supervisor.verify.case import CaseFailed, expect

START_NS: Final = 1_767_225_600 * NS_PER_S
STEP_NS: Final = NS_PER_S // 10
SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT")
ALL: Final = 10_000
"""More levels than any book here has."""
STATES_KEPT: Final = 100
"""A book that is older than so many steps of its market is wrong."""

Sides = tuple[list[Level], list[Level]]


def open_sandbox(venue: Venue, symbols: Sequence[str] = SYMBOLS) -> SandboxVenue:
    """A sandbox of the venue; the same one each time."""
    world = World(START_NS, lambda asset: Random(f"verify {asset}"))
    return venue.sandbox()(symbols, world, Random(f"verify {venue.name}"), START_NS)


def instruments_of(venue: Venue, sandbox: SandboxVenue) -> list[Instrument]:
    """What the venue's lists say, as the client reads them."""
    lists = MarketLists(venue.rest)
    while request := lists.wanted:
        lists.take(request.read(answer(sandbox, request, START_NS)))
    return lists.instruments


def topics_of(
    stream: Stream, sandbox: SandboxVenue, channels: Iterable[Channel] | None = None
) -> list[Topic]:
    """Every topic of the stream's markets, or those of some channels."""
    wanted = stream.channels if channels is None else stream.channels & set(channels)
    interval = stream.klines[0] if stream.klines else KlineInterval.M1
    return [
        Topic(channel, symbol, interval if channel is Channel.KLINES else None)
        for symbol, market in sandbox.markets.items()
        for channel in sorted(wanted)
        if market.instrument.kind in stream.kinds
    ]


def levels_of(market: SandboxMarket, limit: int = ALL) -> Sides:
    """The true levels of both sides, best first."""
    depth, known = market.depth(limit), _KNOWN.get(market)
    if known is None:
        known = _KNOWN[market] = _Numbers(market)
    number = known.__getitem__
    return [*map(number, depth.bids)], [*map(number, depth.asks)]


def rounded(levels: Sequence[Level]) -> list[Level]:
    """Sizes that were contracts on the way have lost their last binary digit."""
    return [*map(_rounded, levels)]


@lru_cache(maxsize=1 << 16)  # most levels of a book are those of the book before
def _rounded(level: Level) -> Level:
    price, size = level
    return price, float(f"{size:.12g}")


class _Numbers(dict[tuple[int, int], Level]):
    """A market's levels of ticks and lots as numbers, each made once, for the same reason."""

    def __init__(self, market: SandboxMarket) -> None:
        super().__init__()
        self._price, self._size = market.synthetic.ticks.number, market.synthetic.lots.number

    def __missing__(self, level: tuple[int, int]) -> Level:
        ticks, lots = level
        told = self[level] = _rounded((self._price(ticks), self._size(lots)))
        return told


_KNOWN: Final[WeakKeyDictionary[SandboxMarket, _Numbers]] = WeakKeyDictionary()


class Lab(Dialogue):
    """A dialogue with a bad line, and the books that come of it.

    Attributes:
        events: all that the codec has told.
        books, windows: those that the events make, and how many levels of them are kept.
        states: for each market with a book here, those of the last seconds, newest first.
        faults: what the line does to the server's frames.
        is_heard: whether they arrive at all.
        late_s: how late they are.
        sent: the client's frames with their times.
        received, unreadable: the server's frames, and those of them that the client cannot read.
    """

    def __init__(self, venue: Venue, sandbox: SandboxVenue, stream: Stream) -> None:
        listed = instruments_of(venue, sandbox)
        super().__init__(venue, sandbox, stream, START_NS, self._arrived, listed)
        self.stream = stream
        self.faults = FrameFaults()
        self.events: list[StreamEvent] = []
        self.books: dict[str, OrderBook] = {}
        self.windows: dict[str, int] = {}
        self.states: dict[str, deque[Sides]] = {}
        self.is_heard = True
        self.late_s = 0.0
        self.sent: list[tuple[float, Frame]] = []
        self.received: list[Frame] = []
        self.unreadable: list[Frame] = []
        self._step = 0  # of the markets
        self._as_of: dict[str, int] = {}  # the step at which the market had the book
        self._on_the_way: deque[tuple[float, Frame]] = deque()
        self._checksum = venue.checksum
        self._note_states()

    @classmethod
    def open(
        cls,
        venue: Venue,
        stream: Stream,
        channels: Iterable[Channel] | None = None,
        symbols: Sequence[str] = SYMBOLS,
    ) -> "Lab":
        """A client that is connected and has asked for channels: by default for everything."""
        sandbox = open_sandbox(venue, symbols)
        lab = cls(venue, sandbox, stream)
        lab.codec.subscribe(topics_of(stream, sandbox, channels))
        lab.talk()
        return lab

    def run(self, seconds: float) -> None:
        """Let the markets live on, and both sides talk."""
        for _ in range(round(seconds * NS_PER_S / STEP_NS)):
            self.now_ns += STEP_NS
            self.sandbox.step(self.now_ns)
            self._note_states()
            self.talk()

    def wait(self, seconds: float) -> None:
        """Let time pass in which the markets stand still."""
        for _ in range(round(seconds * NS_PER_S / STEP_NS)):
            self.now_ns += STEP_NS
            self.session.tick(self.now_ns)
            self.talk()

    def settle(self, within_s: float = 60.0) -> None:
        """Run until every topic is answered and every book is live."""
        until_s = self.now_s + within_s
        while not self.codec.is_settled:
            expect(self.now_s < until_s, f"not settled within {within_s:g} s")
            self.run(1)

    def send(self, frame: Frame) -> None:
        self.sent.append((self.now_s, frame))
        super().send(frame)

    def hear(self, frame: Frame) -> None:
        """Let the client read one frame."""
        self.received.append(frame)
        try:
            super().hear(frame)
        except VenueProtocolError as error:
            self.unreadable.append(frame)
            self.take(self.codec.resync(error.symbol, Fault.BAD_FRAME, "", self.now_ns))

    def check_books(self, changed: str) -> None:
        """Fail if a book can be read that the market has not had in the last seconds.

        The one that has changed is compared; any other is right while the state is kept that it
        had when it was.
        """
        for symbol, book in self.books.items():
            is_kept = self._step - self._as_of.get(symbol, -STATES_KEPT) < STATES_KEPT
            if book.is_live and (symbol == changed or not is_kept):
                self._as_of[symbol] = self._find_state(symbol, book)

    def _find_state(self, symbol: str, book: OrderBook) -> int:
        """The last step at which the market was as the book says."""
        window = self.windows[symbol] or ALL
        ours = rounded(book.bids(ALL)), rounded(book.asks(ALL))
        for age, (bids, asks) in enumerate(self.states[symbol]):
            if ours == (bids[:window], asks[:window]):
                return self._step - age
        raise CaseFailed(f"a wrong book of {symbol} can be read")

    def expect_books_are_now(self) -> None:
        """Fail unless every book is live and what the market's is at this moment."""
        expect(self.books, "there is no book")
        for symbol, book in self.books.items():
            expect(book.is_live, f"the book of {symbol} is not live: {book.fault} {book.detail}")
            true = levels_of(self.sandbox.markets[symbol], self.windows[symbol] or ALL)
            ours = rounded(book.bids(ALL)), rounded(book.asks(ALL))
            expect(ours == true, f"the book of {symbol} is not the market's")

    def lost(self) -> list[str]:
        """Symbols whose books were lost, in order."""
        return [one.instrument.symbol for one in self.events if isinstance(one, BookLost)]

    def _arrived(self, outgoing: Iterable[Outgoing]) -> list[Frame]:
        frames = self.faults.pass_on(outgoing)
        if not self.is_heard:
            return []
        self._on_the_way += [(self.now_s + self.late_s, frame) for frame in frames]
        arrived: list[Frame] = []
        while self._on_the_way and self._on_the_way[0][0] <= self.now_s:
            arrived.append(self._on_the_way.popleft()[1])
        return arrived

    def fetch(self, request: Request[BookSnapshot]) -> None:
        try:
            super().fetch(request)
        except ExchangeError:
            self.codec.fail(request)

    def take(self, events: Sequence[StreamEvent]) -> None:
        super().take(events)
        self.events += events
        for event in events:
            if isinstance(event, BookSnapshot | BookDelta | BookLost):
                symbol = event.instrument.symbol
                if symbol not in self.books:
                    self.books[symbol] = OrderBook(event.instrument, self._checksum)
                if isinstance(event, BookSnapshot):
                    self.windows[symbol] = event.window
                self.books[symbol].apply(event)
                self._resync(self.books[symbol])
                self.check_books(symbol)

    def _resync(self, book: OrderBook) -> None:
        """What the book's actor does when the book finds itself wrong."""
        if trouble := book.trouble:
            symbol = book.instrument.symbol
            self.events += self.codec.resync(symbol, trouble, book.detail, self.now_ns)

    def _note_states(self) -> None:
        self._step += 1
        if Channel.BOOK not in self.stream.channels:
            return
        for symbol, market in self.sandbox.markets.items():
            if market.instrument.kind in self.stream.kinds:
                states = self.states.setdefault(symbol, deque(maxlen=STATES_KEPT))
                states.appendleft(levels_of(market))
