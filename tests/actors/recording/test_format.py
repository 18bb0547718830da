"""Tests of `actors.recording`: what a file may hold, and what is said of one that holds else."""

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard

from actors.recording.format import (
    QUOTE_COLUMNS,
    Record,
    RecordedFrame,
    RecordedQuote,
    read_recording,
)
from actors.recording.packing import RecordingError

LINE = b'{"ts":1.5,"venue":"binance","conn":"ws.1","dir":"recv","data":"{}"}\n'
HEADER = ",".join(QUOTE_COLUMNS).encode() + b"\n"
ROW = b"1.5,binance,BTCUSDT,1.25,2,1.5,3\n"
QUOTE = RecordedQuote(
    ts=1.5, venue="binance", symbol="BTCUSDT", bid=1.25, bid_qty=2, ask=1.5, ask_qty=3
)
PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
}


@pytest.fixture(params=PACK)
def pack(request: pytest.FixtureRequest) -> Callable[[bytes], bytes]:
    return PACK[request.param]


class Folder:
    """Writes a file and reads it as a recording."""

    def __init__(self, path: Path) -> None:
        self._path = path / "file"

    def read(self, content: bytes) -> list[Record]:
        self._path.write_bytes(content)
        return list(read_recording(self._path))

    def problem(self, content: bytes) -> str:
        """What is said of the file, after its name."""
        with pytest.raises(RecordingError) as caught:
            self.read(content)
        text = str(caught.value)
        assert text.startswith(f"{self._path}"), "it names the file"
        assert "\n" not in text, "and is one line"
        return text.removeprefix(f"{self._path}")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def changed(content: bytes, index: int) -> bytes:
    """The content with one byte inverted."""
    return content[:index] + bytes([content[index] ^ 0xFF]) + content[index + 1 :]


# Frames.


def test_frames_are_read_whatever_the_compression(
    folder: Folder, pack: Callable[[bytes], bytes]
) -> None:
    (frame, *others) = folder.read(pack(LINE * 3))
    assert frame == RecordedFrame(ts=1.5, venue="binance", conn="ws.1", dir="recv", data="{}")
    assert frame.at_ns == 1_500_000_000
    assert len(others) == 2


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_compressed_files_that_were_joined_are_read_to_the_end(name: str, folder: Folder) -> None:
    assert len(folder.read(PACK[name](LINE * 2) + PACK[name](LINE * 3))) == 5


@pytest.mark.parametrize("payload", ["", "text ü €", '{"a":"\\n"}', b"", b"\x00\xff\x1f\x8b"])
def test_a_frame_comes_back_as_it_was(payload: str | bytes, folder: Folder) -> None:
    written = RecordedFrame.of(1_790_000_000_123_456_789, "okx", "public.0", "send", "u", payload)
    (read,) = folder.read(msgspec.json.encode(written) + b"\n")
    assert read == written
    assert isinstance(read, RecordedFrame)
    assert read.frame == payload
    # A float holds seconds of today to a quarter of a microsecond.
    assert abs(read.at_ns - 1_790_000_000_123_456_789) < 500


def test_only_what_says_something_is_written() -> None:
    line = msgspec.json.encode(RecordedFrame.of(1_500_000_000, "binance", "ws.1", "recv", "", "{}"))
    assert line == LINE.strip()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"ts":1}', "Object missing required field `venue`"),
        (b'{"ts":1', "Input data was truncated"),
        (b"", "Input data was truncated"),
        (b"hello", "JSON is malformed: invalid character (byte 0)"),
        (LINE.replace(b"1.5", b'"1.5"').strip(), "Expected `float`, got `str` - at `$.ts`"),
        (LINE.replace(b"recv", b"up").strip(), "Invalid enum value 'up' - at `$.dir`"),
        (LINE.replace(b"data", b"text").strip(), "exactly one of `data` and `b64` is wanted"),
        (LINE.replace(b'"{}"', b'"","b64":""').strip(), "exactly one of `data` and `b64` is"),
        (LINE.replace(b'"data":"{}"', b'"b64":"A"').strip(), "Invalid base64 encoded string"),
    ],
)
def test_a_malformed_line_is_told_with_its_number(
    line: bytes, problem: str, folder: Folder
) -> None:
    assert folder.problem(LINE * 2 + line + b"\n" + LINE).startswith(f", line 3: {problem}")


