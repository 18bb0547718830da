"""Tests of `actors.recorder`: what it is told is in the file, or counted as lost."""

import gzip
import io
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import trio
import zstandard
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.edges.clock import TrioClock
from actors.recording import recorder as module
from actors.recording.format import RecordedFrame, RecordingError, read_recording
from actors.recording.recorder import WRITE_EVERY_S, Recorder
from tests.actors.sandbox.sandboxes import EPOCH_NS

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")


@asynccontextmanager
async def recording(path: Path) -> AsyncIterator[Recorder]:
    """A running recorder; after the block it has ended."""
    made = Recorder(path, TrioClock(EPOCH_NS))
    async with trio.open_nursery() as nursery:
        await nursery.start(made.run)
        yield made
        nursery.cancel_scope.cancel()


def frames_of(path: Path) -> list[RecordedFrame]:
    return [record for record in read_recording(path) if isinstance(record, RecordedFrame)]


def tell(to: Recorder, *frames: str | bytes) -> None:
    """Let frames of one connection pass."""
    tap = to.stream_tap("okx")
    for frame in frames:
        tap("public.0", "recv", "wss://venue/public", frame)


class Disk(io.BytesIO):
    """A file whose disk may be full."""

    def __init__(self) -> None:
        super().__init__()
        self.is_full = False
        self.kept = b""

    def write(self, data: Any) -> int:
        self._check()
        return super().write(data)

    def close(self) -> None:
        self.kept = self.kept or self.getvalue()
        super().close()
        self._check()

    def _check(self) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """What recorders write to instead of a file."""
    made = Disk()
    monkeypatch.setattr(module, "_create", lambda path: made)
    return made


