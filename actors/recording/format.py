"""The format of recordings: one JSON object a line, or one best quote a row.

Frames: `.jsonl`, plain or compressed with gzip or zstd, one object a line in time order within
each connection, with the keys of `RecordedFrame`. Quotes: CSV with a header, rows in time order.
"""

import csv
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import IO, Final

import msgspec

from actors.edges.taps import Direction
from actors.recording.packing import OnRead, RecordingError, open_packed
from exchanges.market.numbers import NS_PER_S
from exchanges.stream.wire import Frame

QUOTE_COLUMNS: Final = ("ts", "venue", "symbol", "bid", "bid_qty", "ask", "ask_qty")


class RecordingBroken(RecordingError):
    """A recording can be read up to a break, and has been: `records`, the last of them at `last_s`.

    It was cut off, as when its process was killed, or is damaged there.
    """

    def __init__(self, problem: str, records: int, last_s: float) -> None:
        super().__init__(problem)
        self.records = records
        self.last_s = last_s


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


def read_recording(path: Path, on_read: OnRead = lambda size: None) -> Iterator[Record]:
    """The records of a file, in its order; `on_read` hears how much of it has been read.

    Raises:
        RecordingBroken: after the records before the break.
        RecordingError: the file is missing, of another format, or damaged before its first record;
            says where.
    """
    records, last_s = 0, 0.0
    try:
        for record in _records(path, on_read):
            yield record
            records, last_s = records + 1, record.ts
    except RecordingError as error:
        if not records:
            raise
        raise RecordingBroken(str(error), records, last_s) from error


def _records(path: Path, on_read: OnRead) -> Iterator[Record]:
    try:
        with open_packed(path, on_read) as text:
            first = text.readline()
            if first.startswith("{"):
                yield from _frames(path, first, text)
            elif first.startswith("ts,"):
                yield from _quotes(path, first, text)
            elif not first:
                raise RecordingError(f"{path}: holds nothing")
            else:
                raise RecordingError(
                    f"{path}: neither a recording of frames (lines of JSON) nor of quotes "
                    f"(CSV with the columns {','.join(QUOTE_COLUMNS)})"
                )
    except (EOFError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: damaged: {error}") from error
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror or error}") from error


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
