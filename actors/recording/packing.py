"""How recordings are compressed: each flush ends a member of gzip, a frame of zstd, or a line.

So whatever was flushed can be read, whatever became of the process or of the disk afterwards, and
a file goes on behind its last whole member.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Final, Protocol, cast

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31  # what zlib calls a member of gzip, its checksum included
_GZIP_LEVEL: Final = 5
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_READ_BYTES: Final = 64 << 10

OnRead = Callable[[int], None]
"""Told how many bytes of the file, as it lies on the disk, have just been read."""


class RecordingError(Exception):
    """A file is no recording, or a damaged one."""


class _Inflate(Protocol):
    """Unpacks one member; what the two libraries have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def packer_for(path: Path) -> Callable[[bytes], bytes]:
    """What makes a whole member of some lines, as the name of the file wants it.

    Raises:
        RecordingError: the library that compresses it is not installed.
    """
    if path.suffix == ".gz":
        return lambda lines: gzip.compress(lines, _GZIP_LEVEL)
    if path.suffix == ".zst":
        return cast(
            Callable[[bytes], bytes], load_zstd(path).ZstdCompressor(write_checksum=True).compress
        )
    return bytes


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


@contextmanager
def open_packed(path: Path, on_read: OnRead = lambda size: None) -> Iterator[IO[str]]:
    """The text of a file, whatever its compression.

    Reading raises `RecordingError` where it is damaged, and `EOFError` if it ends in mid-member.
    """
    with path.open("rb") as file:
        unpacked = io.BufferedReader(_Unpacked(path, file, on_read), _READ_BYTES)
        with io.TextIOWrapper(cast(IO[bytes], unpacked), "utf-8") as text:
            yield text


def whole_bytes(path: Path) -> int:
    """How much of a file is whole: what follows was cut off in its midst.

    Raises:
        RecordingError: it is damaged elsewhere than at its end.
    """
    with path.open("rb") as file:
        unpacked = _Unpacked(path, file, lambda size: None)
        while True:
            try:
                if not unpacked.read(_READ_BYTES):
                    break
            except EOFError:
                break
        return unpacked.whole


class WholeFile:
    """A file that takes members whole, or not at all.

    Its disk may be full in mid-member: then the part that was written is taken back.
    """

    def __init__(self, file: io.RawIOBase, whole: int) -> None:
        self._file = file
        self._whole = whole
        self._is_torn = False

    def write(self, member: bytes) -> None:
        """Add a member.

        Raises:
            OSError: nothing of it is in the file, or will be there once more can be written.
        """
        if self._is_torn:
            self._mend()
        self._is_torn = True
        try:
            rest = memoryview(member)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError:
            self._mend()
            raise
        self._is_torn = False
        self._whole += len(member)

    def close(self) -> None:
        self._file.close()

    def _mend(self) -> None:
        self._file.seek(self._whole)
        self._file.truncate()
        self._is_torn = False


class _Unpacked(io.RawIOBase):
    """Unpacks while it is read, members joined to one file after the other; plain files pass.

    Attributes:
        whole: bytes on the disk up to the end of the last member, or line, that was whole.
    """

    def __init__(self, path: Path, file: IO[bytes], on_read: OnRead) -> None:
        self.whole = 0
        self._path = path
        self._file = file
        self._on_read = on_read
        self._read = 0
        magic = file.read(len(_ZSTD_MAGIC))
        file.seek(0)
        self._errors: tuple[type[Exception], ...] = (zlib.error,)
        self._new: Callable[[], _Inflate] | None = None
        if magic.startswith(_GZIP_MAGIC):
            self._new = lambda: zlib.decompressobj(_GZIP_WINDOW)
        elif magic == _ZSTD_MAGIC:
            library = load_zstd(path)
            self._errors = (library.ZstdError,)
            self._new = lambda: cast(_Inflate, library.ZstdDecompressor().decompressobj())
        self._inflate: _Inflate | None = None  # of a member that has begun and not ended
        self._damage: Exception | None = None
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if self._damage is not None:
                raise RecordingError(f"{self._path}: damaged: {self._damage}") from self._damage
            if not (packed := self._file.read(_READ_BYTES)):
                if self._inflate is not None:
                    raise EOFError("the file ended before its data")
                return 0
            self._on_read(len(packed))
            self._read += len(packed)
            self._ready = memoryview(self._unpack(packed))
        target = memoryview(buffer)
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _unpack(self, packed: bytes) -> bytes:
        if self._new is None:
            if (end := packed.rfind(b"\n")) >= 0:
                self.whole = self._read - len(packed) + end + 1
            return packed
        parts: list[bytes] = []
        try:
            while packed:
                self._inflate = self._inflate or self._new()
                parts.append(self._inflate.decompress(packed))
                packed = b""
                if self._inflate.eof:
                    packed = self._inflate.unused_data
                    self._inflate = None
                    self.whole = self._read - len(packed)
        except self._errors as error:
            self._damage = error  # told once the members before it have been read
        return b"".join(parts)
