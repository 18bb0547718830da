"""The format of recordings: one JSON object a line, or one best quote a row.

Frames: `.jsonl`, plain or compressed with gzip or zstd, one object a line in time order within
each connection, with the keys of `RecordedFrame`. Quotes: CSV with a header, rows in time order.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Final, cast

import msgspec

from actors.edges.taps import Direction
from exchanges.market.numbers import NS_PER_S
from exchanges.stream.wire import Frame

QUOTE_COLUMNS: Final = ("ts", "venue", "symbol", "bid", "bid_qty", "ask", "ask_qty")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_READ_BYTES: Final = 64 << 10


class RecordingError(Exception):
    """A file is no recording, or a damaged one."""


class RecordedFrame(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One frame: `data` if it is text, `b64` if it is binary.

    `ts` is the recorder's clock in seconds since the epoch; `conn` names the connection within
    the recording; `dir` is `recv`, `send`, or `http` for the body of a reply, whose `url` says
    what was asked.
    """

    ts: float
    venue: str
    conn: str
    dir: Direction
    url: str = ""
    data: str | None = None
    b64: bytes | None = None

    def __post_init__(self) -> None:
        if (self.data is None) == (self.b64 is None):
            raise ValueError("exactly one of `data` and `b64` is wanted")

    @classmethod
    def of(
        cls, at_ns: int, venue: str, conn: str, direction: Direction, url: str, frame: Frame
    ) -> "RecordedFrame":
        return cls(
            ts=at_ns / NS_PER_S,
            venue=venue,
            conn=conn,
            dir=direction,
            url=url,
            data=frame if isinstance(frame, str) else None,
            b64=frame if isinstance(frame, bytes) else None,
        )

    @property
    def at_ns(self) -> int:
        return round(self.ts * NS_PER_S)

    @property
    def frame(self) -> Frame:
        return self.data if self.data is not None else self.b64 or b""


class RecordedQuote(msgspec.Struct, kw_only=True):
    """The best quote of one market, sizes as the venue counts them."""

    ts: float
    venue: str
    symbol: str
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float

    def __post_init__(self) -> None:
        for value in (self.ts, self.bid, self.bid_qty, self.ask, self.ask_qty):
            if not (isfinite(value) and value >= 0):
                raise ValueError(f"{value:g} is no time, price or size")

    @property
    def at_ns(self) -> int:
        return round(self.ts * NS_PER_S)


Record = RecordedFrame | RecordedQuote

_LINE: Final = msgspec.json.Decoder(RecordedFrame)


def read_recording(path: Path) -> Iterator[Record]:
    """The records of a file, in its order.

    Raises:
        RecordingError: the file is missing, of another format, or damaged; says where.
    """
    try:
        with _open(path) as text:
            first = text.readline()
            if first.startswith("{"):
                yield from _frames(path, first, text)
            elif first.startswith("ts,"):
                yield from _quotes(path, first, text)
            else:
                raise RecordingError(
                    f"{path}: neither a recording of frames (lines of JSON) nor of quotes "
                    f"(CSV with the columns {','.join(QUOTE_COLUMNS)})"
                )
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: damaged: {error}") from error
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror or error}") from error


@contextmanager
def _open(path: Path) -> Iterator[IO[str]]:
    with ExitStack() as files:
        file: IO[bytes] = files.enter_context(path.open("rb"))
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(_GZIP_MAGIC):
            file = cast(IO[bytes], files.enter_context(gzip.GzipFile(fileobj=file)))
        elif magic == _ZSTD_MAGIC:
            file = cast(IO[bytes], io.BufferedReader(_ZstdReader(path, file)))
        yield files.enter_context(io.TextIOWrapper(file, "utf-8"))


def load_zstd(path: Path) -> ModuleType:
    """The library that compresses and decompresses `path`.

    Raises:
        RecordingError: it is not installed.
    """
    try:
        import zstandard
    except ModuleNotFoundError as error:
        raise RecordingError(
            f"{path}: zstd needs an extra: pip install 'arbitrio[zstd]'"
        ) from error
    assert isinstance(zstandard, ModuleType)
    return zstandard


class _ZstdReader(io.RawIOBase):
    """Decompresses while it is read; the library takes a file that was cut off for a whole one."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        self._file = file
        self._library = load_zstd(path)
        self._inflate = self._library.ZstdDecompressor().decompressobj()
        self._ready = memoryview(b"")
        self._is_within = False  # a part that has begun and not ended

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if not (packed := self._file.read(_READ_BYTES)):
                if self._is_within:
                    raise EOFError("the file ended before its data")
                return 0
            self._ready = memoryview(self._unpack(packed))
        target = memoryview(buffer)
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _unpack(self, packed: bytes) -> bytes:
        parts: list[bytes] = []
        try:
            while packed:
                if self._inflate.eof:  # files may be joined to one
                    self._inflate = self._library.ZstdDecompressor().decompressobj()
                parts.append(self._inflate.decompress(packed))
                packed = self._inflate.unused_data
        except self._library.ZstdError as error:
            raise RecordingError(f"{self._path}: damaged: {error}") from error
        self._is_within = not self._inflate.eof
        return b"".join(parts)


def _frames(path: Path, first: str, text: IO[str]) -> Iterator[RecordedFrame]:
    number, line = 1, first
    try:
        while line:
            yield _LINE.decode(line)
            number, line = number + 1, text.readline()
    except msgspec.MsgspecError as error:
        raise RecordingError(f"{path}, line {number}: {error}") from error


def _quotes(path: Path, first: str, text: IO[str]) -> Iterator[RecordedQuote]:
    names = first.strip().split(",")
    missing = [name for name in QUOTE_COLUMNS if name not in names]
    if missing:
        raise RecordingError(
            f"{path}: no column {missing[0]!r}; quotes have {','.join(QUOTE_COLUMNS)}"
        )
    rows = csv.DictReader(text, names)
    try:
        for row in rows:
            yield msgspec.convert(row, RecordedQuote, strict=False)
    except (msgspec.ValidationError, csv.Error) as error:
        # The reader has not seen the header.
        raise RecordingError(f"{path}, line {rows.line_num + 1}: {error}") from error
