"""How fast each venue's codec reads its book frames, beside the reference venue's."""

import gzip
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

import msgspec

from exchanges import VENUES
from exchanges.market.events import BookDelta, BookSnapshot
from exchanges.market.instrument import Kind
from exchanges.stream.books import MarketCodec
from exchanges.stream.wire import Frame
from supervisor.bench.hot import VENUE, timed
from supervisor.bench.traffic import make_traffic

SYMBOLS: Final = {
    Kind.SPOT: ("BTC/USDT", "ETH/USDT"),
    Kind.PERPETUAL: ("BTC/USDT:USDT", "ETH/USDT:USDT"),
}
RUNS: Final = 3
_GZIP_MAGIC: Final = b"\x1f\x8b"


class _Reading(msgspec.Struct):
    """The frames of one kind of market, and what reading them took, run by run."""

    venue: str
    kind: Kind
    seconds: list[float] = []
    frames: int = 0
    bytes: int = 0
    levels: int = 0

    def measure(self, count: int) -> None:
        """Read `count` frames with a new client."""
        traffic = make_traffic(self.venue, SYMBOLS[self.kind], count)
        self.seconds.append(timed(_read, traffic.codec, traffic.frames))
        # The same again, to count what was in them.
        again = make_traffic(self.venue, SYMBOLS[self.kind], count)
        self.frames, self.bytes = count, sum(map(_payload_bytes, again.frames))
        self.levels = sum(_levels(again.codec, frame) for frame in again.frames)

    @property
    def us_per_kb(self) -> list[float]:
        return [seconds * 1e9 / self.bytes for seconds in self.seconds]


def measure_decoders(count: int) -> list[dict[str, Any]]:
    """Frames a second from text to event, without the book; each venue's turn comes every run."""
    readings = [_Reading(name, kind) for name in VENUES for kind in VENUES[name].kinds]
    for _ in range(RUNS):
        for reading in readings:
            reading.measure(count)
    reference = next(one for one in readings if one.venue == VENUE)
    return [_row(reading, reference) for reading in readings]


def _row(reading: _Reading, reference: _Reading) -> dict[str, Any]:
    seconds = median(reading.seconds)
    ratios = zip(reference.us_per_kb, reading.us_per_kb, strict=True)
    return {
        "venue": reading.venue,
        "kind": str(reading.kind),
        "frames_per_s": reading.frames / seconds,
        "us_per_level": seconds * 1e6 / max(reading.levels, 1),
        "levels_per_frame": reading.levels / reading.frames,
        "bytes_per_frame": reading.bytes / reading.frames,
        "speed_per_byte": median(theirs / ours for theirs, ours in ratios),
    }


def _payload_bytes(frame: Frame) -> int:
    """Bytes of what the frame says; some venues compress it on the way."""
    if isinstance(frame, bytes) and frame.startswith(_GZIP_MAGIC):
        return len(gzip.decompress(frame))
    return len(frame)


def _read(codec: MarketCodec, frames: Sequence[Frame]) -> None:
    receive = codec.receive
    for frame in frames:
        receive(frame, 0)


def _levels(codec: MarketCodec, frame: Frame) -> int:
    events = codec.receive(frame, 0)
    books = (event for event in events if isinstance(event, BookDelta | BookSnapshot))
    return sum(len(book.bids) + len(book.asks) for book in books)
