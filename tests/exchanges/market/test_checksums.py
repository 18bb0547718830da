"""Tests of `exchanges.market.checksums`: the same numbers as the venues' own."""

import zlib

import pytest

from exchanges.market.checksums import interleaved_crc32, signed32
from exchanges.market.events import Level


@pytest.mark.parametrize(
    ("bids", "asks", "checksum"),
    [
        # OKX's documentation gives this number for 3366.1:7:3366.8:9:3366:6:3368:8.
        ([(3366.1, 7.0), (3366.0, 6.0)], [(3366.8, 9.0), (3368.0, 8.0)], -1881014294),
        ([(2.0, 1.0)], [(3.0, 1.0), (4.0, 5.0)], signed32(zlib.crc32(b"2:1:3:1:4:5"))),
        ([(2.0, 1.0), (1.0, 7.0)], [], signed32(zlib.crc32(b"2:1:1:7"))),
        ([], [], 0),
    ],
    ids=["both sides", "more asks", "no asks", "empty"],
)
def test_checksum_takes_levels_of_both_sides_in_turn(
    bids: list[Level], asks: list[Level], checksum: int
) -> None:
    assert interleaved_crc32(bids, asks, lambda level: f"{level[0]:g}:{level[1]:g}") == checksum


@pytest.mark.parametrize(
    ("value", "signed"),
    [(0, 0), (1, 1), (2**31 - 1, 2**31 - 1), (2**31, -(2**31)), (2**32 - 1, -1)],
)
def test_32_bits_are_read_as_a_signed_number(value: int, signed: int) -> None:
    assert signed32(value) == signed
