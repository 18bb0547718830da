"""Checksums that venues send along with a book, where several make them in one way."""

import zlib
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest

from exchanges.market.events import Level


def interleaved_crc32(
    bids: Sequence[Level], asks: Sequence[Level], text: Callable[[Level], str]
) -> int:
    """Signed CRC-32 over `bid:ask:bid:ask:...`, best first, where a missing level leaves no trace.

    `text` writes one level. Used by the venues that join price and size of both sides in turn.
    """
    pairs = chain.from_iterable(zip_longest(bids, asks))
    joined = ":".join(text(level) for level in pairs if level is not None)
    return signed32(zlib.crc32(joined.encode()))


def signed32(value: int) -> int:
    """The same 32 bits read as a signed number."""
    return value - (1 << 32) if value >= 1 << 31 else value
