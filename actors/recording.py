"""The format of recordings: one JSON object a line, or one best quote a row.

Frames: `.jsonl`, plain or compressed with gzip or zstd, one object a line in time order within
each connection, with the keys of `RecordedFrame`. Quotes: CSV with a header, rows in time order.
"""

import csv
import gzip
import io
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast

import msgspec

from exchanges.codec import Frame
from exchanges.numbers import NS_PER_S

QUOTE_COLUMNS: Final = ("ts", "venue", "symbol", "bid", "bid_qty", "ask", "ask_qty")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"


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
    dir: str
    url: str = ""
    data: str | None = None
    b64: str | None = None

    @classmethod
    def of(
        cls, at_ns: int, venue: str, conn: str, direction: str, url: str, frame: Frame
    ) -> "RecordedFrame":
        record = cls(ts=at_ns / NS_PER_S, venue=venue, conn=conn, dir=direction, url=url)
        if isinstance(frame, str):
            record.data = frame
        else:
            record.b64 = b64encode(frame).decode()
        return record

    @property
    def at_ns(self) -> int:
        return round(self.ts * NS_PER_S)

    @property
    def frame(self) -> Frame:
        return b64decode(self.b64) if self.data is None and self.b64 else self.data or ""


class RecordedQuote(msgspec.Struct, kw_only=True):
    """The best quote of one market, sizes as the venue counts them."""

    ts: float
    venue: str
    symbol: str
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float

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
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: damaged: {error}") from error
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror or error}") from error


def _open(path: Path) -> IO[str]:
    file = path.open("rb")
    magic = file.read(4)
    file.seek(0)
    if magic.startswith(_GZIP_MAGIC):
        return io.TextIOWrapper(cast(IO[bytes], gzip.GzipFile(fileobj=file)), "utf-8")
    if magic == _ZSTD_MAGIC:
        return io.TextIOWrapper(_zstd(path, file), "utf-8")
    return io.TextIOWrapper(file, "utf-8")


def _zstd(path: Path, file: IO[bytes]) -> IO[bytes]:
    try:
        import zstandard
    except ModuleNotFoundError as error:
        raise RecordingError(
            f"{path}: zstd needs an extra: pip install 'arbitrio[zstd]'"
        ) from error
    return cast(
        IO[bytes], zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    )


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
    for number, row in enumerate(csv.DictReader(text, names), 2):
        try:
            yield msgspec.convert(row, RecordedQuote, strict=False)
        except msgspec.ValidationError as error:
            raise RecordingError(f"{path}, line {number}: {error}") from error
