"""Paradex's binary frames, read and written: Simple Binary Encoding, little-endian.

Source: schema `paradex_1_0.xml` of the official SDK (September 2026), and frames captured in
September and October 2026. A frame is a header, a block of fixed fields, groups of levels, and
texts. Later versions of the schema append to blocks, entries and texts: how long they are is read
from the frame, and what is appended is left alone. A template that is not known here (heartbeats,
news of accounts) is to be skipped. What a frame's numbers mean is in `market_data.py`.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from struct import Struct, error
from typing import Final

import msgspec

from exchanges.market.events import Level

SCHEMA: Final = 1
"""Another number would be another layout."""
# The official SDK asks for 2, and its schema says that production and the testnet serve it; the
# documentation (September 2026) names no more than 1, and what was captured is 1.
VERSIONS: Final = (2, 1)
"""Those of the schema that are asked for, the best first: only trades of 2 tell their whole id."""
PARAMETERS: Final = tuple(f"sbeSchemaId={SCHEMA}&sbeSchemaVersion={one}" for one in VERSIONS)

TRADE: Final = 1
BBO: Final = 2
BOOK: Final = 3
MARKET_SUMMARY: Final = 4
FUNDING_DATA: Final = 5

# How many groups of levels a template has, and how many texts: the market, and a trade's id.
_PARTS: Final = {
    TRADE: (0, 2),
    BBO: (0, 1),
    BOOK: (2, 1),
    MARKET_SUMMARY: (0, 1),
    FUNDING_DATA: (0, 1),
}

NONE: Final = -(1 << 63)
"""A number that there is not."""
UNIT: Final = 10**8
"""Prices, sizes and rates are told in units of 1e-8."""
FINE_UNIT: Final = 10**12
"""A rate that is told `precise` is in units of 1e-12."""
_LARGEST: Final = (1 << 63) - 1

_HEADER: Final = Struct("<HHHH")  # length of the block, template, schema, version
_GROUP: Final = Struct("<HH")  # length of an entry, how many
_LEVEL: Final = Struct("<qq")  # price, size


class Message(msgspec.Struct, frozen=True, gc=False):
    """A frame in its parts; `groups` are the lengths of an entry and the entries."""

    template: int
    block: bytes
    groups: tuple[tuple[int, bytes], ...]
    texts: tuple[str, ...]

    @property
    def market(self) -> str:
        """The native name of the market that the frame is about."""
        return self.texts[0]

    def fields(self, *layouts: Struct) -> tuple[int, ...]:
        """The numbers of the block, by the first layout that it is long enough for.

        Raises:
            ValueError: it is too short for any.
        """
        for layout in layouts:
            if layout.size <= len(self.block):
                fields: tuple[int, ...] = layout.unpack_from(self.block)
                return fields
        raise ValueError(f"a block of {len(self.block)} bytes in template {self.template}")

    def levels(self, group: int) -> list[Level]:
        """Prices and absolute sizes of a group, in its order.

        Raises:
            ValueError: a price or size that no market can have, or entries too short for them.
        """
        length, entries = self.groups[group]
        if not entries:
            return []
        levels: list[Level] = []
        for price, size in _entry(length).iter_unpack(entries):
            if price <= 0 or size < 0:
                raise ValueError(f"a level of {size} at {price}")
            # Division of whole numbers: the float that the decimal text would be.
            levels.append((price / UNIT, size / UNIT))
        return levels


@lru_cache(maxsize=8)
def _entry(length: int) -> Struct:
    """Price and size, and what a later version has appended."""
    if length < _LEVEL.size:
        raise ValueError(f"levels of {length} bytes")
    return Struct(f"{_LEVEL.format}{length - _LEVEL.size}x")


def read(frame: bytes) -> Message | None:
    """The parts of a frame; None if its template is none that is known here.

    Raises:
        ValueError: it ends too early, tells no market, or is of another schema.
    """
    try:
        length, template, schema, _ = _HEADER.unpack_from(frame)
        if schema != SCHEMA:
            raise ValueError(f"a frame of schema {schema}")
        if template not in _PARTS:
            return None
        group_count, text_count = _PARTS[template]
        end = _HEADER.size + length
        block = frame[_HEADER.size : end]
        groups = []
        for _ in range(group_count):
            entry, count = _GROUP.unpack_from(frame, end)
            start = end + _GROUP.size
            end = start + entry * count
            groups.append((entry, frame[start:end]))
    except error as too_short:
        raise ValueError("the frame ends too early") from too_short
    return Message(template, block, tuple(groups), _texts(frame, end, text_count))


def _texts(frame: bytes, at: int, most: int) -> tuple[str, ...]:
    """What is left of the frame: earlier versions have fewer texts, but all name the market."""
    texts: list[str] = []
    while at < len(frame) and len(texts) < most:
        start = at + 1
        at = start + frame[at]
        texts.append(frame[start:at].decode())
    if not texts or at > len(frame):
        raise ValueError("the frame ends too early")
    return tuple(texts)


def write(
    template: int,
    block: bytes,
    texts: Sequence[str],
    groups: Iterable[Iterable[tuple[int, int]]] = (),
    version: int = VERSIONS[0],
) -> bytes:
    """A frame of these parts; prices and sizes of groups are in units of 1e-8."""
    parts = [_HEADER.pack(len(block), template, SCHEMA, version), block]
    for group in groups:
        entries = [_LEVEL.pack(price, size) for price, size in group]
        parts += [_GROUP.pack(_LEVEL.size, len(entries)), *entries]
    for text in texts:
        raw = text.encode()
        parts += [bytes((len(raw),)), raw]
    return b"".join(parts)


def units(text: str, unit: int = UNIT) -> int:
    """A decimal text as a frame tells it; `NONE` for an empty one.

    What is larger than can be told is told as the largest, as the venue does.
    """
    return min(int(Decimal(text) * unit), _LARGEST) if text else NONE
