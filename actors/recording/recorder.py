"""The recorder: raw traffic to a file, without ever holding up what it records.

Frames are taken from the connections as they pass; a thread compresses and writes them. If the
disk is slow or full the recording loses frames, counts them and says so; the system goes on.
What is in the file stays readable: each write is whole (`packing.py`), or is taken back.
"""

import errno
import io
import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec
import trio

from actors.edges.channels import Inbox
from actors.edges.clock import Clock
from actors.edges.log import Log
from actors.edges.taps import Direction, HttpTap, StreamTap
from actors.recording.format import RecordedFrame, read_recording
from actors.recording.packing import RecordingError, WholeFile, packer_for, whole_bytes
from exchanges.market.numbers import NS_PER_MS
from exchanges.stream.wire import Frame

# Some seconds of the busiest traffic; beyond that the disk does not keep up.
BACKLOG_FRAMES: Final = 200_000
# A thread is entered for as many lines as have gathered, and at most this often.
WRITE_EVERY_S: Final = 0.5

log = Log(__name__)


class Existing(StrEnum):
    """What becomes of a file that is there already."""

    KEPT = "kept"  # nothing is recorded
    REPLACED = "replaced"
    CONTINUED = "continued"  # behind its last whole frame


class Recorder:
    """Takes frames from the taps it hands out, and writes them to `path`.

    The name decides the compression: `.gz`, `.zst`, or none. Each connection's frames stand in
    the order of their passing.

    Attributes:
        written: frames that this one has added to the file so far; `lost` could not be kept.
    """

    def __init__(self, path: Path, clock: Clock, existing: Existing = Existing.KEPT) -> None:
        self.path = path
        self.written = 0
        self.lost = 0
        self._existing = existing
        # Sessions of every run are numbered from 0, and are other connections in one file.
        is_more = existing is Existing.CONTINUED
        self._run_mark = f"@{clock.now_ns() // NS_PER_MS}" if is_more else ""
        self._clock = clock
        self._inbox: Inbox[RecordedFrame] = Inbox(BACKLOG_FRAMES)
        self._encode: Callable[[RecordedFrame], bytes] = msgspec.json.Encoder().encode
        self._pack: Callable[[bytes], bytes] = bytes

    def stream_tap(self, venue: str) -> StreamTap:
        """What the venue's connections tell their frames to."""

        def tap(session: str, direction: Direction, url: str, frame: Frame) -> None:
            self._take(venue, session + self._run_mark, direction, url, frame)

        return tap

    def http_tap(self, venue: str) -> HttpTap:
        """What the venue's gateway tells its replies to."""

        def tap(url: str, body: bytes) -> None:
            self._take(venue, "http", "http", url, _text_if_text(body))

        return tap

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write until cancelled; what has been taken by then is still written.

        Raises:
            OSError: the file cannot be opened, or is there already and shall be kept
                (`FileExistsError`); later failures only lose frames.
            RecordingError: the library that compresses it is not installed, or the file to
                continue is no recording of frames.
        """
        self._pack = packer_for(self.path)
        file = _open(self.path, self._existing, self._pack)
        taken: list[RecordedFrame] = []
        task_status.started()
        try:
            while True:
                taken = [*await self._inbox.take(), *self._inbox.take_nowait()]
                await trio.to_thread.run_sync(self._write, file, taken)
                taken = []
                await trio.sleep(WRITE_EVERY_S)
        finally:
            self._write(file, [*taken, *self._inbox.take_nowait()])
            self._close(file)

    def _take(self, venue: str, conn: str, direction: Direction, url: str, frame: Frame) -> None:
        record = RecordedFrame.of(self._clock.now_ns(), venue, conn, direction, url, frame)
        if not self._inbox.offer(record):
            self._lose(BACKLOG_FRAMES + 1, "the disk is too slow")

    def _write(self, file: WholeFile, records: list[RecordedFrame]) -> None:
        if not records:
            return
        lines = b"".join(self._encode(record) + b"\n" for record in records)
        try:
            file.write(self._pack(lines))
        except OSError as error:
            self._lose(len(records), str(error))
        else:
            self.written += len(records)

    def _close(self, file: WholeFile) -> None:
        try:
            file.close()
        except OSError as error:
            self._lose(0, f"the file's end is missing: {error}")

    def _lose(self, frames: int, reason: str) -> None:
        self.lost += frames
        log.error("recording_loses_frames", path=str(self.path), frames=frames, reason=reason)


def _open(path: Path, existing: Existing, pack: Callable[[bytes], bytes]) -> WholeFile:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if existing is Existing.CONTINUED and path.exists() and path.stat().st_size:
        return _behind_whole(path, pack)
    mode = "xb" if existing is Existing.KEPT else "wb"
    return WholeFile(_unbuffered(path, mode), 0)


def _behind_whole(path: Path, pack: Callable[[bytes], bytes]) -> WholeFile:
    """The file, ready to go on behind its last whole frame; what was cut off there is dropped.

    Raises:
        RecordingError: it is another kind of file, or damaged in its midst.
    """
    if not isinstance(next(read_recording(path)), RecordedFrame):
        raise RecordingError(f"{path}: these are quotes; no frames can stand behind them")
    file = _unbuffered(path, "r+b")
    try:
        if file.read(1) != pack(b"{")[:1]:
            raise RecordingError(f"{path}: its compression is not the one that its name says")
        whole = whole_bytes(path)
        file.truncate(whole)
        file.seek(whole)
        for _ in read_recording(path):
            pass
    except BaseException:
        file.close()
        raise
    return WholeFile(file, whole)


def _unbuffered(path: Path, mode: str) -> io.RawIOBase:
    """Else nobody could say which frames are in the file."""
    file = path.open(mode, buffering=0)
    assert isinstance(file, io.RawIOBase)
    return file


def _text_if_text(body: bytes) -> Frame:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body
