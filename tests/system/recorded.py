"""Recordings of real venues, and their true books rebuilt without any of our codecs or books.

A recording is read into frames and what each says about a book; `Truth` puts these together with
sorted dictionaries and nothing else.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from sortedcontainers import SortedDict

from actors.recording.format import RecordedFrame, read_recording
from exchanges.market.events import Level

DEPTH: Final = 25
"""Levels a side that are compared after every frame; the checksums of old frames prove no more."""

Sides = tuple[list[Level], list[Level]]


class Change(msgspec.Struct, kw_only=True):
    """What one frame says about the book of `native`: it brings it from `previous` to `last`.

    Frames without ids are numbered in their order. `is_whole`: it is all of the book.
    """

    native: str
    previous: int
    last: int
    bids: list[Level]
    asks: list[Level]
    is_whole: bool = False


class Recording:
    """The frames of a file, and beside each what it says about a book, None for nothing."""

    def __init__(self, path: Path, *, only_books: bool = False) -> None:
        if not path.exists():
            pytest.skip(f"no recordings: {path} is missing")
        self.frames: list[RecordedFrame] = []
        self.changes: list[Change | None] = []
        for record in read_recording(path):
            assert isinstance(record, RecordedFrame)
            change = change_of(record, len(self.frames) + 1)
            if change or not only_books:
                self.frames.append(record)
                self.changes.append(change)
        self.truth = Truth()
        for change in self.changes:
            if change:
                self.truth.feed(change)


class Truth:
    """True books by the venue's own names.

    Attributes:
        books: all levels after the last frame: bids and asks, each by price.
        tops: the `depth` best levels of a book after each id that it went through.
        started: the id of the snapshot that a book began with.
    """

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        self.books: dict[str, tuple[Any, Any]] = {}
        self.tops: dict[tuple[str, int], Sides] = {}
        self.started: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._early: dict[str, list[Change]] = {}

    def feed(self, change: Change) -> None:
        """Take the next change; those from before the snapshot are kept until it comes."""
        native = change.native
        if change.is_whole:
            assert native not in self.books, "a whole recording starts each book once"
            self.books[native] = SortedDict(change.bids), SortedDict(change.asks)
            self.started[native] = change.last
            self._note(change)
            for early in self._early.pop(native, []):
                self._update(early)
        elif native in self.books:
            self._update(change)
        else:
            self._early.setdefault(native, []).append(change)

    def whole(self, native: str) -> Sides:
        """All levels after the last frame, best first."""
        bids, asks = self.books[native]
        return list(reversed(bids.items())), list(asks.items())

    def _update(self, change: Change) -> None:
        if change.last <= self._last[change.native]:
            return
        assert change.previous <= self._last[change.native], "the recording lacks a frame"
        sides = zip(self.books[change.native], (change.bids, change.asks), strict=True)
        for side, levels in sides:
            for price, size in levels:
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
        self._note(change)

    def _note(self, change: Change) -> None:
        self._last[change.native] = change.last
        bids, asks = self.books[change.native]
        tops = list(reversed(bids.items()[-self._depth :])), list(asks.items()[: self._depth])
        self.tops[change.native, change.last] = tops


def change_of(record: RecordedFrame, number: int) -> Change | None:
    """What a frame says about a book; `number` is its id if it has none."""
    if record.dir == "send" or record.conn == "meta":
        return None
    return _READERS[record.venue.partition("-")[0]](record, number)


def _binance(record: RecordedFrame, number: int) -> Change | None:
    if record.dir == "http":
        return _reply(record, "symbol", "lastUpdateId")
    if not re.match(r'{"stream":"\w+@depth', record.data or ""):
        return None
    update = msgspec.json.decode(record.frame)["data"]
    return Change(
        native=update["s"],
        previous=update.get("pu", update["U"] - 1),
        last=update["u"],
        bids=_levels(update["b"]),
        asks=_levels(update["a"]),
    )


def _gateio(record: RecordedFrame, number: int) -> Change | None:
    if record.dir == "http":
        return _reply(record, "currency_pair", "id")
    data = msgspec.json.decode(record.frame)
    if (data["channel"], data["event"]) != ("spot.order_book_update", "update"):
        return None
    update = data["result"]
    return Change(
        native=update["s"],
        previous=update["U"] - 1,
        last=update["u"],
        bids=_levels(update["b"]),
        asks=_levels(update["a"]),
    )


def _okx(record: RecordedFrame, number: int) -> Change | None:
    data = msgspec.json.decode(record.frame)
    if data["arg"]["channel"] != "books" or "action" not in data:
        return None
    native = data["arg"]["instId"]
    (book,) = data["data"]
    # Swaps on USD count contracts of ten dollars.
    dollars = 10.0 if native.endswith("-USD-SWAP") else 0.0
    return Change(
        native=native,
        previous=0,
        last=number,
        bids=_levels(book["bids"], dollars),
        asks=_levels(book["asks"], dollars),
        is_whole=data["action"] == "snapshot",
    )


_READERS: Final[Mapping[str, Callable[[RecordedFrame, int], Change | None]]] = {
    "binance": _binance,
    "gateio": _gateio,
    "okx": _okx,
}


def _reply(record: RecordedFrame, parameter: str, id_key: str) -> Change:
    data = msgspec.json.decode(record.frame)
    found = re.search(rf"[?&]{parameter}=(\w+)", record.url)
    assert found
    return Change(
        native=found[1],
        previous=0,
        last=data[id_key],
        bids=_levels(data["bids"]),
        asks=_levels(data["asks"]),
        is_whole=True,
    )


def _levels(rows: list[list[str]], dollars: float = 0.0) -> list[Level]:
    levels = [(float(price), float(size)) for price, size, *_ in rows]
    return [(price, size * (dollars / price)) for price, size in levels] if dollars else levels
