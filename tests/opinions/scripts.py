"""What two readers of the same traffic are given, and what our books show after each step of it.

The traffic is recorded, or it is that of a venue's own sandbox.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import pytest

from actors.books.order_book import OrderBook
from actors.recording.format import RecordedFrame, read_recording
from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.events import BookSnapshot
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Channel
from exchanges.rest.request import Request
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame
from exchanges.venue import Venue
from supervisor.verify.lab import Lab, open_sandbox, topics_of
from tests.opinions.opinion import DEPTH, Sides
from tests.system.walks import new_replay

SANDBOX_S: Final = 15.0
"""How long a sandbox is listened to: some 150 frames a book."""


class Reply(msgspec.Struct, frozen=True):
    """The body of an HTTP reply, and what was asked."""

    url: str
    body: str


class Step(msgspec.Struct, frozen=True):
    """A frame or a reply, and the best levels of all our live books after it."""

    heard: Frame | Reply
    best: Mapping[str, Sides]


class Script(msgspec.Struct, frozen=True):
    """A conversation and the markets that it is about."""

    instruments: list[Instrument]
    steps: list[Step]


class _NotedLab(Lab):
    """Keeps what the client hears, in its order."""

    def __init__(self, venue: Venue, sandbox: SandboxVenue, stream: Stream) -> None:
        super().__init__(venue, sandbox, stream)
        self.steps: list[Step] = []

    def hear(self, frame: Frame) -> None:
        super().hear(frame)
        self.steps.append(Step(frame, best_of(self.books.values())))

    def check_books(self, changed: str) -> None:
        """Others compare them with the market; here it is the opinion that counts."""

    def _note_states(self) -> None:
        """Nobody looks at the market's."""

    def fetch(self, request: Request[BookSnapshot]) -> None:
        body = answer(self.sandbox, request, self.now_ns).body.decode()
        super().fetch(request)
        self.steps.append(Step(Reply(request.target, body), best_of(self.books.values())))


def best_of(books: Iterable[OrderBook]) -> dict[str, Sides]:
    return {
        book.instrument.symbol: (book.bids(DEPTH), book.asks(DEPTH))
        for book in books
        if book.is_live
    }


def sandbox_script(name: str, stream_name: str) -> Script:
    """The books of a stream of the venue's sandbox."""
    venue = VENUES[name]
    (stream,) = (one for one in venue.streams if one.name == stream_name)
    sandbox = open_sandbox(venue)
    lab = _NotedLab(venue, sandbox, stream)
    lab.codec.subscribe(topics_of(stream, sandbox, [Channel.BOOK]))
    lab.run(SANDBOX_S)
    return Script([book.instrument for book in lab.books.values()], lab.steps)


def recorded_script(folder: Path, name: str, mark: str, frames: int) -> Script:
    """The first `frames` frames of a recording that `mark` tells for those of books."""
    path = folder / "captures" / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no recordings: {path} is missing")
    replay = new_replay()
    steps: list[Step] = []
    for record in read_recording(path):
        assert isinstance(record, RecordedFrame)
        is_reply = record.dir == "http"
        if record.dir == "send" or not (is_reply or mark in (record.data or "")):
            continue
        replay.feed(record)
        heard = Reply(record.url, record.data or "") if is_reply else record.frame
        steps.append(Step(heard, best_of(replay.books.values())))
        if len(steps) == frames:
            break
    assert replay.unparsed == 0
    return Script([book.instrument for book in replay.books.values()], steps)
