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
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.edges.clock import TrioClock
from actors.recording import recorder as module
from actors.recording.format import RecordedFrame, read_recording
from actors.recording.packing import RecordingError
from actors.recording.recorder import WRITE_EVERY_S, Existing, Recorder
from tests.actors.sandbox.sandboxes import EPOCH_NS
from tests.logs import capture_logs

LINE = b'{"ts":1.5,"venue":"okx","conn":"public.0","dir":"recv","data":"{}"}\n'
QUOTES = b"ts,venue,symbol,bid,bid_qty,ask,ask_qty\n1.5,okx,BTC-USDT,1,2,3,4\n"
SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")


@asynccontextmanager
async def recording(path: Path, existing: Existing = Existing.KEPT) -> AsyncIterator[Recorder]:
    """A running recorder; after the block it has ended."""
    made = Recorder(path, TrioClock(EPOCH_NS), existing)
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


class Disk(io.FileIO):
    """Its disk may be full: after `room` more bytes, in the midst of whatever is written."""

    room = sys.maxsize

    def write(self, data: Any, /) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        size = super().write(memoryview(data)[: self.room])
        self.room -= size
        return size

    def close(self) -> None:
        super().close()
        if not self.room:
            raise OSError(28, "No space left on device")


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> list[Disk]:
    """The files that recorders open."""
    made: list[Disk] = []

    def open_on_disk(path: Path, mode: str) -> Disk:
        made.append(Disk(path, mode))
        return made[-1]

    monkeypatch.setattr(module, "_unbuffered", open_on_disk)
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


@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_a_recording_can_be_read_while_it_is_made(
    suffix: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    """So that a process that is killed leaves what it wrote, and not what buffers let go."""
    path = tmp_path / f"file{suffix}"
    async with recording(path) as made:
        tell(made, "one", "two")
        while not made.written:
            await trio.sleep(WRITE_EVERY_S)
        assert [frame.frame for frame in frames_of(path)] == ["one", "two"]


async def test_a_thread_is_entered_once_for_what_has_gathered(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    write = Recorder._write

    def count(self: Recorder, file: Any, records: list[RecordedFrame]) -> None:
        batches.append(len(records))
        write(self, file, records)

    monkeypatch.setattr(Recorder, "_write", count)
    async with recording(tmp_path / "file.jsonl") as made:
        for _ in range(300):
            tell(made, "frame")
        await trio.sleep(WRITE_EVERY_S / 2)
        while made.written < 300:
            await trio.sleep(WRITE_EVERY_S)
    assert batches == [300, 0]


async def test_fault_40_a_slow_disk_loses_frames_and_they_are_counted(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKLOG_FRAMES", 10)
    slow, entered, write = Event(), Event(), Recorder._write

    def wait(self: Recorder, file: Any, records: list[RecordedFrame]) -> None:
        entered.set()
        assert slow.wait(10)
        write(self, file, records)

    monkeypatch.setattr(Recorder, "_write", wait)
    path = tmp_path / "file.jsonl"
    with capture_logs() as records:
        async with recording(path) as made:
            tell(made, "first")
            await trio.to_thread.run_sync(entered.wait)
            tell(made, *map(str, range(10)))
            assert made.lost == 0
            tell(made, "too much")
            assert made.lost == 11
            tell(made, "later")
            slow.set()
    assert (made.written, made.lost) == (2, 11)
    assert [frame.frame for frame in frames_of(path)] == ["first", "later"]
    (told,) = records
    assert told["event"] == "recording_loses_frames"
    assert (told["frames"], told["reason"]) == (11, "the disk is too slow")


@pytest.mark.parametrize("room", [0, 1, 30, 60])
@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_fault_40_a_disk_that_is_full_in_mid_frame_costs_that_and_nothing_after(
    suffix: str, room: int, tmp_path: Path, disks: list[Disk], autojump_clock: MockClock
) -> None:
    path = tmp_path / f"file{suffix}"
    with capture_logs() as records:
        async with recording(path) as made:
            tell(made, "one")
            while made.written < 1:
                await trio.sleep(WRITE_EVERY_S)
            disks[0].room = room
            for number in range(3):
                tell(made, f"lost {number}", f"lost {number} too")
                while made.lost < 2 * number + 2:
                    await trio.sleep(WRITE_EVERY_S)
                disks[0].room = room
            assert [frame.frame for frame in frames_of(path)] == ["one"]
            disks[0].room = sys.maxsize
            tell(made, "four")
            while made.written < 2:
                await trio.sleep(WRITE_EVERY_S)
            tell(made, "five")
    assert (made.written, made.lost) == (3, 6)
    assert [frame.frame for frame in frames_of(path)] == ["one", "four", "five"]
    told = [(one["event"], one["frames"], one["reason"]) for one in records]
    assert told == [("recording_loses_frames", 2, "[Errno 28] No space left on device")] * 3


async def test_fault_40_a_file_that_cannot_be_finished_is_told_and_fails_nobody(
    tmp_path: Path, disks: list[Disk], autojump_clock: MockClock
) -> None:
    path = tmp_path / "file.jsonl"
    with capture_logs() as records:
        async with recording(path) as made:
            tell(made, "one")
            while made.written < 1:
                await trio.sleep(WRITE_EVERY_S)
            disks[0].room = 0
    assert made.written == 1
    assert "the file's end is missing" in records[-1]["reason"]
    assert [frame.frame for frame in frames_of(path)] == ["one"]


# Files that are there already.


@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_a_file_that_is_there_is_kept_replaced_or_continued(
    suffix: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    path = tmp_path / f"file{suffix}"
    for existing, frame in ((Existing.KEPT, "1"), (Existing.CONTINUED, "2")):
        async with recording(path, existing) as made:
            tell(made, frame)
        assert made.written == 1
    assert [frame.frame for frame in frames_of(path)] == ["1", "2"]
    with pytest.raises(FileExistsError):
        await Recorder(path, TrioClock(0)).run()
    assert [frame.frame for frame in frames_of(path)] == ["1", "2"]
    async with recording(path, Existing.REPLACED) as made:
        tell(made, "3")
    assert [frame.frame for frame in frames_of(path)] == ["3"]


@pytest.mark.parametrize("cut", [1, 9, 60])
@pytest.mark.parametrize("suffix", SUFFIXES)
async def test_a_file_that_was_cut_off_goes_on_behind_its_last_whole_frame(
    suffix: str, cut: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    path = tmp_path / f"file{suffix}"
    async with recording(path) as made:
        for frame in ("one", "two"):
            tell(made, frame)
            await trio.sleep(3 * WRITE_EVERY_S)
    path.write_bytes(path.read_bytes()[:-cut])
    async with recording(path, Existing.CONTINUED) as made:
        tell(made, "three")
    assert [frame.frame for frame in frames_of(path)] == ["one", "three"]


PACKED = gzip.compress(LINE, mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("file.jsonl", QUOTES, "these are quotes"),
        ("file.jsonl", b"letter\n", "neither a recording of frames"),
        ("file.jsonl.gz", LINE, "its compression is not the one that its name says"),
        ("file.jsonl", PACKED, "its compression is not the one that its name says"),
        ("file.jsonl", LINE + b"nonsense\n" + LINE, "line 2"),
        ("file.jsonl.gz", PACKED + b"nonsense" + PACKED, "damaged"),
    ],
    ids=["quotes", "text", "not packed", "packed", "a bad line", "a bad part"],
)
async def test_a_file_of_another_kind_is_not_continued(
    name: str, content: bytes, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=problem):
        await Recorder(path, TrioClock(0), Existing.CONTINUED).run()
    assert path.read_bytes() == content


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
