"""Lost, duplicated and swapped frames in real recordings: a wrong book can never be read.

`walks.py` compares what can be read with the true book after every frame.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.market.events import BookSnapshot, Event, Fault, StreamEvent
from exchanges.market.instrument import Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from tests.exchanges.transcripts import send_all
from tests.system.recorded import DEPTH, Change
from tests.system.walks import ALL_LEVELS, LARGE, WINDOWS, Case, Walk

pytestmark = pytest.mark.recorded

# A new start is asked for so many frames after a loss was noticed. A reply is as old as the
# second number of frames when it comes; a start in the stream is new.
ASKED_AFTER: Final = 4
ANSWERED_AFTER: Final = 4


@pytest.fixture(scope="module", params=list(WINDOWS))
def case(request: pytest.FixtureRequest, shared: Path) -> Case:
    return Case(request.param, shared / "captures")


def test_fault_13_a_lost_frame_is_noticed_at_the_next_one_of_its_symbol(case: Case) -> None:
    """The other books stay as they are, and a new start heals the one that was lost."""
    healed = 0
    for place, end, intact, hurt in case.walks():
        lost, noticed_at = case.changes[place], case.noticed_at(place)
        native = lost.native if lost else ""
        asked_at = end if noticed_at is None else noticed_at + ASKED_AFTER
        answered_at = asked_at + (ANSWERED_AFTER if case.by_request else 0)
        intact.feed(place)
        for at in range(place + 1, end):
            intact.feed(at)
            hurt.feed(at)
            hurt.assert_unhurt(at, but=native)
            if at == asked_at:
                start = intact.start_of(native)
            if noticed_at is not None and lost and noticed_at <= at <= answered_at:
                assert_lost(hurt, lost, has_begun=place > case.live_at[native])
            if at == answered_at:
                hurt.restart(native, start)
                healed += 1
            if at > answered_at:
                assert hurt.is_live(native)
        if noticed_at is None and native in hurt.books:
            assert not hurt.books[native].losses
    assert healed > 50


def assert_lost(hurt: Walk, lost: Change, *, has_begun: bool) -> None:
    """The book cannot be read, and says why."""
    book = hurt.books.get(lost.native)
    if not has_begun:
        assert book is None or not book.is_live
    elif hurt.case.by_request:
        assert book
        assert (book.fault, book.detail.split()[0]) == (Fault.GAP, "expected")
    elif not hurt.is_live(lost.native):  # else the change was one of levels that nobody can read
        assert book
        assert (book.fault, book.detail.split()[0]) == (Fault.CHECKSUM, "venue")


def test_fault_14_a_duplicate_changes_nothing(case: Case) -> None:
    for place, end, intact, hurt in case.walks():
        hurt.feed(place)
        for at in range(place, end):
            intact.feed(at)
            hurt.feed(at)
        for native, book in intact.books.items():
            other = hurt.books[native]
            assert (other.fault, other.losses) == (book.fault, book.losses)
            # Frames without ids are applied again, which changes no level.
            if case.by_request:
                counts = (other.sequence, other.updates, other.snapshots)
                assert counts == (book.sequence, book.updates, book.snapshots)
        hurt.assert_same(intact, case.books_at(place))


def test_fault_15_swapped_frames_end_up_right_or_are_noticed(case: Case) -> None:
    noticed = 0
    for place, end, intact, hurt in case.walks():
        other = case.partner(place)
        if other is None:
            continue
        swapped = {place: other, other: place}
        for at in range(place, max(end, other + 1)):
            intact.feed(at)
            hurt.feed(swapped.get(at, at))
        natives = case.books_at(place, other)
        hurt.assert_same(intact, natives)
        lost = {native for native in intact.books if not hurt.is_live(native)}
        assert lost <= natives
        assert not lost or len(natives) == 1, "frames of two books have no order"
        noticed += len(lost)
    assert noticed > 50


class Session:
    """A connection that has subscribed the books of a recording, without its actor.

    Attributes:
        asked: requests for snapshots that were not answered yet, by the venue's name of the book.
        requests: how many there have been.
    """

    def __init__(self, case: Case) -> None:
        venue = VENUES["binance"]
        kind = venue.recorded[case.frames[0].venue]
        markets = [found for name in case.truth.books if (found := venue.guess(kind, name))]
        stream = venue.stream_for(kind, Channel.BOOK)
        assert stream
        self.case = case
        self.codec = venue.codec(stream, Instruments(markets))
        self.codec.subscribe(Topic(Channel.BOOK, market.symbol) for market in markets)
        send_all(self.codec)
        self.books = {market.native: OrderBook(market) for market in markets}
        self.asked: dict[str, Request[BookSnapshot]] = {}
        self.requests = 0

    def feed(self, at: int) -> None:
        """Feed an update; seconds pass between two frames, so that no pause delays a request."""
        # One of the recorded streams differs in its pace from the one that is subscribed.
        data = (self.case.frames[at].data or "").replace("@depth@0ms", "@depth@100ms", 1)
        self._apply(self.codec.receive(data, at))
        for request in self.codec.requests(100.0 * at):
            assert request.instrument
            native = request.instrument.native
            assert native not in self.asked, "one request of a book is under way at a time"
            self.asked[native] = request
            self.requests += 1

    def answer_as_recorded(self, native: str, at: int) -> None:
        body = (self.case.frames[at].data or "").encode()
        response = Response(status=200, body=body, received_ns=at)
        self.answer(native, self.asked[native].read(response))

    def answer(self, native: str, snapshot: BookSnapshot) -> None:
        self._apply(self.codec.answer(self.asked.pop(native), snapshot))

    def _apply(self, events: Iterable[StreamEvent]) -> None:
        for event in events:
            if isinstance(event, Event):
                self.books[event.instrument.native].apply(event)


@pytest.mark.parametrize("case", sorted(LARGE), indirect=True)
def test_fault_13_only_the_book_that_lost_a_frame_asks_for_a_snapshot(case: Case) -> None:
    """A session loses the frames of all places one after the other, and heals each time."""
    intact, hurt = Session(case), Session(case)
    begun_at = max(case.live_at.values())
    missing: set[str] = set()  # books that do not know yet that a frame is missing
    answer_at: dict[str, int] = {}
    for at, change in enumerate(case.changes):
        assert change, "frames of books only"
        native = change.native
        if change.is_whole:
            intact.answer_as_recorded(native, at)
            hurt.answer_as_recorded(native, at)
            continue
        intact.feed(at)
        if at > begun_at and at in case.places and case.noticed_at(at):
            missing.add(native)
            continue
        hurt.feed(at)
        assert not (native in missing and hurt.books[native].is_live)
        missing.discard(native)
        for name in [*hurt.asked] if at > begun_at else ():
            if at >= answer_at.setdefault(name, at + ANSWERED_AFTER):
                hurt.answer(name, snapshot_of(intact.books[name]))
                missing.discard(name)
                del answer_at[name]
        for name, book in hurt.books.items():
            if book.is_live:
                true = case.truth.tops[name, book.sequence]
                assert (book.bids(DEPTH), book.asks(DEPTH)) == true
    losses = sum(book.losses[Fault.GAP] for book in hurt.books.values())
    assert losses > 150  # of two hundred, some of which fell together
    assert hurt.requests == len(hurt.books) + losses


def snapshot_of(book: OrderBook) -> BookSnapshot:
    """All of a book: the market moves past what one reply of the venue holds."""
    return BookSnapshot(
        instrument=book.instrument,
        bids=book.bids(ALL_LEVELS),
        asks=book.asks(ALL_LEVELS),
        sequence=book.sequence,
        received_ns=book.received_ns,
    )