def test_the_frames_before_a_malformed_line_are_still_given(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(LINE * 2 + b"{}")
    records = read_recording(path)
    assert [next(records).venue, next(records).venue] == ["binance", "binance"]
    with pytest.raises(RecordingError, match="line 3"):
        next(records)


# Quotes.


def test_quotes_are_read_whatever_the_compression(
    folder: Folder, pack: Callable[[bytes], bytes]
) -> None:
    assert folder.read(pack(HEADER + ROW)) == [QUOTE]
    assert QUOTE.at_ns == 1_500_000_000


def test_quotes_may_have_more_columns_another_order_and_windows_line_ends(folder: Folder) -> None:
    rows = (
        b"ts,exch_ts,venue,symbol,ask,ask_qty,bid,bid_qty\r\n1.5,,binance,BTCUSDT,1.5,3,1.25,2\r\n"
    )
    assert folder.read(rows) == [QUOTE]


def test_quotes_without_a_column_that_is_needed_are_refused(folder: Folder) -> None:
    assert folder.problem(b"ts,venue,symbol,side,price,qty\n").startswith(": no column 'bid'; ")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"1.5,binance", "Expected `str`, got `null` - at `$.symbol`"),
        (ROW.replace(b"1.25", b"x").strip(), "Expected `float`, got `str` - at `$.bid`"),
        (ROW.replace(b"1.25", b"").strip(), "Expected `float`, got `str` - at `$.bid`"),
        (ROW.strip() + b",9", "Expected `str` - at `key` in `$`"),
        (ROW.replace(b"1.25", b"nan").strip(), "nan is no time, price or size"),
        (ROW.replace(b",3", b",-3").strip(), "-3 is no time, price or size"),
        (ROW.replace(b"1.5,b", b"inf,b").strip(), "inf is no time, price or size"),
    ],
)
def test_a_malformed_row_is_told_with_its_line(row: bytes, problem: str, folder: Folder) -> None:
    assert folder.problem(HEADER + ROW + b"\n" + row + b"\n") == f", line 4: {problem}"


def test_a_field_without_end_is_refused(folder: Folder) -> None:
    assert "field larger than field limit" in folder.problem(HEADER + b'"' + b"x" * 200_000)


# Files that are no recordings, or no longer.


def test_an_empty_file_is_told(folder: Folder, pack: Callable[[bytes], bytes]) -> None:
    assert folder.problem(pack(b"")) == ": holds nothing"


@pytest.mark.parametrize("content", [b"\n", b"hello\n", b"\xef\xbb\xbf" + LINE, b"[1]\n"])
def test_another_format_is_told_what_would_be_right(
    content: bytes, folder: Folder, pack: Callable[[bytes], bytes]
) -> None:
    problem = folder.problem(pack(content))
    assert problem.startswith(": neither a recording of frames (lines of JSON) nor of quotes")
    assert problem.endswith("ts,venue,symbol,bid,bid_qty,ask,ask_qty)")


@pytest.mark.parametrize("content", [b"\x80\x81", LINE + b"\xff\n", HEADER + b"\xff\n"])
def test_what_is_no_text_is_damaged(content: bytes, folder: Folder) -> None:
    assert folder.problem(content).startswith(": damaged: 'utf-8' codec can't decode byte")


@pytest.mark.parametrize("name", ["gzip", "zstd"])
@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_compressed_file_that_was_cut_off_is_damaged(cut: int, name: str, folder: Folder) -> None:
    lines = b"".join(LINE.replace(b"1.5", b"%d" % number) for number in range(1000))
    assert folder.problem(PACK[name](lines)[:-cut]).startswith(": damaged: ")


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_no_changed_byte_of_a_compressed_file_goes_unnoticed_or_unexplained(
    name: str, folder: Folder
) -> None:
    """Every byte of the data; those of the header may be anything, such as the time in gzip's."""
    lines = b"".join(LINE.replace(b"1.5", b"%d" % number) for number in range(50))
    # zstd alone writes no checksum unless asked.
    zstd = zstandard.ZstdCompressor(write_checksum=True).compress
    packed = (zstd if name == "zstd" else PACK[name])(lines)
    for index in range(10, len(packed)):
        assert folder.problem(changed(packed, index))


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"absent: No such file or directory$"):
        list(read_recording(tmp_path / "absent"))
    with pytest.raises(RecordingError, match=r": Is a directory$"):
        list(read_recording(tmp_path))


def test_zstd_without_its_library_names_the_extra(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert folder.problem(zstandard.compress(LINE)) == (
        ": zstd needs an extra: pip install 'arbitrio[zstd]'"
    )


@pytest.mark.recorded
def test_captures_follow_the_format(shared: Path) -> None:
    """The first lines of each; whole files are replayed elsewhere."""
    names = [*shared.glob("captures/*.jsonl.gz"), *shared.glob("captures/aligned-perps*.csv.gz")]
    assert len(names) > 20
    for path in names:
        records = read_recording(path)
        assert len([next(records) for _ in range(3)]) == 3
        records.close()  # type: ignore[attr-defined]
