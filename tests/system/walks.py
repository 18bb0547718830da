"""Replays of recordings that part at a place and go on, one with intact frames, others with hurt.

What can be read of a book is compared with the true books of `recorded.py` after every frame.
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from actors.books.order_book import OrderBook
from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.recording.format import RecordedFrame
from actors.recording.replay import Replay
from exchanges.market.numbers import plain
from tests.system.recorded import DEPTH, Recording

PLACES: Final = 200
# How many frames are fed after a fault. Of the large recordings only the frames of books are
# fed, so that some ten of each symbol lie in a window.
WINDOWS: Final = {
    "binance-btceth-20240808": 20,
    "binance-futures-btceth-20240808": 20,
    "okx": 40,
    "gateio": 120,
}
LARGE: Final = frozenset({"binance-btceth-20240808", "binance-futures-btceth-20240808"})
ALL_LEVELS: Final = 100_000
START_LEVELS: Final = 400  # of a side; what the venue with the fewest keeps up to date


class Case(Recording):
    """A recording, the places where it is hurt, and what its intact replay comes to.

    Attributes:
        by_request: books start from replies, and updates have ids; if not, books start in the
            stream, and updates are proven by a checksum.
        live_at: index of the frame that brings a book to life.
        starts: the frames that hold whole books.
    """

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(folder / f"{name}.jsonl.gz", only_books=name in LARGE)
        self.window = WINDOWS[name]
        self.by_request = any(frame.conn.startswith("http.") for frame in self.frames)
        fed = [
            at
            for at, frame in enumerate(self.frames)
            if frame.conn != "meta" and frame.dir != "send"
        ]
        # Books of a large recording start once, which is the hardest part.
        starts = fed[: self.window] if name in LARGE else []
        self.places = sorted({*starts, *Random(name).sample(fed, PLACES)})
        self.starts = {
            change.native: frame
            for change, frame in zip(self.changes, self.frames, strict=True)
            if change and change.is_whole
        }
        self.live_at: dict[str, int] = {}
        replay = new_replay()
        for at, frame in enumerate(self.frames):
            replay.feed(frame)
            for native, book in books_of(replay).items():
                if book.is_live:
                    self.live_at.setdefault(native, at)

    def partner(self, place: int) -> int | None:
        """The next frame of the same connection; at every other place, of the same book."""
        conn, change = self.frames[place].conn, self.changes[place]
        for at in range(place + 1, len(self.frames)):
            other = self.changes[at]
            is_same_book = change and other and change.native == other.native
            if self.frames[at].conn == conn and (is_same_book or change is None or place % 2):
                return at
        return None

    def books_at(self, *places: int) -> set[str]:
        """The books that the frames of these indices are about."""
        return {change.native for at in places if (change := self.changes[at])}

    def noticed_at(self, place: int) -> int | None:
        """Index of the frame that shows that the one at `place` is missing, None if none does."""
        lost = self.changes[place]
        if lost is None or not (lost.is_whole or lost.last > self.truth.started[lost.native]):
            return None  # the book comes to the same without it
        for at in range(place + 1, len(self.frames)):
            change = self.changes[at]
            if change and change.native == lost.native and not change.is_whole:
                return max(at, self.live_at[lost.native])
        return None

    def walks(self) -> Iterator[tuple[int, int, "Walk", "Walk"]]:
        """Each place, the end of its window, and two walks that have come so far."""
        walk, fed = Walk(self), 0
        for place in self.places:
            for at in range(fed, place):
                walk.feed(at)
            fed = place
            yield place, min(place + self.window, len(self.frames)), walk.copy(), walk.copy()


class Walk:
    """A replay on its way through a recording."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.replay = new_replay()
        self.newest: dict[str, int] = {}  # id of the newest change of each book

    def copy(self) -> "Walk":
        walk = Walk(self.case)
        walk.replay, walk.newest = copy_of(self.replay), dict(self.newest)
        return walk

    @property
    def books(self) -> dict[str, OrderBook]:
        return books_of(self.replay)

    def feed(self, at: int) -> None:
        """Feed the frame of an index; a book that can be read must be the true one."""
        self.replay.feed(self.case.frames[at])
        if change := self.case.changes[at]:
            # What came in the stream before a snapshot means nothing.
            is_start = change.is_whole and not self.case.by_request
            known = 0 if is_start else self.newest.get(change.native, 0)
            self.newest[change.native] = max(known, change.last)
            self.assert_true(change.native)

    def restart(self, native: str, start: tuple[RecordedFrame, int]) -> None:
        """Feed a new start of a book, as `start_of` gives it; the book must come to life."""
        frame, newest = start
        self.replay.feed(frame)
        self.newest[native] = max(self.newest.get(native, 0), newest)
        assert self.is_live(native)
        self.assert_true(native)

    def is_live(self, native: str) -> bool:
        return native in self.books and self.books[native].is_live

    def assert_true(self, native: str) -> None:
        if self.is_live(native):
            book = self.books[native]
            true = self.case.truth.tops[native, self.newest[native]]
            assert (book.bids(DEPTH), book.asks(DEPTH)) == true

    def assert_same(self, other: "Walk", natives: set[str]) -> None:
        """Every level of these books is that of another walk, as far as it can be read."""
        for native in natives:
            if self.is_live(native):
                ours, theirs = self.books[native], other.books[native]
                assert ours.bids(ALL_LEVELS) == theirs.bids(ALL_LEVELS)
                assert ours.asks(ALL_LEVELS) == theirs.asks(ALL_LEVELS)

    def assert_unhurt(self, at: int, *, but: str = "") -> None:
        """Every other book is live as soon as in the intact recording, and has stayed so."""
        books = self.books
        for native, live_at in self.case.live_at.items():
            if native != but and at >= live_at:
                book = books[native]
                assert (book.fault, book.snapshots, book.losses.total()) == (None, 1, 0)

    def start_of(self, native: str) -> tuple[RecordedFrame, int]:
        """What the venue would start the book with now, and the id of the newest change in it.

        It is the recorded start with other levels.
        """
        book, frame = self.books[native], self.case.starts[native]
        data = msgspec.json.decode(frame.frame)
        if self.case.by_request:
            id_key = "id" if "id" in data else "lastUpdateId"
            data |= {id_key: book.sequence, **_rows(book)}
        else:
            data["data"][0] |= {"checksum": self._checksum(native), **_rows(book)}
        frame = msgspec.structs.replace(frame, data=msgspec.json.encode(data).decode())
        return frame, self.newest[native]

    def _checksum(self, native: str) -> int:
        """What the venue said last of the book."""
        newest = self.case.frames[self.newest[native] - 1]
        checksum: int = msgspec.json.decode(newest.frame)["data"][0]["checksum"]
        return checksum


def new_replay() -> Replay:
    return Replay(DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda *_: 0.0)


def books_of(replay: Replay) -> dict[str, OrderBook]:
    return {book.instrument.native: book for book in replay.books.values()}


def copy_of(replay: Replay) -> Replay:
    """A replay that goes on from the same state; what never changes is shared."""
    known: dict[int, object] = {}
    for venue in replay._venues.values():
        shared = (venue.venue, venue._instruments, *venue._snapshots.values())
        known |= {id(one): one for one in shared}
    for book in replay.books.values():
        for side in (book._bids, book._asks):
            # A deep copy of so many floats takes long.
            known |= {id(side.sizes): dict(side.sizes), id(side._near): list(side._near)}
    return deepcopy(replay, known)


def _rows(book: OrderBook) -> dict[str, list[tuple[str, str]]]:
    """Levels as the venue writes them, also those that must not be read."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for name, side in (("bids", book._bids), ("asks", book._asks)):
        rows[name] = []
        for price, size in side.levels(START_LEVELS):
            if book.instrument.inverse:  # counts contracts
                size = round(size / book.instrument.units_per_contract(price))
            rows[name].append((plain(price), plain(size)))
    return rows