@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_all_that_passes_is_in_the_file_in_order(
    suffix: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    path = tmp_path / f"file{suffix}"
    async with recording(path) as made:
        stream, http = made.stream_tap("okx"), made.http_tap("binance")
        stream("public.0", "send", "wss://venue/public", "subscribe")
        await trio.sleep(1)
        http("https://venue/depth?limit=5", b'{"bids":[]}')
        stream("public.0", "recv", "wss://venue/public", "täxt")
        await trio.sleep(1)
        stream("public.1", "recv", "wss://venue/public", b"\x00\xff")
    url = "wss://venue/public"
    at_s = EPOCH_NS / 1e9
    first, reply, second, third = frames_of(path)
    assert first == RecordedFrame(
        ts=at_s, venue="okx", conn="public.0", dir="send", url=url, data="subscribe"
    )
    assert reply == RecordedFrame(
        ts=at_s + 1,
        venue="binance",
        conn="http",
        dir="http",
        url="https://venue/depth?limit=5",
        data='{"bids":[]}',
    )
    assert (second.ts, second.frame) == (at_s + 1, "täxt")
    assert (third.ts, third.conn, third.frame) == (at_s + 2, "public.1", b"\x00\xff")
    assert (made.written, made.lost) == (4, 0)


@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_the_name_decides_the_compression(
    suffix: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    path = tmp_path / f"file{suffix}"
    async with recording(path) as made:
        tell(made, "frame")
    unpack = {".gz": gzip.decompress, ".zst": unpack_zstd}.get(path.suffix, bytes)
    (line,) = unpack(path.read_bytes()).splitlines()
    assert json.loads(line) == {
        "ts": EPOCH_NS / 1e9,
        "venue": "okx",
        "conn": "public.0",
        "dir": "recv",
        "url": "wss://venue/public",
        "data": "frame",
    }


def unpack_zstd(packed: bytes) -> bytes:
    return bytes(zstandard.ZstdDecompressor().stream_reader(packed).read())


async def test_a_reply_that_is_no_text_is_kept_as_it_is(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    path = tmp_path / "file.jsonl"
    async with recording(path) as made:
        made.http_tap("okx")("https://venue", b"\xff\xfe")
    assert [frame.frame for frame in frames_of(path)] == [b"\xff\xfe"]


async def test_what_was_taken_as_the_end_came_is_still_written(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    path = tmp_path / "file.jsonl"
    async with recording(path) as made:
        await wait_all_tasks_blocked()
        tell(made, "last words")  # the recorder wakes up, cancelled
    assert [frame.frame for frame in frames_of(path)] == ["last words"]
    assert made.written == 1


async def test_a_recording_can_be_read_while_it_is_made(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    """So that a process that is killed leaves what it wrote, and not what buffers let go."""
    path = tmp_path / "file.jsonl"
    async with recording(path) as made:
        tell(made, "one", "two")
        while not made.written:
            await trio.sleep(WRITE_EVERY_S)
        assert [frame.frame for frame in frames_of(path)] == ["one", "two"]


async def test_a_thread_is_entered_once_for_what_has_gathered(
    disk: Disk, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    write = Recorder._write

    def count(self: Recorder, file: Any, records: list[RecordedFrame]) -> None:
        batches.append(len(records))
        write(self, file, records)

    monkeypatch.setattr(Recorder, "_write", count)
    async with recording(Path("file")) as made:
        for _ in range(300):
            tell(made, "frame")
        await trio.sleep(WRITE_EVERY_S / 2)
        while made.written < 300:
            await trio.sleep(WRITE_EVERY_S)
    assert batches == [300, 0]


async def test_fault_40_a_slow_disk_loses_frames_and_they_are_counted(
    disk: Disk, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKLOG_FRAMES", 10)
    slow, entered, write = Event(), Event(), Recorder._write

    def wait(self: Recorder, file: Any, records: list[RecordedFrame]) -> None:
        entered.set()
        assert slow.wait(10)
        write(self, file, records)

    monkeypatch.setattr(Recorder, "_write", wait)
    with capture_logs() as records:
        async with recording(Path("file")) as made:
            tell(made, "first")
            await trio.to_thread.run_sync(entered.wait)
            tell(made, *map(str, range(10)))
            assert made.lost == 0
            tell(made, "too much")
            assert made.lost == 11
            tell(made, "later")
            slow.set()
    assert (made.written, made.lost) == (2, 11)
    payloads = [json.loads(line)["data"] for line in disk.kept.splitlines()]
    assert payloads == ["first", "later"]
    (told,) = records
    assert told["event"] == "recording_loses_frames"
    assert (told["frames"], told["reason"]) == (11, "the disk is too slow")


async def test_fault_40_a_full_disk_loses_frames_and_the_system_goes_on(
    disk: Disk, autojump_clock: MockClock
) -> None:
    with capture_logs() as records:
        async with recording(Path("file")) as made:
            tell(made, "one")
            while made.written < 1:
                await trio.sleep(WRITE_EVERY_S)
            disk.is_full = True
            tell(made, "two", "three")
            while made.lost < 2:
                await trio.sleep(WRITE_EVERY_S)
            disk.is_full = False
            tell(made, "four")
    assert (made.written, made.lost) == (2, 2)
    payloads = [json.loads(line)["data"] for line in disk.kept.splitlines()]
    assert payloads == ["one", "four"]
    assert [(one["event"], one["frames"]) for one in records] == [("recording_loses_frames", 2)]


async def test_fault_40_a_file_that_cannot_be_finished_is_told_and_fails_nobody(
    disk: Disk, autojump_clock: MockClock
) -> None:
    with capture_logs() as records:
        async with recording(Path("file")) as made:
            tell(made, "one")
            while made.written < 1:
                await trio.sleep(WRITE_EVERY_S)
            disk.is_full = True
    assert made.written == 1
    assert "the file's end is missing" in records[-1]["reason"]


@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_a_file_that_cannot_be_opened_fails_the_start(
    suffix: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    made = Recorder(tmp_path / "absent" / f"file{suffix}", TrioClock(0))
    with pytest.RaisesGroup(FileNotFoundError):
        async with trio.open_nursery() as nursery:
            await nursery.start(made.run)


async def test_zstd_without_its_library_fails_the_start(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    made = Recorder(tmp_path / "file.zst", TrioClock(0))
    with pytest.raises(RecordingError, match=r"pip install 'arbitrio\[zstd\]'"):
        await made.run()
    assert not made.path.exists()
