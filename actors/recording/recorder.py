"""The recorder: raw traffic to a file, without ever holding up what it records.

Frames are taken from the connections as they pass; a thread compresses and writes them. If the
disk is slow or full the recording loses frames, counts them and says so; the system goes on.
"""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, cast

import msgspec
import structlog
import trio

from actors.edges.channels import Inbox
from actors.edges.clock import Clock
from actors.edges.taps import Direction, HttpTap, StreamTap
from actors.recording.format import RecordedFrame, load_zstd
from exchanges.stream.wire import Frame

# Some seconds of the busiest traffic; beyond that the disk does not keep up.
BACKLOG_FRAMES: Final = 200_000
# A thread is entered for as many lines as have gathered, and at most this often.
WRITE_EVERY_S: Final = 0.5
_GZIP_LEVEL: Final = 5

log = structlog.get_logger()


class Recorder:
    """Takes frames from the taps it hands out, and writes them to `path`.

    The name decides the compression: `.gz`, `.zst`, or none. Each connection's frames stand in
    the order of their passing.

    Attributes:
        written: frames in the file so far; `lost` could not be kept.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.written = 0
        self.lost = 0
        self._clock = clock
        self._inbox: Inbox[RecordedFrame] = Inbox(BACKLOG_FRAMES)
        self._encode: Callable[[RecordedFrame], bytes] = msgspec.json.Encoder().encode
        self._calls = 0

    def stream_tap(self, venue: str) -> StreamTap:
        """What the venue's connections tell their frames to."""

        def tap(session: str, direction: Direction, url: str, frame: Frame) -> None:
            self._take(venue, session, direction, url, frame)

        return tap

    def http_tap(self, venue: str) -> HttpTap:
        """What the venue's gateway tells its replies to."""

        def tap(url: str, body: bytes) -> None:
            self._take(venue, "http", "http", url, _text_if_text(body))

        return tap

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write until cancelled; what has been taken by then is still written.

        Raises:
            OSError: the file cannot be opened; later failures only lose frames.
            RecordingError: the library that compresses it is not installed.
        """
        file = _create(self.path)
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

    def _write(self, file: IO[bytes], records: list[RecordedFrame]) -> None:
        lines = b"".join(self._encode(record) + b"\n" for record in records)
        try:
            file.write(lines)
            file.flush()  # else nobody could say which lines are in the file
        except OSError as error:
            self._lose(len(records), str(error))
        else:
            self.written += len(records)

    def _close(self, file: IO[bytes]) -> None:
        try:
            file.close()
        except OSError as error:
            self._lose(0, f"the file's end is missing: {error}")

    def _lose(self, frames: int, reason: str) -> None:
        self.lost += frames
        log.error("recording_loses_frames", path=str(self.path), frames=frames, reason=reason)


def _create(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "wb", compresslevel=_GZIP_LEVEL))
    if path.suffix == ".zst":
        compressor = load_zstd(path).ZstdCompressor(write_checksum=True)
        return cast(IO[bytes], compressor.stream_writer(path.open("wb")))
    return path.open("wb")


def _text_if_text(body: bytes) -> Frame:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body
